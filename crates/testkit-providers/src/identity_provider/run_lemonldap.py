"""Runs the portal of LemonLDAP::NG with its demonstration people and one client.

python3 run_lemonldap.py PACKAGE FOLDER OPTIONS PORT
FOLDER keeps the keys and the configuration; OPTIONS is JSON: the client's options, as oidcRPMetaDataOptions has them.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

package, folder, options, port = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), sys.argv[4]
root, url = package / "root", f"http://127.0.0.1:{port}/"
key = folder / "key"

for name in ("conf", "sessions/lock", "persistent/lock", "cache"):
    (folder / name).mkdir(parents=True, exist_ok=True)
# Kept by the process that ended, it would be believed for 10 minutes.
shutil.rmtree(folder / "cache")
if not key.exists():
    make = "$k = Crypt::OpenSSL::RSA->generate_key(2048); print $k->get_private_key_string, $k->get_public_key_x509_string"
    made = subprocess.run(["perl", "-MCrypt::OpenSSL::RSA", "-e", make], capture_output=True, text=True, check=True).stdout
    public = made.index("-----BEGIN PUBLIC KEY")
    key.write_text(json.dumps({"id": secrets.token_hex(8), "private": made[:public], "public": made[public:]}))
signing = json.loads(key.read_text())


def storage(name):
    generate = "Lemonldap::NG::Common::Apache::Session::Generate::SHA256"
    return {"Directory": f"{folder}/{name}", "LockDirectory": f"{folder}/{name}/lock", "generateModule": generate}


cache = {"cache_root": f"{folder}/cache", "cache_depth": 3, "default_expires_in": 600, "directory_umask": "007"}
configuration = json.loads((root / "var/lib/lemonldap-ng/conf/lmConf-1.json").read_text())
configuration |= {
    "cfgNum": 1, "portal": url, "domain": "127.0.0.1", "securedCookie": 0, "requireToken": 0, "notification": 0,
    # What the demonstration would need further Perl modules for.
    "registerDB": "Null", "portalDisplayRegister": 0, "portalDisplayResetPassword": 0,
    "globalStorageOptions": storage("sessions"), "persistentStorageOptions": storage("persistent"),
    "localSessionStorageOptions": {"namespace": "sessions", **cache},
    "issuerDBOpenIDConnectActivation": 1, "oidcServiceMetaDataIssuer": url, "oidcServiceAllowAuthorizationCodeFlow": 1,
    "oidcServiceKeyIdSig": signing["id"], "oidcServicePrivateKeySig": signing["private"],
    "oidcServicePublicKeySig": signing["public"],
    "oidcRPMetaDataOptions": {"muster": {
        "oidcRPMetaDataOptionsClientID": "muster-web",
        "oidcRPMetaDataOptionsClientSecret": "not a secret of anybody",
        "oidcRPMetaDataOptionsRedirectUris": "http://127.0.0.1:9/signed-in",
        **options,
    }},
    "oidcRPMetaDataExportedVars": {"muster": {"email": "mail", "name": "cn", "preferred_username": "uid"}},
}
(folder / "conf" / "lmConf-1.json").write_text(json.dumps(configuration))
listed = ",".join(f"'{name}'=>'{value}'" for name, value in {"namespace": "configuration", **cache}.items())
(folder / "lemonldap-ng.ini").write_text(f"""[all]
logLevel=warn
logger=Lemonldap::NG::Common::Logger::Std
userLogger=Lemonldap::NG::Common::Logger::Std
[configuration]
type=File
dirName={folder}/conf
localStorage=Cache::FileCache
localStorageOptions={{ {listed} }}
[portal]
staticPrefix=/static
templateDir={root}/usr/share/lemonldap-ng/portal/templates
languages=en
""")
os.environ |= {"PERL5LIB": f"{root}/usr/share/perl5", "LLNG_DEFAULTCONFFILE": f"{folder}/lemonldap-ng.ini"}
psgi = root / "usr/share/doc/liblemonldap-ng-portal-perl/examples/index.psgi"
os.execvp("plackup", ["plackup", "--host", "127.0.0.1", "--port", port, "-s", "HTTP::Server::PSGI", str(psgi)])
