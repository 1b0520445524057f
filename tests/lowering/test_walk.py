"""Operator x wall x order x dimension x cells or nodes: the observed order over the last doubling.

On periodic axes, and in the inner half of walled ones, it is that of the operator alone. At walls it is that of the
solution of a steady problem, largest error over the grid, since closures may lose two orders at single points. The
problems are texts of models, their sources and walls the textbook's (`benchmarks.walk`), walls moving in time and, in
two and three dimensions, along themselves.

Where a side is held (Dirichlet), the solution may converge faster by up to one order: see
`test_a_held_wall_adds_an_error_of_one_order_more`.
"""

from __future__ import annotations

import math

import pytest

from benchmarks.walk.cases import Case, cases
from benchmarks.walk.errors import split_errors
from benchmarks.walk.operators import OPERATORS
from benchmarks.walk.problems import Problem
from benchmarks.walk.walls import WALLS

NEAR = 0.2
EVERY = [pytest.param(case, id=str(case), marks=[] if case.short else pytest.mark.slow) for case in cases()]


@pytest.mark.parametrize("case", EVERY)
def test_observed_order(case: Case) -> None:
    if not case.walls.walled or case.walls.name == "mixed":
        assert case.interior() == pytest.approx(case.order, abs=NEAR)
    if case.walls.walled:
        more = 1.0 if case.walls.held(case.dimension) else 0.0
        assert case.order - NEAR <= case.solved() <= case.order + more + NEAR


@pytest.mark.parametrize(("order", "position"), [(2, "cells"), (4, "cells"), (4, "nodes")])
@pytest.mark.parametrize("dimension", [1, 2])
def test_a_held_wall_adds_an_error_of_one_order_more(dimension: int, order: int, position: str) -> None:
    """The closure's error ``h^(p-1)``, two or three points from a wall at which the solution cannot move, is damped
    by ``h*h``: it makes an error of ``h^(p+1)``, which on these grids may still be the larger one. The rest of the error
    is of order p, as at every other wall.
    """
    operator = next(o for o in OPERATORS if o.name == "lap(u)")
    problem = Problem(operator, next(w for w in WALLS if w.name == "dirichlet"), dimension)
    coarse, fine = (split_errors(problem, order, position, n) for n in (32, 64))
    near, away = (math.log2(c / f) for c, f in zip(coarse, fine, strict=True))
    assert near == pytest.approx(order + 1, abs=NEAR)
    assert away == pytest.approx(order, abs=NEAR)
