"""An OpenID Connect provider of the bench: keys, identity tokens for people by user name, discovery."""

import base64
import json
import subprocess
import time

from . import loopback

AUDIENCE = "muster-bench"


def _b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Signs with the openssl program, since Python's standard library cannot."""

    def __init__(self, folder):
        self.key = folder / "issuer.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                        self.key], check=True, stderr=subprocess.DEVNULL)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout.strip().split("=")[1]
        jwk = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "bench", "n": _b64(bytes.fromhex(modulus)),
               "e": "AQAB"}
        issuer = self

        class Pages(loopback.Handler):
            def do_GET(self):
                pages = {"/.well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": issuer.jwks_url,
                                                               "id_token_signing_alg_values_supported": ["RS256"]},
                         "/jwks": {"keys": [jwk]}}
                body = json.dumps(pages.get(self.path, {})).encode()
                self.answer(200 if self.path in pages else 404, "application/json", body)

        self.url = loopback.serve(Pages)
        self.jwks_url = self.url + "/jwks"

    def token(self, user_name):
        """Valid for four hours."""
        now = int(time.time())
        head = {"alg": "RS256", "typ": "JWT", "kid": "bench"}
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "bench|" + user_name, "email": user_name, "iat": now,
                  "preferred_username": user_name, "email_verified": True, "exp": now + 4 * 3600}
        text = ".".join(_b64(json.dumps(part).encode()) for part in (head, claims))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True,
                                stdout=subprocess.PIPE).stdout
        return f"{text}.{_b64(signed)}"
