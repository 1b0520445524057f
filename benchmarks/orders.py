"""The observed order of every operator at every wall.

    python -m benchmarks.orders [--all]

prints a table in Markdown, one row for each operator, dimension and order of accuracy, one column for each kind of
wall: the order over the last doubling on cells / nodes (/ in turn, from axis to axis), and below the table the grids.
It is the short walk that the tests take each time (a minute and a half on one core); with ``--all`` every combination.
"""

from __future__ import annotations

import math
import sys
from itertools import groupby

from benchmarks.walk.cases import COARSE, Case, cases
from benchmarks.walk.walls import WALLS


def observed(case: Case) -> float:
    """The order of the operator alone on periodic axes, of the bound of the solution's error at walls."""
    if not case.walls.walled:
        return case.interior()
    coarse, fine = case.solved()
    return math.log2(coarse.bound / fine.bound)


def rows(chosen: list[Case]) -> list[tuple[str, list[Case]]]:
    """The cases of each row, by its head."""

    def head(case: Case) -> tuple[int, int, int]:
        return names.index(case.operator.name), case.dimension, case.order

    names = list(dict.fromkeys(case.operator.name for case in chosen))
    grouped = groupby(sorted(chosen, key=head), head)
    return [(f"`{names[n]}` | {dimension} | {order}", list(group)) for (n, dimension, order), group in grouped]


def main() -> None:
    print(f"| operator | dim | order | {' | '.join(walls.name for walls in WALLS)} |")
    print("|---" * (len(WALLS) + 3) + "|")
    for head, group in rows([case for case in cases() if case.short or "--all" in sys.argv]):
        cells = [[f"{observed(case):.2f}" for case in group if case.walls is walls] for walls in WALLS]
        print(f"| {head} | {' | '.join(' / '.join(found) or '-' for found in cells)} |", flush=True)
    grids = ", ".join(f"{n} and {2 * n} ({d}-D, order {order})" for (d, order), n in COARSE.items())
    print(f"\nSpacings along x: {grids}; an eighth more along y, a quarter more along z.")


if __name__ == "__main__":
    main()
