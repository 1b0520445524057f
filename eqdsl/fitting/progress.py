"""Where a fit stands: everything a trainer counts, so that a resumed fit goes on as if it had never stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from eqdsl.numerics.integrators.integrate import Memory


@dataclass
class Progress:
    """Counters of a fit.

    Parameters
    ----------
    multiplier : float
        Weight of the misfit against the norm of the learned terms.
    stage, step, began : str, int, float
        Stage, steps taken in it, and seconds after which it began.
    over : bool
        The stage ended before its steps did.
    epoch : int
        Epochs of all stages.
    seconds : float
        Wall-clock time of all sessions.
    horizon, windows, substeps : int
        Of the present batches.
    memory : str
        What their rollouts keep for gradients.
    best, best_epoch, best_substeps : float, int, int
        Smallest validation misfit, its epoch, and the substeps it was measured with.
    bar : float
        Validation misfit that the next best one has to stay below.
    reference, stale : float, int
        Validation misfit that the next one has to beat clearly, and epochs in which none did.
    loss_unit : float
        Loss at the start of the polish; 0 before.
    rate_scale : float
        Factor on the learning rates after bad steps.
    limit : int or None
        Longest horizon after bad steps.
    bad : int
        Bad steps in a row.
    """

    multiplier: float
    stage: str
    step: int = 0
    began: float = 0.0
    over: bool = False
    epoch: int = 0
    seconds: float = 0.0
    horizon: int = 0
    windows: int = 0
    substeps: int = 1
    memory: Memory = "stored"
    best: float = math.inf
    best_epoch: int = 0
    best_substeps: int = 1
    bar: float = math.inf
    reference: float = math.inf
    stale: int = 0
    loss_unit: float = 0.0
    rate_scale: float = 1.0
    limit: int | None = None
    bad: int = 0

    def as_tree(self) -> dict[str, Any]:
        """Plain numbers and texts."""
        return asdict(self)

    @staticmethod
    def from_tree(tree: Mapping[str, Any]) -> Progress:
        """The inverse of `as_tree`."""
        return Progress(**tree)


@dataclass
class Tally:
    """Sums over the good steps of an epoch."""

    steps: int = 0
    bad: int = 0
    misfit: float = 0.0
    penalty: float = 0.0
    norms: dict[str, float] = field(default_factory=dict)

    def add(self, misfit: float, penalty: float, norms: Mapping[str, float]) -> None:
        """Count one good step."""
        self.steps += 1
        self.misfit += misfit
        self.penalty += penalty
        for name, norm in norms.items():
            self.norms[name] = self.norms.get(name, 0.0) + norm

    def mean(self, total: float) -> float:
        """Mean of a sum over the good steps; NaN when there was none."""
        return total / self.steps if self.steps else math.nan

    def shares(self) -> dict[str, float]:
        """Rms of each learned output in units of its scale: its share of the data's own rate of change."""
        return {name: math.sqrt(self.mean(norm)) for name, norm in self.norms.items()}
