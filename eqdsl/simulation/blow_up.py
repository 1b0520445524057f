"""Telling a blow-up from growth: is it the equation that grows, or the steps that are too long for it?

No size is too large in itself, since sizes depend on the units. A number that is not finite ends a rollout. So does a
frame of a fixed-step method in which a channel has grown a great deal *and* which comes out otherwise with shorter
steps: an adaptive method controls its error, a fixed-step one turns a step beyond its stability into growth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.base import Method
from eqdsl.numerics.integrators.fixed_step import substeps_for
from eqdsl.numerics.integrators.integrate import rollout
from eqdsl.numerics.integrators.stability import stable_step
from eqdsl.numerics.integrators.strang import method_for
from eqdsl.numerics.integrators.table import METHODS

MOST_STEPS = 1_000_000
"""Steps of a whole rollout; more are a slip of the pen, or a stiff equation that would never end."""

GROWTH = 1e8
"""Growth of a channel's largest value from which on a frame is repeated with shorter steps."""

AGREEMENT = 2.0
"""Factor within which the repeated frame has to have the same size."""

SHORTER = (2, 3)
"""Steps in place of one. Two numbers, because a step that is too long may by chance grow like two halves of it."""


class Watch:
    """Looks at every frame of a rollout.

    Parameters
    ----------
    field : VectorField
    times : Tensor, shape (T,) or (B, T)
    method : str
    step : float or None
    initial : Tensor, shape (B, C, *S)
    """

    def __init__(self, field: VectorField, times: Tensor, method: str, step: float | None, initial: Tensor) -> None:
        self.field, self.times, self.method, self.step = field, times, method, step
        self.limit = GROWTH * largest(initial)

    def check(self, number: int, before: Tensor, after: Tensor) -> None:
        """Look at frame `number`.

        Raises
        ------
        ComputationError
            It is not finite, or its growth is that of steps that are too long.
        """
        bad = _runaway(after, self.limit)
        if not bool(bad.any()):
            return
        interval = _Interval(self.field, self.times, number, self.method, self.step)
        if bool(torch.isfinite(after).all()) and interval.agrees(before, after, self.limit):
            self.limit = torch.where(largest(after) > self.limit, GROWTH * largest(after), self.limit)
            return
        row = int(bad.nonzero()[0, 0])
        start, end = before[row : row + 1], after[row : row + 1]
        field = self.field.of_rows(torch.tensor([row]))
        interval = replace(interval, field=field)
        when, last, first = interval.step_by_step(row, start, end, self.limit)
        channel, place = _worst(first, self.limit)
        raise ComputationError(
            f"`{self.field.model.channels[channel].name}` grows beyond all bounds near t = {when:.6g}"
            f"{place_in_words(self.field, place)}{trajectory_in_words(row, len(after))}; "
            f"{suspect(field, when, last, channel)}",
            help=_advice(interval, row, start),
        )


def largest(state: Tensor) -> Tensor:
    """Largest magnitude of each channel, (C,)."""
    return state.abs().transpose(0, 1).flatten(1).amax(dim=1)


def _runaway(state: Tensor, limit: Tensor) -> Tensor:
    """Where a state is not finite or beyond the limit (C,) of its channel."""
    return ~torch.isfinite(state) | (state.abs() > limit.reshape(1, -1, *(1,) * (state.dim() - 2)))


def _worst(state: Tensor, limit: Tensor) -> tuple[int, list[int]]:
    """The first channel of one trajectory that runs away, and where in it the size is largest."""
    channel = int(_runaway(state, limit)[0].nonzero()[0, 0])
    sizes = state[0, channel].abs().nan_to_num(nan=math.inf).cpu().numpy()
    return channel, [int(i) for i in np.unravel_index(sizes.argmax(), sizes.shape)]


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

    def agrees(self, before: Tensor, after: Tensor, limit: Tensor) -> bool:
        """Whether shorter steps give the channels beyond their limit the same size.

        A channel that was zero until now has no size to grow from, and its first frame may well be coarse; it agrees
        unless shorter steps change it by more than `GROWTH`.
        """
        if not METHODS[self.method].fixed_step:
            return True
        times = self.times[..., self.number - 1 : self.number + 1]
        (count,) = substeps_for(times, 1, self.step, MOST_STEPS)
        factor = torch.where(limit > 0, AGREEMENT, GROWTH)
        reached, beyond = largest(after), largest(after) > limit
        for shorter in SHORTER:
            (state,) = rollout(
                self.field, before, times, method=self.method, substeps=shorter * count, max_steps=3 * MOST_STEPS
            )
            size = largest(state)
            alike = (size <= factor * reached) & (reached <= factor * size)
            if not bool(alike[beyond].all()):
                return False
        return True

    def step_by_step(self, row: int, before: Tensor, after: Tensor, limit: Tensor) -> tuple[float, Tensor, Tensor]:
        """Repeat it for one trajectory: time of the last good step, the state there and the state after it."""
        start, end = self.ends(row)
        if not METHODS[self.method].fixed_step:
            return start, before, after
        (count,) = substeps_for(torch.tensor([start, end], dtype=torch.float64), 1, self.step, MOST_STEPS)
        times = torch.linspace(start, end, count + 1, dtype=torch.float64)
        good = before
        for number, state in enumerate(rollout(self.field, before, times, method=self.method)):
            if bool(_runaway(state, limit).any()):
                return float(times[number]), good, state
            good = state
        return start, before, after


def _advice(interval: _Interval, row: int, state: Tensor) -> str:
    """What to do: the step that a fixed-step method could take at the last good frame, if it took a larger one."""
    otherwise = "look for a sign that makes a term grow"
    method = METHODS[interval.method]
    start, end = interval.ends(row)
    if not method.fixed_step:
        return otherwise
    # Semi-Lagrangian steps have no limit of their own: what they leave has one.
    flow = interval.field.flow()
    rate, method = (interval.field, method) if flow is None else (flow.rest, method_for(method, interval.field))
    if rate is None:
        return otherwise
    stable = stable_step(rate, method, torch.tensor(start, dtype=state.dtype), state)
    taken = min(interval.step or end - start, end - start)
    if stable is None or taken <= stable:
        wanted = "take a smaller `--step`"
    else:
        wanted = f"`{interval.method}` needs steps of about {stable:.2g} or less here: take `--step {_below(stable)}`"
    limit = _diffusion_limit(interval.field, method)
    other = "an adaptive method such as `--method dopri5`"
    if limit is not None and limit < taken:
        other = f"try `--method ars222`: the diffusion limit of {method.name} is about {limit:.2g}"
    return f"{wanted}, or {other}; if it still grows, {otherwise}"


def _diffusion_limit(field: VectorField, method: Method) -> float | None:
    """The step up to which the linear terms of a model decay; None where there is no such limit.

    A method that treats the linear part apart has none.
    """
    if method.reach is None:
        return None
    try:
        fastest = field.linear_part().fastest_decay()
    except UsageError:
        return None
    return method.reach / fastest if fastest > 0 else None


def _below(value: float) -> str:
    """The largest number of one digit that is not above a value."""
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.floor(value / unit) * unit:.0e}" if unit < 1e-3 else f"{math.floor(value / unit) * unit:g}"


def suspect(field: VectorField, t: float, state: Tensor, channel: int) -> str:
    """The term of a channel's equation that is largest at the last good state."""
    name = field.model.channels[channel].name
    terms = field.terms(t, state)[name]
    sizes = {term: float(value.abs().nan_to_num(nan=float("inf")).max()) for term, value in terms.items()}
    term = max(sizes, key=lambda key: sizes[key])
    return f"its largest term before was `{term}` of `{name}`, of size {sizes[term]:.3g}"


def place_in_words(field: VectorField, place: list[int]) -> str:
    """`` at x = 0.5``; nothing without space."""
    if not place:
        return ""
    axes = zip(field.grid.axes, place, strict=True)
    return " at " + ", ".join(f"{a.name} = {a.coordinates()[i]:.4g}" for a, i in axes)


def trajectory_in_words(row: int, count: int) -> str:
    """`` in trajectory 3``; nothing where there is only one."""
    return f" in trajectory {row}" if count > 1 else ""
