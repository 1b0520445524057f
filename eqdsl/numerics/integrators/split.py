"""What methods share that treat the linear part of a vector field apart from the rest."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import Field
from eqdsl.numerics.integrators.fixed_step import Amount, stage_time
from eqdsl.numerics.linear_part import LinearPart


@runtime_checkable
class HasLinearPart(Protocol):
    """A vector field that knows its linear part with constant coefficients."""

    def linear_part(self) -> LinearPart:
        """L for one rollout.

        Raises
        ------
        UsageError
            There is none, or none that can be solved for; the message says why.
        """


def linear_part_of(vector_field: Field, method: str) -> LinearPart:
    """The linear part of a vector field.

    Raises
    ------
    UsageError
        It has none.
    """
    if isinstance(vector_field, HasLinearPart):
        return vector_field.linear_part()
    raise UsageError(
        f"`{method}` treats the linear part of a compiled model apart, and this vector field does not tell its own",
        help="compile a model, or take an adaptive method such as `dopri5`",
    )


def rest(
    vector_field: Field, linear: LinearPart, t: Amount, c: float, h: Amount, modes: Tensor, rates: Tensor
) -> Tensor:
    """Modes of ``N = field - L u`` at time ``t + c h`` for a state given by its modes and those of L u."""
    state = linear.state(modes)
    return linear.modes(vector_field(stage_time(t, c, h, state), state)) - rates


def against_modes(h: Amount) -> Amount:
    """A step in the shape that multiplies modes (B, P, m)."""
    return h.reshape(-1, 1, 1) if isinstance(h, Tensor) else h
