"""Operator x wall x order x dimension x cells or nodes: the observed order over the last doubling.

On periodic axes, and in the inner half of walled ones, it is that of the operator alone. At walls it is that of the
solution of a steady problem, largest error over the grid, since closures may lose two orders at single points. The
problems are texts of models, their sources and walls the textbook's (`benchmarks.walk`), walls moving in time and, in
two and three dimensions, along themselves.

Where a side is held (Dirichlet), the solution may converge faster by up to one order: see
`test_closures_of_held_walls_add_an_error_of_one_order_more`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from benchmarks.walk.cases import Case, cases
from eqdsl.lowering import closures, walls

NEAR = 0.2
EVERY = [pytest.param(case, id=str(case), marks=[] if case.short else pytest.mark.slow) for case in cases()]


@pytest.mark.parametrize("case", EVERY)
def test_observed_order(case: Case) -> None:
    if not case.walls.walled or case.walls.name == "mixed":
        assert case.interior() == pytest.approx(case.order, abs=NEAR)
    if case.walls.walled:
        coarse, fine = case.solved()
        assert math.log2(coarse.stencils / fine.stencils) == pytest.approx(case.order, abs=NEAR)
        more = 1.0 if case.walls.held(case.dimension) else 0.0
        assert case.order - NEAR <= math.log2(coarse.bound / fine.bound) <= case.order + more + NEAR


@pytest.mark.parametrize(("order", "position"), [(2, "cells"), (4, "cells"), (4, "nodes")])
@pytest.mark.parametrize("dimension", [1, 2])
def test_closures_of_held_walls_add_an_error_of_one_order_more(dimension: int, order: int, position: str) -> None:
    """Their ``h^(p-1)`` stands next to a wall at which the solution cannot move; that damps it by ``h^2``."""
    case = next(c for c in cases() if str(c) == f"lap(u), dirichlet, {dimension}-D, order {order}, {position}")
    coarse, fine = case.solved()
    assert math.log2(coarse.closures / fine.closures) == pytest.approx(order + 1, abs=NEAR)


@pytest.mark.parametrize("order", [2, 4])
def test_a_closure_of_one_order_less_is_seen(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    """Ghosts that follow the wall by nine tenths are exact for one degree less; a slope then costs one order."""

    def weaker(*arguments: object, **options: object) -> closures.Closure:
        right = closures.closure(*arguments, **options)  # type: ignore[arg-type]
        return replace(right, correction=tuple(0.9 * c for c in right.correction))

    monkeypatch.setattr(walls, "closure", weaker)
    case = next(c for c in cases() if str(c) == f"dxx(u), neumann, 1-D, order {order}, cells")
    coarse, fine = case.solved()
    assert math.log2(coarse.bound / fine.bound) == pytest.approx(order - 1, abs=NEAR)
