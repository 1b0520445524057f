"""torchdiffeq's adaptive methods behind our interface."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from eqdsl.numerics.integrators.base import Field, Method, Task


@dataclass(frozen=True)
class TorchdiffeqMethod(Method):
    """A method of torchdiffeq that chooses its steps from the tolerances, the same steps for all trajectories.

    Parameters
    ----------
    name, order
        As in `Method`.
    theirs : str
        Its name in torchdiffeq.
    """

    name: str
    order: int
    theirs: str
    fixed_step = False

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """See `eqdsl.numerics.integrators.torchdiffeq_engine`."""
        # torchdiffeq loads SciPy; a run of fixed steps need not wait for it.
        from eqdsl.numerics.integrators.torchdiffeq_engine import rollout_adaptive

        return rollout_adaptive(
            vector_field, self.theirs, initial, times, rtol=task.rtol, atol=task.atol, max_steps=task.max_steps,
            effort=task.effort,
        )  # fmt: skip
