#!/usr/bin/env bash
# Apprise 2.3.0, twilio:// with one target that is no phone number (the letter O typed for a zero): the target is dropped
# without an error, and because no target is left the message goes to the sender's own number. notify() returns True, so
# the caller records a delivery that the person never gets.
# Muster: a text with letters is no number, is kept unproven with a reason, and is never texted (docs/scim.md).
# Needs: python3 with venv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check apprise==2.3.0

cat >try.py <<'PY'
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs

import apprise

requests = []


class Twilio(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        requests.append(parse_qs(body)["To"][0])
        self.send_response(201)
        self.end_headers()
        self.wfile.write(b'{"sid": "SM1"}')

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Twilio)
Thread(target=server.serve_forever, daemon=True).start()
sender = apprise.Apprise.instantiate(f"twilio://AC{'a' * 32}:{'b' * 32}@15005550006/+1415555267O")
sender.notify_sms_url = f"http://127.0.0.1:{server.server_port}/"
delivered = sender.notify(body="You are on call.")
print(f"apprise {apprise.__version__}: target +1415555267O, notify() = {delivered}, sent to {requests}")
sys.exit(0 if delivered is True and requests == ["+15005550006"] else 1)
PY
venv/bin/python try.py || { echo 'another behaviour than before' >&2; exit 1; }
