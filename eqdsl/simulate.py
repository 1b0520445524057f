"""Rolling a vector field out, with a look at every frame: runaway growth ends with words, not with NaN."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.base import Effort
from eqdsl.numerics.integrators.failure import IntegrationFailure
from eqdsl.numerics.integrators.integrate import rollout

Progress = Callable[[float], None]
"""Called with the share of the frames that are done, 0 to 1."""

RUNAWAY = 1e8
"""Growth of a channel's largest value, over the larger of 1 and its start, that counts as a blow-up."""


@dataclass(frozen=True)
class Simulation:
    """A finished rollout and what it cost.

    Parameters
    ----------
    trajectories : Trajectories
    wall_seconds : float
    steps, evaluations : int
        Steps of the integrator (rejected ones included) and calls of the vector field.
    """

    trajectories: Trajectories
    wall_seconds: float
    steps: int
    evaluations: int


def simulate(
    field: VectorField, times: np.ndarray | Tensor, *, initial: Tensor | None = None, method: str = "dopri5",
    step: float | None = None, rtol: float = 1e-6, atol: float = 1e-9, progress: Progress | None = None,
) -> Simulation:  # fmt: skip
    """Solve ``d(state)/dt = field(t, state)`` and return the state at every time, each hit exactly.

    Parameters
    ----------
    field : VectorField
    times : array, shape (T,) or (B, T)
        Strictly increasing, in the model's unit of time.
    initial : Tensor, shape (B, C, *S), optional
        Default: what the model's ``init`` says, one trajectory.
    method : str
        A key of `eqdsl.numerics.integrators.table.METHODS`.
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
    ComputationError
        The solution is not finite, or grows beyond all bounds: names the time, the state, the place and the term.
    """
    began = time.perf_counter()
    grid_times = torch.as_tensor(times, dtype=torch.float64)
    with torch.no_grad():
        state = _initial(field, grid_times, initial)
        effort, frames = Effort(), [state]
        states = rollout(field, state, grid_times, method=method, step=step, rtol=rtol, atol=atol, effort=effort)
        limit = RUNAWAY * torch.clamp(_largest(state), min=1.0)
        try:
            for number, following in enumerate(states, start=1):
                _check(field, grid_times, number, frames[-1], following, limit)
                frames.append(field.constrain(grid_times[..., number].to(following), following))
                if progress is not None:
                    progress(number / (grid_times.shape[-1] - 1))
        except IntegrationFailure as failure:
            # The last frame is finite even where the integrator's own last state is not.
            raise _explained(field, failure, frames[-1]) from failure
    trajectories = Trajectories(
        times=grid_times.expand(len(state), grid_times.shape[-1]).cpu().numpy().copy(),
        state=torch.stack(frames, dim=1).cpu().numpy(),
        lengths=np.full(len(state), len(frames)),
        channels=field.model.channel_names,
        axes=field.grid.coordinates(),
        units=_units(field),
    )
    return Simulation(trajectories, time.perf_counter() - began, effort.steps, effort.evaluations)


def _initial(field: VectorField, times: Tensor, initial: Tensor | None) -> Tensor:
    first = float(times.reshape(-1)[0])
    if initial is None:
        return field.initial_state(t=first)
    expected = (len(field.model.channels), *field.grid.shape)
    if tuple(initial.shape[1:]) != expected:
        raise UsageError(
            f"the initial state has shape {tuple(initial.shape)}; the model wants (B, {', '.join(map(str, expected))})"
        )
    return field.constrain(times[..., 0].to(field.dtype), initial.to(field.device, field.dtype))


def _largest(state: Tensor) -> Tensor:
    """Largest magnitude of each channel, (C,)."""
    return state.abs().transpose(0, 1).flatten(1).amax(dim=1)


def _check(field: VectorField, times: Tensor, number: int, before: Tensor, after: Tensor, limit: Tensor) -> None:
    """Raise when a frame is not finite or runs away."""
    bad = ~torch.isfinite(after) | (after.abs() > limit.reshape(1, -1, *(1,) * (after.dim() - 2)))
    if not bool(bad.any()):
        return
    row, channel, *place = (int(i) for i in bad.nonzero()[0])
    last, now = (float(times.expand(len(after), -1)[row, n]) for n in (number - 1, number))
    name = field.model.channels[channel].name
    raise ComputationError(
        f"`{name}` grows beyond all bounds between t = {last:.6g} and t = {now:.6g}"
        f"{_place(field, place)}{_row(row, len(after))}; {_suspect(field, last, before[row : row + 1], channel)}",
        help="take a smaller `--step`, or an adaptive method such as `--method dopri5`; if that does not help, look "
        "for a sign that makes a term grow",
    )


def _explained(field: VectorField, failure: IntegrationFailure, frame: Tensor) -> ComputationError:
    """An integrator's failure with the term to look at."""
    state = failure.state if failure.state is not None and bool(torch.isfinite(failure.state).all()) else frame
    largest = int(_largest(field(failure.time, state).nan_to_num(nan=float("inf"))).argmax())
    return ComputationError(f"{failure.message}; {_suspect(field, failure.time, state, largest)}", help=failure.help)


def _suspect(field: VectorField, t: float, state: Tensor, channel: int) -> str:
    """The term of a channel's equation that is largest at the last good state."""
    name = field.model.channels[channel].name
    terms = field.terms(t, state)[name]
    sizes = {term: float(value.abs().nan_to_num(nan=float("inf")).max()) for term, value in terms.items()}
    term = max(sizes, key=lambda key: sizes[key])
    return f"its largest term before was `{term}` of `{name}`, of size {sizes[term]:.3g}"


def _place(field: VectorField, place: list[int]) -> str:
    if not place:
        return ""
    axes = zip(field.grid.axes, place, strict=True)
    return " at " + ", ".join(f"{a.name} = {a.coordinates()[i]:.4g}" for a, i in axes)


def _row(row: int, count: int) -> str:
    return f" in trajectory {row}" if count > 1 else ""


def _units(field: VectorField) -> dict[str, str]:
    model = field.model
    fields = {f.name: f.unit for f in model.fields}
    found = {c.name: fields[c.field] for c in model.channels if not c.velocity}
    found |= {a.name: a.unit for a in model.axes} | {"t": model.time_unit}
    return {name: unit for name, unit in found.items() if unit}
