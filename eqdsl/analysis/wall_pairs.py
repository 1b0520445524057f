"""The conditions of each side together: how many there are, and whether they say different things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eqdsl.analysis.wall_needs import Need, Needs
from eqdsl.analysis.wall_sides import PlacedCondition
from eqdsl.analysis.wall_values import Key
from eqdsl.boundary.base import present
from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.model.expr import Const, Expr
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Axis
from eqdsl.model.text import number_text

COUNTS = ("no", "one", "two", "three")

PARTNERS: dict[int, tuple[str, ...]] = {
    0: ("dn({u})", "{second}"),
    1: ("dn({second})",),
    2: ("{u}", "dn({second})"),
    3: ("dn({u})", "{second}"),
}
"""What one writes beside a condition, by its highest derivative."""


@dataclass
class PairChecker:
    """Gathers the conditions of a model side by side; what is wrong goes to `problems`."""

    axes: tuple[Axis, ...]
    needs: Needs
    facts: FactTable
    problems: list[Diagnostic]
    found: dict[Key, list[PlacedCondition]] = field(default_factory=dict)

    def add(self, placed: PlacedCondition) -> None:
        """One more condition of a side, if it may have one more."""
        condition = placed.condition
        key = (condition.channel, condition.axis, condition.side)
        need = self.needs.get(key[:2], Need())
        there = self.found.setdefault(key, [])
        if condition.highest > 1 and need.most == 1:
            self._too_high(placed)
        elif len(there) == need.most:
            self._too_many(placed, there)
        elif there and _same(there[0].condition.coefficients, condition.coefficients):
            self._same(placed, there[0])
        else:
            there.append(placed)

    def conclude(self) -> Mapping[Key, Sequence[PlacedCondition]]:
        """The conditions by side, once every statement is read."""
        for (channel, axis), need in self.needs.items():
            sides = [self.found.get((channel, axis, side), []) for side in (0, 1)]
            counts = (len(sides[0]), len(sides[1]))
            if need.order == 3:
                single = [there[0] for there in sides if len(there) == 1]
                if not need.allows(counts):
                    self._third(channel, axis, need, counts)
                elif single[0].condition.highest > 1:
                    self._single_too_high(single[0])
            else:
                for side, there in enumerate(sides):
                    if len(there) == 1:
                        self._missing(channel, axis, side, there[0], need)
        for key, there in self.found.items():
            for placed in there:
                self._along(placed, [p for p in there if p is not placed], key)
        return {key: there for key, there in self.found.items() if there}

    # -------------------------------------------------------------------------------------------------- messages

    def _place(self, axis: str, side: int) -> str:
        found = next(a for a in self.axes if a.name == axis)
        return f"{axis} = {number_text(found.upper if side else found.lower)}"

    def _too_high(self, placed: PlacedCondition) -> None:
        condition = placed.condition
        self.problems.append(
            error(
                "E0614",
                f"a condition on a derivative of order {condition.highest}, where none above order 2 is taken",
                placed.span,
                f"order {condition.highest}",
                note="such a condition is the second one of a side, for derivatives of order 3 and 4 along the axis",
                help=f"write `bc {condition.channel} = …` or `bc dn({condition.channel}) = …`",
            )
        )

    def _single_too_high(self, placed: PlacedCondition) -> None:
        channel = placed.condition.channel
        self.problems.append(
            error(
                "E0614",
                f"the only condition on `{channel}` at "
                f"`{self._place(placed.condition.axis, placed.condition.side)}` is on a derivative of order "
                f"{placed.condition.highest}",
                placed.span,
                f"order {placed.condition.highest}",
                note="built is a condition on the value or the slope there",
                help=f"write `bc {channel} = …` or `bc dn({channel}) = …`",
            )
        )

    def _too_many(self, placed: PlacedCondition, there: Sequence[PlacedCondition]) -> None:
        condition, count = placed.condition, COUNTS[len(there) + 1]
        self.problems.append(
            error(
                "E0604",
                f"`{condition.channel}` has {count} conditions at `{self._place(condition.axis, condition.side)}`",
                placed.statement,
                {"two": "second", "three": "third"}[count],
                second=Label(there[0].statement, "first"),
                help="keep one condition per state and side" if len(there) == 1 else "keep two of them",
            )
        )

    def _same(self, placed: PlacedCondition, first: PlacedCondition) -> None:
        condition = placed.condition
        self.problems.append(
            error(
                "E0615",
                f"both conditions on `{condition.channel}` at `{self._place(condition.axis, condition.side)}` "
                "are about the same quantity",
                placed.statement,
                "second",
                second=Label(first.statement, "first"),
                help=self._partner(condition.channel, condition.axis, condition.side, first),
            )
        )

    def _missing(self, channel: str, axis: str, side: int, there: PlacedCondition, need: Need) -> None:
        self.problems.append(
            error(
                "E0616",
                f"`{channel}` has one condition at `{self._place(axis, side)}` and needs two",
                there.statement,
                "one condition",
                second=Label(need.span, f"order {need.order} along `{axis}`"),
                help=self._partner(channel, axis, side, there),
            )
        )

    def _partner(self, channel: str, axis: str, side: int, there: PlacedCondition) -> str:
        place, second = self._place(axis, side), f"d{axis}{axis}({channel})"
        texts = [t.format(u=channel, second=second) for t in PARTNERS[there.condition.highest]]
        return "add " + " or ".join(f"`bc {t} = 0 at {place}`" for t in texts)

    def _third(self, channel: str, axis: str, need: Need, counts: tuple[int, int]) -> None:
        double = 1 if need.double is None else need.double
        lower, upper = self._place(axis, 0), self._place(axis, 1)
        wanted = (2, 1) if double == 0 else (1, 2)
        one, two = (upper, lower) if double == 0 else (lower, upper)
        sides = f"one condition at `{one}` and two at `{two}`"
        wrong = any(c > w for c, w in zip(counts, wanted, strict=True)) and need.double is not None
        either = "" if need.double is not None else ", or the other way round"
        self.problems.append(
            error(
                "E0617",
                f"a third derivative of `{channel}` needs {sides}{either}",
                need.span,
                f"{COUNTS[counts[0]]} at `{lower}`, {COUNTS[counts[1]]} at `{upper}`",
                note="with two conditions at the other end modes grow, the faster the finer the grid"
                if wrong
                else None,
                help=f"write `bc {channel} = 0 at boundary` and `bc dn({channel}) = 0 at {two}`",
            )
        )

    # ---------------------------------------------------------------------------------- derivatives along the wall

    def _along(self, placed: PlacedCondition, others: Sequence[PlacedCondition], key: Key) -> None:
        """Derivatives along the wall, as ``dyy(u)`` in ``lap(u)`` at ``x = 0``: they must follow from the other one."""
        for order, axis in placed.along:
            if not any(self._fixes(other, order, axis) for other in others):
                condition = placed.condition
                quantity = condition.channel if order == 0 else f"dn({condition.channel})"
                second = f"d{condition.axis}{condition.axis}({condition.channel})"
                self.problems.append(
                    error(
                        "E0618",
                        f"the derivative along `{axis}` in this condition is not known at "
                        f"`{self._place(condition.axis, condition.side)}`",
                        placed.span,
                        "varies along the wall",
                        note=f"it is 0 where the other condition makes `{quantity}` the same all along the wall",
                        help=f"write the derivative along the normal alone, `{second}` or `dn({second})`",
                    )
                )

    def _fixes(self, other: PlacedCondition, order: int, axis: str) -> bool:
        condition = other.condition
        parts = (*condition.coefficients, condition.value)
        alone = present(condition.coefficients) == (order,)
        return alone and not any(axis in self.facts.of(e).axes for e in parts)


def _same(first: Sequence[Expr], second: Sequence[Expr]) -> bool:
    """Whether two conditions give the same combination of derivatives, as far as their numbers tell."""
    if present(first) != present(second):
        return False
    if len(present(first)) == 1:
        return True
    numbers = [
        (a.value, b.value) for a, b in zip(first, second, strict=True) if isinstance(a, Const) and isinstance(b, Const)
    ]
    if len(numbers) < len(first):
        return False
    return all(a * d == b * c for a, b in numbers for c, d in numbers)
