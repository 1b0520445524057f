"""Where a boundary condition holds: ends of axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eqdsl.analysis.constants import ConstantReader
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.model.model import Axis
from eqdsl.model.text import number_text
from eqdsl.syntax import nodes


@dataclass(frozen=True, slots=True)
class Side:
    """One end of one axis."""

    axis: Axis
    side: int

    @property
    def position(self) -> float:
        """Where it lies."""
        return self.axis.upper if self.side else self.axis.lower

    @property
    def text(self) -> str:
        """``x = 0``."""
        return f"{self.axis.name} = {number_text(self.position)}"


@dataclass(frozen=True)
class PlaceReader:
    """Reads what stands after ``at``; what is wrong goes to `problems`."""

    axes: tuple[Axis, ...]
    constants: ConstantReader
    problems: list[Diagnostic]

    def sides(self, statement: nodes.BoundaryCondition) -> Iterator[Side]:
        """The sides of a condition."""
        if not self.axes:
            self.problems.append(
                error(
                    "E0608",
                    "a boundary condition needs a space, this model has no axes",
                    statement.span,
                    "no walls",
                    help="declare one, for example `space x in [0, 1]`",
                )
            )
            return
        for place in statement.places:
            if place.position is None and place.name == "boundary":
                walls = [a for a in self.axes if not a.periodic]
                if not walls:
                    self.problems.append(
                        error(
                            "E0603",
                            "there is no boundary: every axis is periodic",
                            place.span,
                            "no walls",
                            help="leave out this condition, or `periodic` in `space`",
                        )
                    )
                yield from (Side(a, side) for a in walls for side in (0, 1))
            else:
                side = self._side(place)
                if side is not None:
                    yield side

    def _side(self, place: nodes.Place) -> Side | None:
        axis = next((a for a in self.axes if a.name == place.name), None)
        first = self.axes[0]
        example = f"`at {first.name} = {number_text(first.lower)}` or `at boundary`"
        if axis is None or place.position is None:
            what = f"`{place.name}` is not an axis" if axis is None else f"the position on `{place.name}` is missing"
            self.problems.append(error("E0602", what, place.span, "no place on the boundary", help=f"write {example}"))
            return None
        if axis.periodic:
            self.problems.append(
                error(
                    "E0603",
                    f"the axis `{axis.name}` is periodic and has no walls",
                    place.span,
                    "no wall",
                    help=f"leave out this place, or `periodic` after `{axis.name}` in `space`",
                )
            )
            return None
        value = self.constants.number(place.position, "the position of a wall")
        if value is None:
            return None
        tolerance = 1e-9 * (axis.upper - axis.lower)
        for side, end in enumerate((axis.lower, axis.upper)):
            if abs(value - end) <= tolerance:
                return Side(axis, side)
        ends = f"`{axis.name} = {number_text(axis.lower)}` and `{axis.name} = {number_text(axis.upper)}`"
        self.problems.append(
            error(
                "E0602",
                f"`{axis.name} = {number_text(value)}` is not an end of the axis",
                place.span,
                "not an end",
                help=f"its ends are {ends}",
            )
        )
        return None
