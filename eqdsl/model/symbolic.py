"""Checked expressions as SymPy ones and back, for closed forms and algebra. The only place here that loads SymPy.

Nothing is parsed: every SymPy object is built from our own tree, with our own symbols. A channel becomes a function
of time and of the axes along which it varies, a learned term an undefined function of its inputs, so that no algebra
can look inside.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from eqdsl.core.errors import EqdslError
from eqdsl.model.expr import (
    Apply,
    ChannelRef,
    Const,
    Coordinate,
    DefinitionRef,
    Diff,
    Expr,
    FluxDiff,
    InputRef,
    LearnedCall,
    ParamRef,
    PastRef,
    Reduction,
    TimeRef,
    children,
)
from eqdsl.model.latex import latex
from eqdsl.model.model import Model
from eqdsl.model.text import past_text

__all__ = ["SymbolTable", "equations_sympy", "from_sympy", "latex", "to_sympy"]

MAX_SIZE = 2_000
"""Nodes of an expression, definitions written out, above which algebra would take too long (chosen)."""

TO_SYMPY: dict[str, Callable[..., Any]] = {
    "add": sp.Add,
    "sub": lambda a, b: a - b,
    "mul": sp.Mul,
    "div": lambda a, b: a / b,
    "pow": sp.Pow,
    "neg": lambda a: -a,
    "lt": sp.Lt,
    "le": sp.Le,
    "gt": sp.Gt,
    "ge": sp.Ge,
    "ne": sp.Ne,
    "ifelse": lambda c, a, b: sp.Piecewise((a, c), (b, True)),
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "asin": sp.asin,
    "acos": sp.acos,
    "atan": sp.atan,
    "atan2": sp.atan2,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "exp": sp.exp,
    "log": sp.log,
    "log10": lambda a: sp.log(a) / sp.log(10),
    "sqrt": sp.sqrt,
    "abs": sp.Abs,
    "sign": sp.sign,
    "min": sp.Min,
    "max": sp.Max,
    "floor": sp.floor,
    "heaviside": lambda a: sp.Heaviside(a, sp.Rational(1, 2)),
    "erf": sp.erf,
    "sigmoid": lambda a: 1 / (1 + sp.exp(-a)),
    "relu": lambda a: sp.Max(a, 0),
    "softplus": lambda a: sp.log(1 + sp.exp(a)),
}
"""How each pointwise function of the language is built."""

FROM_SYMPY: dict[Any, str] = {
    sp.sin: "sin",
    sp.cos: "cos",
    sp.tan: "tan",
    sp.asin: "asin",
    sp.acos: "acos",
    sp.atan: "atan",
    sp.atan2: "atan2",
    sp.sinh: "sinh",
    sp.cosh: "cosh",
    sp.tanh: "tanh",
    sp.exp: "exp",
    sp.log: "log",
    sp.Abs: "abs",
    sp.sign: "sign",
    sp.Min: "min",
    sp.Max: "max",
    sp.floor: "floor",
    sp.erf: "erf",
    sp.StrictLessThan: "lt",
    sp.LessThan: "le",
    sp.StrictGreaterThan: "gt",
    sp.GreaterThan: "ge",
    sp.Unequality: "ne",
}
"""The way back, where the function has the same arguments."""


class SymbolTable:
    """The symbols of one model.

    Parameters
    ----------
    model : Model

    Attributes
    ----------
    time : sympy.Symbol
    axes, parameters, inputs, channels : dict
        By name. Bounds become assumptions: a parameter in ``(0, 2)`` is nonnegative, one in ``[1, 2]`` positive.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.time = sp.Symbol(model.time, real=True)
        self.axes = {a.name: sp.Symbol(a.name, real=True) for a in model.axes}
        self.parameters = {p.name: self._symbol(p.name, p.axes, p.lower, timed=False) for p in model.parameters}
        self.inputs = {i.name: self._symbol(i.name, i.axes, -math.inf, timed=i.time) for i in model.inputs}
        bounds = {f.name: f for f in model.fields}
        self.channels = {}
        for channel in (*model.channels, *(state.channel for state in model.solved)):
            if channel.velocity:
                continue
            field = bounds[channel.field]
            lower = float("-inf") if field.vector else field.lower
            self.channels[channel.name] = self._symbol(channel.name, field.axes, lower, timed=True)
        for channel in model.channels:
            if channel.velocity:
                value = channel.name.replace("dt(", "", 1).replace(")", "", 1)
                self.channels[channel.name] = sp.Derivative(self.channels[value], self.time)
        self._outputs: dict[Any, tuple[str, int, str]] = {}

    def _symbol(self, name: str, axes: tuple[str, ...], lower: float, *, timed: bool) -> Any:
        assumptions: dict[str, bool] = {"positive": True} if lower > 0 else {"nonnegative": True} if lower == 0 else {}
        assumptions = assumptions or {"real": True}
        arguments = [self.time] if timed else []
        arguments += [self.axes[a] for a in axes]
        return sp.Function(name, **assumptions)(*arguments) if arguments else sp.Symbol(name, **assumptions)

    def output(self, call: LearnedCall) -> Any:
        """The undefined function of one output of a learned term."""
        function = sp.Function(call.name, real=True)
        self._outputs[function] = (call.term, call.output, call.name)
        return function

    def learned_output(self, function: Any) -> tuple[str, int, str] | None:
        """Term, position and name of the output that a function stands for."""
        return self._outputs.get(function)


def to_sympy(expr: Expr, model: Model, symbols: SymbolTable | None = None) -> Any:
    """An expression as a SymPy one; definitions are written out.

    Parameters
    ----------
    expr : Expr
    model : Model
    symbols : SymbolTable, optional
        Give the same one to combine several results.

    Raises
    ------
    EqdslError
        The expression is too large for algebra.
    """
    return _ToSympy(symbols or SymbolTable(model)).convert(expr)


def equations_sympy(model: Model, symbols: SymbolTable | None = None) -> list[Any]:
    """``Eq(Derivative(u, t), right-hand side)`` for each equation.

    Raises
    ------
    EqdslError
        A right-hand side is too large for algebra.
    """
    table = symbols or SymbolTable(model)
    converter = _ToSympy(table)
    return [
        sp.Eq(
            sp.Derivative(table.channels[equation.channel], table.time),
            sp.Add(*(converter.convert(term.expr) for term in equation.terms), evaluate=True),
            evaluate=False,
        )
        for equation in model.equations
    ]


class _ToSympy:
    """Converts shared subtrees once."""

    def __init__(self, symbols: SymbolTable) -> None:
        self._symbols = symbols
        self._done: dict[Expr, Any] = {}
        self._sizes: dict[Expr, int] = {}

    def convert(self, expr: Expr) -> Any:
        size = self._size(expr)
        if size > MAX_SIZE:
            raise EqdslError(
                f"an expression of {size:,} parts is too large for algebra (at most {MAX_SIZE:,})",
                help="name parts of it with `known` and look at those",
            )
        return self._convert(expr)

    def _size(self, expr: Expr) -> int:
        if expr not in self._sizes:
            self._sizes[expr] = min(10**9, 1 + sum(self._size(c) for c in self._parts(expr)))
        return self._sizes[expr]

    def _parts(self, expr: Expr) -> tuple[Expr, ...]:
        if isinstance(expr, DefinitionRef):
            return (self._symbols.model.definitions[expr.name].components[expr.component],)
        return children(expr)

    def _convert(self, expr: Expr) -> Any:
        if expr not in self._done:
            self._done[expr] = self._compute(expr)
        return self._done[expr]

    def _compute(self, expr: Expr) -> Any:
        table = self._symbols
        match expr:
            case Const(value):
                return sp.Integer(int(value)) if value == int(value) and abs(value) < 1e15 else sp.Float(value)
            case ChannelRef(name):
                return table.channels[name]
            case ParamRef(name):
                return table.parameters[name]
            case Coordinate(axis):
                return table.axes[axis]
            case PastRef(name, back):
                return sp.Symbol(past_text(name, back), real=True)
            case TimeRef():
                return table.time
            case InputRef(name, rate=rate):
                return sp.Derivative(table.inputs[name], table.time) if rate else table.inputs[name]
            case DefinitionRef():
                return self._convert(self._parts(expr)[0])
            case Apply(function, arguments):
                return TO_SYMPY[function](*(self._convert(a) for a in arguments))
            case Diff(argument, axis, order):
                return sp.Derivative(self._convert(argument), (table.axes[axis], order))
            case FluxDiff(coefficient, argument, axis):
                x = table.axes[axis]
                return sp.Derivative(self._convert(coefficient) * sp.Derivative(self._convert(argument), x), x)
            case LearnedCall(arguments=arguments):
                return table.output(expr)(*(self._convert(a) for a in arguments))
            case Reduction(kind, argument, at):
                return sp.Function(kind, real=True)(self._convert(argument), *map(sp.Float, at))
        raise TypeError(f"no SymPy form of {type(expr).__name__}")


def from_sympy(expression: Any, symbols: SymbolTable) -> Expr:
    """A SymPy expression made of a table's symbols as a checked one.

    Raises
    ------
    EqdslError
        It contains something that the language does not have.
    """
    return _FromSympy(symbols).convert(expression)


class _FromSympy:
    """The way back: sums, products with negative powers as quotients, derivatives along axes."""

    def __init__(self, symbols: SymbolTable) -> None:
        self._symbols = symbols
        self._atoms: dict[Any, Expr] = {symbols.time: TimeRef()}
        self._atoms |= {s: Coordinate(n) for n, s in symbols.axes.items()}
        self._atoms |= {s: symbols.model.input(n).ref for n, s in symbols.inputs.items()}
        self._atoms |= {s: ParamRef(n) for n, s in symbols.parameters.items()}
        self._atoms |= {s: ChannelRef(n) for n, s in symbols.channels.items()}
        self._axis_names = {s: n for n, s in symbols.axes.items()}

    def convert(self, expression: Any) -> Expr:
        if expression in self._atoms:
            return self._atoms[expression]
        if expression.is_Number or expression.is_NumberSymbol:
            return self._number(expression)
        if expression.is_Add:
            return Apply("add", tuple(self.convert(a) for a in expression.as_ordered_terms()))
        if expression.is_Mul:
            return self._product(expression)
        if expression.is_Pow:
            return self._power(expression)
        if isinstance(expression, sp.Derivative):
            return self._derivative(expression)
        if isinstance(expression, sp.Piecewise):
            return self._piecewise(expression)
        if isinstance(expression, sp.Heaviside):
            return Apply("heaviside", (self.convert(expression.args[0]),))
        if isinstance(expression, AppliedUndef):
            return self._undefined(expression)
        name = FROM_SYMPY.get(expression.func)
        if name is None:
            raise EqdslError(f"the language has no function `{expression.func.__name__}`")
        return Apply(name, tuple(self.convert(a) for a in expression.args))

    def _number(self, number: Any) -> Expr:
        if number.is_Rational and not number.is_Integer:
            return Apply("div", (Const(float(number.p)), Const(float(number.q))))
        if number.is_finite is not True:
            raise EqdslError("the expression contains an infinite or undefined number")
        return Const(float(number))

    def _product(self, expression: Any) -> Expr:
        numerator, denominator = expression.as_numer_denom()
        if denominator != 1:
            return Apply("div", (self.convert(numerator), self.convert(denominator)))
        coefficient, rest = expression.as_coeff_Mul()
        if coefficient == -1:
            return Apply("neg", (self.convert(rest),))
        return Apply("mul", tuple(self.convert(f) for f in expression.as_ordered_factors()))

    def _power(self, expression: Any) -> Expr:
        base, exponent = expression.as_base_exp()
        if expression.exp == sp.Rational(1, 2):
            return Apply("sqrt", (self.convert(expression.base),))
        if expression.exp.is_Number and expression.exp.is_negative:
            return Apply("div", (Const(1.0), self.convert(1 / expression)))
        if base == sp.E:
            return Apply("exp", (self.convert(exponent),))
        return Apply("pow", (self.convert(expression.base), self.convert(expression.exp)))

    def _derivative(self, expression: Any) -> Expr:
        inner = self.convert(expression.expr)
        for variable, order in expression.variable_count:
            if variable not in self._axis_names:
                raise EqdslError(f"a derivative along `{variable}`, which is no axis of the model")
            inner = Diff(inner, self._axis_names[variable], int(order))
        return inner

    def _piecewise(self, expression: Any) -> Expr:
        *cases, (last, condition) = expression.args
        if condition != True:  # noqa: E712  # a SymPy truth value
            raise EqdslError("a case distinction without a last case has no form in the language")
        result = self.convert(last)
        for value, condition in reversed(cases):
            result = Apply("ifelse", (self.convert(condition), self.convert(value), result))
        return result

    def _undefined(self, expression: Any) -> Expr:
        arguments = tuple(self.convert(a) for a in expression.args)
        found = self._symbols.learned_output(expression.func)
        if found is not None:
            term, output, name = found
            return LearnedCall(term, arguments, output, name)
        if expression.func.__name__ in ("integral", "mean", "sample"):
            return Reduction(expression.func.__name__, arguments[0], tuple(float(a) for a in expression.args[1:]))
        raise EqdslError(f"`{expression}` is not part of the model")
