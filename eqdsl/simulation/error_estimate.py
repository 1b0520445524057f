"""How far a simulation is from the solution of its equations: of time by shorter steps, of space by the next order.

Both compare with a rollout that is more accurate in one respect only (Richardson; Hairer, Norsett & Wanner, Solving
Ordinary Differential Equations I, section II.4; Roy, J. Comput. Phys. 205 (2005), section 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import EqdslError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.integrators.adaptive import Adaptive
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.simulation.rolling import Simulation, simulate

MOST_DIGITS = 4.0
"""Tolerances are kept above this many units of the last digit."""

HIGHER = {2: 4, 4: 6}
"""The next order of central differences."""

HIGHER_UPWIND = {1: 3, 3: 5}
"""The next order of upwind differences."""


@dataclass(frozen=True)
class ErrorEstimate:
    """Relative errors by state.

    Parameters
    ----------
    time, space : dict of str to float
        Largest over the frames of the rms error, over the largest rms of the state; empty where there is no estimate.
    notes : tuple of str
        Why an estimate is missing.
    """

    time: dict[str, float]
    space: dict[str, float]
    notes: tuple[str, ...]


def estimate_error(
    field: VectorField, done: Simulation, *, initial: Tensor | None, rtol: float, atol: float,
    inputs: Trajectories | None = None,
) -> ErrorEstimate:  # fmt: skip
    """Estimate the relative errors of a simulation by two more.

    Time: steps of half the length (for adaptive methods the tolerances that make steps half as long, ``2^-q`` of these
    with q the order of their estimate); the difference times ``2^p/(2^p - 1)``, p the order of the method. Space: the
    scheme of the next order on the same grid, with those shorter steps on both sides; the difference itself.

    Parameters
    ----------
    field : VectorField
    done : Simulation
        What `simulate` made of it.
    initial : Tensor, optional
    rtol, atol : float
        The tolerances it was made with.
    inputs : Trajectories, optional
        What drove it.
    """
    choice, times = done.integrator, done.trajectories.times
    method = METHODS[choice.method]
    factor = 2.0 ** -(method.estimate_order if isinstance(method, Adaptive) else method.order)
    finest = MOST_DIGITS * torch.finfo(field.dtype).eps
    step = choice.step if choice.step is not None else float(np.diff(times, axis=1).max())
    again = partial(
        simulate, times=times, initial=initial, inputs=inputs, method=choice.method, step=step / 2,
        rtol=max(factor * rtol, min(finest, rtol)), atol=factor * atol,
    )  # fmt: skip
    finer, failed = _try(lambda: again(field), "time")
    if finer is None:
        return ErrorEstimate({}, {}, failed)
    richardson = 2.0**method.order / (2.0**method.order - 1)
    of_time = {n: richardson * e for n, e in _relative(done.trajectories, finer, field.model).items()}
    if not field.grid.axes:
        return ErrorEstimate(of_time, {}, ())
    higher, failed = _try(lambda: again(_of_next_order(field)), "space")
    return ErrorEstimate(of_time, {} if higher is None else _relative(finer, higher, field.model), failed)


def _try(make: Callable[[], Simulation], which: str) -> tuple[Trajectories | None, tuple[str, ...]]:
    try:
        return make().trajectories, ()
    except EqdslError as problem:
        return None, (f"no estimate of the error of {which}: {problem.message}",)


def _of_next_order(field: VectorField) -> VectorField:
    """The same model and numbers with the scheme of the next order.

    Raises
    ------
    UsageError
        There is none.
    """
    model = field.model
    schemes = model.schemes
    for scheme in (*schemes.axes.values(), schemes.advect):
        if scheme is not None and not isinstance(scheme, str) and scheme.argument not in HIGHER_UPWIND:
            raise UsageError(f"there is no higher order than `{scheme.text}`", help="compare two grids")
    order = HIGHER.get(model.order)
    walled = any(not axis.periodic for axis in field.grid.axes)
    if order is None or (order == 6 and walled):
        where = " at walls" if walled else ""
        raise UsageError(f"there is no higher order than {model.order}{where}", help="compare two grids")
    raised = {
        axis: replace(scheme, argument=HIGHER_UPWIND[int(scheme.argument)]) for axis, scheme in schemes.axes.items()
    }
    advect = schemes.advect
    if advect is not None and not isinstance(advect, str):
        advect = replace(advect, argument=HIGHER_UPWIND[int(advect.argument)])
    finer = replace(model, order=order, schemes=replace(schemes, axes=raised, advect=advect))
    compiled = compile_model(finer, grid=field.grid, dtype=field.dtype, members=field.members).to(field.device)
    compiled.load_state_dict(field.state_dict())
    return compiled.with_past(field.past)


def _relative(one: Trajectories, other: Trajectories, model: Model) -> dict[str, float]:
    """By state: the largest rms difference of a frame, over the largest rms of a frame."""
    found: dict[str, float] = {}
    for name, positions in _states(model).items():
        difference = one.state[:, :, positions] - other.state[:, :, positions]
        size = _largest_rms(other.state[:, :, positions])
        found[name] = _largest_rms(difference) / size if size else 0.0
    return found


def _largest_rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.square(values, dtype=np.float64).mean(axis=(0, *range(2, values.ndim)))).max())


def _states(model: Model) -> dict[str, list[int]]:
    """Positions along C by state; velocities of second-order states are ``dt(w)``."""
    found: dict[str, list[int]] = {}
    for position, channel in enumerate(model.channels):
        found.setdefault(f"dt({channel.field})" if channel.velocity else channel.field, []).append(position)
    return found
