#!/usr/bin/env bash
# scim2-models 0.6.12 with scim2-client 0.7.5: a ServiceProviderConfig with the attribute `pagination`, which RFC 9865
# (October 2025) adds, is refused as a whole ("Extra inputs are not permitted"), although clients are to pass over attributes that
# they do not know (RFC 7643, 2). A client that discovers its server first, as Canaille 0.3.6 does, then delivers nobody.
# The release of today, 0.7.0, refuses it too.
# Muster: ScimService::service_provider_config leaves the attribute out for clients of that kind (docs/adr/0033).
# Needs: Python 3.10 or later with pip.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/try.py" <<'PY'
import sys
from importlib.metadata import version

from scim2_models import ServiceProviderConfig

before = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
    "patch": {"supported": True},
    "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
    "filter": {"supported": True, "maxResults": 200},
    "changePassword": {"supported": False},
    "sort": {"supported": True},
    "etag": {"supported": True},
    "authenticationSchemes": [],
}
after = before | {"pagination": {"cursor": True, "index": True, "defaultPaginationMethod": "index"}}


def understood(document):
    try:
        ServiceProviderConfig.model_validate(document)
        return "taken"
    except ValueError as error:
        return "Extra inputs are not permitted" if "Extra inputs are not permitted" in str(error) else str(error)


found = [understood(before), understood(after)]
print(f"scim2-models {version('scim2-models')}: without pagination [{found[0]}], with it [{found[1]}]")
sys.exit(0 if found == ["taken", "Extra inputs are not permitted"] else 1)
PY
for release in 0.6.12 0.7.0; do
  python3 -m venv "$folder/$release"
  "$folder/$release/bin/pip" install --quiet --disable-pip-version-check "scim2-models==$release"
  "$folder/$release/bin/python" "$folder/try.py" || { echo 'another behaviour than before' >&2; exit 1; }
done
