#!/usr/bin/env bash
# Canaille 0.3.6: when one person signs in twice within a second, the token endpoint answers the second time with 500
# (UNIQUE constraint failed: token.access_token). Access tokens are JWTs without jti or anything else that differs, times are
# whole seconds, and RSA with PKCS#1 signs the same bytes the same way, so both tokens are the same, and the store takes each
# only once. Two tabs or a client that tries again are enough.
# Muster: crates/testkit-providers/src/identity_provider.rs waits for the next second before it signs in.
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
canaille create client --quiet --client-id web --client-secret secret --client-name web --client-uri http://127.0.0.1/ \
  --grant-types password --scope openid --scope email --token-endpoint-auth-method client_secret_basic
venv/bin/canaille run --bind "127.0.0.1:$port" >>log 2>&1 &
server=$!
for _ in $(seq 600); do
  if curl -s -o discovery "http://127.0.0.1:$port/.well-known/openid-configuration"; then break; fi
  sleep 0.1
done


token() {
  curl -sS -o "$1" -w '%{http_code} ' -u web:secret -d grant_type=password -d username=ada \
    --data-urlencode 'password=correct horse battery' -d scope='openid email' "http://127.0.0.1:$port/oauth/token"
}
echo 'Canaille 0.3.6: pairs of requests, and the statuses of their answers'
# A pair may fall into two seconds: then both are good, and the next is tried.
for _ in $(seq 20); do
  sleep 1.1
  pair=$(token first & token second & wait)
  echo "$pair"
  if [[ $pair == *500* ]]; then
    grep -m1 -o 'UNIQUE constraint failed: token.access_token' log
    exit 0
  fi
done
echo 'no pair of 20 failed: the behaviour is gone' >&2
exit 1
