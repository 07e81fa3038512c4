"""Runs Glewlwyd on SQLite with one person and one client.

python3 run_glewlwyd.py PACKAGE FOLDER OPTIONS PORT
FOLDER keeps the keys and the store; OPTIONS is JSON: algorithm (RS256 when left out), resource (which access tokens are
for, RFC 8707), names (whether tokens have preferred_username, and access tokens email).
"""

import gzip
import http.cookiejar
import json
import os
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

package, folder, options, port = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
usr = package / "root" / "usr"
program, issuer = usr / "bin" / "glewlwyd", f"http://127.0.0.1:{port}/api/oidc"
key, old_key, store, config = folder / "key", folder / "old-key", folder / "glewlwyd.db", folder / "glewlwyd.conf"
is_new = not store.exists()


def configure(at):
    modules = usr / "lib" / "glewlwyd"
    config.write_text(f"""
port={at}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:{port}"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="{modules}/user"
user_middleware_module_path="{modules}/user_middleware"
client_module_path="{modules}/client"
user_auth_scheme_module_path="{modules}/scheme"
plugin_module_path="{modules}/plugin"
hash_algorithm="SHA512"
database={{ type="sqlite3" path="{store}" }};
""")


class Admin:
    """Glewlwyd's own administrator, at the API of a server."""

    def __init__(self, url):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.url, self.opener = url, urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/{path}", data=data, method=method, headers=headers)
        try:
            with self.opener.open(request, timeout=60) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path} answered {error.code}: {error.read().decode()}") from error


def new_key(algorithm):
    kinds = {"RS": "rsa2048", "PS": "rsa2048", "ES256": "ec256", "ES384": "ec384", "EdDSA": "eddsa"}
    kind = kinds.get(algorithm) or kinds[algorithm[:2]]
    kid = secrets.token_hex(8)
    made = subprocess.run(
        ["rnbyc", "-j", "-g", kind, "-k", kid, "-a", algorithm, "-p", "/dev/null"],
        capture_output=True, text=True, check=True,
    )
    return json.dumps(json.loads(made.stdout[made.stdout.index("{"):])["keys"][0])


def plugin():
    names = options.get("names")
    parameters = {
        "iss": issuer, "subject-type": "public", "jwks-show": True, "default-kid": json.loads(key.read_text())["kid"],
        "jwks-private": json.dumps({"keys": [json.loads(it.read_text()) for it in (key, old_key) if it.exists()]}),
        "access-token-duration": 3600, "refresh-token-duration": 1209600, "code-duration": 600,
        "refresh-token-rolling": False, "auth-type-code-enabled": True, "auth-type-token-enabled": False,
        "auth-type-id-token-enabled": True, "auth-type-none-enabled": False, "auth-type-password-enabled": False,
        "auth-type-client-enabled": False, "auth-type-device-enabled": False, "auth-type-refresh-enabled": True,
        "allowed-scope": ["openid", "profile", "email"], "pkce-allowed": True, "name-claim": "on-demand",
        "name-claim-scope": ["profile"], "email-claim": "on-demand", "email-claim-scope": ["email"],
    }
    if names:
        parameters["claims"] = [
            {"name": "preferred_username", "user-property": "username", "type": "string", "mandatory": True}
        ]
        parameters["additional-parameters"] = [
            {"user-parameter": "username", "token-parameter": "preferred_username"},
            {"user-parameter": "email", "token-parameter": "email"},
        ]
    if resource := options.get("resource"):
        parameters |= {
            "resource-allowed": True, "resource-scope": {"muster": [resource]}, "resource-client-property": "resource",
            "resource-scope-and-client-property": False,
        }
    return {"module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "order_rank": 0, "enabled": True,
            "parameters": parameters}


def set_up(admin):
    admin.call("POST", "auth", {"username": "admin", "password": "password"})
    if not is_new:
        admin.call("PUT", "mod/plugin/oidc", plugin())
        return
    admin.call("POST", "mod/plugin/", plugin())
    for scope in ("profile", "email", "muster"):
        admin.call("POST", "scope/", {"name": scope, "display_name": scope, "password_required": True, "scheme": {}})
    admin.call("POST", "user/", {
        "username": "ada", "name": "Ada Lovelace", "email": "ada@example.com", "password": "correct horse battery",
        "enabled": True, "scope": ["openid", "profile", "email", "muster"],
    })
    admin.call("POST", "client/", {
        "client_id": "muster-web", "name": "Muster", "client_secret": "not a secret of anybody", "confidential": True,
        "enabled": True, "redirect_uri": ["http://127.0.0.1:9/signed-in"], "authorization_type": ["code"], "scope": [],
        "token_endpoint_auth_method": ["client_secret_basic"], "resource": [options["resource"]] if options.get("resource") else [],
    })


if is_new:
    schema = usr / "share" / "doc" / "glewlwyd" / "database" / "init.sqlite3.sql.gz"
    with sqlite3.connect(store) as database:
        database.executescript(gzip.decompress(schema.read_bytes()).decode())
    database.close()
if not key.exists():
    key.write_text(new_key(options.get("algorithm", "RS256")))

# The tests take the server for ready once it listens, so that it is set up at another port first.
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    scratch = probe.getsockname()[1]
configure(scratch)
server = subprocess.Popen([program, f"--config-file={config}"], stdout=sys.stderr)
try:
    for _ in range(1200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", scratch)) == 0:
                break
        time.sleep(0.05)
    set_up(Admin(f"http://127.0.0.1:{scratch}"))
finally:
    server.terminate()
    server.wait()
configure(port)
os.execv(program, [program, f"--config-file={config}"])
