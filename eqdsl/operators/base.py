"""What an operator of the language is: arguments of known rank in, one value of known rank out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.core.diagnostics import Diagnostic, Label, error
from eqdsl.core.source import Span
from eqdsl.model.expr import Expr
from eqdsl.model.facts import FactTable
from eqdsl.model.model import Axis
from eqdsl.operators.differentiate import Differentiator
from eqdsl.syntax.nodes import Expression


@dataclass(frozen=True, slots=True)
class Value:
    """A checked expression of known rank: one component for a scalar, one per axis for a vector."""

    components: tuple[Expr, ...]
    vector: bool = False

    @property
    def scalar(self) -> Expr:
        """The only component of a scalar."""
        return self.components[0]

    @property
    def rank(self) -> str:
        """``scalar`` or ``vector``, for messages."""
        return "vector" if self.vector else "scalar"


@dataclass(frozen=True, slots=True)
class Argument:
    """A checked argument and the node it was written as."""

    value: Value
    node: Expression

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.node.span


class Rejection(Exception):
    """Arguments that an operator cannot take; carries what to tell the user."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True)
class Space:
    """What operators know of the model: its axes, and what expressions depend on."""

    axes: tuple[Axis, ...]
    facts: FactTable
    differentiator: Differentiator

    def derivative(self, expr: Expr, axis: str, order: int = 1) -> Expr:
        """``d^n(expr)/d(axis)^n`` in the form that gives the best stencil."""
        return self.differentiator.derivative(expr, axis, order)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(a.name for a in self.axes)


class Operator(ABC):
    """A function of the language that derives or combines fields.

    Attributes
    ----------
    name, usage : str
        As in a file: ``grad``, ``grad(u)``.
    arity : tuple of int
        Smallest and largest number of arguments.
    needs_space : bool
        Whether it has no meaning without a ``space`` statement.
    """

    name: str
    usage: str
    arity: tuple[int, int | None] = (1, 1)
    needs_space: bool = True

    @abstractmethod
    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """The value of a call with the right number of arguments.

        Raises
        ------
        Rejection
            The ranks do not fit, or the operator has no meaning on these axes.
        """


def count_text(arity: tuple[int, int | None]) -> str:
    """``1 argument``, ``2 arguments``, ``2 or more arguments``."""
    low, high = arity
    if high is None:
        return f"{low} or more arguments"
    if low != high:
        return f"{low} to {high} arguments"
    return f"{low} argument" if low == 1 else f"{low} arguments"


def require_scalar(argument: Argument, operator: str, usage: str, *, help: str | None = None) -> Expr:
    """The component of a scalar argument.

    Raises
    ------
    Rejection
        The argument is a vector.
    """
    if argument.value.vector:
        raise Rejection(
            error(
                "E0404",
                f"`{operator}` takes a scalar, this is a vector",
                argument.span,
                "vector",
                help=help or f"write `{usage}` for one component",
            )
        )
    return argument.value.scalar


def require_vector(argument: Argument, operator: str, *, help: str) -> tuple[Expr, ...]:
    """The components of a vector argument.

    Raises
    ------
    Rejection
        The argument is a scalar.
    """
    if not argument.value.vector:
        raise Rejection(
            error("E0404", f"`{operator}` takes a vector, this is a scalar", argument.span, "scalar", help=help)
        )
    return argument.value.components


def require_same_rank(left: Argument, right: Argument, message: str, *, help: str) -> None:
    """Check that two arguments are both scalars or both vectors.

    Raises
    ------
    Rejection
        They are not.
    """
    if left.value.vector != right.value.vector:
        raise Rejection(
            error(
                "E0402",
                message,
                right.span,
                right.value.rank,
                second=Label(left.span, left.value.rank),
                help=help,
            )
        )
