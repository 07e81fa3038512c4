"""A stand-in for AWS SES: whatever is sent is taken, counted and thrown away."""

from . import loopback

ANSWER = (b'<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendEmailResult><MessageId>bench'
          b"</MessageId></SendEmailResult><ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata>"
          b"</SendEmailResponse>")


class Mailer:
    def __init__(self):
        self.taken = 0
        mailer = self

        class Letterbox(loopback.Handler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mailer.taken += 1
                self.answer(200, "text/xml", ANSWER)

        self.url = loopback.serve(Letterbox)
