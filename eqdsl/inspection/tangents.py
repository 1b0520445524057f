r"""What learned terms can do to the equations: columns ``T d = dF/dw . d`` for directions d of their weights.

A few random directions show what else moves with them. The others are *aimed* at one parameter after the other: with
r the part of its effect that is not yet imitated, ``d = T' r`` is the steepest way to imitate it, and least squares
over all directions so far makes it conjugate gradients (Paige and Saunders, 1982, without the short recurrence). A
network of thousands of weights needs dozens of them to imitate a Laplacian; random ones come less far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp

from eqdsl.lowering.vector_field import VectorField

RANDOM = 32
"""Random directions of the weights of each learned term."""

AIMED, FEWEST = 96, 8
"""Aimed steps for all parameters together, and least number for each."""

ENOUGH = 1e-3
"""Share of a parameter's effect that is left when its aimed steps end."""

SAME = 1e-6
"""Part of a column, relative to its size, below which it adds nothing to the columns before it."""

Direction = dict[str, Tensor]
Column = Callable[[Tensor], np.ndarray]


class Tangents:
    """Derivatives of rates and learned outputs with respect to weights, at some states; encoders change neither.

    Parameters
    ----------
    field : VectorField
    times, state : Tensor, shapes (N,) and (N, C, *S)
    """

    def __init__(self, field: VectorField, times: Tensor, state: Tensor) -> None:
        self.field, self.times, self.state = field, times, state
        self.both = _Outputs(field)
        self.weights = {
            term: {name: p for name, p in field.named_parameters() if name.startswith(f"learned.term_{term}.")}
            for term in field.terms_by_name
            if term not in field.model.encoders
        }
        self._rate: Tensor | None = None

    def push(self, direction: Direction) -> tuple[Tensor, Tensor]:
        """Directional derivatives of rates (N, C, *S) and learned outputs (N, m, *S)."""
        tangent = {f"field.{name}": value for name, value in direction.items()}
        at = {name: value.detach() for name, value in self.both.named_parameters() if name in tangent}
        rate, moved = jvp(lambda w: functional_call(self.both, w, (self.times, self.state)), (at,), (tangent,))[1]
        return rate.detach(), moved.detach()

    def pull(self, cotangent: Tensor) -> dict[str, Direction]:
        """``T' r`` by learned term, each of unit size; a term that changes nothing is left out."""
        if self._rate is None:
            self._rate = self.field(self.times, self.state)
        flat = [(term, name, p) for term, weights in self.weights.items() for name, p in weights.items()]
        slopes = torch.autograd.grad(self._rate, [p for *_, p in flat], cotangent, retain_graph=True, allow_unused=True)
        found: dict[str, Direction] = {}
        for (term, name, _), slope in zip(flat, slopes, strict=True):
            if slope is not None:
                found.setdefault(term, {})[name] = slope
        return {term: unit for term, slopes_of in found.items() if (unit := _unit_size(slopes_of)) is not None}

    def random(self) -> Iterator[tuple[str, Direction]]:
        """Random directions of unit size, with the learned term."""
        generator = torch.Generator().manual_seed(0)
        for term, weights in self.weights.items():
            for _ in range(min(RANDOM, sum(p.numel() for p in weights.values()))):
                unit = _unit_size({n: torch.randn(p.shape, generator=generator).to(p) for n, p in weights.items()})
                if unit is not None:
                    yield term, unit


class _Outputs(nn.Module):
    """Rates and learned outputs of a field in one call, as `functional_call` needs them."""

    def __init__(self, field: VectorField) -> None:
        super().__init__()
        self.field = field

    def forward(self, times: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        outputs = self.field.learned_outputs(times, state)
        return self.field(times, state), torch.stack(list(outputs.values()), dim=1)


def tangent_columns(
    tangents: Tangents, effects: np.ndarray, rate_column: Column, output_column: Column,
    cotangent: Callable[[np.ndarray], Tensor],
) -> tuple[list[str], np.ndarray, np.ndarray]:  # fmt: skip
    """Columns of rates and of learned outputs for random and aimed directions, and the term of each.

    Parameters
    ----------
    effects : ndarray, shape (R, P)
        What the aimed ones are to imitate.
    rate_column, output_column : callable
        From derivatives to rows.
    cotangent : callable
        From a column of rates back to a tensor of that shape: the transpose of `rate_column`.
    """
    terms: list[str] = []
    rates: list[np.ndarray] = []
    outputs: list[np.ndarray] = []
    basis: list[np.ndarray] = []
    left = effects.copy()

    def add(term: str, direction: Direction) -> None:
        rate, moved = tangents.push(direction)
        terms.append(term)
        rates.append(rate_column(rate))
        outputs.append(output_column(moved))
        size = float(np.linalg.norm(rates[-1]))
        rest = rates[-1]
        for _ in range(2):  # twice is enough for orthogonality to rounding
            for vector in basis:
                rest = rest - vector * (vector @ rest)
        if np.linalg.norm(rest) > SAME * size:
            basis.append(rest / np.linalg.norm(rest))
            left[:] -= np.outer(basis[-1], basis[-1] @ left)

    for term, direction in tangents.random():
        add(term, direction)
    for i in range(effects.shape[1] if terms else 0):
        size = float(effects[:, i] @ effects[:, i])
        for _ in range(max(FEWEST, AIMED // effects.shape[1])):
            if float(left[:, i] @ left[:, i]) <= ENOUGH * size:
                break
            for term, direction in tangents.pull(cotangent(left[:, i])).items():
                add(term, direction)
    return terms, _matrix(rates, len(effects)), _matrix(outputs, 0)


def push(field: VectorField, times: Tensor, state: Tensor, direction: Mapping[str, Tensor]) -> Tensor:
    """Directional derivative of the vector field along a change of its parameters and weights.

    An empty direction, that of a parameter so close to its bound that its stored number moves it no more, gives zero.
    """
    if not direction:
        return torch.zeros_like(state)
    at = {name: value.detach() for name, value in field.named_parameters() if name in direction}
    moved: Tensor = jvp(lambda changed: functional_call(field, changed, (times, state)), (at,), (dict(direction),))[1]
    return moved.detach()


def parameter_direction(field: VectorField, name: str) -> dict[str, Tensor]:
    """The change of the stored numbers that moves one physical parameter at unit rate, all others staying."""
    stored = dict(field.physical.named_parameters())
    slopes = torch.autograd.grad(field.physical.values()[name].sum(), list(stored.values()), allow_unused=True)
    direction = {}
    for key, slope in zip(stored, slopes, strict=True):
        if slope is not None and bool(slope.abs().max() > 0):
            direction["physical." + key] = torch.where(slope == 0, slope, 1 / torch.where(slope == 0, 1.0, slope))
    return direction


def _unit_size(direction: Direction) -> Direction | None:
    size = float(torch.sqrt(sum((value.square().sum() for value in direction.values()), torch.zeros(()))))
    return {name: value / size for name, value in direction.items()} if size > 0 else None


def _matrix(columns: list[np.ndarray], rows: int) -> np.ndarray:
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0))
