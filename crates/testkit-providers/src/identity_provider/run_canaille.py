"""Runs Canaille on SQLite with one person and one client.

python run_canaille.py PACKAGE FOLDER OPTIONS PORT
FOLDER keeps the keys and the store; OPTIONS is JSON: audience (whether the client is its own audience), algorithm (what
the client asks for as id_token_signed_response_alg).
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from canaille.commands import cli

folder, options, port = Path(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]


def run(*arguments):
    """A command of Canaille's, in this process: each new one would take seconds."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        cli.main(list(arguments), standalone_mode=False)
    return printed.getvalue().strip()


key, old_key, config = folder / "key", folder / "old-key", folder / "canaille.toml"
os.environ["CANAILLE_CONFIG"] = str(config)
if not key.exists():
    config.write_text('SECRET_KEY = "not a secret of anybody"\n')
    key.write_text(run("jwk", "create", "rsa", "--format", "toml"))
inactive = f"INACTIVE_JWKS = [{old_key.read_text()}]" if old_key.exists() else ""
config.write_text(f"""
SECRET_KEY = "not a secret of anybody"
SERVER_NAME = "127.0.0.1:{port}"
PREFERRED_URL_SCHEME = "http"
OAUTH2_TOKEN_EXPIRES_IN = {{ authorization_code = 3600 }}
[CANAILLE]
DATABASE = "sql"
JAVASCRIPT = false
[CANAILLE.ACL.DEFAULT]
WRITE = ["password", "photo"]
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{folder}/canaille.db"
[CANAILLE_OIDC]
ACTIVE_JWKS = [{key.read_text()}]
{inactive}
[CANAILLE_OIDC.USERINFO_MAPPING]
PREFERRED_USERNAME = "{{{{ user.user_name }}}}"
""")
if not (folder / "canaille.db").exists():
    run("install")
    run("create", "user", "--user-name", "ada", "--password", "correct horse battery", "--family-name", "Lovelace",
        "--given-name", "Ada", "--formatted-name", "Ada Lovelace", "--display-name", "Countess", "--emails",
        "ada@example.com")
    run("create", "client", "--client-id", "muster-web", "--client-secret", "not a secret of anybody", "--client-name",
        "Muster", "--client-uri", "http://127.0.0.1:9/", "--redirect-uris", "http://127.0.0.1:9/signed-in",
        "--grant-types", "authorization_code", "--response-types", "code", "--scope", "openid", "--scope", "profile",
        "--scope", "email", "--token-endpoint-auth-method", "client_secret_basic")
    if options.get("audience"):
        run("set", "client", "muster-web", "--audience", "muster-web")
    if options.get("algorithm"):
        run("set", "client", "muster-web", "--id-token-signed-response-alg", options["algorithm"])
# Without workers it serves in this process, which is there sooner.
cli.main(["run", "--bind", f"127.0.0.1:{port}", "--workers", "0"], standalone_mode=False)
