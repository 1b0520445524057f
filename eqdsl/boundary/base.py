"""What a boundary condition is: ``a*u + b*dn(u) + … = g`` with the normal pointing outward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from eqdsl.model.expr import Const, Expr


class BoundaryKind(ABC):
    """A kind of condition, told apart by which of its coefficients are zero.

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
    def applies(self, coefficients: Sequence[Expr]) -> bool:
        """Whether these coefficients, of the value and of the first three normal derivatives, make this kind."""


def is_zero(expr: Expr) -> bool:
    """Whether a coefficient is the number 0."""
    return isinstance(expr, Const) and expr.value == 0.0


def present(coefficients: Sequence[Expr]) -> tuple[int, ...]:
    """The orders of the derivatives whose coefficients are not the number 0."""
    return tuple(k for k, c in enumerate(coefficients) if not is_zero(c))
