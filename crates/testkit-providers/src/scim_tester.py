"""Runs every check of scim2-tester against the server of SCIM_URL with the key of SCIM_KEY; prints a JSON object a check."""

import json
import os

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

headers = {"Authorization": f"Bearer {os.environ['SCIM_KEY']}"}
with Client(base_url=os.environ["SCIM_URL"], headers=headers, timeout=30) as client:
    for result in check_server(SyncSCIMClient(client)):
        told = {"status": result.status.name, "title": result.title, "reason": result.reason or ""}
        print(json.dumps({**told, "resource": result.resource_type or ""}))
