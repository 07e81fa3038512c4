"""The three routes that have bounds: profile, refresh and token, of all contestants in turn."""

import time

from . import peers, pgbench
from .people import request
from .processes import Failed
from .rounds import play
from .say import say
from .stage import ROOT

SESSIONS = 512
# So many people that none comes to the most sessions that a person may have while all contestants take their turns.
SIGN_INS = 8192


def _contestants(stage, which):
    """Names of those that take part beside pgbench, to what starts them."""
    found = {"muster": lambda: stage.muster}
    if stage.options.only_muster:
        return found
    if "bench-by-hand" in stage.bins:
        program = stage.bins["bench-by-hand"]
        found["by hand"] = lambda: peers.by_hand(program, stage.url, stage.installation, stage.openid)
    if not stage.without_node:
        names = list(peers.NODE) if which == "profile" else ["fastify (2 processes)", "express-prisma"]
        for name in names:
            found[name] = lambda name=name: peers.node(name, stage.url, stage.installation, stage.openid, ROOT)
    return found


def overhear(stage):
    """One request of each route while PostgreSQL logs its statements."""
    def ask():
        session = stage.people.sessions(stage.muster, 1)
        stage.load.run(stage.muster, stage.people.profiles("one-profile", session), 1, 0.1)
        # From the second refresh on a parent is superseded.
        file = stage.people.refreshes("one-refresh", session)
        stage.load.run(stage.muster, file, 1, 0.1, keep="refreshToken")
    return stage.postgres.overheard(stage.database, ask)


def _http(stage, name, make, requests, connections, **options):
    def measure():
        server = stage.contestant(name, make)
        return stage.load.run(server, requests(), connections, stage.options.seconds, warmup=stage.options.warmup,
                              **options)
    return measure


def _bound(stage, script, before=None, variables=None):
    """pgbench at its best client count."""
    bound = pgbench.Pgbench(stage.postgres, stage.database, script, 8, before, variables)
    rates = bound.tune(min(2, stage.options.seconds))
    say(f"pgbench by clients: {rates}")
    return bound


def _attempt(stage, name, make):
    """A bound, or None: without it the others are measured all the same."""
    try:
        return make()
    except LookupError as missing:
        stage.left_out.append(f"pgbench for {name}: {missing}")
    except Exception as error:
        stage.fail(f"pgbench for {name}", error)
    return None


def _writing_bound(stage, name, make, heard, before=None):
    def proven():
        bound = _bound(stage, make(heard), before)
        if not bound.proves("SELECT count(*) FROM refresh_tokens"):
            raise Failed(f"pgbench's {name} writes nothing")
        return bound
    bound = _attempt(stage, name, proven)
    return {"pgbench": lambda: bound.run(stage.options.seconds)} if bound else {}


def _reading_bound(stage, heard):
    script, variables = pgbench.profile(heard)
    return _bound(stage, script, variables=variables)


def profile(stage, heard):
    results = {}
    bound = _attempt(stage, "profile", lambda: _reading_bound(stage, heard))
    for connections in (32, 1):
        # Access tokens live for 15 minutes.
        sessions = stage.people.sessions(stage.muster, SESSIONS)
        file = stage.people.profiles("profiles", sessions)
        contestants = {}
        if bound:
            clients = None if connections == 32 else 1
            contestants["pgbench"] = lambda clients=clients: bound.run(stage.options.seconds, clients)
        for name, make in _contestants(stage, "profile").items():
            if connections == 32 or name in ("muster", "by hand"):
                contestants[name] = _http(stage, name, make, lambda: file, connections)
        if connections == 32 and "by hand" in contestants:
            make = _contestants(stage, "profile")["by hand"]
            empty = stage.people.write("empty", [request("GET", "/empty")])
            contestants["by hand, empty answer"] = _http(stage, "by hand", make, lambda: empty, 32)
        name = f"profile@{connections}"
        results[name] = play(stage, name, contestants)
    return results


def refresh(stage, heard):
    def renew():
        pgbench.renew_sessions(stage.postgres, stage.database)

    contestants = _writing_bound(stage, "refresh", pgbench.refresh, heard, renew)
    for name, make in _contestants(stage, "refresh").items():
        file = stage.people.refreshes(f"refreshes-{name.replace(' ', '-')}",
                                      stage.people.sessions(stage.muster, SESSIONS))
        contestants[name] = _http(stage, name, make, lambda file=file: file, 32, keep="refreshToken")
    results = play(stage, "refresh@32", contestants)
    return {"refresh@32": results}


def token(stage, heard):
    stage.people.sign_in_once(stage.muster, SIGN_INS)
    file = stage.people.sign_ins("sign-ins", SIGN_INS)
    contestants = _writing_bound(stage, "token", pgbench.issue, heard)
    for name, make in _contestants(stage, "token").items():
        contestants[name] = _http(stage, name, make, lambda: file, 32, expect=201)
    results = play(stage, "token@32", contestants)
    return {"token@32": results}


def statements(stage):
    """Statements per request of each route, and whether pgbench's profile is the same statement to PostgreSQL."""
    found = {}
    sessions = stage.people.sessions(stage.muster, 8)
    time.sleep(0.5)
    for name, file, options in [
            ("profile", stage.people.profiles("few-profiles", sessions), {}),
            ("refresh", stage.people.refreshes("few-refreshes", sessions), {"keep": "refreshToken"}),
            ("token", stage.people.sign_ins("few-sign-ins", SESSIONS), {"expect": 201})]:
        stage.load.run(stage.muster, file, 4, 0.3, **options)
        stage.postgres.forget_statements(stage.database)
        done = stage.load.run(stage.muster, file, 4, 1, **options)
        rows = stage.postgres.statements(stage.database)
        # What runs beside requests (seals, metrics) comes once in a while, not with each.
        ours = [row for row in rows if row["calls"] > done["requests"] * 0.5]
        found[name] = {"per_request": round(sum(row["calls"] for row in ours) / max(1, done["requests"]), 2),
                       "statements": ours}
    return found


def same_statement(stage, heard, asked):
    """Whether pgbench's profile has the queryid of Muster's."""
    stage.postgres.forget_statements(stage.database)
    script, variables = pgbench.profile(heard)
    pgbench.Pgbench(stage.postgres, stage.database, script, 2, variables=variables).run(1)
    theirs = {row["queryid"] for row in stage.postgres.statements(stage.database)}
    return {row["queryid"] for row in asked["profile"]["statements"]} <= theirs
