"""Charts as SVG, readable on light and on dark."""

import json
from html import escape

from .rounds import middle

STYLE = """<style>
text{font:13px system-ui,sans-serif;fill:#24292f}.soft{fill:#57606a}.bar{fill:#8c959f}.ours{fill:#0969da}
line,path{stroke:#8c959f;fill:none}.a{stroke:#0969da;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9198a1}.bar{fill:#6e7681}.ours{fill:#4493f8}
.a{stroke:#4493f8}}
</style>"""


def _svg(width, height, title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">'
            f"<title>{escape(title)}</title>{STYLE}\n" + "\n".join(parts) + "\n</svg>\n")


def bars(title, unit, values):
    """Horizontal bars of a dict of name to value."""
    top, left, width = 40, 190, 720
    most = max(values.values()) or 1
    parts = [f'<text x="10" y="22">{escape(title)} ({escape(unit)})</text>']
    for row, (name, value) in enumerate(values.items()):
        y = top + row * 28
        length = (width - left - 110) * value / most
        kind = "ours" if name.startswith("muster") else "bar"
        parts += [f'<text x="{left - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>',
                  f'<rect class="{kind}" x="{left}" y="{y}" width="{length:.1f}" height="20"/>',
                  f'<text class="soft" x="{left + length + 6:.1f}" y="{y + 15}">{value:,.4g}</text>'
                  if value < 100 else
                  f'<text class="soft" x="{left + length + 6:.1f}" y="{y + 15}">{value:,.0f}</text>']
    return _svg(width, top + len(values) * 28 + 10, title, parts)


def lines(title, charts):
    """Charts over time, one under the other; each is (label with unit, [(minute, value)])."""
    width, high, left = 720, 130, 70
    parts = [f'<text x="10" y="22">{escape(title)}</text>']
    for row, (label, points) in enumerate(charts):
        top = 50 + row * (high + 50)
        last = max((x for x, _ in points), default=1) or 1
        most = max((y for _, y in points), default=1) * 1.1 or 1
        path = " ".join(f"{'L' if n else 'M'}{left + (width - left - 20) * x / last:.1f} "
                        f"{top + high - high * y / most:.1f}" for n, (x, y) in enumerate(points))
        parts += [f'<text x="{left}" y="{top - 8}">{escape(label)}</text>',
                  f'<line x1="{left}" y1="{top + high}" x2="{width - 20}" y2="{top + high}"/>',
                  f'<line x1="{left}" y1="{top}" x2="{left}" y2="{top + high}"/>',
                  f'<text class="soft" x="{left - 6}" y="{top + 10}" text-anchor="end">{most:.4g}</text>',
                  f'<text class="soft" x="{left - 6}" y="{top + high}" text-anchor="end">0</text>',
                  f'<text class="soft" x="{width - 20}" y="{top + high + 16}" text-anchor="end">{last:.3g} min</text>',
                  f'<path class="a" d="{path}"/>']
    return _svg(width, 50 + len(charts) * (high + 50), title, parts)


def file_of(scenario):
    return scenario.replace(" ", "-").replace("@", "-") + ".svg"


def draw(results, folder):
    folder.mkdir(parents=True, exist_ok=True)
    latest, soak, scale = (results / f"{name}.json" for name in ("latest", "soak", "scale"))
    if latest.exists():
        for scenario, found in json.loads(latest.read_text())["scenarios"].items():
            if len(found) < 2:
                continue
            rates = {each: middle(found, each, "rate") for each in found}
            (folder / file_of(scenario)).write_text(bars(f"{scenario} connections", "requests a second", rates))
    if soak.exists():
        samples = json.loads(soak.read_text()).get("soak", {}).get("samples", [])
        def series(key):
            return [(each["second"] / 60, each[key]) for each in samples if each.get(key) is not None]
        wanted = [("resident memory (MB)", "rss_mb"), ("latency p99 of profile (ms)", "p99_ms"),
                  ("open descriptors", "descriptors"), ("threads", "threads")]
        (folder / "soak.svg").write_text(lines("Soak", [(label, series(key)) for label, key in wanted]))
    if scale.exists():
        rows = json.loads(scale.read_text()).get("scale", [])
        for what in ("profile", "refresh"):
            values = {f"muster × {row['servers']}": row[what]["rate"] for row in rows}
            if values:
                (folder / f"scale-{what}.svg").write_text(bars(f"{what} by servers", "requests a second", values))
