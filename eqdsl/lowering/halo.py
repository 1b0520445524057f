"""How far beyond the grid an expression is wanted, axis by axis."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """Ghost cells along one axis, and what reads them.

    Parameters
    ----------
    width : int
        Ghost cells on each side.
    closed : int
        Those of them, next to the wall, that stencils of the scheme read: the walls' polynomials fill them. Only a
        learned neighbourhood looks beyond; it sees a reflection.
    derivative : int
        Order of the derivative being taken, nested ones added up; it chooses the closure.
    """

    width: int = 0
    closed: int = 0
    derivative: int = 0


Halo = tuple[Reach, ...]


def no_halo(axes: int) -> Halo:
    """The grid itself."""
    return (Reach(),) * axes


def for_stencil(halo: Halo, axis: int, radius: int, derivative: int) -> Halo:
    """What the argument of a stencil needs."""
    found = halo[axis]
    wider = Reach(found.width + radius, found.closed + radius, found.derivative + derivative)
    return tuple(wider if i == axis else r for i, r in enumerate(halo))


def for_neighbourhood(halo: Halo, radius: int) -> Halo:
    """What the inputs of a learned term need that sees `radius` cells around each."""
    if not radius:
        return halo
    return tuple(Reach(r.width + radius) for r in halo)
