"""Semi-Lagrangian steps of a compiled model: follow the flow backwards, read the state there.

After a step h the value at a point is that at the place from which the flow brings it there (A. Staniforth and J. Cote,
*Semi-Lagrangian integration schemes for atmospheric models*, Mon. Weather Rev. 119, 1991). The velocity is that at half
time, which makes order 2 in time; in it the path is followed by one step of the classic Runge-Kutta method. (Iterations
of the midpoint need as many velocities, and turn a rotation into a spiral: three of them change areas by angle^6/16 a
step, this by angle^6/72.) A velocity that depends on what it carries is taken from a state carried over half the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.lowering.program import CarriedOutputs, FlowOutputs, Program
from eqdsl.numerics.grid import Grid
from eqdsl.numerics.interpolation.gaussian import spreading_passes
from eqdsl.numerics.interpolation.sampling import points, sample, within
from eqdsl.numerics.interpolation.table import FLOW, INTERPOLATIONS
from eqdsl.numerics.linear_part import LinearPart

Evaluate = Callable[[Tensor, Tensor, list[int]], list[Any]]
"""``evaluate(t, state, steps)``: the values of steps of a program."""

Velocity = tuple[Tensor, ...]
"""Along each axis, in spacings per time, (B | 1, *S') with the ghosts of its kernel."""


@dataclass(frozen=True)
class Rest:
    """``du/dt = rest(t, u)``: the equations without what semi-Lagrangian steps take over.

    Parameters
    ----------
    totals : tuple of int
        The steps that hold its rates.
    evaluate : callable
    linear : callable
        Gives its linear part, or raises `UsageError`.
    """

    totals: tuple[int, ...]
    evaluate: Evaluate
    linear: Callable[[], LinearPart]

    def __call__(self, t: Tensor, state: Tensor) -> Tensor:
        """Time derivative of the state, ``(B, C, *S)``."""
        shape = (state.shape[0], *state.shape[2:])
        rates = self.evaluate(torch.as_tensor(t), state, list(self.totals))
        return torch.stack([_tensor(rate, state).expand(shape) for rate in rates], dim=1)

    def linear_part(self) -> LinearPart:
        """See `VectorField.linear_part`."""
        return self.linear()


class Flow:
    """Carries states of one vector field.

    Parameters
    ----------
    grid : Grid
    program : Program
        With a flow.
    evaluate : callable
    rest : Rest or None
        None where nothing is left.
    """

    def __init__(self, grid: Grid, program: Program, evaluate: Evaluate, rest: Rest | None) -> None:
        assert program.flow is not None
        self._outputs: FlowOutputs = program.flow
        self._grid, self._evaluate, self.rest = grid, evaluate, rest
        self._kernel, self._around = INTERPOLATIONS[self._outputs.kernel], FLOW[self._outputs.kernel]
        self._groups: dict[tuple[int, ...], list[CarriedOutputs]] = {}
        for carried in self._outputs.carried:
            self._groups.setdefault((*carried.velocity, *carried.diffusivity), []).append(carried)
        self._moves_itself = _depends(program, self._outputs)

    def carry(self, t: Tensor, state: Tensor, h: float | Tensor) -> Tensor:
        """The state (B, C, *S) carried over a step h, a number or (B, 1, ...); t is the time half way."""
        step = h.flatten(1)[:, :1].reshape(-1, *(1,) * len(self._grid.axes)) if isinstance(h, Tensor) else h
        there = self._carried(t, state, self._velocities(t, state), 0.5 * step) if self._moves_itself else state
        return self._carried(t, state, self._velocities(t, there), step)

    def _velocities(self, t: Tensor, state: Tensor) -> list[Velocity]:
        found = []
        for group in self._groups.values():
            values = self._evaluate(t, state, list(group[0].velocity))
            found.append(
                tuple(_tensor(v, state) / axis.spacing for v, axis in zip(values, self._grid.axes, strict=True))
            )
        return found

    def _carried(self, t: Tensor, state: Tensor, velocities: Sequence[Velocity], step: float | Tensor) -> Tensor:
        channels = list(state.unbind(1))
        for group, velocity in zip(self._groups.values(), velocities, strict=True):
            carried = self._group(t, state, group, velocity, step)
            for number, outputs in enumerate(group):
                channels[outputs.channel] = carried[:, number]
        return torch.stack(channels, dim=1)

    def _group(
        self, t: Tensor, state: Tensor, group: Sequence[CarriedOutputs], velocity: Velocity, step: float | Tensor
    ) -> Tensor:
        """The channels of one velocity."""
        values = self._evaluate(t, state, [c.values for c in group])
        places = [p.expand(state.shape[0], *self._grid.shape) for p in self._departure(velocity, step)]
        diffusivities = [_tensor(d, state) for d in self._evaluate(t, state, list(group[0].diffusivity))]
        variances: list[Tensor | float] = [
            2 * d * step / axis.spacing**2 for d, axis in zip(diffusivities, self._grid.axes, strict=True)
        ]
        found = sample(torch.stack(values, dim=1), self._grid.axes, places, self._kernel, variances)
        return self._spread(t, state, group, found, variances) if self._outputs.kernel == "gaussian" else found

    def _departure(self, velocity: Velocity, step: float | Tensor) -> list[Tensor]:
        """Where the flow comes from, along each axis in spacings from the first point."""
        axes, ghosts = self._grid.axes, self._around.ghosts
        here = points(axes, velocity[0])

        def upwind(speed: Sequence[Tensor], time: float | Tensor) -> list[Tensor]:
            return [within(a, p - time * v) for a, p, v in zip(axes, here, speed, strict=True)]

        if all(v.shape[1:].numel() == 1 for v in velocity):
            return upwind(velocity, step)
        whole = [len(velocity), *(a.points + 2 * ghosts for a in axes)]
        everywhere = torch.stack([v.expand(-1, *whole[1:]) for v in torch.broadcast_tensors(*velocity)], dim=1)
        inside = everywhere
        for dim, axis in enumerate(axes, start=2):
            inside = inside.narrow(dim, ghosts, axis.points)
        speeds = [inside]
        for share in (0.5, 0.5, 1.0):
            way = torch.broadcast_tensors(*upwind(speeds[-1].unbind(1), share * step))
            speeds.append(sample(everywhere, axes, way, self._around))
        first, second, third, fourth = speeds
        return upwind(((first + 2 * second + 2 * third + fourth) / 6).unbind(1), step)

    def _spread(
        self,
        t: Tensor,
        state: Tensor,
        group: Sequence[CarriedOutputs],
        found: Tensor,
        variances: Sequence[Tensor | float],
    ) -> Tensor:
        """What is wider than the kernel, by steps of the three-point heat equation."""
        count, each = spreading_passes(variances)
        channels, ghosts = list(state.unbind(1)), self._kernel.ghosts
        for _ in range(count):
            for number, outputs in enumerate(group):
                channels[outputs.channel] = found[:, number]
            values = self._evaluate(t, torch.stack(channels, dim=1), [c.values for c in group])
            wide = torch.stack(values, dim=1)
            for dim, axis in enumerate(self._grid.axes, start=2):
                line = wide
                for other, size in enumerate(self._grid.shape, start=2):
                    if other != dim:
                        line = line.narrow(other, ghosts, size)
                below, middle, above = (line.narrow(dim, ghosts + k, axis.points) for k in (-1, 0, 1))
                amount = _tensor(each[dim - 2], state)
                found = found + 0.5 * amount.unsqueeze(1) * (below - 2 * middle + above)
        return found


def _tensor(value: Any, like: Tensor) -> Tensor:
    """A value of a step with one dimension for the batch and one for each axis."""
    found = value.to(like) if isinstance(value, Tensor) else like.new_full((), float(value))
    return found if found.dim() else found.reshape((1,) * (like.dim() - 1))


def _depends(program: Program, flow: FlowOutputs) -> bool:
    """Whether a velocity depends on a channel that is carried."""
    carried = {c.channel for c in flow.carried}
    waiting = [v for c in flow.carried for v in c.velocity]
    seen = set(waiting)
    while waiting:
        step = program.steps[waiting.pop()]
        if step.operation in ("channel", "uniform_channel") and step.attributes[0] in carried:
            return True
        new = [n for n in step.inputs if n not in seen]
        seen.update(new)
        waiting += new
    return False
