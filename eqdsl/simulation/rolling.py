"""Rolling a vector field out, with a look at every frame: what comes out is finite."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.data.inputs import with_wall_series
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.driving import check_cover
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.base import Effort
from eqdsl.numerics.integrators.failure import IntegrationFailure
from eqdsl.numerics.integrators.integrate import checked_times
from eqdsl.numerics.integrators.table import method_of
from eqdsl.simulation.blow_up import MOST_STEPS, Watch, largest, place_in_words, suspect, trajectory_in_words
from eqdsl.simulation.choice import AUTO, Choice, choose, named
from eqdsl.simulation.remembering import rollout

Progress = Callable[[float], None]
"""Called with the share of the frames that are done, 0 to 1."""


@dataclass(frozen=True)
class Simulation:
    """A finished rollout and what it cost.

    Parameters
    ----------
    trajectories : Trajectories
    wall_seconds : float
    steps, evaluations : int
        Steps of the integrator (rejected ones included) and calls of the vector field.
    integrator : Choice
        The integrator and why.
    """

    trajectories: Trajectories
    wall_seconds: float
    steps: int
    evaluations: int
    integrator: Choice


def simulate(
    field: VectorField, times: np.ndarray | Tensor, *, initial: Tensor | None = None,
    inputs: Trajectories | None = None, method: str = "dopri5", step: float | None = None, rtol: float = 1e-6,
    atol: float = 1e-9, progress: Progress | None = None,
) -> Simulation:  # fmt: skip
    """Solve ``d(state)/dt = field(t, state)`` and return the state at every time, each hit exactly.

    Parameters
    ----------
    field : VectorField
    times : array, shape (T,) or (B, T)
        Strictly increasing, in the model's unit of time.
    initial : Tensor, shape (B, C, *S), optional
        Default: what the model's ``init`` says; as many trajectories as there are rows of `inputs`.
    inputs : Trajectories, optional
        Hold the model's inputs and what its walls follow.
    method : str
        A key of `eqdsl.numerics.integrators.table.METHODS`, or ``auto``: see `eqdsl.simulation.choice`.
    step : float, optional
        Largest step of a fixed-step method; default: one step a frame.
    rtol, atol : float
        Tolerances of an adaptive method.
    progress : callable, optional
        Called with the share that is done.

    Returns
    -------
    Simulation

    Raises
    ------
    UsageError
        A state has no initial value, or the options cannot be used.
    DataError
        An input is missing or does not cover the times.
    ComputationError
        The solution is not finite, or is the growth of steps that are too long rather than of the equation: names the
        time, the state, the place and the term.
    """
    began = time.perf_counter()
    grid_times = torch.as_tensor(times, dtype=torch.float64)
    with torch.no_grad():
        if inputs is not None:
            inputs = with_wall_series(inputs, field.model)
            field = field.driven(inputs)
            check_cover(inputs, field.model, grid_times)
        state = _initial(field, grid_times, initial)
        asked = method == AUTO
        if asked:
            chosen = choose(field, state, checked_times(grid_times, state), step=step, rtol=rtol, atol=atol)
        else:
            chosen = named(method_of(method), step)
        solve = partial(_frames, field, state, grid_times, rtol, atol, progress)
        try:
            frames, effort = solve(chosen.method, chosen.step)
        except ComputationError:
            if not asked or chosen.kind != "explicit" or step is not None:
                raise
            # The limit at the start does not bind a solution that grows: this method looks for it at every step.
            chosen = Choice("tsit5", "adaptive", None, f"fixed steps of {chosen.method} grew")
            frames, effort = solve(chosen.method, chosen.step)
    trajectories = Trajectories(
        times=grid_times.expand(len(state), grid_times.shape[-1]).cpu().numpy().copy(),
        state=torch.stack(frames, dim=1).cpu().numpy(),
        lengths=np.full(len(state), len(frames)),
        channels=field.model.channel_names,
        axes=field.grid.coordinates(),
        units=_units(field),
        inputs={} if inputs is None else inputs.inputs,
        environment=None if inputs is None else inputs.environment,
        number=None if inputs is None else inputs.number,
    )
    return Simulation(trajectories, time.perf_counter() - began, effort.steps, effort.evaluations, chosen)


def _frames(
    field: VectorField, state: Tensor, grid_times: Tensor, rtol: float, atol: float, progress: Progress | None,
    method: str, step: float | None,
) -> tuple[list[Tensor], Effort]:  # fmt: skip
    """The states at all times, and what they cost; raises as `simulate`."""
    effort, frames = Effort(), [state]
    states = rollout(
        field, state, grid_times, method=method, step=step, rtol=rtol, atol=atol, max_steps=MOST_STEPS, effort=effort
    )
    watch = Watch(field, grid_times, method, step, state)
    try:
        for number, following in enumerate(states, start=1):
            watch.check(number, frames[-1], following)
            now = grid_times[..., number]
            frames.append(_finite(field, now, field.constrain(now.to(following), following)))
            if progress is not None:
                progress(number / (grid_times.shape[-1] - 1))
    except IntegrationFailure as failure:
        # The last frame is finite even where the integrator's own last state is not.
        raise _explained(field, failure, frames[-1]) from failure
    return frames, effort


def _initial(field: VectorField, times: Tensor, initial: Tensor | None) -> Tensor:
    first = float(times.reshape(-1)[0])
    if initial is None:
        return _finite(
            field, times[..., 0], field.initial_state(field.driving.rows if field.driving is not None else 1, t=first)
        )
    expected = (len(field.model.channels), *field.grid.shape)
    if tuple(initial.shape[1:]) != expected:
        raise UsageError(
            f"the initial state has shape {tuple(initial.shape)}; the model wants (B, {', '.join(map(str, expected))})"
        )
    state = field.constrain(times[..., 0].to(field.dtype), initial.to(field.device, field.dtype))
    return _finite(field, times[..., 0], state)


def _finite(field: VectorField, times: Tensor, state: Tensor) -> Tensor:
    """The state, once every number is finite: formulas of the start and of walls need not be."""
    if bool(torch.isfinite(state).all()):
        return state
    row, channel, *place = (int(i) for i in (~torch.isfinite(state)).nonzero()[0])
    when = float(times.expand(len(state))[row])
    raise ComputationError(
        f"`{field.model.channels[channel].name}` is not a finite number at t = {when:.6g}"
        f"{place_in_words(field, place)}{trajectory_in_words(row, len(state))}",
        help="look in its `init` or `bc` for a division by zero, a logarithm or root of a negative number, or for what "
        f"is too large for {str(state.dtype).removeprefix('torch.')}",
    )


def _explained(field: VectorField, failure: IntegrationFailure, frame: Tensor) -> ComputationError:
    """An integrator's failure with the term to look at."""
    state = failure.state if failure.state is not None and bool(torch.isfinite(failure.state).all()) else frame
    row = failure.trajectory
    if row is not None and len(state) == 1:
        field = field.of_rows(torch.tensor([row]))
    fastest = int(largest(field(failure.time, state).nan_to_num(nan=float("inf"))).argmax())
    where = "" if row is None else trajectory_in_words(row, len(frame))
    words = f"{failure.message}{where}; {suspect(field, failure.time, state, fastest)}"
    return ComputationError(words, help=failure.help)


def _units(field: VectorField) -> dict[str, str]:
    model = field.model
    fields = {f.name: f.unit for f in model.fields}
    found = {c.name: fields[c.field] for c in model.channels if not c.velocity}
    found |= {a.name: a.unit for a in model.axes} | {"t": model.time_unit}
    return {name: unit for name, unit in found.items() if unit}
