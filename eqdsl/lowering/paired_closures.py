"""Ghost cells at a wall with two conditions, as numbers.

Each condition asks ``sum_k c_k*d^k u/dn^k = g``, k up to 3. With P the polynomial through the nearest points and N the
one that vanishes at them,

    ghost_k = P(x_k) + N(x_k)*(kappa_1 + kappa_2*(x_k - wall)),

where kappa solves both conditions. Through q points it is exact for polynomials of degree q + 1. A derivative of
order 4 loses ``4 + p - (q + 2)`` orders there and the solution none of them (Gustafsson 1975) if the condition itself
is met to order p: a third derivative of the polynomial needs one point more than the lower ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy import Poly, Rational, Symbol, prod

from eqdsl.lowering.stencils import weights_at

HIGHEST = 3
"""Highest normal derivative in a condition."""


@dataclass(frozen=True, slots=True)
class PairedClosure:
    """Numbers of one wall on unit spacing, in the order of distance from the wall.

    Parameters
    ----------
    strip : int
        Points next to the wall that are replaced by ghosts (1 where nodes have their value given).
    extrapolation, corrections : tuple of tuple of float
        Row k gives ghost k, counted from the wall outward, from the nearest points and from both kappas.
    wall, wall_corrections : tuple of tuple of float
        Row k gives the k-th derivative along the outward normal at the wall from the same.
    """

    strip: int
    extrapolation: tuple[tuple[float, ...], ...]
    corrections: tuple[tuple[float, float], ...]
    wall: tuple[tuple[float, ...], ...]
    wall_corrections: tuple[tuple[float, float], ...]


@cache
def paired_closure(order: int, width: int, position: str, given: bool, highest: int) -> PairedClosure:
    """The closure of accuracy `order` with `width` ghosts beyond the stored points.

    Parameters
    ----------
    position : str
        ``cells`` or ``nodes``.
    given : bool
        Whether one of the conditions gives the value.
    highest : int
        Highest derivative in the conditions.
    """
    strip = 1 if position == "nodes" and given else 0
    first = Rational(1, 2) if position == "cells" else Rational(strip)
    points = tuple(first + k for k in range(order + (highest == HIGHEST)))
    ghosts = tuple(first - 1 - k for k in range(width + strip))
    x = Symbol("x")
    vanishing = prod([x - point for point in points])
    both = (Poly(vanishing, x), Poly(x * vanishing, x))
    zero = Rational(0)
    return PairedClosure(
        strip=strip,
        extrapolation=tuple(tuple(float(w) for w in weights_at(points, g, 0)) for g in ghosts),
        corrections=tuple((float(both[0].eval(g)), float(both[1].eval(g))) for g in ghosts),
        # The outward normal points to negative x.
        wall=tuple(tuple((-1) ** k * float(w) for w in _weights(points, zero, k)) for k in range(HIGHEST + 1)),
        wall_corrections=tuple(
            (_derivative(both[0], k), _derivative(both[1], k)) for k in range(HIGHEST + 1)
        ),
    )  # fmt: skip


def _weights(points: tuple[Rational, ...], place: Rational, derivative: int) -> tuple[Rational, ...]:
    """As `weights_at`, where the polynomial may have too low a degree to have such a derivative."""
    if derivative >= len(points):
        return (Rational(0),) * len(points)
    return weights_at(points, place, derivative)


def _derivative(polynomial: Poly, k: int) -> float:
    """Its k-th derivative along the outward normal at the wall."""
    return float((-1) ** k * (polynomial.diff((polynomial.gen, k)) if k else polynomial).eval(0))
