"""What a boundary condition is: ``a*u + b*dn(u) = g`` with the normal pointing outward."""

from __future__ import annotations

from abc import ABC, abstractmethod

from eqdsl.model.expr import Const, Expr


class BoundaryKind(ABC):
    """A kind of condition, told apart by which of the coefficients a and b are zero.

    Attributes
    ----------
    name : str
        As in textbooks.
    usage : str
        An example to paste.
    """

    name: str
    usage: str

    @abstractmethod
    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """Whether coefficients a, b make this kind."""


def is_zero(expr: Expr) -> bool:
    """Whether a coefficient is the number 0."""
    return isinstance(expr, Const) and expr.value == 0.0
