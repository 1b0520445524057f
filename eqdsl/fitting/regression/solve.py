"""A regression: the system of the data, its sparse solution within the bounds, and the vector field with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from eqdsl.fitting.derivatives.base import DerivativeMethod
from eqdsl.fitting.regression.elimination import Solution, sparse_solution, undetermined
from eqdsl.fitting.regression.system import linear_system
from eqdsl.fitting.regression.unknowns import Unknowns
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.text import number_text

INSIDE = 1e-3
"""Distance from its bound of a parameter that would lie beyond it, over its start: a fit cannot leave a bound."""


def solve_by_regression(
    field: VectorField, method: DerivativeMethod, rate: torch.Tensor, announce: Callable[[str], None],
    check: Callable[[], None],
) -> float:  # fmt: skip
    """Give a vector field the parameters and weights that fit the slopes best; returns their misfit.

    Raises
    ------
    ComputationError
        The equations are not finite at the data.
    """
    unknowns = Unknowns(field)
    system = linear_system(unknowns, method, rate, check)
    names, sparse = unknowns.names(), unknowns.sparse().numpy()
    unclear = [name for name in undetermined(system, names) if not sparse[names.index(name)]]
    if unclear:
        told = ", ".join(f"`{name}`" for name in unclear)
        way = "as few terms as possible are" if sparse.any() else "the smallest numbers are"
        announce(f"regression: the data do not tell {told} from the other unknowns: {way} taken")
    given = np.full(unknowns.size, np.nan)
    while True:
        solution = sparse_solution(system, sparse, given)
        beyond = _first_beyond(unknowns, solution)
        if beyond is None:
            break
        number, bound = beyond
        value, put = (number_text(float(f"{n:.4g}")) for n in (solution.numbers[number], bound))
        announce(f"regression: `{names[number]}` would be {value}, beyond its bound; it is put on {put}")
        given[number] = bound
    unknowns.put(torch.as_tensor(solution.numbers), torch.as_tensor(solution.kept))
    for block in unknowns.blocks:
        if block.sparse:
            kept = int(solution.kept[block.first : block.first + block.size].sum())
            announce(f"`{block.name}` keeps {kept} of {block.size} terms")
    return solution.misfit


def _first_beyond(unknowns: Unknowns, solution: Solution) -> tuple[int, float] | None:
    """The first number that is not inside its bounds, and one inside."""
    lower, upper = (bound.numpy() for bound in unknowns.bounds())
    units = unknowns.units().numpy()
    for number, value in enumerate(solution.numbers):
        if not lower[number] < value < upper[number]:
            inside = INSIDE * min(units[number], upper[number] - lower[number])
            return number, lower[number] + inside if value <= lower[number] else upper[number] - inside
    return None
