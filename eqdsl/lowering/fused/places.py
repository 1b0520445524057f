"""Places at which a kernel's text evaluates values, and the blocks of statements it is made of.

A place gives each axis a raw index: ``("i", 2)`` is two beyond the loop's own index, ``("0", -1)`` the first ghost
below, ``("n", 0)`` the first one above.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import count

from eqdsl.lowering.fused.extents import Extent, Unsupported
from eqdsl.lowering.fused.plan import Plan

Index = tuple[str, int]
Place = tuple[Index, ...]

HERE: Index = ("i", 0)


def moved(place: Place, axis: int, offset: int) -> Place:
    """The place `offset` points further along an axis."""
    return at_index(place, axis, (place[axis][0], place[axis][1] + offset))


def at_index(place: Place, axis: int, index: Index) -> Place:
    """The place with another index along an axis."""
    return tuple(index if i == axis else p for i, p in enumerate(place))


def inside(extent: Extent, place: Place, plan: Plan) -> bool:
    """Whether a value is defined at a place, as far as that is known before the kernel runs.

    The loops' own indices count as inside: where they are not, what is read there is multiplied by zero or
    left out.
    """
    for axis, (base, offset) in enumerate(place):
        if axis not in extent.axes or plan.periodic(axis):
            continue
        if base == "0" and offset < -extent.shift[axis]:
            return False
        if base == "n" and offset >= extent.above(axis):
            return False
    return True


def wrapped(index: Index) -> Index:
    """An index on a periodic axis, within the grid where it is known."""
    base, offset = index
    if base == "0" and offset < 0:
        return ("n", offset)
    if base == "n" and offset >= 0:
        return ("0", offset)
    return index


def index_text(index: Index, axis: int, plan: Plan) -> str:
    """The raw index in C.

    Raises
    ------
    Unsupported
        The axis has so few points that both walls are near, or that it is gone around more than once.
    """
    base, offset = index
    n = plan.sizes[axis]
    if base == "i":
        if plan.periodic(axis) and abs(offset) > n:
            raise Unsupported(f"{n} points along `{plan.grid.axes[axis].name}` are too few")
        return f"i{axis}" if not offset else f"(i{axis} {'+' if offset > 0 else '-'} {abs(offset)})"
    if (base == "0" and offset >= n) or (base == "n" and offset < -n):
        raise Unsupported(f"{n} points along `{plan.grid.axes[axis].name}` are too few")
    return str(offset if base == "0" else n + offset)


class Block:
    """Statements in order, each naming a value; equal values are named once, here or in the enclosing block."""

    def __init__(self, outer: Block | None = None) -> None:
        self._names: Iterator[int] = outer._names if outer is not None else count()
        self._outer = outer
        self._known: dict[Hashable, str] = {}
        self.statements: list[str] = []

    def find(self, key: Hashable) -> str | None:
        """The name of a value that has one."""
        found = self._known.get(key)
        return found if found is not None or self._outer is None else self._outer.find(key)

    def declare(self, key: Hashable, type_: str, text: str) -> str:
        """Name a value."""
        name = f"{'p' if '*' in type_ else 'x'}{next(self._names)}"
        self.statements.append(f"{type_} {name} = {text};")
        self._known[key] = name
        return name

    def add(self, statement: str) -> None:
        """A statement that names nothing."""
        self.statements.append(statement)

    def know(self, key: Hashable, text: str) -> None:
        """A value that needs no name of its own."""
        self._known[key] = text

    def inner(self) -> Block:
        """A block within this one."""
        return Block(self)
