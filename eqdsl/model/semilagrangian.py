"""What a semi-Lagrangian step takes over from the equations, and what is left of them.

Of ``dt(c) = -advect(w, c) + …`` the addends ``factors*dx(c)`` that ``advect`` wrote make up the velocity with which c
is carried; the Gaussian kernel takes the diffusion ``D*dxx(c)`` with it, where D is made of numbers and plain
parameters. The equations without them are a model of their own, the *rest*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from eqdsl.model.arithmetic import ONE, ZERO, add, divide, is_number, multiply, negate
from eqdsl.model.expr import Apply, ChannelRef, DefinitionRef, Diff, Expr, FluxDiff
from eqdsl.model.facts import FactTable, facts_of
from eqdsl.model.model import Equation, Model

Addend = tuple[Expr, tuple[Expr, ...]]
"""A derivative and what it is multiplied by."""


@dataclass(frozen=True, slots=True)
class Carried:
    """A channel that a flow carries: the velocity and the diffusivity along each axis."""

    channel: str
    velocity: tuple[Expr, ...]
    diffusivity: tuple[Expr, ...]


@dataclass(frozen=True)
class Splitting:
    """The channels that are carried, and the model of the rest; `idle` where nothing is left of any equation."""

    carried: tuple[Carried, ...]
    rest: Model
    idle: bool


class Addends:
    """Finds addends ``factors*derivative`` in expressions, and what is left without them.

    Parameters
    ----------
    facts : FactTable
    wanted : callable
        Whether a derivative is one of them.
    """

    def __init__(self, facts: FactTable, wanted: Callable[[Diff | FluxDiff], bool]) -> None:
        self._facts, self._wanted = facts, wanted
        self._holds: dict[Expr, bool] = {}

    def holds(self, expr: Expr) -> bool:
        """Whether an expression has such addends."""
        found = self._holds.get(expr)
        if found is None:
            found = self._holds[expr] = self._compute(expr)
        return found

    def _compute(self, expr: Expr) -> bool:
        match expr:
            case Diff() | FluxDiff():
                return self._wanted(expr)
            case DefinitionRef():
                return self.holds(self._facts.body(expr))
            case Apply("mul", arguments):
                return sum(self.holds(a) for a in arguments) == 1
            case Apply("div", (top, _)):
                return self.holds(top)
            case Apply("add" | "sub" | "neg", arguments):
                return any(self.holds(a) for a in arguments)
        return False

    def of(self, expr: Expr, factors: tuple[Expr, ...] = ()) -> Iterator[Addend]:
        """The addends in an expression that stands multiplied by `factors`."""
        if not self.holds(expr):
            return
        match expr:
            case Diff() | FluxDiff():
                yield expr, factors
            case DefinitionRef():
                yield from self.of(self._facts.body(expr), factors)
            case Apply("mul", arguments):
                others = tuple(a for a in arguments if not self.holds(a))
                yield from self.of(next(a for a in arguments if self.holds(a)), (*factors, *others))
            case Apply("div", (top, bottom)):
                yield from self.of(top, (*factors, divide(ONE, bottom)))
            case Apply("sub", (left, right)):
                yield from self.of(left, factors)
                yield from self.of(right, (*factors, negate(ONE)))
            case Apply("neg", (inner,)):
                yield from self.of(inner, (*factors, negate(ONE)))
            case Apply(_, arguments):
                for argument in arguments:
                    yield from self.of(argument, factors)

    def without(self, expr: Expr) -> Expr:
        """The expression without them."""
        if not self.holds(expr):
            return expr
        match expr:
            case DefinitionRef():
                return self.without(self._facts.body(expr))
            case Apply("mul", arguments):
                return multiply([self.without(a) for a in arguments])
            case Apply("div", (top, bottom)):
                return divide(self.without(top), bottom)
            case Apply("sub", (left, right)):
                return add([self.without(left), negate(self.without(right))])
            case Apply("neg", (inner,)):
                return negate(self.without(inner))
            case Apply("add", arguments):
                return add([self.without(a) for a in arguments])
        return ZERO


def advected(facts: FactTable) -> Addends:
    """What ``advect`` wrote."""
    return Addends(facts, lambda d: isinstance(d, Diff) and d.carried and d.order == 1)


def split(model: Model) -> Splitting | None:
    """What semi-Lagrangian steps take over; None where the model has no such scheme."""
    kernel = model.schemes.kernel
    if kernel is None:
        return None
    facts, names = facts_of(model), tuple(a.name for a in model.axes)
    carried, rest = [], []
    for equation in model.equations:
        flow = advected(facts)
        if not any(flow.holds(t.expr) for t in equation.terms):
            rest.append(equation)
            continue
        velocity = _by_axis(equation, flow, names, negate(ONE))
        left = _without(equation, flow)
        diffusivity: tuple[Expr, ...] = (ZERO,) * len(names)
        if kernel == "gaussian":
            spreading = _diffusion(facts, equation.channel)
            diffusivity = _by_axis(left, spreading, names, ONE)
            left = _without(left, spreading)
        carried.append(Carried(equation.channel, velocity, diffusivity))
        rest.append(left)
    idle = len(rest) == len(model.channels) and all(is_number(t.expr, 0.0) for e in rest for t in e.terms)
    return Splitting(tuple(carried), replace(model, equations=tuple(rest)), idle)


def rest_of(model: Model) -> Model:
    """The model of what rates are taken of: without what semi-Lagrangian steps take over."""
    parts = split(model)
    return model if parts is None else parts.rest


def _by_axis(equation: Equation, addends: Addends, names: tuple[str, ...], sign: Expr) -> tuple[Expr, ...]:
    """The sum of what multiplies the derivatives along each axis."""
    found: dict[str, list[Expr]] = {name: [] for name in names}
    for term in equation.terms:
        for derivative, factors in addends.of(term.expr):
            assert isinstance(derivative, Diff | FluxDiff)
            inside = (derivative.coefficient,) if isinstance(derivative, FluxDiff) else ()
            found[derivative.axis].append(_product((sign, *factors, *inside)))
    return tuple(add(found[name]) if found[name] else ZERO for name in names)


def _product(factors: tuple[Expr, ...]) -> Expr:
    """The product, with its signs cancelled."""
    kept = [f for f in factors if not is_number(f, -1.0)]
    value = multiply(kept) if kept else ONE
    return negate(value) if (len(factors) - len(kept)) % 2 else value


def _without(equation: Equation, addends: Addends) -> Equation:
    return replace(equation, terms=tuple(replace(t, expr=addends.without(t.expr)) for t in equation.terms))


class _Diffusion(Addends):
    """Addends ``D*dxx(c)`` and ``dx(D*dx(c))`` with D made of numbers and plain parameters."""

    def _compute(self, expr: Expr) -> bool:
        if isinstance(expr, Apply) and expr.function in ("mul", "div"):
            others = [a for a in expr.arguments if not self.holds(a)]
            if expr.function == "div":
                others = [expr.arguments[1]]
            return super()._compute(expr) and all(self._facts.constant(a) for a in others)
        return super()._compute(expr)


def _diffusion(facts: FactTable, channel: str) -> Addends:
    def wanted(derivative: Diff | FluxDiff) -> bool:
        if not (isinstance(derivative.argument, ChannelRef) and derivative.argument.channel == channel):
            return False
        if isinstance(derivative, Diff):
            return derivative.order == 2
        return facts.constant(derivative.coefficient)

    return _Diffusion(facts, wanted)
