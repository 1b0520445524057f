"""Where a kernel finds the rows of a value: in the array itself, or among its ghosts.

Ghosts along the last axis are never stored: they are part of the text. Those along the other axes of an axis with walls
are rows of their own, filled before the points are computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from eqdsl.lowering.fused.plan import FILLS, Plan


class Memory:
    """The rows of all array leaves and of their fills.

    Parameters
    ----------
    plan : Plan
    line : int, optional
        The axis along which the text of a kernel has a loop, with its ends apart: default the last. The number of axes
        stands for none.
    """

    def __init__(self, plan: Plan, line: int | None = None) -> None:
        self.plan = plan
        self.line = plan.last if line is None else line
        self._row = prod(plan.sizes[self.line :])
        self.stored = [f for f in sorted(plan.bulk) if self._stored(f)]
        self._offsets: dict[int, int] = {}
        self.size = 0
        for fill in self.stored:
            self._offsets[fill] = self.size
            self.size += sum(len(r.weights) for r in plan.rows(fill)) * prod(self.others(fill)) * self._row

    def _stored(self, fill: int) -> bool:
        plan = self.plan
        step = plan.steps[fill]
        return step.operation in FILLS and step.operation != "wrap" and plan.fill_axis(fill) != self.line

    def leaf(self, number: int) -> int:
        """The array that a value is or fills."""
        while self.plan.steps[number].operation in FILLS:
            number = self.plan.steps[number].inputs[0]
        return number

    def chain(self, number: int) -> list[int]:
        """A value and what it fills, down to the array."""
        found = [number]
        while self.plan.steps[found[-1]].operation in FILLS:
            found.append(self.plan.steps[found[-1]].inputs[0])
        return found

    def other_axes(self, fill: int) -> list[int]:
        """The axes with rows, but for the one filled."""
        return [a for a in range(self.line) if a != self.plan.fill_axis(fill)]

    def others(self, fill: int) -> list[int]:
        """Points of the ghost rows along the other axes."""
        extent = self.plan.extents[self.plan.steps[fill].inputs[0]]
        return [self.plan.sizes[a] + extent.extra[a] for a in self.other_axes(fill)]

    def ghost(self, fill: int, side: int, layer: str, indices: list[str]) -> str:
        """Where a ghost row begins among the ghosts of a trajectory."""
        lower = len(self.plan.rows(fill)[0].weights)
        place = f"({layer})" if side == 0 else f"({lower} + {layer})"
        extent = self.plan.extents[self.plan.steps[fill].inputs[0]]
        for axis, size in zip(self.other_axes(fill), self.others(fill), strict=True):
            place = f"({place}*{size} + {indices[axis]} + {extent.shift[axis]})"
        return f"{self._offsets[fill]} + {place}" + (f"*{self._row}" if self._row > 1 else "")

    def functions(self, name: str, type_: str, zero: bool = False) -> Iterator[str]:
        """Functions that find a row by its raw indices, one per array leaf and fill along an axis with rows.

        Raw indices beyond what is stored are met only where the result is multiplied by zero: they give the nearest
        row, or with `zero` the row of zeros `Z`.
        """
        plan = self.plan
        indices = [f"i{a}" for a in range(plan.last)]
        known = ", ".join([f"{type_}*A", f"{type_}*G", *(f"long {i}" for i in indices)])
        for leaf in plan.leaves:
            yield f"static inline {type_}* {name}_{leaf}({known}) {{\n{self._array(leaf, indices)}}}\n"
        for fill in sorted(f for f in plan.bulk if plan.steps[f].operation in FILLS):
            if plan.fill_axis(fill) != plan.last:
                yield f"static inline {type_}* {name}_{fill}({known}) {{\n{self._fill(fill, name, indices)}}}\n"

    def _array(self, leaf: int, indices: list[str]) -> str:
        plan, text = self.plan, ""
        extent, sizes = plan.extents[leaf], plan.shape(leaf)
        place = "0L"
        for axis, i in enumerate(indices):
            n, shift = plan.sizes[axis], extent.shift[axis]
            first, end = -shift, sizes[axis] - shift
            below, above = (f"{i} + {n}", f"{i} - {n}") if plan.periodic(axis) else (str(first), str(end - 1))
            text += f"  {i} = {i} < {first} ? {below} : {i} >= {end} ? {above} : {i};\n"
            place = f"({place}*{sizes[axis]} + {i} + {shift})"
        return text + f"  return A + {place}*{sizes[plan.last]} + {extent.shift[plan.last]};\n"

    def _fill(self, fill: int, name: str, indices: list[str]) -> str:
        plan, axis = self.plan, self.plan.fill_axis(fill)
        inner = f"  return {name}_{plan.steps[fill].inputs[0]}({', '.join(['A', 'G', *indices])});\n"
        if plan.steps[fill].operation == "wrap":
            return inner
        first, beyond = plan.kept(fill)
        lower, upper = (len(r.weights) for r in plan.rows(fill))
        i, end = indices[axis], plan.sizes[axis] + beyond
        text = ""
        for side, count, condition, layer in (
            (0, lower, f"{i} < {first}", f"{first - 1} - {i}"),
            (1, upper, f"{i} >= {end}", f"{i} - {end}"),
        ):
            if count:
                held = f"({layer} < {count} ? {layer} : {count - 1})"
                text += f"  if ({condition}) return G + {self.ghost(fill, side, held, indices)};\n"
        return text + inner
