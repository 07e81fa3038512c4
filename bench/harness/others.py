"""What is measured of Muster alone: lists, wrong guesses, starts, memory."""

import http.client
import json
import subprocess
import time
from statistics import median

from . import processes
from .people import request
from .rounds import play


def memory(stage):
    """Megabytes that the server holds."""
    return processes.tree_rss(stage.muster.pid) / 1e6


def memory_at(stage, connections):
    file = stage.people.profiles("many-profiles", stage.people.sessions(stage.muster, connections))
    return stage.load.run(stage.muster, file, connections, stage.options.seconds)["rss"] / 1e6


def admin(server, people):
    """An access token of the one admin, who is the first person."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", "/api/mobile/token", headers={"authorization": f"Bearer {people.identity([1])[0]}"})
    return json.loads(connection.getresponse().read())["accessToken"]


def filters(server, token):
    """Each filter's first page, and a page deep in the list."""
    headers = {"authorization": f"Bearer {token}"}
    team = server.json("/api/teams?limit=1", headers)["items"][0]["id"]
    paths = {"all": "", "role": "&role=admin", "active": "&active=true", "inactive": "&active=false",
             "team": f"&teamId={team}", "ready": "&canBeOnCall=true", "not ready": "&canBeOnCall=false",
             "search, many": "&q=ada", "search, one": "&q=person777%40"}
    found = {name: f"/api/users?limit=50{path}" for name, path in paths.items()}
    cursor = None
    for _ in range(4):
        page = server.json("/api/users?limit=200" + (f"&cursor={cursor}" if cursor else ""), headers)
        cursor = page["nextCursor"] or cursor
    found["deep"] = f"/api/users?limit=50&cursor={cursor}"
    return found


def lists(stage):
    """Each filter at 1,000 people and at all, in turn."""
    small = stage.filled(1000, 10_000)
    beside = stage.installation.serve(stage.postgres.url(small), "muster-small")
    try:
        sizes = {"1,000": beside, f"{stage.options.users:,}": stage.muster}
        of = {}
        for size, server in sizes.items():
            token = admin(server, stage.people)
            of[size] = {name: stage.people.write(f"list-{size}-{name.replace(' ', '-')}", [request("GET", path, token)])
                        for name, path in filters(server, token).items()}
        found = {}
        for name in of["1,000"]:
            found[name] = play(stage, f"list, {name}", {
                size: lambda size=size: stage.load.run(sizes[size], of[size][name], 8, min(2, stage.options.seconds))
                for size in sizes}, min(3, stage.options.rounds))
        return {"filters": found, "sequential_scans": scans(stage, of)}
    finally:
        beside.stop()


def scans(stage, of):
    """Which filters read the table of people from end to end at the larger size."""
    found = []
    large = f"{stage.options.users:,}"
    query = "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'users'"
    for name, file in of[large].items():
        stage.postgres.sql(stage.database, "SELECT pg_stat_force_next_flush()")
        before = _settled(stage, query)
        done = stage.load.run(stage.muster, file, 1, 0.5)
        if _settled(stage, query) - before > done["requests"] / 2:
            found.append(name)
    return found


def _settled(stage, query):
    """Idle connections tell their counts within a second."""
    time.sleep(1.2)
    return int(stage.postgres.sql(stage.database, query))


def verify(stage):
    """Wrong guesses over many people; then sends and guesses as fast as a flood beside profiles at a modest rate."""
    sessions = stage.people.sessions(stage.muster, 2048)
    guesses = stage.people.write("guesses", [_guess(s) for s in sessions])
    profiles = stage.people.profiles("calm", sessions[:256])
    seconds = stage.options.seconds
    # What is not in PostgreSQL's memory yet would be measured with the disk.
    everybody = stage.people.profiles("everybody", sessions)
    stage.load.run(stage.muster, everybody, 8, seconds)
    found = play(stage, "verify", {
        "muster": lambda: stage.load.run(stage.muster, guesses, 32, seconds, expect="422,429")})

    # For each person a code, one guess more at it than there may be, and another code, for which it is too soon. Each
    # round is about people of its own.
    floods = [stage.people.write(f"flood-{part}", [line for s in sessions[part::stage.options.rounds] for line in
                                                   (_send(s), *[_guess(s)] * 6, _send(s))])
              for part in range(stage.options.rounds)]

    def beside(flood):
        if not flood:
            return stage.load.run(stage.muster, profiles, 8, seconds, rate=200)
        lines, taken = floods.pop(), stage.mailer.taken
        command = stage.load.command(stage.muster, lines, 32, seconds + 1, expect="200,422,429", rate=1000)
        other = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            calm = stage.load.run(stage.muster, profiles, 8, seconds, rate=200)
            if other.wait(seconds + 60):
                raise processes.Failed("the flood had answers that were not expected, or none")
            if stage.mailer.taken == taken:
                raise processes.Failed("the flood guessed at codes that nobody was sent")
            return calm
        finally:
            processes.stop(other)

    flood = play(stage, "profile beside a flood", {"idle": lambda: beside(False), "flood": lambda: beside(True)})
    return {"guesses": found, "flood": flood}


def _send(session):
    return request("POST", "/api/notifications/verification/send", session["accessToken"], '{"method":"email"}')


def _guess(session):
    return request("POST", "/api/notifications/verification/verify", session["accessToken"],
                   '{"method":"email","code":"000000"}')


def start(stage):
    """From exec to ready on a migrated store, in milliseconds."""
    times = []
    for _ in range(10):
        server = stage.installation.serve(stage.url, "muster-start")
        times.append(server.start_ms)
        server.stop()
    return {"median_ms": median(times), "all_ms": times}
