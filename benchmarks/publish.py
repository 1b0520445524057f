"""Puts the measured rows into the pages that show them.

    python -m benchmarks.publish

copies ``results/accuracy.json`` into every ``<!-- rows: NAME -->`` … ``<!-- end of rows -->`` of the README and the
examples' pages; NAME is a part of the rows' names, empty for all. A test compares the pages with the results.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from benchmarks.accuracy import RESULTS, table

ROOT = Path(__file__).parents[1]
PLACE = re.compile(r"(<!-- rows: ?(.*?) -->\n).*?(<!-- end of rows -->)", re.DOTALL)
EXAMPLES = sorted(ROOT.glob("examples/*/README.md"))
PAGES = (ROOT / "README.md", *(page for page in EXAMPLES if PLACE.search(page.read_text())))
"""Examples that this benchmark does not fit have numbers of their own."""


def main() -> None:
    for page in PAGES:
        page.write_text(published(page.read_text()))


def published(text: str) -> str:
    """A page with its rows as they were measured."""
    rows = json.loads((RESULTS / "accuracy.json").read_text())

    def fill(match: re.Match[str]) -> str:
        chosen = {name: row for name, row in rows.items() if match[2] in name}
        return f"{match[1]}\n{table(chosen)}\n{match[3]}"

    return PLACE.sub(fill, text)


if __name__ == "__main__":
    main()
