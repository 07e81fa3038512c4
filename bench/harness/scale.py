"""One, two and three servers over one PostgreSQL."""

import json
import subprocess

from . import processes, table
from .say import say


def _together(stage, servers, files, **options):
    """All servers at once: the whole rate, and what share of the processor time was the database's."""
    pids = [server.pid for server in servers]
    before = [processes.tree_cpu(pid) for pid in (*pids, stage.postgres.process.pid)]
    running = [subprocess.Popen(stage.load.command(server, file, 32 // len(servers), stage.options.seconds, **options),
                                stdout=subprocess.PIPE, text=True) for server, file in zip(servers, files)]
    try:
        told = [json.loads(load.communicate(timeout=stage.options.seconds + 60)[0]) for load in running]
    finally:
        for load in running:
            processes.stop(load)
    spent = [processes.tree_cpu(pid) - was for pid, was in zip((*pids, stage.postgres.process.pid), before)]
    return {"rate": sum(each["rate"] for each in told), "p99_ms": max(each["p99_ms"] for each in told),
            "database_share": spent[-1] / max(sum(spent), 0.01), "as_expected": not any(l.returncode for l in running)}


def run(stage):
    servers, rows = [stage.muster], []
    try:
        for count in (1, 2, 3):
            if count > 1:
                servers.append(stage.installation.serve(stage.url, f"muster-{count}"))
            sessions = stage.people.sessions(stage.muster, 384)
            parts = [sessions[n::count] for n in range(count)]
            reads = [stage.people.profiles(f"scale-profile-{n}", part) for n, part in enumerate(parts)]
            writes = [stage.people.refreshes(f"scale-refresh-{n}", part) for n, part in enumerate(parts)]
            rows.append({"servers": count, "profile": _together(stage, servers, reads),
                         "refresh": _together(stage, servers, writes, keep="refreshToken")})
            say(f"{rows[-1]}")
            if not (rows[-1]["profile"]["as_expected"] and rows[-1]["refresh"]["as_expected"]):
                stage.fail(f"{count} servers", "answers that were not expected")
    except Exception as error:
        stage.fail(f"{count} servers", error)
    finally:
        for server in servers[1:]:
            server.stop()
    return rows


def render(results):
    """The servers side by side as Markdown; None while they were not measured."""
    if not results.get("scale"):
        return None
    rows = [f"| {row['servers']} | " + " | ".join(
        f"{row[what]['rate']:,.0f}/s | {row[what]['p99_ms']:.2f} ms | {row[what]['database_share']:.0%}"
        for what in ("profile", "refresh")) + " |" for row in results["scale"]]
    return "\n".join([f"{table.where(results)}; 32 connections in all, {results['options']['seconds']:g} s each.",
                      *table.missing(results), "",
                      "| servers | profiles | p99 | the database's share | refreshes | p99 | the database's share |",
                      "|---|---|---|---|---|---|---|", *rows, "",
                      "![profile by servers](performance/scale-profile.svg)", "",
                      "![refresh by servers](performance/scale-refresh.svg)"])
