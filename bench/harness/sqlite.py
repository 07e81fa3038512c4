"""Muster, and what is written by hand, over one SQLite file."""

import json

from . import peers
from .people import People, name
from .rounds import play
from .stage import say


def _directory(count):
    """A directory's export of that many people, active as those of the filled database are."""
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": count, "Resources": [
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": f"okta-{n}", "externalId": f"okta-{n}",
         "userName": name(n), "displayName": f"Person {n}", "active": n % 100 != 0,
         "name": {"givenName": "Person", "familyName": str(n)},
         "emails": [{"value": name(n), "type": "work", "primary": True}],
         "phoneNumbers": [{"value": f"+44{7400000000 + n}", "type": "mobile", "primary": True}]}
        for n in range(1, count + 1)]}


def run(stage):
    """The profile, and the refresh as it comes: each commit is flushed to disk (`synchronous = FULL`)."""
    count = min(10_000, stage.options.users)
    file = stage.work / "people.db"
    for old in stage.work.glob("people.db*"):
        old.unlink()
    url = f"sqlite://{file}"
    export = stage.work / "people.json"
    export.write_text(json.dumps(_directory(count)))
    stage.installation.migrate(url)
    stage.installation.command(url, "import", str(export))
    people = People(stage.openid, count, stage.work)
    server = stage.installation.serve(url, "muster-sqlite")
    other = None
    try:
        sessions = people.sessions(server, 256)
        profiles = people.profiles("sqlite-profile", sessions)
        refreshes = people.refreshes("sqlite-refresh", people.sessions(server, 256))
        seconds = stage.options.seconds
        contestants = {"muster": lambda: stage.load.run(server, profiles, 32, seconds)}
        if "bench-by-hand" in stage.bins:
            other = peers.by_hand(stage.bins["bench-by-hand"], url, stage.installation, stage.openid)
            contestants["by hand"] = lambda: stage.load.run(other, profiles, 32, seconds)
        rounds, patience = stage.options.rounds, stage.options.patience
        return {"sqlite profile@32": play("sqlite profile@32", contestants, rounds, say, patience),
                "sqlite refresh@32": play("sqlite refresh@32", {
                    "muster": lambda: stage.load.run(server, refreshes, 32, seconds, keep="refreshToken")},
                    rounds, say, patience)}
    finally:
        server.stop()
        if other:
            other.stop()
