"""The linear part of a model on a grid: which terms, and in which modes they fall into small blocks.

Along periodic axes the Fourier transform does that for every stencil; along walled ones a cosine or sine transform, or
the eigenvectors of the second derivative with its closures, where that is shown to be exact. One axis without such a
basis may stay as it is, its points together in one block. The numbers of L are read off the compiled operator itself,
by its action on a few states: so they are exactly its symbol, and differentiable in the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.lowering.linear_operator import LinearOperator, lower_linear
from eqdsl.lowering.linear_terms import LinearTerms, with_homogeneous_walls
from eqdsl.lowering.wall_bases import WallBases
from eqdsl.model.expr import Expr
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid
from eqdsl.numerics.linear_part import LinearPart
from eqdsl.numerics.mode_bases import ModeBasis
from eqdsl.numerics.mode_space import ModeSpace

LARGEST_BLOCK = 512
"""Numbers of a block; its matrix is inverted and exponentiated once for a step size."""

LARGEST_BLOCKS = 1 << 24
"""Numbers in all matrices together."""


@dataclass(frozen=True)
class LinearStructure:
    """What of a linear part depends on the model and the grid only."""

    operator: LinearOperator
    space: ModeSpace

    def part(self, parameters: Mapping[str, Tensor], dtype: torch.dtype, device: torch.device) -> LinearPart:
        """The linear part with these parameters, differentiable in them."""
        doubles = {name: value.double() for name, value in parameters.items()}
        return LinearPart(self.space, _matrices(self.operator, self.space, doubles, device), dtype)


def linear_structure(model: Model, grid: Grid) -> LinearStructure:
    """The linear part of a model.

    Raises
    ------
    UsageError
        No term is linear with constant coefficients, or no transform along the walls makes blocks of them.
    """
    reader, homogeneous = LinearTerms(model), with_homogeneous_walls(model)
    terms = reader.of_model()
    if not terms:
        raise _none("no term of its equations is linear with constant coefficients")
    channels = frozenset(terms).union(*(reader.channels_of(e) for e in terms.values()))
    wall = reader.varying_wall(channels)
    if wall is not None:
        raise _none(f"the wall `{wall.text}` has a coefficient that varies in time or along the wall")
    walled = frozenset(a.name for a in grid.axes if not a.periodic)
    failed: list[str] = []
    # What does not suit the walls stays in the rest: first what transports, then what couples channels.
    for even, coupling in ((frozenset[str](), True), (walled, True), (walled, False)):
        terms = reader.of_model(even, coupled=coupling)
        coupled = any(reader.channels_of(e) - {name} for name, e in terms.items())
        found = _structure(homogeneous, grid, terms, coupled) if terms else []
        if isinstance(found, LinearStructure):
            return found
        failed = found
    raise _none(f"along {' and '.join(f'`{name}`' for name in failed)} its walls allow no transform that suits it")


def _none(reason: str) -> UsageError:
    return UsageError(
        f"this model has no linear part that could be treated apart: {reason}",
        help="take an adaptive method such as `dopri5`, or `rk4` with small steps",
    )


def _structure(model: Model, grid: Grid, terms: Mapping[str, Expr], coupled: bool) -> LinearStructure | list[str]:
    """The structure for these terms, or the axes for which there is none."""
    operator = lower_linear(model, grid, terms)
    bases = WallBases(model, grid, operator, *(_at_random(model, seed) for seed in (1, 2)))
    walled: list[tuple[int, tuple[ModeBasis, ...]]] = []
    without: list[int] = []
    for number, axis in enumerate(grid.axes):
        found = None if axis.periodic else bases.of_axis(number)
        if found is not None:
            walled.append((number + 2, found))
        elif not axis.periodic:
            without.append(number + 2)
    periodic = tuple(i + 2 for i, axis in enumerate(grid.axes) if axis.periodic)
    kept = ((1,) if coupled else ()) + tuple(without)
    space = ModeSpace((len(model.channels), *grid.shape), tuple(walled), periodic, kept)
    too_large = space.block > LARGEST_BLOCK or space.blocks * space.block**2 > LARGEST_BLOCKS
    if len(without) > 1 or (without and too_large):
        return [grid.axes[dim - 2].name for dim in without]
    return LinearStructure(operator, space)


def _at_random(model: Model, seed: int) -> dict[str, Tensor]:
    """Parameters near their starts, but of no special value."""
    generator = torch.Generator().manual_seed(seed)
    factors = 0.9 + 0.2 * torch.rand(len(model.parameters), generator=generator, dtype=torch.float64)
    return {p.name: f * (p.value or 1.0) for p, f in zip(model.parameters, factors, strict=True)}


def _matrices(
    operator: LinearOperator, space: ModeSpace, parameters: Mapping[str, Tensor], device: torch.device
) -> Tensor:
    """L in modes, (P, m, m): column j is what becomes of a state in which the j-th number of every block is one."""
    kind = torch.complex128 if space.periodic else torch.float64
    unit = torch.eye(space.block, dtype=kind, device=device)
    states = space.backward(unit.unsqueeze(1).expand(space.block, space.blocks, space.block))
    return space.forward(operator(states, parameters)).permute(1, 2, 0)
