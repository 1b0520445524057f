"""Names for what data determine where they do not determine each parameter: ``a + 0.5*b``, or ``a*b``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

SMALL = 1e-3
"""Coefficients, and exponents, below this share of the largest of a combination are left out."""

MOVED = 0.1
"""Largest relative change of a parameter in the trial that tells a product from a sum."""

BETTER = 0.3
"""A product is named where it keeps the equations this much better than the sum does."""

EXACT = 1e-9
"""Change of the equations that is rounding. Along ``a/b`` both moves are exact, and the sum is always zero."""

Change = Callable[[Mapping[str, float]], float]
"""From values of parameters to the relative change of the right-hand sides."""


def determined(
    names: Sequence[str], values: Mapping[str, float], free: np.ndarray, involved: np.ndarray, change: Change
) -> tuple[str, ...]:
    """The combinations of the involved parameters that stay fixed along all free directions.

    Parameters
    ----------
    names : sequence of str
    values : mapping of str to float
        Where the parameters are.
    free : ndarray, shape (P, k)
        Directions along which they may move.
    involved : ndarray of bool, shape (P,)
    change : callable
        Tells which of two finite moves along a direction, by amounts or by factors, changes the equations less.

    Returns
    -------
    tuple of str
        Empty where nothing about them is determined.
    """
    group = [name for name, part in zip(names, involved, strict=True) if part]
    moves = free[involved]
    at = np.array([values[name] for name in group])
    if np.all(at != 0) and _factors_keep_more(group, at, moves, change):
        rows = _fixed(moves / at[:, None])
        return tuple(_product(group, row) for row in rows)
    return tuple(_sum(group, row) for row in _fixed(moves))


def _factors_keep_more(group: Sequence[str], at: np.ndarray, moves: np.ndarray, change: Change) -> bool:
    by_amount = by_factor = 0.0
    for move in moves.T:
        step = move * MOVED / max(float(np.abs(move / at).max()), np.finfo(float).tiny)
        by_amount = max(by_amount, change(dict(zip(group, at + step, strict=True))))
        by_factor = max(by_factor, change(dict(zip(group, at * np.exp(step / at), strict=True))))
    return by_factor <= max(BETTER * by_amount, EXACT)


def _fixed(moves: np.ndarray) -> np.ndarray:
    """Rows r with r.m = 0 for all moves m, in reduced echelon form: the first parameters get coefficient 1."""
    size = np.linalg.norm(moves, axis=1)
    scaled = moves / np.where(size > 0, size, 1.0)[:, None]
    vectors, sizes, _ = np.linalg.svd(scaled)
    rank = int(np.sum(sizes > SMALL * sizes.max(initial=0.0)))
    rows = vectors[:, rank:].T
    rows = _reduced(rows)
    rows = np.where(np.abs(rows) < SMALL * np.abs(rows).max(axis=1, initial=0.0, keepdims=True), 0.0, rows)
    rows = rows / np.where(size > 0, size, 1.0)
    lead = [row[np.flatnonzero(row)[0]] for row in rows]
    return np.asarray(rows / np.array(lead).reshape(-1, 1))


def _reduced(rows: np.ndarray) -> np.ndarray:
    """Gauss-Jordan elimination with the columns in their order."""
    rows, begun = rows.copy(), 0
    for column in range(rows.shape[1]):
        if begun == len(rows):
            break
        pivot = begun + int(np.abs(rows[begun:, column]).argmax())
        if abs(rows[pivot, column]) < SMALL:
            continue
        rows[[begun, pivot]] = rows[[pivot, begun]]
        rows[begun] /= rows[begun, column]
        others = np.arange(len(rows)) != begun
        rows[others] -= rows[others, column, None] * rows[begun]
        begun += 1
    return rows


def _sum(names: Sequence[str], row: np.ndarray) -> str:
    """``a + 0.5*b - c``."""
    text = ""
    for name, coefficient in zip(names, row, strict=True):
        if coefficient:
            sign = " - " if coefficient < 0 else " + "
            number = f"{abs(coefficient):.3g}"
            text += (sign if text else "") + (name if number == "1" else f"{number}*{name}")
    return text


def _product(names: Sequence[str], row: np.ndarray) -> str:
    """``a*b^2/c``."""
    above, below = "", ""
    for name, exponent in zip(names, row, strict=True):
        if exponent:
            number = f"{abs(exponent):.3g}"
            factor = name if number == "1" else f"{name}^{number}"
            if exponent > 0:
                above += f"*{factor}" if above else factor
            else:
                below += f"/{factor}"
    return above + below
