"""Problems with derivatives of order 3 and 4 between walls: texts, steady manufactured values, closed forms."""

from __future__ import annotations

import math

from eqdsl.lowering.vector_field import VectorField
from tests.lowering.hyperbolic import compiled
from tests.lowering.manufactured import EXACT, PHASE, WAVE

PAIRS = {
    "clamped": ("u", "dn(u)"),
    "supported": ("u", "dxx(u)"),
    "no flux": ("dn(u)", "dn(lap(u))"),
    "free": ("lap(u)", "dn(dxx(u))"),
    "value and shear": ("u", "dn(dxx(u))"),
    "slope and moment": ("dn(u)", "dxx(u)"),
    "leak, no flux": ("dn(u) + 2*u", "dn(lap(u))"),
    "sprung hinge": ("u", "dxx(u) + 2*dn(u)"),
}
"""Both left sides of a wall; no energy enters through any of them when the right sides are 0."""

THIRD = {
    "u | u, dn(u)": (("u",), ("u", "dn(u)")),
    "u | dn(u), dxx(u)": (("u",), ("dn(u)", "dxx(u)")),
    "dn(u) | dn(u), dxx(u)": (("dn(u)",), ("dn(u)", "dxx(u)")),
    "u | u, dxx(u)": (("u",), ("u", "dxx(u)")),
}
"""Left sides at both ends, for ``dt(u) = -dxxx(u)``."""


def derivative(order: int, x: float) -> float:
    """A derivative of `EXACT`."""
    return WAVE**order * math.sin(WAVE * x + PHASE + order * math.pi / 2)


VALUES = {
    "u": lambda x, n: derivative(0, x),
    "dn(u)": lambda x, n: n * derivative(1, x),
    "dxx(u)": lambda x, n: derivative(2, x),
    "lap(u)": lambda x, n: derivative(2, x),
    "dn(lap(u))": lambda x, n: n * derivative(3, x),
    "dn(dxx(u))": lambda x, n: n * derivative(3, x),
    "dn(u) + 2*u": lambda x, n: n * derivative(1, x) + 2 * derivative(0, x),
    "dxx(u) + 2*dn(u)": lambda x, n: derivative(2, x) + 2 * n * derivative(1, x),
}
"""What `EXACT` gives for each left side, n the outward normal."""


def walls(lower: tuple[str, ...], upper: tuple[str, ...], exact: bool) -> str:
    """The conditions at 0 and 1, homogeneous or with the values of `EXACT`."""
    return "".join(
        f"bc {left} = {VALUES[left](x, n) if exact else 0.0!r} at x = {x:g}\n"
        for side, x, n in ((lower, 0.0, -1), (upper, 1.0, 1))
        for left in side
    )


def fourth(rate: str, pair: tuple[str, str], order: int, position: str, points: int) -> VectorField:
    """A linear problem with homogeneous walls."""
    return compiled(f"state u(x)\ndt(u) = {rate}\n" + walls(pair, pair, False), order, position, points)


def steady(
    rate: str, source: str, sides: tuple[tuple[str, ...], ...], order: int, position: str, points: int
) -> VectorField:
    """``rate`` less what it is for `EXACT`, with the walls' values of `EXACT`."""
    body = f"state u(x)\nlet source = {source}\ndt(u) = {rate} - source\n" + walls(sides[0], sides[1], True)
    return compiled(body, order, position, points)


BEAM_SOURCE = f"-({WAVE}^4 + 1)*{EXACT}"
KDV_SOURCE = f"{WAVE}^3*cos({WAVE}*x + {PHASE}) - {EXACT}"
