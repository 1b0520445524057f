"""Ghost cells at a wall, as numbers.

A wall asks ``a*u + b*du/dn = g``. With P the polynomial through the p points nearest to the wall (p the accuracy
order) and N the one that vanishes at them,

    ghost_k = P(x_k) + theta_k*kappa*N(x_k),    kappa = (g - a*P(wall) - b*P_n(wall)) / (a*N(wall) + b*N_n(wall)).

With theta = 1 the ghosts are exact for polynomials of degree p, so that a second derivative loses one order at the
wall only, which parabolic and hyperbolic problems forgive (Gustafsson 1975). First derivatives need another theta:
see `FIRST_DERIVATIVE`. Any theta is exact for degree p - 1. On nodes the wall value of a Dirichlet condition is itself
ghost 0: it replaces the stored one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sympy import Rational, prod

from eqdsl.lowering.stencils import weights_at

FIRST_DERIVATIVE: dict[tuple[int, str, str], tuple[Rational, ...]] = {
    # Order 2: odd about a given value, as summation by parts wants it; otherwise the mirror that theta = 1 gives.
    (2, "cells", "dirichlet"): (Rational(3, 4),),
    (2, "nodes", "dirichlet"): (Rational(2, 3),),
    # Order 4, cells: the middle of the regions without growing modes, found by a scan of spectra.
    (4, "cells", "dirichlet"): (Rational(9, 10), Rational(73, 100)),
    (4, "cells", "robin"): (Rational(9, 10), Rational(73, 100)),
    (4, "cells", "neumann"): (Rational(4, 5), Rational(9, 10)),
    # Order 4, nodes: ghost 1 continues the cubic through the wall's own point, whatever the wall gives, so that every
    # kind reflects alike. Ghost 2 makes the derivative on the wall the given one, or keeps its modes from growing.
    (4, "nodes", "dirichlet"): (Rational(4, 5), Rational(3, 10)),
    (4, "nodes", "robin"): (Rational(0), Rational(-3, 5)),
    (4, "nodes", "neumann"): (Rational(0), Rational(-3, 5)),
}
"""theta of the ghosts, from the wall outward, for a first derivative: order, position and kind of wall. 1 if absent.

`tests/lowering/test_stability.py` holds the spectra; `docs/architecture.md` says what was measured.
"""


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
def closure(order: int, width: int, position: str, kind: str, derivative: int = 0) -> Closure:
    """The closure of accuracy `order` with `width` ghosts beyond the stored points.

    Parameters
    ----------
    position : str
        ``cells`` (the wall half a spacing beyond the first point) or ``nodes`` (the first point on the wall).
    kind : str
        ``dirichlet``, ``neumann`` or ``robin``.
    derivative : int
        The derivative that reads the ghosts.
    """
    strip = 1 if position == "nodes" and kind == "dirichlet" else 0
    first = Rational(1, 2) if position == "cells" else Rational(strip)
    points = tuple(first + k for k in range(_points(order, strip, derivative)))
    ghosts = tuple(first - 1 - k for k in range(width + strip))
    chosen = FIRST_DERIVATIVE.get((order, position, kind), ()) if derivative == 1 else ()
    theta = (*(Rational(1),) * strip, *(chosen or (Rational(1),) * width))
    wall = Rational(0)

    def vanishing(x: Rational) -> Rational:
        return prod([x - point for point in points])

    # d/dx of a product; the outward normal points to negative x.
    slope = -sum(prod([wall - q for q in points if q != p]) for p in points)
    return Closure(
        strip=strip,
        extrapolation=tuple(tuple(float(w) for w in weights_at(points, g, 0)) for g in ghosts),
        correction=tuple(float(t * vanishing(g)) for t, g in zip(theta, ghosts, strict=True)),
        wall_value=tuple(float(w) for w in weights_at(points, wall, 0)),
        wall_slope=tuple(-float(w) for w in weights_at(points, wall, 1)),
        correction_value=float(vanishing(wall)),
        correction_slope=float(slope),
    )


def _points(order: int, strip: int, derivative: int) -> int:
    """Points that the polynomial passes through: as many as the order, but for two cases.

    A third derivative needs one more to keep the order. Beside a given value on nodes order 6 takes one less: with six
    the spectrum of the second derivative has imaginary parts (0.1 of its size), with five it is real, and a given value
    forgives the order.
    """
    if derivative >= 3:
        return order + 1
    return order - 1 if order == 6 and strip else order


@cache
def reflection(layer: int, position: str) -> Closure:
    """Ghost number `layer` by reflection at the wall, once the ones before it are filled.

    The ghost is ``u + kappa`` with u its mirror image, d spacings away: the wall's value is the mean of both and its
    slope ``kappa/d``. So it is even plus the slope for Neumann, odd about the value for Dirichlet, and for Robin in
    between: the image's weight is ``(2*b - a*d)/(2*b + a*d)``, at most 1 in size where a and b have one sign.
    """
    distance = 2 * layer + (1 if position == "cells" else 2)
    image = (0.0,) * (distance - 1) + (1.0,)
    return Closure(
        strip=0,
        extrapolation=(image,),
        correction=(1.0,),
        wall_value=image,
        wall_slope=(0.0,) * distance,
        correction_value=0.5,
        correction_slope=1.0 / distance,
    )
