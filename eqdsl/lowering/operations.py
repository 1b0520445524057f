"""What each step of a program does with tensors: one function per operation, and a table."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import reduce as fold
from typing import Any

import torch
from torch import Tensor, nn

from eqdsl.learned.rows import MemberRows
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.solving import Problem
from eqdsl.model.model import ENVIRONMENT
from eqdsl.numerics import ghosts
from eqdsl.numerics.projection import without_divergence

Number = Any
"""A tensor, or a plain float for a constant: arithmetic takes both."""


@dataclass(frozen=True)
class Context:
    """What steps may read during one evaluation."""

    time: Tensor
    state: Tensor
    parameters: Mapping[str, Tensor]
    coordinates: Mapping[tuple[int, int], Tensor]
    learned: Mapping[str, LearnedTermModule]
    solvers: nn.ModuleDict = field(default_factory=nn.ModuleDict)
    driving: Callable[[str, bool], Tensor] | None = None
    past: Callable[[int], Tensor] | None = None
    members: Mapping[str, MemberRows] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        """Number of space axes."""
        return self.state.dim() - 2


def _many(function: Callable[[Number, Number], Number]) -> Callable[..., Number]:
    return lambda *arguments: fold(function, arguments)


ARITHMETIC: dict[str, Callable[..., Number]] = {
    "add": _many(operator.add),
    "sub": operator.sub,
    "mul": _many(operator.mul),
    "div": operator.truediv,
    "pow": operator.pow,
    "neg": operator.neg,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "ne": operator.ne,
}
"""Operators that combine tensors with plain numbers."""

FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "ifelse": lambda c, a, b: torch.where(c.bool(), a, b),
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "atan2": torch.atan2,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "exp": torch.exp,
    "log": torch.log,
    "log10": torch.log10,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": torch.sign,
    "min": _many(torch.minimum),
    "max": _many(torch.maximum),
    "floor": torch.floor,
    "heaviside": lambda x: torch.where(x > 0, 1.0, torch.where(x < 0, 0.0, 0.5)).to(x.dtype),
    "erf": torch.erf,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    # Exact everywhere, where `nn.functional.softplus` leaves out a tail above 20.
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
}
"""Functions of tensors alone."""


def _constant(context: Context, value: float) -> float:
    return value


def _time(context: Context) -> Tensor:
    time = context.time
    return time.reshape(-1, *(1,) * context.dimension) if time.dim() else time


def _channel(context: Context, number: int) -> Tensor:
    return context.state.select(1, number)


def _uniform_channel(context: Context, number: int) -> Tensor:
    value = context.state.select(1, number)
    for axis in range(1, value.dim()):
        value = value.narrow(axis, 0, 1)
    return value


def _parameter(context: Context, name: str) -> Tensor:
    return context.parameters[name]


def _input(context: Context, name: str, rate: bool) -> Tensor:
    assert context.driving is not None
    return context.driving(name, rate)


def _past(context: Context, number: int, back: int, uniform: bool) -> Tensor:
    """A channel of a past frame."""
    assert context.past is not None
    value = context.past(back).select(1, number)
    for axis in range(1, value.dim() if uniform else 0):
        value = value.narrow(axis, 0, 1)
    return value


def _coordinate(context: Context, axis: int, halo: int) -> Tensor:
    return context.coordinates[axis, halo]


def _pointwise(context: Context, *arguments: Any) -> Number:
    *values, function = arguments
    if function in ARITHMETIC and any(isinstance(v, Tensor) for v in values):
        return ARITHMETIC[function](*values)
    # The type and the device are the state's: the first tensor here may be a condition, or there may be none.
    state = context.state
    call = ARITHMETIC.get(function) or FUNCTIONS[function]
    return call(*(v if isinstance(v, Tensor) else state.new_full((), float(v)) for v in values))


def _stencil(context: Context, value: Tensor, axis: int, weights: tuple[float, ...]) -> Tensor:
    return ghosts.stencil(value, axis + 1, weights)


def _wrap(context: Context, value: Tensor, axis: int, width: int) -> Tensor:
    return ghosts.wrap(value, axis + 1, width)


def _extrapolate(context: Context, value: Tensor, axis: int, width: int, order: int) -> Tensor:
    return ghosts.extrapolate(value, axis + 1, width, order)


def _extend(context: Context, *arguments: Any) -> Tensor:
    value, *kappas, axis, lower, upper, has_lower, has_upper = arguments
    given = iter(kappas)
    kappa_lower = _as_tensor(next(given), value) if has_lower else None
    kappa_upper = _as_tensor(next(given), value) if has_upper else None
    return ghosts.extend(value, axis + 1, lower, upper, kappa_lower, kappa_upper)


def _add_beyond(context: Context, value: Tensor, kappa: Number, axis: int, side: int, weights: Any) -> Tensor:
    return ghosts.add_beyond(value, axis + 1, side, weights, _as_tensor(kappa, value))


def _near_wall(context: Context, value: Tensor, axis: int, side: int, strip: int, weights: tuple[float, ...]) -> Tensor:
    return ghosts.near_wall(value, axis + 1, side, strip, weights)


def _replace_end(context: Context, total: Number, end: Number, axis: int, side: int) -> Tensor:
    """`total` on the grid with its first or last layer along an axis replaced."""
    shape = (context.state.shape[0], *context.state.shape[2:])
    total = _as_tensor(total, context.state).expand(shape)
    dim, n = axis + 1, shape[axis + 1]
    layer = _as_tensor(end, context.state).expand(*shape[:dim], 1, *shape[dim + 1 :])
    kept = total.narrow(dim, 1 - side, n - 1)
    return torch.cat([layer, kept] if side == 0 else [kept, layer], dim=dim)


def _learned(context: Context, *arguments: Any) -> Tensor | tuple[Tensor, ...]:
    """Outputs side by side, or each one by itself where the term has a kernel for that."""
    *values, name, sizes = arguments
    module = context.learned[name]
    inputs = [_as_tensor(v, context.state) for v in values]
    if sizes:
        shape = (context.state.shape[0], *sizes)
        stacked = torch.stack([v.expand(shape) for v in inputs], dim=1)
    else:
        components = torch.broadcast_tensors(*inputs)
        found = module.components(components) if isinstance(module, LearnedTermModule) else None
        if found is not None:
            return found
        stacked = torch.stack(components, dim=-1)
    if getattr(module, "by_environment", False) and ENVIRONMENT in context.members:
        own: Tensor = module(stacked, context.members[ENVIRONMENT])
        return own
    outputs: Tensor = module(stacked)
    return outputs


def _output(context: Context, outputs: Tensor | tuple[Tensor, ...], name: str, number: int) -> Tensor:
    if isinstance(outputs, tuple):
        return outputs[number]
    return outputs.select(context.learned[name].channel_axis, number)


def _point(context: Context, value: Tensor, axis: int, first: int, weights: tuple[float, ...]) -> Tensor:
    total = value.narrow(axis + 1, first, 1) * weights[0]
    for number, weight in enumerate(weights[1:], start=first + 1):
        total = torch.add(total, value.narrow(axis + 1, number, 1), alpha=weight)
    return total


def _reduce(context: Context, value: Tensor, axis: int, weight: float, ends: float) -> Tensor:
    total = value.sum(dim=axis + 1, keepdim=True)
    if ends != 1.0:
        n = value.shape[axis + 1]
        edge = value.narrow(axis + 1, 0, 1) + value.narrow(axis + 1, n - 1, 1)
        total = torch.add(total, edge, alpha=ends - 1.0)
    return total * weight


def _project(context: Context, *arguments: Any) -> Tensor:
    """The part of a vector without divergence, ``(B, components, *S)``."""
    *components, axes = arguments
    known = [_as_tensor(c, context.state) for c in components]
    # One that depends on position alone is the same for all trajectories.
    shape = (max(c.shape[0] for c in known), *context.state.shape[2:])
    return without_divergence(torch.stack([c.expand(shape) for c in known], dim=1), axes)


def _component(context: Context, vector: Tensor, number: int) -> Tensor:
    return vector.select(1, number)


def _spread(context: Context, value: Number) -> Tensor:
    """`value` on the whole grid."""
    like = context.state
    known = _as_tensor(value, like)
    return known.expand(known.shape[0] if known.dim() else 1, *like.shape[2:])


def _solve(context: Context, *arguments: Any) -> Tensor:
    """The solution of a linear equation; what its residual reads comes first, then the coefficients of its terms."""
    *values, problem = arguments
    assert isinstance(problem, Problem)
    given, coefficients = values[: problem.reads], values[problem.reads :]
    held = [v.detach() if isinstance(v, Tensor) else v for v in given]

    def residual(unknown: Tensor, frozen: bool) -> Tensor:
        made = [*(held if frozen else given), unknown]
        for step in problem.body:
            made.append(OPERATIONS[step.operation](context, *(made[i] for i in step.inputs), *step.attributes))
        total: Tensor = made[problem.result]
        return total

    factors = [_as_tensor(c, context.state) for c in coefficients]
    solution: Tensor = context.solvers[f"solver_{problem.name}"](residual, factors, context.state)
    return solution


def _as_tensor(value: Number, like: Tensor) -> Tensor:
    if isinstance(value, Tensor):
        return value
    return torch.full((1,) * (like.dim() - 1), float(value), dtype=like.dtype, device=like.device)


OPERATIONS: dict[str, Callable[..., Number]] = {
    "constant": _constant,
    "time": _time,
    "channel": _channel,
    "uniform_channel": _uniform_channel,
    "parameter": _parameter,
    "input": _input,
    "past": _past,
    "coordinate": _coordinate,
    "pointwise": _pointwise,
    "stencil": _stencil,
    "wrap": _wrap,
    "extrapolate": _extrapolate,
    "extend": _extend,
    "add_beyond": _add_beyond,
    "near_wall": _near_wall,
    "replace_end": _replace_end,
    "learned": _learned,
    "output": _output,
    "reduce": _reduce,
    "point": _point,
    "project": _project,
    "component": _component,
    "spread": _spread,
    "solve": _solve,
}
