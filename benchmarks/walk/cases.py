"""Which combinations the walk visits, on which grids, and the order that is observed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.walk.errors import SolvedErrors, solved_errors, truncation_error
from benchmarks.walk.operators import OPERATORS, Operator
from benchmarks.walk.problems import Problem
from benchmarks.walk.walls import WALLS, Walls

WALL_ORDERS = (2, 4)
"""Orders of accuracy that walls have closures of."""

COARSE = {
    (1, 2): 80, (1, 4): 32, (1, 6): 40,
    (2, 2): 24, (2, 4): 24, (2, 6): 32,
    (3, 2): 16, (3, 4): 16, (3, 6): 20,
}  # fmt: skip
"""Spacings along the first axis by dimension and order; the finer grid has twice as many."""

SHORT = {1: None, 2: ("periodic", "mixed", "x periodic"), 3: ("periodic", "mixed")}
"""Walls of the short walk by dimension, None for all; "mixed" has a side of nearly every kind."""


@dataclass(frozen=True)
class Case:
    """One combination.

    Parameters
    ----------
    position : str
        ``cells``, ``nodes``, or ``alternating`` from axis to axis.
    """

    operator: Operator
    walls: Walls
    dimension: int
    order: int
    position: str

    def __str__(self) -> str:
        return f"{self.operator.name}, {self.walls.name}, {self.dimension}-D, order {self.order}, {self.position}"

    @property
    def short(self) -> bool:
        """Whether it belongs to the short walk."""
        chosen = SHORT[self.dimension]
        if chosen is not None and self.walls.name not in chosen:
            return False
        # In three dimensions order 4 between walls, or 6, takes three to thirty seconds each.
        long = self.dimension == 3 and self.order > (2 if self.walls.walled else 4)
        return not long and (self.dimension < 3 or self.position == ("alternating" if self.walls.walled else "cells"))

    @property
    def grids(self) -> tuple[int, int]:
        """Spacings along the first axis."""
        coarse = COARSE[self.dimension, self.order]
        return coarse, 2 * coarse

    def interior(self) -> float:
        """The observed order of the operator alone, away from walls."""
        coarse, fine = (truncation_error(self.problem, self.order, self.position, n) for n in self.grids)
        return math.log2(coarse / fine)

    def solved(self) -> tuple[SolvedErrors, SolvedErrors]:
        """The errors of the steady solution, walls included, on both grids."""
        coarse, fine = (solved_errors(self.problem, self.order, self.position, n) for n in self.grids)
        return coarse, fine

    @property
    def problem(self) -> Problem:
        """What is solved."""
        return _problem(self.operator, self.walls, self.dimension)


@lru_cache(maxsize=4)
def _problem(operator: Operator, walls: Walls, dimension: int) -> Problem:
    return Problem(operator, walls, dimension)


def cases() -> Iterator[Case]:
    """Every combination that has a meaning."""
    for operator in OPERATORS:
        for walls in WALLS if operator.walled else WALLS[:1]:
            for dimension in operator.dimensions:
                if dimension not in walls.dimensions:
                    continue
                for order in operator.orders:
                    if walls.walled and order not in WALL_ORDERS:
                        continue
                    both = ("alternating",) if walls.name == "mixed" and dimension > 1 else ()
                    for position in ("cells", "nodes", *both):
                        yield Case(operator, walls, dimension, order, position)
