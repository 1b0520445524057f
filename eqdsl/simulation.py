"""Rolling a vector field out, with a look at every frame: runaway growth ends with words, not with NaN."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.base import Effort, ExplicitTableau
from eqdsl.numerics.integrators.explicit import substeps_for
from eqdsl.numerics.integrators.failure import IntegrationFailure
from eqdsl.numerics.integrators.integrate import rollout
from eqdsl.numerics.integrators.stability import stable_step
from eqdsl.numerics.integrators.table import METHODS

Progress = Callable[[float], None]
"""Called with the share of the frames that are done, 0 to 1."""

MOST_STEPS = 1_000_000
"""Steps of a whole rollout; more are a slip of the pen, or a stiff equation that would never end."""

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
        states = rollout(
            field, state, grid_times, method=method, step=step, rtol=rtol, atol=atol, max_steps=MOST_STEPS,
            effort=effort,
        )  # fmt: skip
        limit = RUNAWAY * torch.clamp(_largest(state), min=1.0)
        try:
            for number, following in enumerate(states, start=1):
                _check(_Interval(field, grid_times, number, method, step), frames[-1], following, limit)
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


@dataclass(frozen=True)
class _Interval:
    """The way from frame `number` - 1 to frame `number`."""

    field: VectorField
    times: Tensor
    number: int
    method: str
    step: float | None

    def ends(self, row: int) -> tuple[float, float]:
        """First and last time of a trajectory's interval."""
        times = self.times if self.times.dim() == 1 else self.times[row]
        return float(times[self.number - 1]), float(times[self.number])


def _check(interval: _Interval, before: Tensor, after: Tensor, limit: Tensor) -> None:
    """Raise when a frame is not finite or runs away."""
    bad = _runaway(after, limit)
    if not bool(bad.any()):
        return
    row = int(bad.nonzero()[0, 0])
    field, start = interval.field, before[row : row + 1]
    when, last, first = _step_by_step(interval, row, start, after[row : row + 1], limit)
    channel, *place = (int(i) for i in _runaway(first, limit)[0].nonzero()[0])
    raise ComputationError(
        f"`{field.model.channels[channel].name}` grows beyond all bounds near t = {when:.6g}"
        f"{_place(field, place)}{_row(row, len(after))}; {_suspect(field, when, last, channel)}",
        help=_advice(interval, row, start),
    )


def _runaway(state: Tensor, limit: Tensor) -> Tensor:
    """Where a state is not finite or beyond the limit (C,) of its channel."""
    return ~torch.isfinite(state) | (state.abs() > limit.reshape(1, -1, *(1,) * (state.dim() - 2)))


def _step_by_step(
    interval: _Interval, row: int, before: Tensor, after: Tensor, limit: Tensor
) -> tuple[float, Tensor, Tensor]:
    """Repeat the interval of one trajectory: time of the last good step, the state there and the state after it."""
    start, end = interval.ends(row)
    if not isinstance(METHODS[interval.method], ExplicitTableau):
        return start, before, after
    (count,) = substeps_for(torch.tensor([start, end], dtype=torch.float64), 1, interval.step, MOST_STEPS)
    times = torch.linspace(start, end, count + 1, dtype=torch.float64)
    good = before
    for number, state in enumerate(rollout(interval.field, before, times, method=interval.method)):
        if bool(_runaway(state, limit).any()):
            return float(times[number]), good, state
        good = state
    return start, before, after


def _advice(interval: _Interval, row: int, state: Tensor) -> str:
    """What to do: the step that a fixed-step method could take at the last good frame, if it took a larger one."""
    otherwise = "look for a sign that makes a term grow"
    method = METHODS[interval.method]
    start, end = interval.ends(row)
    if not isinstance(method, ExplicitTableau):
        return otherwise
    stable = stable_step(interval.field, method, torch.tensor(start, dtype=state.dtype), state)
    if stable is None or min(interval.step or end - start, end - start) <= stable:
        wanted = "take a smaller `--step`"
    else:
        wanted = f"`{interval.method}` needs steps of about {stable:.2g} or less here: take `--step {_below(stable)}`"
    return f"{wanted}, or an adaptive method such as `--method dopri5`; if it still grows, {otherwise}"


def _below(value: float) -> str:
    """The largest number of one digit that is not above a value."""
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.floor(value / unit) * unit:.0e}" if unit < 1e-3 else f"{math.floor(value / unit) * unit:g}"


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
