"""Which integrator suits a model where none is named: one table of rules, the first that holds counts.

`eqdsl simulate` and `eqdsl fit` share it. What the rules ask is in `facts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.base import Method
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.simulation.facts import Facts

AUTO = "auto"
"""What the user writes for a choice by these rules."""


@dataclass(frozen=True)
class Choice:
    """An integrator and why.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    kind : str
        What sort of integrator it is.
    step : float or None
        Largest step of a method of fixed step, where it was chosen too.
    reason : str
        Completes "because …".
    """

    method: str
    kind: str
    step: float | None
    reason: str

    def __str__(self) -> str:
        step = "" if self.step is None else f", step {self.step:.3g}"
        return f"{self.method} ({self.kind}){step}, because {self.reason}"


@dataclass(frozen=True)
class Rule:
    """Takes `method` where `holds`; `reason` completes "because …"."""

    method: str
    kind: str
    holds: Callable[[Facts], bool]
    reason: Callable[[Facts], str]


REVERSIBLE_RULES = (
    Rule("verlet", "reversible", lambda f: f.pairs, lambda f: "every state is second order in time"),
    Rule("implicit_midpoint", "reversible", lambda f: True, lambda f: "it can be undone for any equation"),
)
"""Where the user asks for steps that can be undone."""

RULES = (
    Rule("ssprk3", "explicit", lambda f: f.transport, lambda f: f"it keeps the bounds of `scheme`; {f.limit_in_words}"),
    Rule("etdrk4", "exponential", lambda f: f.stiff_linear_part,
         lambda f: f"linear terms limit explicit steps to {f.linear_limit:.2g}"),
    Rule("rodas4", "implicit", lambda f: f.stiff,
         lambda f: f"a decay at rate {f.decay:.2g} limits explicit steps to {f.decay_limit:.2g}"),
    Rule("rk4", "explicit", lambda f: f.fixed or f.has_space, lambda f: f.limit_in_words),
    Rule("tsit5", "adaptive", lambda f: True, lambda f: "nothing in the equations is stiff"),
)  # fmt: skip
"""Where nothing else is asked for."""


def choose(field: VectorField, state: Tensor, times: Tensor, *, step: float | None, rtol: float, atol: float) -> Choice:
    """The integrator, and its step, of a simulation.

    Steps of a fixed-step method are at most half of what is stable at the start, and so short that over the first
    interval steps of half the length change the solution by less than the tolerances.

    Parameters
    ----------
    field : VectorField
    state : Tensor, shape (B, C, *S)
        At the first times.
    times : Tensor, shape (T,) or (B, T)
    step : float or None
        The step that the user wants, which then stands: the method is one of fixed step.
    rtol, atol : float
        Tolerances of an adaptive method; of the first interval for others.
    """
    facts = Facts(field, state, times, rtol, atol, step=step, fixed=step is not None)
    rule = next(rule for rule in RULES if rule.holds(facts))
    method = METHODS[rule.method]
    if not method.fixed_step:
        return Choice(rule.method, rule.kind, None, rule.reason(facts))
    return Choice(rule.method, rule.kind, facts.accurate_step(method) if step is None else step, rule.reason(facts))


def choose_for_fit(field: VectorField, state: Tensor, times: Tensor, *, reversible: bool = False) -> Choice:
    """The integrator of a fit, from the model at its first parameters and frames of the data.

    Steps follow later, from the data (`integrator.substeps`), so the method is one of fixed step unless nothing else
    will do. Terms that are still to be learned count as they begin: nearly zero.

    Parameters
    ----------
    field : VectorField
    state : Tensor, shape (B, C, *S)
        Frames of the data.
    times : Tensor, shape (B, 2)
        Their times and those of the next frames.
    reversible : bool
        Whether steps must be such as can be undone.
    """
    facts = Facts(field, state, times, 0.0, 0.0, step=None, fixed=True)
    rule = next(rule for rule in (REVERSIBLE_RULES if reversible else RULES) if rule.holds(facts))
    return Choice(rule.method, rule.kind, None, rule.reason(facts))


def named(method: Method, step: float | None) -> Choice:
    """A choice that the user has made."""
    kind = "fixed step" if method.fixed_step else "adaptive"
    return Choice(method.name, kind, step if method.fixed_step else None, "it was asked for")
