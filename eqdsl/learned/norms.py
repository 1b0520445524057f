"""How large a learned output counts at a state: the norms that the penalty averages, by name."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

SMALLEST_SIZE = 1e-2
"""Added to the size of a state under ``relative``: with the released 1e-5, single states near zero would decide."""


def l2(output: Tensor, state: Tensor, variance: Tensor) -> Tensor:
    """``f^2``."""
    return output.square()


def relative(output: Tensor, state: Tensor, variance: Tensor) -> Tensor:
    """``f^2/(|X| + 0.01)^2`` with ``|X|^2 = mean_c X_c^2/var_c`` at the same point.

    The norm ``l2_normalized`` of the code released with arXiv 2010.04456, in dimensionless units.
    """
    size = (state.square() / variance.reshape(-1, *[1] * (state.ndim - 2))).mean(1).sqrt()
    return (output / (size + SMALLEST_SIZE)).square()


NORMS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"l2": l2, "relative": relative}
"""From an output in units of its scale (N, *S), states (N, C, *S) and variances of the data (C,) to squares (N, *S)."""
