#!/usr/bin/env bash
# Canaille 0.3.6 with one RSA key signs ID tokens and access tokens with RS512 for a client that asks for nothing, though
# RS256 is the default of OpenID Connect Registration (id_token_signed_response_alg). For a client that asks for ES256, for
# which there is no key, it signs with RS512 as well, and says nothing. A client that its command line made gets tokens for
# nobody: "aud": [].
# Muster: RS512 is taken; docs/signing-in.md says how to make the client its own audience.
# Needs: python3 with venv, curl.
set -euo pipefail
folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check \
  'canaille[front,oidc,server,sqlite]==0.3.6' authlib==1.9.10 joserfc==1.8.0
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export CANAILLE_CONFIG=$folder/canaille.toml
canaille() { venv/bin/canaille "$@" 2>>log; }
echo 'SECRET_KEY = "not a secret"' >canaille.toml
key=$(canaille jwk create rsa --format toml)
cat >canaille.toml <<TOML
SECRET_KEY = "not a secret"
SERVER_NAME = "127.0.0.1:$port"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///$folder/canaille.db"
[CANAILLE_OIDC]
ACTIVE_JWKS = [$key]
TOML
canaille install
canaille create user --quiet --user-name ada --password 'correct horse battery' --family-name Lovelace --emails ada@example.com
for client in silent asks-for-es256; do
  canaille create client --quiet --client-id "$client" --client-secret secret --client-name "$client" \
    --client-uri http://127.0.0.1/ --grant-types password --scope openid --scope email \
    --token-endpoint-auth-method client_secret_basic
done
canaille set client asks-for-es256 --quiet --id-token-signed-response-alg ES256
venv/bin/canaille run --bind "127.0.0.1:$port" >>log 2>&1 &
server=$!
for _ in $(seq 600); do
  if curl -s -o discovery "http://127.0.0.1:$port/.well-known/openid-configuration"; then break; fi
  sleep 0.1
done

for client in silent asks-for-es256; do
  # Two sign-ins of one person within a second are another finding: canaille-same-second.sh.
  sleep 1.1
  curl -sS -u "$client:secret" -d grant_type=password -d username=ada --data-urlencode 'password=correct horse battery' \
    -d scope='openid email' "http://127.0.0.1:$port/oauth/token" >"$client.json"
done
python3 - <<'PYTHON'
import base64
import json
import sys

def part(token, number):
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))

print("Canaille 0.3.6 says that it may sign with", json.load(open("discovery"))["id_token_signing_alg_values_supported"])
found = []
for client in ("silent", "asks-for-es256"):
    token = json.load(open(f"{client}.json"))["access_token"]
    found.append((part(token, 0)["alg"], part(token, 1)["aud"]))
    print(f"{client}: alg {found[-1][0]}, aud {found[-1][1]}")
sys.exit(None if found == [("RS512", [])] * 2 else "the behaviour is another")
PYTHON
