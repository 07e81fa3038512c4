"""The command line."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import charts, compare, directory, model, others, page, peers, routes, scale, soak, sqlite, table
from .processes import Failed
from .say import say
from .stage import ROOT, Stage

RESULTS = ROOT / "bench/results"
LATEST = RESULTS / "latest.json"
# What is measured alone, each into a file of its own.
ALONE = {"compare": compare.run, "soak": soak.run, "scale": scale.run}
SCENARIOS = ["profile", "refresh", "token", "lists", "verify", "start", "directory", "sqlite"]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", *ALONE, "table", "charts"])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--audit", type=int, help="audit records; ten for each user when left out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--patience", type=float, default=5, help="seconds that each turn waits for others to rest")
    parser.add_argument("--minutes", type=float, default=20, help="how long a soak is")
    parser.add_argument("--quick", action="store_true", help="few people, one short round; shows that it works")
    parser.add_argument("--only", choices=SCENARIOS, action="append", help="these scenarios, not all")
    parser.add_argument("--only-muster", action="store_true", help="without by-hand and Node; pgbench and Muster")
    parser.add_argument("--keep", metavar="DIR", help="keeps the databases there, and uses those that are there")
    parser.add_argument("--bin-dir", action="append", default=[], help="takes programs from there and builds none")
    parser.add_argument("--out", type=Path, default=LATEST, help="where the results go")
    given = parser.parse_args()
    if given.quick:
        given.patience = 0
        given.users, given.rounds, given.seconds, given.warmup = min(given.users, 1000), 1, min(given.seconds, 1), 0
    given.audit = given.audit or given.users * 10
    return given


def machine(stage):
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1024
    return {"processors": os.cpu_count(), "model": model, "memory_mb": memory, "kernel": platform.release(),
            "commit": commit.stdout.strip(), "postgres": stage.postgres.settings(),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def write(results, out):
    """One line for each part. What was measured stays on disk, whatever becomes of the rest."""
    out.parent.mkdir(parents=True, exist_ok=True)
    text = ",\n".join(f"{json.dumps(name)}: {json.dumps(part)}" for name, part in results.items())
    new = out.with_suffix(".new")
    new.write_text(f"{{\n{text}\n}}\n")
    new.replace(out)


def binary_mb(stage):
    stripped = stage.work / "muster-stripped"
    subprocess.run(["strip", "-o", stripped, stage.bins["muster"]], check=True)
    return stripped.stat().st_size / 1e6


def parts(stage, results):
    """Names of what is measured, to what measures it and keeps it in the results."""
    def one(name, measure):
        return lambda: results.update({name: measure(stage)})

    def routes_of(measure, *arguments):
        return lambda: results["scenarios"].update(measure(stage, *arguments))

    if stage.options.what in ALONE:
        return {stage.options.what: one(stage.options.what, ALONE[stage.options.what])}
    heard = {}
    found = {} if stage.without_node or stage.options.only_muster else {
        "the peers' answers": one("compare", compare.run)}
    found |= {
        "memory when idle": one("memory_idle", others.memory),
        "what is sent to PostgreSQL": lambda: heard.update(routes.overhear(stage)),
        "statements": one("statements", routes.statements),
        "the same statement": lambda: results.update(
            same_statement=routes.same_statement(stage, heard, results["statements"])),
    }
    for name in stage.options.only or SCENARIOS:
        if name in ("profile", "refresh", "token"):
            found[name] = routes_of(getattr(routes, name), heard)
        elif name == "sqlite":
            found[name] = routes_of(sqlite.run)
        else:
            found[name] = one(name, directory.deliver if name == "directory" else getattr(others, name))
    return found | {
        "rows": one("row_bytes", model.sizes),
        "memory after the run": one("memory_after", others.memory),
        "memory at 256 connections": one("memory_at_256", lambda stage: others.memory_at(stage, 256)),
        "the binary": one("binary_mb", binary_mb),
    }


def measure(options, out):
    """Measures part by part. A part that fails is told at the end, and the others are measured all the same."""
    stage = Stage(options)
    try:
        if options.what == "compare" or options.what == "all" and not options.only_muster:
            stage.without_node = peers.build_node(ROOT)
        results = {"machine": machine(stage), "options": {name: getattr(options, name) for name in (
            "users", "audit", "rounds", "seconds", "warmup", "quick", "minutes")}, "left_out": stage.left_out,
            "failed": stage.failed, "scenarios": {}}
        if options.what == "all" and not options.only_muster:
            if "bench-by-hand" not in stage.bins:
                stage.left_out.append("by hand: bench-by-hand is not built")
            if stage.without_node:
                stage.left_out.append(f"Node's peers: {stage.without_node}")
        for name, part in parts(stage, results).items():
            try:
                part()
            except Exception as error:
                stage.fail(name, error)
            write(results, out)
            stage.mend()
        return results
    finally:
        stage.close()


def main():
    options = arguments()
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder, failed = options.out.parent, []
    if options.what == "all" or options.what in ALONE:
        out = options.out if options.what == "all" else folder / f"{options.what}.json"
        try:
            found = measure(options, out)
        except Failed as error:
            sys.exit(f"bench: {error}")
        failed = found["failed"]
        say(f"wrote {out}")
    if options.what in ("all", "table"):
        print(table.render(json.loads(options.out.read_text())))
    # What is small or in part is no figure for the page, unless it is asked for.
    if not (options.quick or options.only or options.what == "compare"
            or options.what == "all" and options.out != LATEST):
        charts.draw(folder, ROOT / "docs/performance")
        page.renew(folder, ROOT / "docs/performance.md")
    if failed:
        sys.exit("\n".join(["bench: not all of it was measured:", *failed]))
