"""``dxx(u) = g``, ``dn(lap(u)) = g``: the second or third derivative along the normal."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.boundary.base import BoundaryKind, present
from eqdsl.model.expr import Expr


class Higher(BoundaryKind):
    """One of two conditions on a side, for equations with derivatives of order 3 and 4: a moment, a shear force."""

    name = "higher"
    usage = "bc dn(lap(u)) = 0 at boundary"

    def applies(self, coefficients: Sequence[Expr]) -> bool:
        """A second or third derivative is there."""
        return max(present(coefficients), default=0) > 1
