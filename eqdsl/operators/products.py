"""``dot``, ``cross`` and ``norm`` of vectors."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.core.diagnostics import error
from eqdsl.core.source import Span
from eqdsl.model.arithmetic import add, multiply, negate, power
from eqdsl.model.expr import Apply, Const, Expr
from eqdsl.operators.base import Argument, Operator, Rejection, Space, Value, require_vector


def inner(v: Sequence[Expr], w: Sequence[Expr]) -> Expr:
    """``sum_i v_i*w_i``."""
    return add([power(a, Const(2.0)) if a is b else multiply([a, b]) for a, b in zip(v, w, strict=True)])


class Dot(Operator):
    """``dot(v, w) = sum_i v_i*w_i``."""

    name = "dot"
    usage = "dot(v, w)"
    arity = (2, 2)
    needs_space = False

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """A scalar."""
        v, w = (require_vector(a, "dot", help="multiply scalars with `*`") for a in arguments)
        return Value((inner(v, w),))


class Cross(Operator):
    """``cross(v, w)``: a scalar in two dimensions, a vector in three."""

    name = "cross"
    usage = "cross(v, w)"
    arity = (2, 2)
    needs_space = False

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """Scalar or vector, by the number of axes."""
        v, w = (require_vector(a, "cross", help="multiply scalars with `*`") for a in arguments)
        if len(v) == 1:
            raise Rejection(
                error(
                    "E0405",
                    "`cross` has no meaning on one axis",
                    span,
                    "one axis",
                    help="declare 2 or 3 axes in `space`",
                )
            )

        def minor(i: int, j: int) -> Expr:
            return add([multiply([v[i], w[j]]), negate(multiply([v[j], w[i]]))])

        if len(v) == 2:
            return Value((minor(0, 1),))
        return Value((minor(1, 2), minor(2, 0), minor(0, 1)), vector=True)


class Norm(Operator):
    """``norm(w) = sqrt(dot(w, w))``."""

    name = "norm"
    usage = "norm(w)"
    needs_space = False

    def expand(self, arguments: Sequence[Argument], span: Span, space: Space) -> Value:
        """A scalar."""
        w = require_vector(arguments[0], "norm", help="write `abs(u)` for a scalar")
        return Value((Apply("abs", w) if len(w) == 1 else Apply("sqrt", (inner(w, w),)),))
