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

from . import charts, directory, model, peers, routes, scale, soak, sqlite, table, others
from .stage import ROOT, Stage, say

RESULTS = ROOT / "bench/results"
LATEST = RESULTS / "latest.json"
SCENARIOS = ["profile", "refresh", "token", "lists", "verify", "start", "directory", "sqlite"]


def arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", "soak", "scale", "table", "charts"])
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


def measure(options):
    stage = Stage(options)
    try:
        if not options.only_muster:
            stage.without_node = peers.build_node(ROOT)
            if stage.without_node:
                say(f"without Node's peers: {stage.without_node}")
        results = {"machine": machine(stage), "options": {name: getattr(options, name) for name in (
            "users", "audit", "rounds", "seconds", "warmup", "quick")}, "scenarios": {}, "left_out": stage.left_out}
        if "bench-by-hand" not in stage.bins and not options.only_muster:
            results["left_out"].append("by hand: bench-by-hand is not built")
        if stage.without_node:
            results["left_out"].append(f"Node's peers: {stage.without_node}")
        if options.what == "soak":
            return soak.run(stage, results)
        if options.what == "scale":
            return scale.run(stage, results)
        wanted = options.only or SCENARIOS
        results["memory_idle"] = others.memory(stage)
        heard = routes.overhear(stage)
        results["statements"] = routes.statements(stage)
        results["same_statement"] = routes.same_statement(stage, heard, results["statements"])
        for name in wanted:
            if name in ("profile", "refresh", "token"):
                results["scenarios"].update(getattr(routes, name)(stage, heard))
            elif name == "sqlite":
                results["scenarios"].update(sqlite.run(stage))
            elif name == "directory":
                results[name] = directory.deliver(stage)
            else:
                results[name] = getattr(others, name)(stage)
        results["row_bytes"] = model.sizes(stage)
        results["memory_after"] = others.memory(stage)
        results["memory_at_256"] = others.memory_at(stage, 256)
        stripped = stage.work / "muster-stripped"
        subprocess.run(["strip", "-o", stripped, stage.bins["muster"]], check=True)
        results["binary_mb"] = stripped.stat().st_size / 1e6
        return results
    finally:
        stage.close()


def main():
    options = arguments()
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if options.what in ("all", "soak", "scale"):
        found = measure(options)
        RESULTS.mkdir(exist_ok=True)
        out = options.out if options.what == "all" else options.out.with_name(f"{options.what}.json")
        out.write_text(json.dumps(found, indent=1) + "\n")
        say(f"wrote {out}")
    if options.what == "all":
        print(table.render(json.loads(options.out.read_text())))
    if options.what == "all" and options.out != LATEST or options.quick or options.only:
        return
    if options.what == "table":
        print(table.render(json.loads(options.out.read_text())))
    charts.draw(RESULTS, ROOT / "docs/performance")
    table.renew(RESULTS, ROOT / "docs/performance.md")
