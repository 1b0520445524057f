"""How an integration can end early, and what to do then."""

from __future__ import annotations

from enum import Enum

from torch import Tensor

from eqdsl.core.errors import ComputationError


class Reason(Enum):
    """Why an integration stopped; the value is the advice."""

    NOT_FINITE = "look for a division by zero, a logarithm or a root of a negative number in the equations"
    BLOW_UP = "take a smaller step, or look for a sign that makes a term grow"
    STEP_UNDERFLOW = "the equation is stiff or jumps here; take a larger tolerance or a coarser grid"
    TOO_MANY_STEPS = "the equation is stiff; take a larger tolerance, a coarser grid or a shorter time"
    NO_CONVERGENCE = "take a smaller step"


class IntegrationFailure(ComputationError):
    """An integration stopped before its last time.

    Parameters
    ----------
    message : str
        What happened, in words.
    reason : Reason
    time : float
        Time of the last good state.
    state : Tensor, optional
        The last good state, detached: (B, *S), or that of one trajectory, (1, *S).
    trajectory : int, optional
        Whose state it is, if of one.
    """

    def __init__(
        self, message: str, *, reason: Reason, time: float, state: Tensor | None = None, trajectory: int | None = None
    ) -> None:
        super().__init__(message, help=reason.value)
        self.reason = reason
        self.time = time
        self.state = state
        self.trajectory = trajectory
