"""A stand-in for AWS SES: whatever is sent is taken, counted and thrown away."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = (b'<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendEmailResult><MessageId>bench'
          b"</MessageId></SendEmailResult><ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata>"
          b"</SendEmailResponse>")


class Mailer:
    def __init__(self):
        self.taken = 0
        mailer = self

        class Letterbox(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body in one packet: a small second one would wait for the first's acknowledgement.
            wbufsize = -1

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mailer.taken += 1
                self.send_response(200)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Letterbox)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
