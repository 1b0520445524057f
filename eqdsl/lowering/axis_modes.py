"""The modes of the second derivative along one axis of a grid, with the walls of a channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.lowering import stencils
from eqdsl.lowering.closures import closure
from eqdsl.lowering.walls import folded, kind_of_wall
from eqdsl.model.expr import Const
from eqdsl.model.model import Model
from eqdsl.model.operator_form import Derivation
from eqdsl.numerics import ghosts
from eqdsl.numerics.grid import GridAxis
from eqdsl.numerics.mode_bases import CellCosines, ModeBasis, NodeCosines, NodeSines, eigenvectors


@dataclass(frozen=True, slots=True)
class AxisWalls:
    """Homogeneous walls at both ends of an axis.

    Parameters
    ----------
    kinds : pair of str
        ``dirichlet``, ``neumann`` or ``robin``.
    coefficients : pair of (float, float)
        Of the value and of the slope.
    known : bool
        Whether the coefficients are numbers, or do not matter; otherwise the walls are approximate.
    flux : bool
        Whether the second derivative is a difference of fluxes.
    """

    kinds: tuple[str, str]
    coefficients: tuple[tuple[float, float], tuple[float, float]]
    known: bool
    flux: bool


def axis_walls(model: Model, axis: GridAxis, channel: str, flux: bool) -> AxisWalls:
    """The walls of a channel; a Robin condition whose coefficients are no numbers is taken for a value."""
    kinds, coefficients, known = [], [], True
    for side in (0, 1):
        wall = next(w for w in model.walls if (w.channel, w.axis, w.side) == (channel, axis.name, side))
        a, b, kind = wall.value_coefficient, wall.normal_coefficient, kind_of_wall(wall)
        pair = {"dirichlet": (1.0, 0.0), "neumann": (0.0, 1.0)}.get(kind, (1.0, 0.0))
        if kind == "robin":
            if isinstance(a, Const) and isinstance(b, Const):
                pair = (a.value, b.value)
            else:
                known = False
        kinds.append(kind)
        coefficients.append(pair)
    return AxisWalls((kinds[0], kinds[1]), (coefficients[0], coefficients[1]), known, flux)


FAST: dict[tuple[str, str], type[CellCosines | NodeCosines | NodeSines]] = {
    ("neumann", "cells"): CellCosines,
    ("neumann", "nodes"): NodeCosines,
    ("dirichlet", "nodes"): NodeSines,
}
"""Transforms that diagonalise second derivatives of order 2; kind of both walls, position of the points.

A value given on cells has none: its closure is a parabola, not the odd image of the sine transform.
"""


def fast_modes(axis: GridAxis, kinds: tuple[str, ...]) -> ModeBasis | None:
    """The modes of a fast transform for walls of these kinds, if there is one."""
    found = FAST.get((kinds[0], axis.position)) if len(set(kinds)) == 1 else None
    return None if found is None else found(axis.points, axis.spacing)


def modes_of(axis: GridAxis, walls: AxisWalls, order: int) -> tuple[ModeBasis, bool]:
    """The modes of the second derivative as the scheme takes it, and whether they are that.

    Where they are not real, as with Robin walls whose coefficients have different signs, those of its symmetric part
    stand in: they serve as a preconditioner.
    """
    fast = fast_modes(axis, walls.kinds) if order == 2 else None
    if fast is not None:
        return fast, True
    matrix, given = second_derivative(axis, walls, order), given_points(axis, walls.kinds)
    exact = eigenvectors(matrix, given)
    if exact is not None:
        return exact, True
    symmetric = eigenvectors((matrix + matrix.T) / 2, given)
    assert symmetric is not None  # a symmetric matrix has a real basis
    return symmetric, False


def given_points(axis: GridAxis, kinds: tuple[str, str]) -> tuple[int, int]:
    """Points at both ends whose values are given by walls of these kinds."""
    first, last = (int(axis.position == "nodes" and kind == "dirichlet") for kind in kinds)
    return first, last


def second_derivative(axis: GridAxis, walls: AxisWalls, order: int) -> Tensor:
    """The matrix of the second derivative on the points whose values are not given."""
    across = tuple(w / axis.spacing for w in stencils.staggered(1, order))
    compact = tuple(w / axis.spacing**2 for w in stencils.central(2, order))
    radius = order - 1 if walls.flux else len(compact) // 2
    rows = []
    for kind, (a, b) in zip(walls.kinds, walls.coefficients, strict=True):
        numbers = closure(order, radius, axis.position, "robin" if kind == "robin" else kind)
        rows.append(folded(numbers, a, b / axis.spacing))
    columns = ghosts.extend(torch.eye(axis.points, dtype=torch.float64), 1, rows[0], rows[1], None, None)
    if walls.flux:
        columns = ghosts.stencil(ghosts.stencil(columns, 1, across), 1, across)
    else:
        columns = ghosts.stencil(columns, 1, compact)
    lower, upper = given_points(axis, walls.kinds)
    kept = slice(lower, axis.points - upper)
    return columns[kept, kept].T.contiguous()


def periodic_symbol(axis: GridAxis, derivation: Derivation, order: int) -> Tensor:
    """What a stencil does to the Fourier modes of a periodic axis."""
    angles = 2 * np.pi * np.arange(axis.points) / axis.points
    symbol: np.ndarray
    if derivation.flux:
        symbol = (_transform(stencils.staggered(1, order), angles) / axis.spacing) ** 2
    else:
        symbol = _transform(stencils.central(derivation.order, order), angles) / axis.spacing**derivation.order
    # A central stencil is even or odd, and gives nothing for a constant: what else there is, is rounding.
    symbol = symbol.real + 0j if derivation.order % 2 == 0 else 1j * symbol.imag
    symbol[0] = 0.0
    return torch.as_tensor(symbol)


def _transform(weights: tuple[float, ...], angles: np.ndarray) -> np.ndarray:
    """``sum_j w_j exp(i j angle)``, j counted from the middle of the stencil."""
    offsets = np.arange(len(weights)) - (len(weights) - 1) / 2
    values: np.ndarray = np.exp(1j * np.outer(angles, offsets)) @ np.array(weights)
    return values
