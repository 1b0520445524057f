"""Sparse least squares: for each number of columns, the best subset that greedy search finds.

Least squares on subsets is a dozen lines of NumPy on top of one QR factorisation, so no regression package is needed;
thresholding coefficients (STLSQ) is replaced by removing the column whose loss costs least, which does not depend on
how columns are scaled and survives nearly collinear ones (``x`` beside ``sin(x)``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_TERMS = 12
"""Longest formula worth reading."""


@dataclass(frozen=True)
class Subset:
    """Least squares on some columns: `coefficients` in the order of `columns`; `residual` is the mean square left."""

    columns: tuple[int, ...]
    coefficients: np.ndarray
    residual: float


class SubsetSolver:
    """Least squares of ``y`` on any subset of columns, each in O(columns^3) whatever the number of points.

    Parameters
    ----------
    columns : ndarray, shape (N, K)
    y : ndarray, shape (N,)
    """

    def __init__(self, columns: np.ndarray, y: np.ndarray) -> None:
        self._points = y.size
        self._scale = np.sqrt(np.mean(columns**2, axis=0))
        self._scale[self._scale == 0] = 1.0
        stacked = np.column_stack([columns / self._scale, y])
        triangle: np.ndarray = np.asarray(np.linalg.qr(stacked, mode="r"))
        self._columns, self._target = triangle[:, :-1], triangle[:, -1]
        self.width = columns.shape[1]

    def solve(self, chosen: tuple[int, ...]) -> Subset:
        """Least squares on the `chosen` columns."""
        if not chosen:
            return Subset((), np.zeros(0), float(self._target @ self._target) / self._points)
        matrix = self._columns[:, chosen]
        solution = np.linalg.lstsq(matrix, self._target, rcond=1e-12)[0]
        rest = self._target - matrix @ solution
        return Subset(chosen, solution / self._scale[list(chosen)], float(rest @ rest) / self._points)


def best_subsets(columns: np.ndarray, y: np.ndarray, *, max_terms: int = MAX_TERMS) -> list[Subset]:
    """For each size up to `max_terms`, the better of forward selection and backward elimination.

    Parameters
    ----------
    columns : ndarray, shape (N, K)
    y : ndarray, shape (N,)

    Returns
    -------
    list of Subset
        Sizes 0, 1, 2 …; the residual never grows along it.
    """
    solver = SubsetSolver(columns, y)
    path = _forward(solver, min(max_terms, solver.width))
    start = tuple(range(solver.width)) if solver.width <= 2 * max_terms else path[-1].columns
    for subset in _backward(solver, start):
        size = len(subset.columns)
        if size < len(path) and subset.residual < path[size].residual:
            path[size] = subset
    return path


def _forward(solver: SubsetSolver, steps: int) -> list[Subset]:
    path = [solver.solve(())]
    for _ in range(steps):
        have = path[-1].columns
        trials = [solver.solve((*have, column)) for column in range(solver.width) if column not in have]
        path.append(min(trials, key=lambda subset: subset.residual))
    return path


def _backward(solver: SubsetSolver, start: tuple[int, ...]) -> list[Subset]:
    path = [solver.solve(start)]
    while path[-1].columns:
        have = path[-1].columns
        trials = [solver.solve(tuple(c for c in have if c != column)) for column in have]
        path.append(min(trials, key=lambda subset: subset.residual))
    return path
