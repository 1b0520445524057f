"""Shu and Osher's third-order method: each step is a convex combination of Euler steps, so it keeps the bounds that
Euler keeps (strong stability preserving, coefficient 1)."""

from __future__ import annotations

from eqdsl.numerics.integrators.explicit import ExplicitTableau

SSPRK3 = ExplicitTableau(
    name="ssprk3", order=3, a=((), (1.0,), (0.25, 0.25)), b=(1 / 6, 1 / 6, 2 / 3), c=(0.0, 1.0, 0.5), reach=2.5127
)
