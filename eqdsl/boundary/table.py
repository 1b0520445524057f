"""All kinds of boundary conditions."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.boundary.base import BoundaryKind
from eqdsl.boundary.dirichlet import Dirichlet
from eqdsl.boundary.higher import Higher
from eqdsl.boundary.neumann import Neumann
from eqdsl.boundary.robin import Robin
from eqdsl.model.expr import Expr

DIRICHLET = Dirichlet()

KINDS: tuple[BoundaryKind, ...] = (DIRICHLET, Neumann(), Robin(), Higher())


def kind_of(coefficients: Sequence[Expr]) -> BoundaryKind | None:
    """The kind of a condition; None when all its coefficients are 0."""
    return next((k for k in KINDS if k.applies(coefficients)), None)
