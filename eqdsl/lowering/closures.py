"""Ghost cells at a wall, as numbers.

A wall asks ``a*u + b*du/dn = g``. Ghost values come from the polynomial through the nearest points that also obeys
the wall. With P the polynomial through those points alone and N the one that vanishes at them,

    ghost_k = P(x_k) + kappa*N(x_k),      kappa = (g - a*P(wall) - b*P_n(wall)) / (a*N(wall) + b*N_n(wall)).

With `p` points for accuracy order p the ghosts are exact for polynomials of degree p, so that a second derivative
loses one order at the wall only, which parabolic and hyperbolic problems forgive (Gustafsson 1975). On nodes the
wall value of a Dirichlet condition is itself ghost 0: it replaces the stored one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy import Rational, prod

from eqdsl.lowering.stencils import weights_at


@dataclass(frozen=True, slots=True)
class Closure:
    """Numbers of one wall on unit spacing, in the order of distance from the wall.

    `strip` points next to the wall are replaced by ghosts (1 for Dirichlet on nodes). Row k of `extrapolation` and
    entry k of `correction` give ghost k, counted from the wall outward, from the nearest points and from kappa.
    """

    strip: int
    extrapolation: tuple[tuple[float, ...], ...]
    correction: tuple[float, ...]
    wall_value: tuple[float, ...]
    wall_slope: tuple[float, ...]
    correction_value: float
    correction_slope: float


@cache
def closure(order: int, width: int, position: str, dirichlet: bool) -> Closure:
    """The closure of accuracy `order` with `width` ghosts beyond the stored points.

    Parameters
    ----------
    position : str
        ``cells`` (the wall half a spacing beyond the first point) or ``nodes`` (the first point on the wall).
    dirichlet : bool
        Whether the wall gives the value itself; matters on nodes only.
    """
    strip = 1 if position == "nodes" and dirichlet else 0
    first = Rational(1, 2) if position == "cells" else Rational(strip)
    points = tuple(first + k for k in range(order))
    ghosts = tuple(first - 1 - k for k in range(width + strip))
    wall = Rational(0)

    def vanishing(x: Rational) -> Rational:
        return prod([x - point for point in points])

    # d/dx of a product; the outward normal points to negative x.
    slope = -sum(prod([wall - q for q in points if q != p]) for p in points)
    return Closure(
        strip=strip,
        extrapolation=tuple(tuple(float(w) for w in weights_at(points, g, 0)) for g in ghosts),
        correction=tuple(float(vanishing(g)) for g in ghosts),
        wall_value=tuple(float(w) for w in weights_at(points, wall, 0)),
        wall_slope=tuple(-float(w) for w in weights_at(points, wall, 1)),
        correction_value=float(vanishing(wall)),
        correction_slope=float(slope),
    )
