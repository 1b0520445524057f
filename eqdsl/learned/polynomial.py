"""Exact algebra of polynomials in several variables: what turns scaled weights into physical coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb

Exponents = tuple[int, ...]
Polynomial = dict[Exponents, float]
"""Coefficient by exponents: ``{(2, 1): 3.0}`` is ``3 x^2 y``."""


def exponents_up_to(inputs: int, degree: int) -> list[Exponents]:
    """Exponents of all monomials of total degree up to `degree`: by degree, the first variable first."""
    found = []
    for total in range(degree + 1):
        for chosen in combinations_with_replacement(range(inputs), total):
            found.append(tuple(chosen.count(i) for i in range(inputs)))
    return found


def scaled(polynomial: Polynomial, factor: float) -> Polynomial:
    """``factor * p``."""
    return {e: factor * c for e, c in polynomial.items()}


def added(left: Polynomial, right: Polynomial) -> Polynomial:
    """``p + q``."""
    total = dict(left)
    for exponents, coefficient in right.items():
        total[exponents] = total.get(exponents, 0.0) + coefficient
    return total


def multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    """``p * q``."""
    total: Polynomial = {}
    for e, a in left.items():
        for f, b in right.items():
            key = tuple(i + j for i, j in zip(e, f, strict=True))
            total[key] = total.get(key, 0.0) + a * b
    return total


def substituted(polynomial: Polynomial, slope: Sequence[float], shift: Sequence[float]) -> Polynomial:
    """``p(z)`` with ``z_i = slope_i * x_i + shift_i``, expanded by the binomial theorem."""
    total: Polynomial = {}
    for exponents, coefficient in polynomial.items():
        product: Polynomial = {tuple(0 for _ in exponents): coefficient}
        for i, power in enumerate(exponents):
            product = multiplied(product, _binomial(i, power, len(exponents), slope[i], shift[i]))
        total = added(total, product)
    return total


def _binomial(variable: int, power: int, variables: int, slope: float, shift: float) -> Polynomial:
    """``(slope * x_variable + shift)^power``; terms that vanish are left out."""
    terms: Polynomial = {}
    for k in range(power + 1):
        coefficient = comb(power, k) * slope**k * shift ** (power - k)
        if coefficient:
            terms[tuple(k if i == variable else 0 for i in range(variables))] = coefficient
    return terms
