"""The table of ratios beside what each must be, in Markdown."""

from .charts import file_of
from .rounds import middle, paired

HEAD = "| what | measured | spread | bound | held |\n|---|---|---|---|---|"


def _row(what, value, bound, at_least, spread="", digits=2, unit=""):
    if value is None:
        return f"| {what} | not measured | | {'≥' if at_least else '≤'} {bound:g}{unit} | – |"
    held = value >= bound if at_least else value <= bound
    sign = "≥" if at_least else "≤"
    return f"| {what} | {value:,.{digits}f}{unit} | {spread} | {sign} {bound:g}{unit} | {'yes' if held else '**no**'} |"


def _ratio(results, what, other, bound, key="rate", one="muster", at_least=True):
    found = paired(results, one, other, key)
    spread = f"{found['least']:.2f} to {found['most']:.2f}" if found else ""
    return _row(what, found and found["median"], bound, at_least, spread)


def bounds(found):
    """Each row of issue 7's list that was measured, as Markdown."""
    scenarios = found["scenarios"]
    rows = []
    if profile := scenarios.get("profile@32"):
        rows += [_ratio(profile, "profile, of pgbench's one statement", "pgbench", 0.80),
                 _ratio(profile, "profile, of by hand", "by hand", 0.88),
                 _ratio(profile, "profile, of Express + Prisma", "express-prisma", 10),
                 _ratio(profile, "profile, of Express + Prisma tuned", "express-prisma tuned", 5),
                 _row("profile, p99 at 32 connections", middle(profile, "muster", "p99_ms"), 15, False, unit=" ms"),
                 _ratio(scenarios.get("profile@1", {}), "profile, p50 at 1 connection, of pgbench's", "pgbench", 1.6,
                        "p50_ms", at_least=False)]
    if refresh := scenarios.get("refresh@32"):
        rows += [_ratio(refresh, "refresh, of the same writes by pgbench", "pgbench", 0.75),
                 _ratio(refresh, "refresh, of by hand", "by hand", 0.90),
                 _ratio(refresh, "refresh, of Express + Prisma", "express-prisma", 5),
                 _row("refresh, p99 at 32 connections", middle(refresh, "muster", "p99_ms"), 20, False, unit=" ms")]
    if token := scenarios.get("token@32"):
        rows += [_ratio(token, "token, of pgbench's one statement", "pgbench", 0.70),
                 _ratio(token, "token, of by hand", "by hand", 0.90),
                 _ratio(token, "token, of Express + Prisma", "express-prisma", 8)]
    if over := scenarios.get("sqlite profile@32"):
        rows.append(_ratio(over, "profile over SQLite, of by hand", "by hand", 0.8))
    empty = middle(scenarios.get("profile@32", {}), "by hand, empty answer", "server_us")
    for name in ("profile", "refresh"):
        spent = middle(scenarios.get(f"{name}@32", {}), "muster", "server_us")
        rows.append(_row(f"server's processor time for a {name}, of an empty answer's",
                         spent / empty if spent and empty else None, 5, False))
    if "statements" in found:
        asked = found["statements"]
        rows += [_row(f"statements for a {name}", asked[name]["per_request"], most, False)
                 for name, most in [("profile", 1.02), ("refresh", 2.02)]]
        same = "the same" if found["same_statement"] else "another"
        rows.append(f"| pgbench's profile has Muster's queryid | {same} | | the same | "
                    f"{'yes' if found['same_statement'] else '**no**'} |")
    if lists := found.get("lists"):
        for name, results in lists["filters"].items():
            large, small = [size for size in results if size != "1,000"] or ["1,000"], "1,000"
            rows.append(_ratio(results, f"list, {name}: p50 of {large[0]}'s to that of 1,000", small, 1.3, "p50_ms",
                               large[0], False))
        scans = lists["sequential_scans"]
        rows.append(f"| list, filters that scan all people | {', '.join(scans) or 'none'} | | none | "
                    f"{'**no**' if scans else 'yes'} |")
    if verify := found.get("verify"):
        rows += [_row("wrong guesses a second", middle(verify["guesses"], "muster", "rate"), 5000, True, digits=0),
                 _ratio(verify["flood"], "profile's p99 beside a flood of guesses, of idle's", "idle", 2, "p99_ms",
                        "flood", False)]
    if "start" in found:
        rows.append(_row("start to ready", found["start"]["median_ms"], 100, False, unit=" ms", digits=0))
    if delivered := found.get("directory"):
        rows.append(_row(f"{delivered['people']:,} people over SCIM, {delivered['at_once']} at once",
                         delivered["seconds"], 60, False, unit=" s", digits=1))
    if "memory_after" in found:
        rows += [_row("memory after the whole run", found["memory_after"], 40, False, unit=" MB", digits=1),
                 _row("memory at 256 connections", found["memory_at_256"], 64, False, unit=" MB", digits=1),
                 _row("release binary", found["binary_mb"], 25, False, unit=" MB", digits=1)]
    return rows


def rates(found):
    """What each contestant did: medians over the rounds."""
    lines = ["| scenario | who | rate | p50 | p99 | server | database | RSS | noisy rounds |",
             "|---|---|---|---|---|---|---|---|---|"]
    for scenario, results in found["scenarios"].items():
        for name, rounds in results.items():
            def cell(key, form, scale=1, name=name, results=results):
                value = middle(results, name, key)
                return "–" if value is None else form.format(value * scale)
            noisy = sum(each["noisy"] for each in rounds)
            lines.append(f"| {scenario} | {name} | {cell('rate', '{:,.0f}/s')} | {cell('p50_ms', '{:.2f} ms')} | "
                         f"{cell('p99_ms', '{:.2f} ms')} | {cell('server_us', '{:.0f} µs')} | "
                         f"{cell('database_us', '{:.0f} µs')} | {cell('rss', '{:.0f} MB', 1e-6)} | "
                         f"{noisy} of {len(rounds)} |")
    return lines


def where(found):
    """The machine and when, for the head of what is rendered."""
    machine, options = found["machine"], found["options"]
    return (f"Commit {machine['commit']}, {machine['at']}: {machine['processors']} processors ({machine['model']}), "
            f"{machine['memory_mb']:,} MB, Linux {machine['kernel']}, PostgreSQL "
            f"{machine['postgres'].get('server_version', '')}; {options['users']:,} people, {options['audit']:,} audit "
            f"records")


def missing(found):
    # One line each: what a program said when it failed is on the terminal and in the results.
    failed = [" ".join(each.split())[:200] for each in found["failed"]]
    return [f"\nLeft out: {each}." for each in found["left_out"]] + [f"\nFailed: {each}" for each in failed]


def render(found):
    options = found["options"]
    told = f"{where(found)}, {options['rounds']} rounds of {options['seconds']:g} s."
    charts = [f"\n![{scenario}](performance/{file_of(scenario)})"
              for scenario, results in found["scenarios"].items() if len(results) > 1]
    return "\n".join([told, *missing(found), "", HEAD, *bounds(found), "", *rates(found), *charts])
