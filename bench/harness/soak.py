"""Mixed traffic at half the peak for a long while: does memory, latency or anything that is open grow?"""

import json
import subprocess
import time
from statistics import mean

from . import processes
from .others import admin
from .people import request
from .stage import say

SHARES = {"profile": 0.70, "refresh": 0.15, "list": 0.05, "guess": 0.05, "preferences": 0.05}
PART = 600


def _files(stage):
    """The requests of each kind. Access tokens live for 15 minutes, so they are made anew for each part."""
    sessions = stage.people.sessions(stage.muster, 256)
    write = stage.people.write
    document = stage.muster.json("/api/notifications/preferences",
                                 {"authorization": f"Bearer {sessions[0]['accessToken']}"})
    token = admin(stage.muster, stage.people)
    return {
        "profile": stage.people.profiles("soak-profile", sessions),
        "refresh": stage.people.refreshes("soak-refresh", stage.people.sessions(stage.muster, 256)),
        "list": write("soak-list", [request("GET", "/api/users?limit=50", token)]),
        "guess": write("soak-guess", [request("POST", "/api/notifications/verification/verify", s["accessToken"],
                                              '{"method":"email","code":"000000"}') for s in sessions]),
        "preferences": write("soak-preferences", [request("PUT", "/api/notifications/preferences", s["accessToken"],
                                                          json.dumps(document)) for s in sessions]),
    }


def _options(kind):
    return {"refresh": {"keep": "refreshToken"}, "guess": {"expect": "422,429"}}.get(kind, {})


def run(stage, results):
    files = _files(stage)
    # The peak of the mix: so long would a request of the mix take the machine.
    cost = sum(SHARES[kind] / stage.load.run(stage.muster, files[kind], 32, 3, **_options(kind))["rate"]
               for kind in SHARES)
    rate = 0.5 / cost
    say(f"soak at {rate:,.0f} requests a second")
    samples, totals, ended = [], {}, time.monotonic() + stage.options.minutes * 60
    began = time.monotonic()
    while (left := ended - time.monotonic()) > 1:
        files, seconds = _files(stage), min(PART, left)
        part = time.monotonic()
        series = stage.work / "soak-series.jsonl"
        running = {kind: subprocess.Popen(
            stage.load.command(stage.muster, files[kind], 8, seconds, rate=round(rate * share, 2),
                               series=series if kind == "profile" else None, **_options(kind)),
            stdout=subprocess.PIPE, text=True) for kind, share in SHARES.items()}
        fresh = []
        while any(load.poll() is None for load in running.values()):
            fresh.append({"second": time.monotonic() - began, "rss_mb": processes.tree_rss(stage.muster.pid) / 1e6,
                          "descriptors": processes.descriptors(stage.muster.pid),
                          "threads": processes.threads(stage.muster.pid)})
            time.sleep(1)
        for sample, line in zip(fresh, series.read_text().splitlines()):
            told = json.loads(line)
            sample.update(p50_ms=told["p50_ms"], p99_ms=told["p99_ms"])
        samples += fresh
        for kind, load in running.items():
            told = json.loads(load.stdout.read())
            total = totals.setdefault(kind, {"requests": 0, "errors": 0, "unexpected": 0})
            total["requests"] += told["requests"]
            total["errors"] += told["errors"]
            total["unexpected"] += load.returncode != 0
        say(f"soak: {time.monotonic() - part:.0f} s more, {totals}")
    return {**results, "rate": rate, "totals": totals, "samples": samples, "verdict": verdict(samples)}


def verdict(samples):
    """The means of the first and of the last third, of what must not grow."""
    third = max(1, len(samples) // 3)
    found = {}
    for key, slack in [("rss_mb", 1.05), ("p99_ms", 1.25), ("descriptors", 1.05), ("threads", 1.0)]:
        first, last = ([each[key] for each in part if key in each] for part in (samples[:third], samples[-third:]))
        if first and last:
            found[key] = {"first": mean(first), "last": mean(last), "flat": mean(last) <= mean(first) * slack}
    return found
