"""Collects steps; equal steps are stored once (value numbering)."""

from __future__ import annotations

from dataclasses import dataclass

from eqdsl.lowering.program import Step


@dataclass(frozen=True, slots=True)
class Value:
    """A step's result: its number and the axes along which it varies (others have size 1)."""

    number: int
    axes: frozenset[int]


class Builder:
    """A growing list of steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._numbers: dict[Step, int] = {}

    def add(
        self, operation: str, inputs: tuple[Value, ...] = (), *attributes: object, axes: frozenset[int] | None = None
    ) -> Value:
        """The value of a step; `axes` is where it varies, the union of its inputs' when not said."""
        step = Step(operation, tuple(v.number for v in inputs), attributes)
        number = self._numbers.get(step)
        if number is None:
            number = self._numbers[step] = len(self.steps)
            self.steps.append(step)
        if axes is None:
            axes = frozenset[int]().union(*(v.axes for v in inputs))
        return Value(number, axes)

    def constant(self, value: float) -> Value:
        """A number."""
        return self.add("constant", (), value, axes=frozenset())

    def apply(self, function: str, *inputs: Value) -> Value:
        """A pointwise function of values."""
        return self.add("pointwise", inputs, function)

    def is_constant(self, value: Value, number: float) -> bool:
        """Whether a value is that number."""
        return self.steps[value.number] == Step("constant", (), (number,))
