"""The directory delivers 10,000 people over SCIM, some at once, as Okta does."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor

from .processes import Failed

AT_ONCE = 4


def _person(n):
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": f"new{n}@example.com",
            "externalId": f"new-{n}", "displayName": f"New Person {n}", "active": True,
            "name": {"givenName": "New", "familyName": f"Person {n}"},
            "emails": [{"value": f"new{n}@example.com", "type": "work", "primary": True}],
            "phoneNumbers": [{"value": f"+1212{5550000 + n % 10000}", "type": "mobile", "primary": True}]}


def deliver(stage):
    """Seconds for all, into a database of its own that has 1,000 people."""
    name, count = "muster_directory", min(10_000, stage.options.users)
    if stage.postgres.has(name):
        stage.postgres.sql("postgres", f"DROP DATABASE {name} WITH (FORCE)")
    stage.filled_as(name, 1000, 10_000)
    url = stage.postgres.url(name)
    printed = stage.installation.command(url, "key", "create", "--name", "bench", "--scopes", "scim")
    key = printed.split()[-1]
    server = stage.installation.serve(url, "muster-directory")

    def some(part):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        statuses = []
        for n in part:
            connection.request("POST", "/scim/v2/Users", json.dumps(_person(n)),
                               {"authorization": f"Bearer {key}", "content-type": "application/scim+json"})
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        return statuses

    try:
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            statuses = [each for part in pool.map(some, [range(n, count, AT_ONCE) for n in range(AT_ONCE)])
                        for each in part]
        seconds = time.monotonic() - began
    finally:
        server.stop()
        stage.postgres.sql("postgres", f"DROP DATABASE {name} WITH (FORCE)")
    if set(statuses) != {201}:
        raise Failed(f"the directory was answered {set(statuses)}")
    return {"people": count, "seconds": seconds, "at_once": AT_ONCE}
