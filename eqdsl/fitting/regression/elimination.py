"""Sparse least squares: terms are left out one after the other, and the data say where to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdsl.fitting.regression.system import System

RIDGE = 1e-12
"""Ridge, in squares of the columns' sizes: dependent columns share what they explain."""
FLOOR = 1e-2
"""Error of the slopes, relative to them, that no term is to explain: what differences and integrals leave over."""
INDEPENDENT = 200
"""Equations that count at most: errors of the scheme are alike at all points, so many points do not average them."""


@dataclass(frozen=True)
class Solution:
    """Least squares of some columns.

    Parameters
    ----------
    numbers : ndarray, shape (n,)
        0 where left out.
    kept : ndarray of bool, shape (n,)
    misfit : float
        Sum of squares.
    """

    numbers: np.ndarray
    kept: np.ndarray
    misfit: float


def sparse_solution(system: System, sparse: np.ndarray, given: np.ndarray) -> Solution:
    """Backward elimination, ended by the Bayesian information criterion.

    In each round the column goes that costs least, ``z_k^2/[(A^T A)^-1]_kk`` (the square of its t-statistic): the
    answer does not depend on the units of columns, and columns that say the same are told apart by what is left of
    each beside the others. Of all rounds the one with the least ``N log(misfit + (FLOOR*|b|)^2) + K log N`` is taken,
    for N independent equations (at most `INDEPENDENT`) and K columns. So there is no threshold to choose, as there is
    in sequentially thresholded least squares (Brunton, Proctor and Kutz, 2016), and what may not go stays.

    Parameters
    ----------
    system : System
    sparse : ndarray of bool, shape (n,)
        Columns that may go.
    given : ndarray, shape (n,)
        Numbers that are known already; NaN elsewhere.
    """
    fixed = np.isfinite(given)
    wanted = system.wanted - system.matrix[:, fixed] @ given[fixed]
    kept = ~fixed
    size, rows = float(wanted @ wanted) + system.rest, min(system.rows, INDEPENDENT)
    best, found = np.inf, Solution(given, kept, np.inf)
    while True:
        numbers, costs = _least_squares(system.matrix[:, kept], wanted)
        left = wanted - system.matrix[:, kept] @ numbers
        misfit = float(left @ left) + system.rest
        score = rows * np.log(misfit + FLOOR**2 * size) + (kept & sparse).sum() * np.log(rows)
        if score < best or not np.isfinite(best):
            whole = np.where(fixed, given, 0.0)
            whole[kept] = numbers
            best, found = score, Solution(whole, kept | fixed, misfit)
        may_go = sparse[kept]
        if not may_go.any():
            return found
        leaves = np.flatnonzero(kept)[np.argmin(np.where(may_go, costs, np.inf))]
        kept = kept.copy()
        kept[leaves] = False


def _least_squares(matrix: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers, and by how much the sum of squares grows without each."""
    if not matrix.shape[1]:
        return np.zeros(0), np.zeros(0)
    size = np.linalg.norm(matrix, axis=0)
    size = np.where(size > 0, size, 1.0)
    left, values, right = np.linalg.svd(matrix / size, full_matrices=False)
    damped = values / (values**2 + RIDGE)
    numbers = right.T @ (damped * (left.T @ wanted))
    spread = np.sum((right.T / np.sqrt(values**2 + RIDGE)) ** 2, axis=1)
    return numbers / size, numbers**2 / spread


def undetermined(system: System, names: list[str], smallest: float = 1e-6) -> list[str]:
    """Names of the unknowns that the data do not tell apart, in order; empty where they tell all."""
    size = np.linalg.norm(system.matrix, axis=0)
    nothing = size <= 1e-12 * max(size.max(initial=0), 1e-300)
    _, values, right = np.linalg.svd(system.matrix / np.where(nothing, 1.0, size))
    values = np.pad(values, (0, len(right) - len(values)))
    weak = right[values <= smallest * values.max(initial=1e-300)]
    found = (np.abs(weak) > 0.1).any(axis=0) | nothing
    return list(dict.fromkeys(name for name, part in zip(names, found, strict=True) if part))
