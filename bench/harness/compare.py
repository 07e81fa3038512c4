"""Whether Node's peers answer as Muster does, and whether the comparison would say so if they did not."""

import http.client
import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import peers
from .people import name, numbers
from .processes import Failed
from .say import say
from .stage import ROOT


class Doctored:
    """Muster behind a proxy that changes its answers."""

    def __init__(self, port, change):
        class Pages(BaseHTTPRequestHandler):
            def _pass(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                there = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                headers = {key: self.headers[key] for key in ("authorization", "content-type") if self.headers[key]}
                there.request(self.command, self.path, body or None, headers)
                answer = there.getresponse()
                status, told = change(self.path, answer.status, json.loads(answer.read()))
                there.close()
                text = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", answer.headers["content-type"])
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = _pass

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.target = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def _set(found, key, value):
    return {**found, key: value} if key in found else found


CHANGES = {
    "a name": lambda path, status, body: (status, _set(body, "displayName", "Somebody")),
    "a missing member": lambda path, status, body: (status, {k: v for k, v in body.items() if k != "locale"}),
    "a status": lambda path, status, body: (200 if status == 201 else status, body),
    "a title": lambda path, status, body: (status, _set(body, "title", "No")),
    "a detail": lambda path, status, body: (status, _set(body, "detail", "no")),
}


def _compare(stage, target):
    """The status and what was said."""
    # Muster ends the session of a token that is replayed, so each comparison has one of its own.
    person = numbers(1, stage.options.users)[0]
    session = stage.people.sessions(stage.muster, 1)[0]
    identity = stage.openid.token(name(person))
    done = subprocess.run(
        ["node", "compare.mjs", "--muster", stage.muster.target, "--peer", target, "--access-token",
         session["accessToken"], "--refresh-token", session["refreshToken"], "--identity-token", identity],
        cwd=ROOT / "bench/peers", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    return done.returncode, done.stdout.strip()


def run(stage):
    """What was said of each peer."""
    if stage.without_node:
        raise Failed(stage.without_node)
    for what, change in {"nothing": lambda path, status, body: (status, body), **CHANGES}.items():
        proxy = Doctored(stage.muster.port, change)
        try:
            status, said = _compare(stage, proxy.target)
        finally:
            proxy.stop()
        if status != (0 if what == "nothing" else 1):
            raise Failed(f"the comparison gave {status} where {what} was changed: {said}")
    told = {}
    for peer in peers.NODE:
        server = peers.node(peer, stage.url, stage.installation, stage.openid, ROOT)
        try:
            status, told[peer] = _compare(stage, server.target)
        finally:
            server.stop()
        say(f"{peer}'s answers: {told[peer]}")
        if status:
            stage.fail(f"{peer}'s answers", told[peer])
    return told
