"""Muster, and what is written by hand, over one SQLite file."""

import json

from . import peers
from .people import People, name
from .processes import Failed
from .rounds import middle, play

REFRESH, FULL, NORMAL = "sqlite refresh@32", "muster", "muster, normal"


def _directory(count):
    """A directory's export of that many people, active as those of the filled database are."""
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": count, "Resources": [
        {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": f"okta-{n}", "externalId": f"okta-{n}",
         "userName": name(n), "displayName": f"Person {n}", "active": n % 10 != 0,
         "name": {"givenName": "Person", "familyName": str(n)},
         "emails": [{"value": name(n), "type": "work", "primary": True}],
         "phoneNumbers": [{"value": f"+44{7400000000 + n}", "type": "mobile", "primary": True}]}
        for n in range(1, count + 1)]}


def _installed(stage, name, people, **settings):
    """A server over a file of its own, with so many people."""
    for old in stage.work.glob(f"{name}.db*"):
        old.unlink()
    url = f"sqlite://{stage.work / name}.db"
    stage.installation.migrate(url)
    stage.installation.command(url, "import", str(people))
    return url, stage.installation.serve(url, f"muster-{name}", **settings)


def run(stage):
    """The profile, and the refresh as it comes (each commit is flushed to disk) and with the weaker setting."""
    count = min(10_000, stage.options.users)
    export = stage.work / "people.json"
    export.write_text(json.dumps(_directory(count)))
    people, seconds, servers = People(stage.openid, count, stage.work), stage.options.seconds, []
    try:
        url, full = _installed(stage, "full", export)
        servers.append(full)
        writers = [(FULL, full)]
        try:
            _, normal = _installed(stage, "normal", export, MUSTER_SQLITE_DURABILITY="normal")
            servers.append(normal)
            writers.append((NORMAL, normal))
        except Failed as error:
            stage.fail(NORMAL, error)
        profiles = people.profiles("sqlite-profile", people.sessions(full, 256))
        reading = {"muster": lambda: stage.load.run(full, profiles, 32, seconds)}
        if "bench-by-hand" in stage.bins and not stage.options.only_muster:
            other = peers.by_hand(stage.bins["bench-by-hand"], url, stage.installation, stage.openid)
            servers.append(other)
            reading["by hand"] = lambda: stage.load.run(other, profiles, 32, seconds)
        writing = {}
        for name, server in writers:
            file = people.refreshes(f"sqlite-refresh-{server.port}", people.sessions(server, 256))
            writing[name] = lambda server=server, file=file: stage.load.run(server, file, 32, seconds,
                                                                           keep="refreshToken")
        return {"sqlite profile@32": play(stage, "sqlite profile@32", reading), REFRESH: play(stage, REFRESH, writing)}
    finally:
        for server in servers:
            server.stop()


def render(found):
    """Both settings side by side as Markdown; None while they were not measured."""
    refresh = found["scenarios"].get(REFRESH, {})
    if not (refresh.get(FULL) and refresh.get(NORMAL)):
        return None
    rows = [f"| {what} | {middle(refresh, name, 'rate'):,.0f}/s | {middle(refresh, name, 'p50_ms'):.2f} ms | "
            f"{middle(refresh, name, 'p99_ms'):.2f} ms |"
            for what, name in [("`full`, the default", FULL), ("`normal`", NORMAL)]]
    return "\n".join(["| `MUSTER_SQLITE_DURABILITY` | refreshes at 32 connections | p50 | p99 |", "|---|---|---|---|",
                      *rows])
