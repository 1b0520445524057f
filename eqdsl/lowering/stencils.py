"""Finite-difference weights, exact: SymPy's rationals turned into doubles at the very end.

Central weights for the m-th derivative at accuracy order p reach ``(m + 1)//2 - 1 + p/2`` points to each side.
Source: B. Fornberg, *Generation of finite difference formulas on arbitrarily spaced grids*, Math. Comp. 51 (1988),
as implemented by `sympy.finite_diff_weights`.
"""

from __future__ import annotations

from functools import cache

from sympy import Rational, finite_diff_weights


def weights_at(points: tuple[Rational, ...], place: Rational, derivative: int) -> tuple[Rational, ...]:
    """Weights of the `derivative`-th derivative at `place` of the polynomial through `points`."""
    return tuple(finite_diff_weights(derivative, list(points), place)[derivative][-1])


@cache
def central(derivative: int, order: int) -> tuple[float, ...]:
    """Weights of the central stencil on unit spacing, from the leftmost point to the rightmost."""
    radius = (derivative + 1) // 2 - 1 + order // 2
    points = tuple(Rational(k) for k in range(-radius, radius + 1))
    return tuple(float(w) for w in weights_at(points, Rational(0), derivative))


@cache
def staggered(derivative: int, order: int) -> tuple[float, ...]:
    """Weights at the middle of `order` points: interpolation to faces (derivative 0) or difference across them (1)."""
    half = Rational(1, 2)
    points = tuple(Rational(k) + half for k in range(-order // 2, order // 2))
    return tuple(float(w) for w in weights_at(points, Rational(0), derivative))
