"""What a boundary condition is: ``a*u + b*dn(u) = g`` with the normal pointing outward."""

from __future__ import annotations

from abc import ABC, abstractmethod

from eqdsl.model.expr import Const, Expr
from eqdsl.model.text import expr_text


class BoundaryKind(ABC):
    """A kind of condition, told apart by which of the coefficients a and b are zero.

    Attributes
    ----------
    name : str
        As in textbooks.
    """

    name: str

    @abstractmethod
    def applies(self, value_coefficient: Expr, normal_coefficient: Expr) -> bool:
        """Whether coefficients a, b make this kind."""

    @abstractmethod
    def text(self, channel: str, value_coefficient: Expr, normal_coefficient: Expr, value: Expr, time: str) -> str:
        """The condition in its usual form, such as ``u = 0``."""


def is_zero(expr: Expr) -> bool:
    """Whether a coefficient is the number 0."""
    return isinstance(expr, Const) and expr.value == 0.0


def scaled(coefficient: Expr, name: str, time: str) -> str:
    """``u``, ``-u``, ``2*u``, ``(h + 1)*u``."""
    text = expr_text(coefficient, time=time)
    if text == "1":
        return name
    if text == "-1":
        return f"-{name}"
    return f"({text})*{name}" if " " in text and not text.endswith(")") else f"{text}*{name}"
