r"""How the vector field changes with parameters and with learned weights, linearised on the data's states.

Columns over the same rows (channel and point), each equation divided by the rms of its right-hand side:

* ``B_i = dF/dtheta_i``, by forward differentiation;
* ``T_k = dF/dw . d_k`` for directions ``d_k`` of the learned weights (`tangents`): a basis of what the learned terms
  can do to the equations. It holds for every family, place and constraint, because it is the compiled field that is
  differentiated.

``absorbed_i = |P_T B_i|^2/|B_i|^2`` is the share of a parameter's effect that the learned terms can imitate.

The learned outputs have rows of their own, in the norm that the fit minimised: ``o``, and ``K_k = do/dw . d_k``. When
parameters move by d, the smallest norm that leaves the equations as they are is that of ``o + K c`` with

``c = argmin |o + K c|^2 + |T c + B d|^2/HELD^2``,

which is linear in d: ``o_min + E d``. For a learned term that stands alone in an equation, ``E d`` is ``-B d``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.inspection.tangents import Tangents, parameter_direction, push, tangent_columns
from eqdsl.inspection.visited import Visited
from eqdsl.learned.norms import NORMS
from eqdsl.lowering.vector_field import VectorField

POINTS = 16_000
"""Grid points of the states that are differentiated at."""

ROWS = 12_000
"""Rows kept."""

CUTOFF = 1e-4
"""Directions whose effect is this much smaller than the strongest one's would need weights far from here."""

HELD = 1e-3
"""Change of the equations, in their own rms, that counts as much as the whole norm: they are all but held."""


@dataclass(frozen=True)
class Norm:
    """The norm of the learned terms that a fit minimised: its name, and the factor of each learned term."""

    name: str = "l2"
    weights: Mapping[str, float] | None = None


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
    by_term : dict of str to ndarray, shape (P,)
        The same for each learned term alone.
    outputs : ndarray, shape (Q,)
        The learned outputs of smallest norm, ``o_min``.
    answers : ndarray, shape (Q, P)
        How they change with each parameter, ``E``.
    scales : ndarray, shape (C,)
        Rms of each equation's right-hand side.
    """

    names: tuple[str, ...]
    effects: np.ndarray
    left: np.ndarray
    absorbed: np.ndarray
    by_term: Mapping[str, np.ndarray]
    outputs: np.ndarray
    answers: np.ndarray
    scales: np.ndarray


def sensitivity(field: VectorField, visited: Visited, norm: Norm = Norm()) -> Sensitivity:
    """Differentiate the vector field on a thinned sample of the visited states."""
    sample = sample_of(visited)
    names = tuple(p.name for p in field.model.parameters if p.fitted and not p.axes and p.per is None)
    ((field, times, state),) = sample.batches(field, points=len(sample) * sample.cells)
    with torch.no_grad():
        rhs = field(times, state)
        outputs = field.learned_outputs(times, state)
    scales = rhs.double().square().mean(dim=(0, *range(2, rhs.ndim))).sqrt()
    scales[scales == 0] = 1.0
    units = torch.stack([_unit(field, name, state, norm) for name in outputs], dim=1) if outputs else None
    rows, output_rows = chosen_rows(rhs.numel()), chosen_rows(0 if units is None else units.numel())

    def column(values: Tensor) -> np.ndarray:
        scaled = values.double() / scales.reshape(1, -1, *[1] * (values.ndim - 2))
        return np.asarray(scaled.reshape(-1).cpu().numpy()[rows])

    def output_column(values: Tensor) -> np.ndarray:
        scaled = values.double() if units is None else values.double() * units
        return np.asarray(scaled.reshape(-1).cpu().numpy()[output_rows])

    moves = [column(push(field, times, state, parameter_direction(field, n))) for n in names]
    effects = np.stack(moves, axis=1) if moves else np.zeros((rows.size, 0))

    def cotangent(values: np.ndarray) -> Tensor:
        whole = torch.zeros(rhs.numel(), dtype=torch.float64, device=rhs.device)
        whole[torch.as_tensor(rows, device=rhs.device)] = torch.as_tensor(values, device=rhs.device)
        scaled: Tensor = whole.reshape(rhs.shape) / scales.reshape(1, -1, *[1] * (rhs.ndim - 2))
        return scaled.to(rhs)

    terms, tangent, move = tangent_columns(Tangents(field, times, state), effects, column, output_column, cotangent)
    move = move if terms else np.zeros((output_rows.size, 0))
    left = effects - _projected(tangent, effects)
    now = output_column(torch.stack(list(outputs.values()), dim=1)) if outputs else np.zeros(0)
    least, answers = _least_outputs(now, move, tangent, effects)
    return Sensitivity(
        names, effects, left, _share(effects, left),
        {t: _share(effects, effects - _projected(tangent[:, _of(t, terms)], effects)) for t in dict.fromkeys(terms)},
        least, answers, scales.cpu().numpy(),
    )  # fmt: skip


def _least_outputs(
    now: np.ndarray, move: np.ndarray, tangent: np.ndarray, effects: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """``o_min`` and ``E``: the learned outputs of smallest norm, and their change with the parameters."""
    if not move.shape[1]:
        return now, np.zeros((now.size, effects.shape[1]))
    # Means, not sums: rows of outputs and of equations may differ in number.
    outputs, equations = 1 / np.sqrt(max(now.size, 1)), 1 / (HELD * np.sqrt(len(tangent)))
    system = np.concatenate([outputs * move, equations * tangent])
    wanted = np.concatenate([
        np.concatenate([-outputs * now[:, None], np.zeros((now.size, effects.shape[1]))], axis=1),
        np.concatenate([np.zeros((len(tangent), 1)), -equations * effects], axis=1),
    ])  # fmt: skip
    vectors, sizes, right = np.linalg.svd(system, full_matrices=False)
    kept = sizes > CUTOFF * max(float(sizes[0]), np.finfo(float).tiny)
    change = right[kept].T @ ((vectors[:, kept].T @ wanted) / sizes[kept, None])
    return now + move @ change[:, 0], move @ change[:, 1:]


def _unit(field: VectorField, output: str, state: Tensor, norm: Norm) -> Tensor:
    """What a learned output is multiplied with to be of norm ``mean square``, shape (N, *S)."""
    term = next(t for t in field.model.learned if output in t.outputs)
    scale = field.terms_by_name[term.name].norm_scale[term.outputs.index(output)].double()
    variance = state.double().var(dim=(0, *range(2, state.ndim)), correction=0)
    variance = torch.where(variance > 0, variance, 1.0)
    square = NORMS[norm.name](torch.ones_like(state[:, 0], dtype=torch.float64), state.double(), variance)
    factor = 1.0 if norm.weights is None else norm.weights.get(term.name, 1.0)
    return (factor * square).sqrt() / scale


def sample_of(visited: Visited) -> Visited:
    """The states that are differentiated at."""
    return visited.thinned(max(2, POINTS // visited.cells))


def chosen_rows(count: int) -> np.ndarray:
    """The rows kept of so many."""
    if count <= ROWS:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, ROWS, replace=False))


def _of(term: str, terms: list[str]) -> list[int]:
    return [number for number, name in enumerate(terms) if name == term]


def _share(effects: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Share of each column that is not left."""
    size = np.sum(effects**2, axis=0)
    return np.asarray(1 - np.divide(np.sum(left**2, axis=0), size, out=np.ones_like(size), where=size > 0))


def _projected(basis: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Projection of columns onto the span of a basis, directions below `CUTOFF` left out."""
    if not basis.shape[1]:
        return np.zeros_like(columns)
    vectors, sizes, _ = np.linalg.svd(basis, full_matrices=False)
    kept = vectors[:, sizes > CUTOFF * max(float(sizes[0]), np.finfo(float).tiny)]
    return np.asarray(kept @ (kept.T @ columns))
