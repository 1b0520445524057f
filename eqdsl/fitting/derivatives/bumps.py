"""Test functions of the weak form: bumps of compact support in time, and averages over neighbouring points."""

from __future__ import annotations

import numpy as np

DEGREE = 5
"""Polynomials up to this degree, or the radius of a bump where that is less, are integrated exactly."""
GAUSS = 8
"""Points of the quadrature that gives exact integrals of a bump times a polynomial."""


def bump_weights(times: np.ndarray, radius: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of a series x in ``int phi x dt``, ``int phi' x dt`` and ``int phi'' x dt``, for every bump.

    The bump with the centre c is ``phi = (1 - s^2)^3`` over the frames ``c - radius … c + radius``, with ``s = -1`` at
    the first and 1 at the last one, and has the integral 1. The weights are those of the trapezoidal rule plus the
    least change, in squares, that makes them exact for polynomials: at equal spacing almost none, since all
    derivatives at the ends vanish or cancel; at irregular times it costs hardly any noise. So
    ``int phi x' = -int phi' x`` holds exactly for polynomials, at any times.

    Parameters
    ----------
    times : ndarray, shape (B, T)
    radius : int

    Returns
    -------
    tuple of ndarray, shape (B, T - 2*radius, 2*radius + 1)
    """
    nodes = np.lib.stride_tricks.sliding_window_view(times, 2 * radius + 1, axis=1)
    begin, end = nodes[..., :1], nodes[..., -1:]
    half = (end - begin) / 2
    s = (nodes - begin) / half - 1
    rule = _trapezoidal(s)
    degree = min(DEGREE, radius)
    basis = np.polynomial.legendre.legvander(s, degree)
    points, shares = np.polynomial.legendre.leggauss(GAUSS)
    exact = np.polynomial.legendre.legvander(points, degree)
    gram = np.swapaxes(basis, -1, -2) @ basis
    found = []
    for order, (bump, sample) in enumerate(zip(_bump(s), _bump(points), strict=True)):
        plain = bump * rule
        wrong = exact.T @ (shares * sample) - np.einsum("...jk,...j->...k", basis, plain)
        change = np.einsum("...jk,...k->...j", basis, np.linalg.solve(gram, wrong[..., None])[..., 0])
        # The integral of (1 - s^2)^3 over -1 … 1 is 32/35.
        found.append((plain + change) * 35 / 32 / half**order)
    return found[0], found[1], found[2]


def _trapezoidal(s: np.ndarray) -> np.ndarray:
    """Weights of the trapezoidal rule at nodes along the last axis."""
    gaps = np.diff(s, axis=-1) / 2
    rule = np.zeros(s.shape)
    rule[..., 1:] += gaps
    rule[..., :-1] += gaps
    return rule


def _bump(s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``(1 - s^2)^3`` and its first two derivatives."""
    rest = 1 - s**2
    return rest**3, -6 * s * rest**2, 24 * s**2 * rest - 6 * rest**2


def average_weights(radius: int) -> np.ndarray:
    """Weights of the points ``-radius … radius`` in an average, ``(1 - s^2)^2`` with s = 1 beyond them; sum 1."""
    s = np.arange(-radius, radius + 1) / (radius + 1)
    weights = (1 - s**2) ** 2
    return np.asarray(weights / weights.sum())
