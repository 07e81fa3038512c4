"""Contestants in turn, round by round, and how their results compare within each round."""

from statistics import median

from . import processes
from .say import say


def play(stage, name, contestants, rounds=None):
    """`contestants` is a dict of name to what measures once. Each round begins with the next one, so that whatever
    drifts or comes first meets all of them. The results are a list of rounds by contestant. One that fails is left out
    from then on."""
    names = list(contestants)
    results = {each: [] for each in names}
    for number in range(rounds or stage.options.rounds):
        turn = number % len(names)
        for each in names[turn:] + names[:turn]:
            if each not in results:
                continue
            quiet = processes.wait_until_quiet(stage.options.patience)
            watch = processes.Watch()
            try:
                found = contestants[each]()
            except Exception as error:
                stage.fail(f"{name}, {each}", error)
                del results[each]
                continue
            found["others"] = round(watch.others(), 3)
            found["noisy"] = not quiet or found["others"] > processes.NOISE
            if not found["as_expected"]:
                told = {key: found[key] for key in ("statuses", "errors") if key in found}
                stage.fail(f"{name}, {each}", f"answers that were not expected: {told}")
                del results[each]
                continue
            results[each].append(found)
            say(f"{name} round {number + 1}: {each} {found['rate']:,.0f}/s p50 {found['p50_ms']:.2f} ms "
                f"p99 {found['p99_ms']:.2f} ms{' (noisy)' if found['noisy'] else ''}")
    return results


def paired(results, one, other, key="rate"):
    """The median of the ratios within each round, and the least and the most of them."""
    ratios = [a[key] / b[key] for a, b in zip(results.get(one, []), results.get(other, [])) if b[key]]
    return {"median": median(ratios), "least": min(ratios), "most": max(ratios)} if ratios else None


def middle(results, name, key):
    values = [found[key] for found in results.get(name, []) if key in found]
    return median(values) if values else None
