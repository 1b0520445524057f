"""Methods of fixed step that hand more than the state from step to step, or whose steps can be undone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from torch import Tensor

from eqdsl.numerics.integrators.base import Counted, Field, Method, Task
from eqdsl.numerics.integrators.fixed_step import Carrier, Plan, march


class Carrying(Method):
    """A method of fixed step that is a `Carrier`."""

    @abstractmethod
    def carrier(self, vector_field: Field, initial: Tensor) -> Carrier:
        """What takes the steps of one rollout.

        Raises
        ------
        UsageError
            The vector field does not offer what the method needs.
        """

    def rollout(self, vector_field: Field, initial: Tensor, times: Tensor, task: Task) -> Iterator[Tensor]:
        """See `march`."""
        carrier = self.carrier(Counted(vector_field, task.effort), initial)
        return march(carrier, initial, Plan(times, initial, task), task)
