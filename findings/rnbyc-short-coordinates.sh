#!/usr/bin/env bash
# rnbyc 1.1.11 (Debian 12), which Glewlwyd's documentation names for making signing keys, leaves out zero bytes at the start
# of a coordinate of an elliptic-curve key. RFC 7518, section 6.2.1.2, asks for the whole length: 32 bytes for P-256, which
# are 43 characters. 1 in 128 keys is short, so it works in every trial and fails at some rotation of the keys.
# Muster: crates/identity/src/jwk.rs accepts such keys.
# Needs: apt-get with the package lists of Debian 12, dpkg-deb, python3, and the libraries libcurl3-gnutls and libjansson4.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get download -qq rnbyc=1.1.11-1 librhonabwy1.1=1.1.11-1 libulfius2.7 liborcania2.3 libyder2.0 libmicrohttpd12 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/$(uname -m)-linux-gnu

python3 - root/usr/bin/rnbyc <<'PYTHON'
import json
import subprocess
import sys

# Of 2,000 keys none is short with a probability of 1.5 in 10,000,000.
MOST = 2_000
for tried in range(1, MOST + 1):
    command = [sys.argv[1], "-j", "-g", "ec256", "-k", "key", "-a", "ES256", "-p", "/dev/null"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    key = json.loads(printed[printed.index("{"):])["keys"][0]
    short = {name: key[name] for name in ("x", "y") if len(key[name]) < 43}
    if short:
        print(f"rnbyc 1.1.11-1: key {tried} has a coordinate of less than 32 bytes: {short}")
        break
else:
    sys.exit(f"each of {MOST} keys has coordinates of 32 bytes: the behaviour is gone")
PYTHON
