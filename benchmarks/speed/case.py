"""What is measured: one case, as plain data that goes to every worker."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Task = Literal["rate", "gradient", "rollout", "training", "pendulum"]


class Unsupported(Exception):
    """A peer cannot run a case; the text says why, and stands below the table."""


class PeerFailed(Exception):
    """A peer's environment cannot be made, or its process ended; one line says why, and stands below the table."""


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes
    ----------
    task : str
        ``rate``: one evaluation of the vector field. ``gradient``: one evaluation and its vector-Jacobian product with
        respect to state and parameters. ``rollout``: RK4 steps. ``training``: RK4 rollout, mean squared misfit of every
        step, gradient, Adam. ``pendulum``: the same with dopri5.
    problem : str
        A key of `PROBLEMS`.
    size : int
        Points along each axis.
    batch, steps : int
        Trajectories, and steps (frames for ``pendulum``).
    dtype : str
        ``float32`` or ``float64``.
    hidden : tuple of int
        Widths of the network's hidden layers.
    """

    task: Task
    problem: str
    size: int
    batch: int
    dtype: str
    steps: int = 0
    hidden: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """How the table calls it; also its key in the results."""
        parts = [self.problem]
        if self.size:
            parts.append(f"{self.batch} x {self.size}^{3 if self.problem == 'heat_3d' else 2}")
        else:
            parts.append(f"batch {self.batch}")
        if self.steps:
            parts.append(f"{self.steps} steps")
        if self.hidden:
            parts.append("hidden " + "-".join(map(str, self.hidden)))
        return ", ".join([*parts, self.dtype])

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Case:
        return Case(**{**data, "hidden": tuple(data["hidden"])})
