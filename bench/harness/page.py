"""Puts what was measured between the markers of docs/performance.md."""

import json

from . import model, scale, soak, sqlite, table
from .say import say


def renew(results, page):
    """What was not measured stays as it is on the page."""
    text = page.read_text()
    for file, renders in [
            ("latest", {"results": table.render, "model": model.render, "durability": sqlite.render}),
            ("soak", {"soak": soak.render}), ("scale", {"scale": scale.render})]:
        path = results / f"{file}.json"
        if not path.exists():
            continue
        found = json.loads(path.read_text())
        for marker, render in renders.items():
            begin, end = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
            if begin not in text or end not in text:
                say(f"{page.name} has no place for {marker}")
            elif new := render(found):
                head, _, rest = text.partition(begin)
                text = f"{head}{begin}\n{new}\n{end}{rest.partition(end)[2]}"
    page.write_text(text)
