"""Is the gradient that of the computed rollout: Taylor test and adjoint dot test of the compiled model itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.verification.horizon import final_time, pace
from eqdsl.verification.report import FAILED, PASSED, UNKNOWN, Check, number, worst

HALVINGS = 4
SLOPE, SLOPE_TOLERANCE = 2.0, 0.1
FIRST_STEPS = (1e-2, 1e-3, 1e-4)
"""Shares of each variable's size that the first step may be: small enough for the square to rule, above rounding."""

ROLLOUT_STEPS = 8
ROLLOUT_LENGTH = 0.8
"""In largest stable steps: short, so that no disturbance grows out of the reach of its first two derivatives."""

DOT_TOLERANCE = 1e-12

Variables = dict[str, Tensor]
STATE = "initial state"
"""Name of the initial state among the variables; it has a space, as no parameter has."""


@dataclass(frozen=True)
class Subject:
    """A vector field, a state to start from, and random numbers."""

    field: VectorField
    state: Tensor
    generator: torch.Generator

    def random(self, like: Tensor) -> Tensor:
        """Normal numbers of that shape."""
        return torch.randn(like.shape, generator=self.generator, dtype=like.dtype)

    def variables(self) -> Variables:
        """Raw parameters and weights by name, and the initial state."""
        return {name: p.detach().clone() for name, p in self.field.named_parameters()} | {STATE: self.state}

    def rate(self, variables: Variables, t: Tensor | float, state: Tensor) -> Tensor:
        """The vector field with other parameters."""
        parameters = {name: value for name, value in variables.items() if name != STATE}
        rate: Tensor = torch.func.functional_call(self.field, parameters, (t, state))
        return rate


def subject(field: VectorField, seed: int) -> Subject:
    """The field near its smooth start, with a little noise so that nothing vanishes by symmetry."""
    generator = torch.Generator().manual_seed(seed)
    start = field.initial_state().detach()
    noise = torch.randn(start.shape, generator=generator, dtype=start.dtype)
    for number_, channel in enumerate(field.model.channels):
        if channel.uniform and field.grid.axes:
            noise[:, number_] = 0.0
    return Subject(field, field.constrain(0.0, start + 0.01 * noise).detach(), generator)


def check_gradient(found: Subject) -> Check:
    """The Taylor test: ``R1(h) = |J(p + h d) - J(p) - h <dJ, d>|`` falls as h^2 where dJ is the gradient."""
    title = "Gradient of a rollout (Taylor test)"
    end = final_time(pace(found.field, found.state), ROLLOUT_LENGTH)
    times = torch.tensor([0.0, end], dtype=torch.float64)
    weights = found.random(found.state)

    def loss(variables: Variables) -> Tensor:
        end = integrate(
            lambda t, u: found.rate(variables, t, u), variables[STATE], times, method="rk4", substeps=ROLLOUT_STEPS
        )[:, -1]
        return (weights * end + end.square() / 2).mean()

    base = found.variables()
    direction = {n: found.random(v) * v.square().mean().sqrt().clamp_min(1e-3) for n, v in base.items()}
    with_gradient = {n: v.clone().requires_grad_(True) for n, v in base.items()}
    value = loss(with_gradient)
    gradients = torch.autograd.grad(value, list(with_gradient.values()), allow_unused=True)
    slope = sum(float((g * d).sum()) for g, d in zip(gradients, direction.values(), strict=True) if g is not None)
    if not math.isfinite(slope):
        return Check("gradient", title, UNKNOWN, notes=("The gradient is not finite.",))
    tries = [_taylor(loss, base, direction, float(value.detach()), slope, first) for first in FIRST_STEPS]
    best = next((t for t in tries if t.passed), tries[-1])
    verdict = PASSED if best.passed else FAILED
    rows = tuple(
        (number(h), number(r0), number(r1), "-" if i == 0 else f"{math.log2(best.r1[i - 1] / r1):.3f}" if r1 else "-")
        for i, (h, r0, r1) in enumerate(zip(best.h, best.r0, best.r1, strict=True))
    )
    numbers = sum(v.numel() for v in base.values()) - found.state.numel()
    notes = (
        f"Slope of R1 over {HALVINGS} halvings: {best.slope:.3f}; wanted {SLOPE:g} ± {SLOPE_TOLERANCE:g}.",
        f"Along one random direction of all fitted numbers ({numbers}) and initial values ({found.state.numel()}); "
        f"{ROLLOUT_STEPS} steps of RK4.",
    )
    data = [
        {"h": h, "r0": r0, "r1": r1, "slope": best.slope} for h, r0, r1 in zip(best.h, best.r0, best.r1, strict=True)
    ]
    return Check("gradient", title, verdict, ("h", "R0", "R1", "slope"), rows, notes, data)


@dataclass(frozen=True)
class Taylor:
    """Remainders of order 0 and 1 for each step."""

    h: tuple[float, ...]
    r0: tuple[float, ...]
    r1: tuple[float, ...]

    @property
    def slope(self) -> float:
        """Mean slope of R1 in the step, doubly logarithmic; minus infinity where it is not a number."""
        first, last = self.r1[0], self.r1[-1]
        finite = first > 0 and last > 0 and math.isfinite(first + last)
        return math.log2(first / last) / HALVINGS if finite else -math.inf

    @property
    def passed(self) -> bool:
        """Whether the slope is that of a right gradient."""
        return abs(self.slope - SLOPE) <= SLOPE_TOLERANCE


@torch.no_grad()
def _taylor(
    loss: Callable[[Variables], Tensor], base: Variables, direction: Variables, value: float, slope: float, first: float
) -> Taylor:
    steps = tuple(first / 2**k for k in range(HALVINGS + 1))
    changes = [float(loss({n: v + h * direction[n] for n, v in base.items()})) - value for h in steps]
    return Taylor(
        steps,
        tuple(abs(c) for c in changes),
        tuple(abs(c - h * slope) for c, h in zip(changes, steps, strict=True)),
    )


def check_adjoint(found: Subject) -> Check:
    """``<J v, w> = <v, J^T w>`` with J v by forward and J^T w by reverse differentiation of the vector field."""
    title = "Adjoint of the vector field (dot test)"
    base, columns = found.variables(), ("with respect to", "<J v, w>", "<v, J^T w>", "difference", "verdict")
    rows, data, verdicts = [], [], []
    groups = {"state": [STATE], "parameters and weights": [n for n in base if n != STATE]}
    for name, members in groups.items():
        if not members:
            continue
        forward, reverse = _products(found, base, members)
        size = max(abs(forward), abs(reverse))
        difference = abs(forward - reverse) / size if size else 0.0
        verdicts.append(PASSED if difference <= DOT_TOLERANCE else FAILED)
        rows.append((name, f"{forward:.6e}", f"{reverse:.6e}", number(difference), verdicts[-1]))
        data.append({"variables": name, "forward": forward, "reverse": reverse, "difference": difference})
    notes = (f"Relative difference; wanted at most {DOT_TOLERANCE:g}.",)
    return Check("adjoint", title, worst(verdicts), columns, tuple(rows), notes, data)


def _products(found: Subject, base: Variables, members: list[str]) -> tuple[float, float]:
    """Both sides of the dot test for some of the variables.

    Raises
    ------
    ComputationError
        A product is not finite, or a function has no forward derivative.
    """

    def rate(*values: Tensor) -> Tensor:
        variables = base | dict(zip(members, values, strict=True))
        return found.rate(variables, 0.0, variables[STATE])

    point = tuple(base[n] for n in members)
    along = tuple(found.random(p) for p in point)
    try:
        value, pushed = torch.func.jvp(rate, point, along)[:2]
    except (NotImplementedError, RuntimeError) as reason:
        raise ComputationError(f"a function has no forward derivative: {str(reason).splitlines()[0]}") from reason
    against = found.random(value)
    leaves = tuple(p.clone().requires_grad_(True) for p in point)
    output = rate(*leaves)
    pulled: tuple[Tensor | None, ...] = (None,) * len(leaves)
    if output.requires_grad:
        pulled = torch.autograd.grad(output, leaves, against, allow_unused=True)
    forward = float((pushed * against).sum())
    reverse = sum(float((g * a).sum()) for g, a in zip(pulled, along, strict=True) if g is not None)
    if not math.isfinite(forward + reverse):
        raise ComputationError("a product of the dot test is not finite")
    return forward, reverse
