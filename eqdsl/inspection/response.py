"""What a learned term answers: its inputs and outputs at the visited states, and curves through them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from eqdsl.inspection.visited import Visited, as_tensor
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.expr import PastRef
from eqdsl.model.learned_terms import LearnedTerm

SAMPLE_POINTS = 20_000
"""Points kept of each term: enough for any formula worth reading and for a legible scatter."""

CURVE_POINTS = 201
SURFACE_POINTS = 81
MARGIN = 0.25
"""How far curves run beyond the visited range, as a share of it: far enough to show that nothing holds them there."""


@dataclass(frozen=True)
class Response:
    """A learned term at visited points.

    Parameters
    ----------
    term : LearnedTerm
    inputs : ndarray, shape (N, n)
        Physical inputs, at the centre cell for a term that sees a neighbourhood.
    outputs : ndarray, shape (N, m)
    radius : int
        Cells seen in each direction; 0 for a pointwise term.
    """

    term: LearnedTerm
    inputs: np.ndarray
    outputs: np.ndarray
    radius: int

    @property
    def pointwise(self) -> bool:
        """Whether the outputs depend on the inputs at the same point only, by one function for all data."""
        return self.term.pointwise and self.term.scope is None

    @property
    def looks_back(self) -> bool:
        """Whether past frames are among the inputs."""
        return any(isinstance(i, PastRef) for i in self.term.inputs)

    def range(self, index: int) -> tuple[float, float]:
        """Lowest and highest visited value of an input."""
        column = self.inputs[:, index]
        return float(column.min()), float(column.max())


def learned_responses(field: VectorField, visited: Visited, *, points: int = SAMPLE_POINTS) -> dict[str, Response]:
    """Inputs and outputs of every learned term over the visited states, thinned to about `points`.

    Terms that the equations call at other arguments only are sampled at their declared inputs, which is where the
    penalty looks too.
    """
    sample = visited.thinned(max(2, points // visited.cells) if visited.cells > 1 else points)
    gathered: dict[str, list[np.ndarray]] = {}
    values: dict[str, list[np.ndarray]] = {}
    with torch.no_grad():
        for driven, times, state in sample.batches(field):
            for name, inputs in driven.learned_inputs(times, state).items():
                gathered.setdefault(name, []).append(inputs.reshape(-1, inputs.shape[-1]).double().cpu().numpy())
            for name, output in driven.learned_outputs(times, state).items():
                values.setdefault(name, []).append(output.reshape(-1).double().cpu().numpy())
    return {
        term.name: _response(
            term,
            field,
            np.concatenate(gathered[term.name]),
            np.stack([np.concatenate(values[o]) for o in term.outputs], axis=1),
            points,
        )
        for term in field.model.acting
    }


def _response(term: LearnedTerm, field: VectorField, inputs: np.ndarray, outputs: np.ndarray, points: int) -> Response:
    if inputs.shape[0] > points:
        chosen = np.sort(np.random.default_rng(0).choice(inputs.shape[0], points, replace=False))
        inputs, outputs = inputs[chosen], outputs[chosen]
    radius = int(getattr(field.learned["term_" + term.name], "radius", 0))
    return Response(term, inputs, outputs, radius)


def evaluate_term(field: VectorField, name: str, inputs: np.ndarray) -> np.ndarray:
    """A pointwise learned term at inputs of shape (..., n); shape (..., m)."""
    with torch.no_grad():
        return np.asarray(field.learned["term_" + name](as_tensor(inputs, field)).double().cpu().numpy())


@dataclass(frozen=True)
class Slice:
    """The term along one input, the others at their medians: `x` of shape (P,), `y` of shape (P, m)."""

    input: int
    x: np.ndarray
    y: np.ndarray


def slices(field: VectorField, response: Response) -> tuple[Slice, ...]:
    """One curve through the medians for each input of a pointwise term, `MARGIN` beyond the visited range."""
    median = np.median(response.inputs, axis=0)
    found = []
    for index in range(response.inputs.shape[1]):
        x = stretched(response.range(index), CURVE_POINTS)
        points = np.tile(median, (x.size, 1))
        points[:, index] = x
        found.append(Slice(index, x, evaluate_term(field, response.term.name, points)))
    return tuple(found)


def surface(field: VectorField, response: Response) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A pointwise term of two inputs over a rectangle: axes of length P and values of shape (P, P, m), `ij` order."""
    x = stretched(response.range(0), SURFACE_POINTS)
    y = stretched(response.range(1), SURFACE_POINTS)
    mesh = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    return x, y, evaluate_term(field, response.term.name, mesh)


def stretched(bounds: tuple[float, float], points: int) -> np.ndarray:
    """Evenly spaced values over an interval and `MARGIN` beyond either end."""
    lower, upper = bounds
    width = (upper - lower) or max(abs(lower), 1.0)
    return np.linspace(lower - MARGIN * width, upper + MARGIN * width, points)


def unit_labels(model_units: Mapping[str, str | None], names: tuple[str, ...]) -> tuple[str, ...]:
    """Axis labels ``name [unit]`` where the unit is known."""
    return tuple(f"{name} [{model_units[name]}]" if model_units.get(name) else name for name in names)
