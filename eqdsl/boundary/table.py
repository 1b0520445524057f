"""All kinds of boundary conditions."""

from __future__ import annotations

from eqdsl.boundary.base import BoundaryKind
from eqdsl.boundary.dirichlet import Dirichlet
from eqdsl.boundary.neumann import Neumann
from eqdsl.boundary.robin import Robin
from eqdsl.model.expr import Expr

DIRICHLET = Dirichlet()

KINDS: tuple[BoundaryKind, ...] = (DIRICHLET, Neumann(), Robin())


def kind_of(value_coefficient: Expr, normal_coefficient: Expr) -> BoundaryKind | None:
    """The kind of ``a*u + b*dn(u) = g``; None when both coefficients are 0."""
    return next((k for k in KINDS if k.applies(value_coefficient, normal_coefficient)), None)
