"""``dx(u)``, ``dxx(u)``, ``dxy(u)`` for the declared axes, and ``d(u, x, 4)``."""

from __future__ import annotations

from eqdsl.operators.base import Argument, Space, Value

LARGEST_ORDER = 8
"""Derivatives of higher order along one axis are refused: their stencils lose all digits on usual grids."""


def axes_of(name: str, axes: tuple[str, ...]) -> tuple[str, ...] | None:
    """The axes that a name such as ``dxxy`` differentiates along, or None when it is no such name.

    >>> axes_of("dxxy", ("x", "y"))
    ('x', 'x', 'y')
    >>> axes_of("dlonlat", ("lon", "lat"))
    ('lon', 'lat')
    """
    if not name.startswith("d") or len(name) == 1:
        return None
    return _split(name[1:], tuple(sorted(axes, key=len, reverse=True)))


def _split(text: str, axes: tuple[str, ...]) -> tuple[str, ...] | None:
    """Axis names that spell the text, the longest names first; None when there is no way."""
    ways: list[tuple[str, ...] | None] = [None] * len(text) + [()]
    for start in range(len(text) - 1, -1, -1):
        for axis in axes:
            rest = ways[start + len(axis)] if text.startswith(axis, start) else None
            if rest is not None:
                ways[start] = (axis, *rest)
                break
    return ways[0]


def along(argument: Argument, axes: tuple[str, ...], space: Space) -> Value:
    """The derivative along each of the axes in turn, by components."""
    components = []
    for component in argument.value.components:
        for axis in axes:
            component = space.derivative(component, axis)
        components.append(component)
    return Value(tuple(components), argument.value.vector)
