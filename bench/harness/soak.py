"""Mixed traffic at half the peak for a long while: does memory, latency or anything that is open grow?"""

import json
import subprocess
import time
from statistics import mean

from . import processes, table
from .others import admin
from .people import request
from .processes import Failed
from .say import say

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


def run(stage):
    files = _files(stage)
    # The peak of the mix: so long would a request of the mix take the machine.
    cost = sum(SHARES[kind] / stage.load.run(stage.muster, files[kind], 32, 3, **_options(kind))["rate"]
               for kind in SHARES)
    rate = 0.5 / cost
    say(f"soak at {rate:,.0f} requests a second")
    found = {"rate": rate, "samples": [], "totals": {
        kind: {"requests": 0, "errors": 0, "unexpected": 0} for kind in SHARES}}
    began = time.monotonic()
    try:
        while (left := began + stage.options.minutes * 60 - time.monotonic()) > 1:
            _part(stage, found, began, min(PART, left))
    except Exception as error:
        stage.fail("soak", error)
    wrong = {kind: total for kind, total in found["totals"].items() if total["errors"] or total["unexpected"]}
    if wrong:
        stage.fail("soak", f"answers that were not expected: {wrong}")
    return {**found, "verdict": verdict(found["samples"])}


def _part(stage, found, began, seconds):
    files = _files(stage)
    series = stage.work / "soak-series.jsonl"
    running = {kind: subprocess.Popen(
        stage.load.command(stage.muster, files[kind], 8, seconds, rate=round(found["rate"] * share, 2),
                           series=series if kind == "profile" else None, **_options(kind)),
        stdout=subprocess.PIPE, text=True) for kind, share in SHARES.items()}
    fresh, end = [], time.monotonic() + seconds + 60
    try:
        while any(load.poll() is None for load in running.values()):
            if time.monotonic() > end:
                raise Failed("the load was not done in time")
            fresh.append({"second": round(time.monotonic() - began, 1),
                          "rss_mb": round(processes.tree_rss(stage.muster.pid) / 1e6, 2),
                          "descriptors": processes.descriptors(stage.muster.pid),
                          "threads": processes.threads(stage.muster.pid)})
            time.sleep(1)
    finally:
        for load in running.values():
            processes.stop(load)
    for sample, line in zip(fresh, series.read_text().splitlines()):
        told = json.loads(line)
        sample.update(p50_ms=told["p50_ms"], p99_ms=told["p99_ms"])
    found["samples"] += fresh
    for kind, load in running.items():
        told, total = json.loads(load.stdout.read()), found["totals"][kind]
        total["requests"] += told["requests"]
        total["errors"] += told["errors"]
        total["unexpected"] += load.returncode != 0
    say(f"soak: {time.monotonic() - began:.0f} s, {found['totals']}")


def verdict(samples):
    """The means of the first and of the last third, of what must not grow."""
    third = max(1, len(samples) // 3)
    found = {}
    for key, slack in [("rss_mb", 1.05), ("p99_ms", 1.25), ("descriptors", 1.05), ("threads", 1.0)]:
        first, last = ([each[key] for each in part if key in each] for part in (samples[:third], samples[-third:]))
        if first and last:
            found[key] = {"first": mean(first), "last": mean(last), "flat": mean(last) <= mean(first) * slack}
    return found


def render(results):
    """The soak as Markdown; None while it was not measured."""
    found = results.get("soak")
    if not found or not found["verdict"]:
        return None
    names = {"rss_mb": ("resident memory", "{:.1f} MB"), "p99_ms": ("p99 of a profile", "{:.2f} ms"),
             "descriptors": ("open descriptors", "{:.0f}"), "threads": ("threads", "{:.0f}")}
    rows = [f"| {what} | {form.format(told['first'])} | {form.format(told['last'])} | "
            f"{'yes' if told['flat'] else '**no**'} |"
            for key, (what, form) in names.items() if (told := found["verdict"].get(key))]
    requests = sum(total["requests"] for total in found["totals"].values())
    told = (f"{table.where(results)}; {found['samples'][-1]['second'] / 60:.1f} minutes at {found['rate']:,.0f} "
            f"requests a second, {requests:,} in all.")
    return "\n".join([told, *table.missing(results), "", "| mean of | first third | last third | did not grow |",
                      "|---|---|---|---|", *rows, "", "![soak](performance/soak.svg)"])
