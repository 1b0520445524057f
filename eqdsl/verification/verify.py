"""All checks of one model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from eqdsl.core.errors import EqdslError, UsageError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.expr import PastRef
from eqdsl.model.model import Model
from eqdsl.numerics.grid import Grid
from eqdsl.verification.exact import OFFSETS, ExactSolution
from eqdsl.verification.gradient import check_adjoint, check_gradient, subject
from eqdsl.verification.grids import own, probe, refined
from eqdsl.verification.laws import check_laws
from eqdsl.verification.manufactured import started
from eqdsl.verification.order import check_order
from eqdsl.verification.report import UNKNOWN, Check, Verification
from eqdsl.verification.stability import check_stability
from eqdsl.verification.standins import without_inputs, without_past
from eqdsl.verification.starts import with_start

MOST_POINTS = 4096
"""Of the model's own grid up to which laws are followed on it; else on the grids of the order."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Measurement:
    """What one check is asked for: its name in JSON, its title, and how to measure it."""

    key: str
    title: str
    measure: Callable[[], Check]

    def taken(self) -> Check:
        """The check; a computation that fails is a finding like any other."""
        try:
            return self.measure()
        except UsageError:
            raise
        except EqdslError as reason:
            return Check(self.key, self.title, UNKNOWN, notes=(f"{reason.message}.",))


def verify_model(
    model: Model, *, points: Mapping[str, int] | None = None, seed: int = 0, quick: bool = False,
    progress: Progress | None = None,
) -> Verification:  # fmt: skip
    """Measure order, gradient, adjoint, laws and stability of a model.

    Parameters
    ----------
    model : Model
    points : mapping of str to int, optional
        Points along axes, in place of the model's ``grid``: the order is then measured on that grid, a half and a
        quarter of it. Without, on small ones.
    seed : int
        Of phases, directions and weights.
    quick : bool
        Two grids for the order instead of three.
    progress : callable, optional
        Called with the share that is done.

    Inputs and walls from data are taken for smooth functions of time and position.

    Returns
    -------
    Verification

    Raises
    ------
    UsageError
        An axis does not exist, or a grid is too small.
    """
    if model.inputs or model.driven_walls:
        model = without_inputs(model)
    if any(isinstance(i, PastRef) for term in model.learned for i in term.inputs):
        model = without_past(model)
    points = points or {}
    grids = refined(model, 2 if quick else 3, points) if model.axes else [Grid()]
    measurements = [
        Measurement("order", "Order of accuracy", lambda: check_order(model, points, seed, quick)),
        Measurement("gradient", "Gradient", lambda: check_gradient(subject(_near_exact(model, grids[0], seed), seed))),
        Measurement("adjoint", "Adjoint", lambda: check_adjoint(subject(_near_exact(model, grids[0], seed), seed))),
        Measurement("laws", "Laws", lambda: check_laws(model, _pair(model, points), seed)),
        Measurement(
            "stability", "Stability",
            lambda: check_stability(
                compile_model(with_start(model, seed), grid=own(model, points, grids[-1]), seed=seed)
            ),
        ),
    ]  # fmt: skip
    checks = []
    for number, measurement in enumerate(measurements, start=1):
        checks.append(measurement.taken())
        if progress is not None:
            progress(number / len(measurements))
    return Verification(model.name, tuple(checks))


def _near_exact(model: Model, grid: Grid, seed: int) -> VectorField:
    """The model itself, learned terms at their first weights, with a smooth start within the states' ranges."""
    smallest = min(grid, probe(model), key=lambda g: math.prod(g.shape)) if model.axes else grid
    fields = [
        compile_model(started(model, ExactSolution(model, 1.0, seed, offset)), grid=smallest, seed=seed)
        for offset in OFFSETS
    ]
    return next((f for f in fields if bool(torch.isfinite(f(0.0, f.initial_state())).all())), fields[0])


def _pair(model: Model, points: Mapping[str, int]) -> tuple[Grid, Grid] | None:
    """The grid for laws and one of half its points."""
    if not model.axes:
        return None
    counts = {a.name: points.get(a.name, a.points) for a in model.axes}
    known = {name: count for name, count in counts.items() if count is not None}
    if len(known) == len(counts) and math.prod(known.values()) <= MOST_POINTS:
        try:
            coarse, fine = refined(model, 2, known)
        except UsageError:
            pass
        else:
            return coarse, fine
    coarse, fine = refined(model, 3, {})[-2 if model.dimension < 3 else 0 :][:2]
    return coarse, fine
