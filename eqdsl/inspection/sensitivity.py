r"""How the vector field changes with parameters and with learned weights, linearised on the data's states.

Everything is a column over the same rows (channel and point), each equation divided by the rms of its right-hand side:

* ``B_i = dF/dtheta_i``, by forward differentiation;
* ``a``, what the learned terms contribute now;
* ``T_k = dF/dw . d_k`` for random directions ``d_k`` of the learned weights: a basis of what the learned terms can do
  to the equations. It holds for every family, place and constraint, because it is the compiled field that is
  differentiated.

``absorbed_i = |P_T B_i|^2/|B_i|^2`` is the share of a parameter's effect that the learned terms can imitate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, jvp

from eqdsl.inspection.visited import Visited
from eqdsl.lowering.vector_field import VectorField

DIRECTIONS = 96
"""Random directions of the weights of each learned term."""

POINTS = 16_000
"""Grid points of the states that are differentiated at."""

ROWS = 12_000
"""Rows kept."""

CUTOFF = 1e-4
"""Directions whose effect is this much smaller than the strongest one's would need weights far from here."""


@dataclass(frozen=True)
class Sensitivity:
    """The columns; see the module.

    Parameters
    ----------
    names : tuple of str
        Fitted parameters that are one number, in the order of `effects`.
    effects : ndarray, shape (R, P)
    left : ndarray, shape (R, P)
        The part of `effects` that learned terms cannot absorb.
    absorbed : ndarray, shape (P,)
    learned : ndarray, shape (R,)
    scales : ndarray, shape (C,)
        Rms of each equation's right-hand side.
    """

    names: tuple[str, ...]
    effects: np.ndarray
    left: np.ndarray
    absorbed: np.ndarray
    learned: np.ndarray
    scales: np.ndarray


def sensitivity(field: VectorField, visited: Visited) -> Sensitivity:
    """Differentiate the vector field on a thinned sample of the visited states."""
    sample = visited.thinned(max(2, POINTS // visited.cells))
    names = tuple(p.name for p in field.model.parameters if p.fitted and not p.axes and p.per is None)
    ((field, times, state),) = sample.batches(field, points=len(sample) * sample.cells)
    with torch.no_grad():
        rhs = field(times, state)
    scales = rhs.double().square().mean(dim=(0, *range(2, rhs.ndim))).sqrt()
    scales[scales == 0] = 1.0
    rows = _chosen_rows(rhs.numel())

    def column(values: Tensor) -> np.ndarray:
        scaled = values.double() / scales.reshape(1, -1, *[1] * (values.ndim - 2))
        return np.asarray(scaled.reshape(-1).cpu().numpy()[rows])

    effects = [column(push(field, times, state, parameter_direction(field, name))) for name in names]
    tangents = [column(push(field, times, state, d)) for d in weight_directions(field)]
    matrix = np.stack(effects, axis=1) if effects else np.zeros((rows.size, 0))
    left = matrix - _projected(np.stack(tangents, axis=1), matrix) if tangents else matrix
    size = np.sum(matrix**2, axis=0)
    absorbed = 1 - np.divide(np.sum(left**2, axis=0), size, out=np.ones_like(size), where=size > 0)
    learned = column(learned_part(field, times, state))
    return Sensitivity(names, matrix, left, absorbed, learned, scales.cpu().numpy())


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


def weight_directions(field: VectorField) -> list[dict[str, Tensor]]:
    """Random directions, `DIRECTIONS` for each learned term."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for term in field.learned:
        weights = {name: p for name, p in field.named_parameters() if name.startswith(f"learned.{term}.")}
        for _ in range(min(DIRECTIONS, sum(p.numel() for p in weights.values()))):
            found.append({name: torch.randn(p.shape, generator=generator).to(p) for name, p in weights.items()})
    return found


def learned_part(field: VectorField, times: Tensor, state: Tensor) -> Tensor:
    """Sum of the terms with learned functions, by channel; shape (B, C, *S)."""
    model = field.model
    total = [torch.zeros_like(state[:, 0]) for _ in model.channels]
    with torch.no_grad():
        terms = field.terms(times, state)
    for equation in model.equations:
        index = model.channel_names.index(equation.channel)
        for term, values in zip(equation.terms, terms[equation.channel].values(), strict=True):
            if term.learned:
                total[index] = total[index] + values
    return torch.stack(total, dim=1)


def _chosen_rows(count: int) -> np.ndarray:
    if count <= ROWS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, ROWS, replace=False))


def _projected(basis: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Projection of columns onto the span of a basis, directions below `CUTOFF` left out."""
    vectors, sizes, _ = np.linalg.svd(basis, full_matrices=False)
    kept = vectors[:, sizes > CUTOFF * max(float(sizes[0]), np.finfo(float).tiny)]
    return np.asarray(kept @ (kept.T @ columns))
