"""Muster itself, in production mode, with every channel set up. Letters go to a stand-in, and nobody else is called."""

import base64
import http.client
import json
import os
import signal
import subprocess
import time

from . import issuer, processes
from .processes import Failed


def signing_key():
    """An Ed25519 private key as PKCS#8: a fixed head and 32 random bytes."""
    der = bytes.fromhex("302e020100300506032b657004220420") + os.urandom(32)
    return f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----\n"


class Installation:
    """What all processes of one installation share. Logs are at info and go to a file, metrics are on, and traces are
    off, which is production's default (no OTEL_EXPORTER_OTLP_ENDPOINT)."""

    def __init__(self, binary, folder, openid, mailer):
        self.binary, self.folder = binary, folder
        self.key_file = folder / "signing-key.pem"
        self.key_file.write_text(signing_key())
        # The audit chain of a kept database is under its pepper.
        pepper = folder / "pepper"
        if not pepper.exists():
            pepper.write_bytes(base64.b64encode(os.urandom(32)))
        # Nobody listens there: a text or a push message would fail at once, and no scenario sends one.
        nobody = f"http://127.0.0.1:{processes.free_port()}"
        self.env = {
            "PATH": os.environ["PATH"], "MUSTER_MODE": "production", "MUSTER_DATA_DIR": str(folder),
            "MUSTER_PEPPER": pepper.read_text(), "MUSTER_SIGNING_KEY_FILE": str(self.key_file),
            "MUSTER_PUBLIC_URL": "http://127.0.0.1", "MUSTER_OIDC_ISSUER": openid.url,
            "MUSTER_OIDC_AUDIENCE": issuer.AUDIENCE, "AWS_REGION": "eu-west-1",
            "AWS_SES_FROM_EMAIL": "muster@example.com", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL_SES": mailer.url, "TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": "bench",
            "TWILIO_PHONE_NUMBER": "+15005550006", "TWILIO_API_BASE_URL": nobody,
            "VAPID_PRIVATE_KEY": "4YNWyai6pCKgDsFmte7bz3aJIilNsqQaISi1aCPeFfE", "WEB_PUSH_API_BASE_URL": nobody,
            "VAPID_SUBJECT": "mailto:ops@example.com", "MUSTER_LOG": "info",
        }

    def command(self, url, *arguments):
        done = subprocess.run([self.binary, *arguments], env={**self.env, "DATABASE_URL": url}, cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise Failed(f"muster {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout

    def migrate(self, url):
        self.command(url, "migrate")

    def log_end(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-1000:]

    def serve(self, url, name="muster", **settings):
        return Server(self, url, name, settings)


class Server:
    def __init__(self, installation, url, name, settings):
        self.port = processes.free_port()
        self.target = f"http://127.0.0.1:{self.port}"
        env = {**installation.env, **settings, "DATABASE_URL": url, "MUSTER_LISTEN": f"127.0.0.1:{self.port}"}
        began = time.monotonic()
        self.process = processes.start([installation.binary, "serve"], env=env, cwd=installation.folder,
                                       log=installation.folder / f"{name}.log")
        self.pid = self.process.pid
        end = began + 60
        # Without a rest between the questions: this is also how long a start takes.
        while not self._ready():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise Failed(f"muster did not start: {installation.log_end(name)}")
            time.sleep(0.001)
        self.start_ms = (time.monotonic() - began) * 1000

    def _ready(self):
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def json(self, path, headers=None):
        status, body = self.get(path, headers)
        if status != 200:
            raise Failed(f"GET {path} gave {status}: {body[:300]!r}")
        return json.loads(body)

    def stop(self):
        processes.stop(self.process, 20, signal.SIGTERM)
