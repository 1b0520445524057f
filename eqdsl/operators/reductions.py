"""``integral(u)`` and ``mean(u)`` over the whole domain."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.source import Span
from eqdsl.model.expr import Reduction
from eqdsl.operators.base import Argument, Operator, Space, Value


class Reduce(Operator):
    """A number for the whole domain, the same at every point; of a vector by components.

    Parameters
    ----------
    name : str
        ``integral`` (sum times cell volume) or ``mean``.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.usage = f"{name}(u)"

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """A value that does not vary in space."""
        value = arguments[0].value
        return Value(tuple(Reduction(self.name, c) for c in value.components), value.vector)
