"""The velocity Verlet (Stormer-Verlet) method, order 2: symmetric, and symplectic where forces have a potential."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.carrying import Carrying
from eqdsl.numerics.integrators.fixed_step import Amount, Carrier, Carry, stage_time
from eqdsl.numerics.integrators.implicit import NoSolution, fixed_point
from eqdsl.numerics.integrators.implicit_midpoint import unsolved
from eqdsl.numerics.integrators.leapfrog import moved


@dataclass(frozen=True)
class Verlet(Carrying):
    """The velocity Verlet method for ``x' = v, v' = a(t, x, v)``::

        w = v_n + h/2 a(t_n, x_n, w)        x_{n+1} = x_n + h w        v_{n+1} = w + h/2 a(t_{n+1}, x_{n+1}, w)

    Hairer, Lubich & Wanner, Acta Numerica 12 (2003), section 1; with forces that depend on the velocity the two kicks
    are each other's adjoint, so that a step with -h still undoes one with h. The first kick is then an equation, solved
    to rounding. A vector field says by ``pairs()`` which channels are positions and velocities, and by
    ``velocity_forces()`` whether a depends on v (without it: yes).
    """

    name: str = "verlet"
    order: int = 2
    reversible = True

    def carrier(self, vector_field: Field, initial: Tensor) -> Carrier:
        """The carry is the state."""
        positions, velocities = _pairs(vector_field, initial)
        damped = bool(getattr(vector_field, "velocity_forces", lambda: True)())
        # On the device beforehand: a list of numbers would be copied there at each step.
        places, speeds = (torch.tensor(numbers, device=initial.device) for numbers in (positions, velocities))
        order = torch.argsort(torch.cat([places, speeds]))

        def joined(x: Tensor, v: Tensor) -> Tensor:
            return torch.cat([x, v], dim=1).index_select(1, order)

        def force(t: Tensor, x: Tensor, v: Tensor) -> Tensor:
            return vector_field(t, joined(x, v)).index_select(1, speeds)

        def step(start: Amount, at: tuple[Tensor, Tensor], state: Tensor, h: Amount) -> Tensor:
            x, v = state.index_select(1, places), state.index_select(1, speeds)

            def kick(w: Tensor) -> Tensor:
                return moved(v, 0.5 * h, force(at[0], x, w))

            try:
                w = fixed_point(kick, v) if damped else kick(v)
            except NoSolution:
                raise unsolved(self.name, start, state) from None
            x = moved(x, h, w)
            return joined(x, moved(w, 0.5 * h, force(at[1], x, w)))

        def forward(t: Amount, carry: Carry, h: Amount) -> Carry:
            ends = stage_time(t, 0.0, h, carry[-1]), stage_time(t, 1.0, h, carry[-1])
            return (step(t, ends, carry[-1], h),)

        def back(t: Amount, carry: Carry, h: Amount) -> Carry:
            ends = stage_time(t, 1.0, h, carry[-1]), stage_time(t, 0.0, h, carry[-1])
            return (step(t, ends, carry[-1], -h),)

        return Carrier(forward, None, back)


def _pairs(vector_field: Any, initial: Tensor) -> tuple[list[int], list[int]]:
    """Channels of the positions and of their velocities.

    Raises
    ------
    UsageError
        Some channel is neither.
    """
    pairs = vector_field.pairs() if hasattr(vector_field, "pairs") else None
    if pairs is None or 2 * len(pairs) != initial.shape[1]:
        raise UsageError(
            "`verlet` needs states that are second order in time, and here not every one is",
            help="write `dtt(x) = …`, or `dt(x) = v` beside `dt(v) = …`; or take `implicit_midpoint`, which is "
            "symmetric for any equation",
        )
    return [position for position, _ in pairs], [velocity for _, velocity in pairs]


VERLET = Verlet()
