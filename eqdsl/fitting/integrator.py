"""The integrator of a fit: the one that is asked for, or one that suits the model and what is kept for gradients."""

from __future__ import annotations

import numpy as np

from eqdsl.fitting.config import IntegratorSection
from eqdsl.fitting.starts import FittedStarts, start_states
from eqdsl.fitting.training_data import TrainingData
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.expr import DefinitionRef, Diff, Expr, FluxDiff, children
from eqdsl.model.model import Model
from eqdsl.numerics.integrators.integrate import check_memory
from eqdsl.numerics.integrators.table import method_of
from eqdsl.simulation.choice import AUTO, Choice, choose_for_fit, named

FRAMES = 16
"""Data frames that the choice looks at."""

ADJOINT = Choice("torchdiffeq_dopri5", "adaptive", None, "it has an adjoint equation")

ADJOINT_WARNING = (
    "note: `memory = adjoint` solves the equation backwards, and diffusion grows backwards: the gradient is not that "
    "of the computed solution (24 % off for a heat equation on 64 points); `memory = checkpoint` is exact"
)


def check_integrator(section: IntegratorSection) -> None:
    """Refuse an integrator that does not exist or does not go with the memory.

    Raises
    ------
    UsageError
        With the names of those that do.
    """
    if section.method != AUTO:
        method = method_of(section.method)
        if section.memory != "auto":
            check_memory(method, section.memory)


def integrator_of(
    section: IntegratorSection, field: VectorField, data: TrainingData, fitted: FittedStarts | None = None
) -> Choice:
    """The integrator of a fit to these data.

    Raises
    ------
    UsageError
        None suits the model and the memory.
    """
    if section.method != AUTO:
        return named(method_of(section.method), None)
    if section.memory == "adjoint":
        return ADJOINT
    starts = data.starts(1, first_only=fitted is not None)
    batch = data.batch(starts[np.linspace(0, len(starts) - 1, min(FRAMES, len(starts))).astype(int)], 1)
    start = start_states(field, batch, fitted)
    field = field.driven(batch.driving).with_past(batch.past)
    choice = choose_for_fit(field, start, batch.times, reversible=section.memory == "reversible")
    if section.memory != "auto":
        check_memory(method_of(choice.method), section.memory)
    return choice


def diffusive(model: Model) -> bool:
    """Whether some state that is first order in time has a second or higher derivative in its equation."""
    first_order = (e for e in model.equations if not model.channel(e.channel).velocity)
    return any(_diffuses(model, term.expr) for equation in first_order for term in equation.terms)


def _diffuses(model: Model, expression: Expr) -> bool:
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, FluxDiff) or (isinstance(part, Diff) and part.order >= 2):
            return True
        if isinstance(part, DefinitionRef):
            waiting.append(model.definitions[part.name].components[part.component])
        waiting += children(part)
    return False
