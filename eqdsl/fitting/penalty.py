"""The penalty: the norm of the learned terms at data states, in units of the data's own rate of change."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import MultiplierSection
from eqdsl.fitting.training_data import Batch
from eqdsl.learned.norms import NORMS
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.learned_terms import PER
from eqdsl.model.model import Model

OWN_WEIGHT = 10.0
"""Weight of the norm of a term that is another one in each environment, unless the options say one."""


@dataclass(frozen=True)
class PenaltyValue:
    """The penalty of a batch.

    Parameters
    ----------
    total : Tensor
        Norm of the learned terms and the complexity of their families: what the multiplier weighs.
    norms : dict of str to Tensor
        Mean square of each learned output in units of its scale, whatever norm the total is made of.
    cost : Tensor
        The model's ``penalty`` statements, and what differs between environments (`invariance`): their weights are the
        user's, the multiplier leaves them alone.
    """

    total: Tensor
    norms: dict[str, Tensor]
    cost: Tensor

    def detached(self) -> PenaltyValue:
        """The numbers without their graph."""
        norms = {name: norm.detach() for name, norm in self.norms.items()}
        return PenaltyValue(self.total.detach(), norms, self.cost.detach())


class Penalty:
    """``sum_f weight_f mean(|f(X)/scale_f|^2)`` plus what a family asks for, and the model's ``penalty`` statements.

    The function penalised is the function integrated: it is the vector field's own, at the states of the data. That of
    one environment is penalised at the states of all: at its own few alone it would be anything between them. Its
    weight is larger than that of a shared one, which so explains what is common.

    Parameters
    ----------
    model : Model
    field : VectorField
    options : MultiplierSection
        Norm and weights.
    variance : Tensor, shape (C,)
        Variance of each channel of the data.
    """

    def __init__(self, model: Model, field: VectorField, options: MultiplierSection, variance: Tensor) -> None:
        self.field, self.options, self.variance = field, options, variance
        self.modules = learned_modules(field)
        self.places = {name: (term.name, i) for term in model.acting for i, name in enumerate(term.outputs)}
        self.own = tuple(name for term in model.acting if term.scope == PER for name in term.outputs)
        self.has_statements = bool(model.penalties)

    def __call__(self, batch: Batch) -> PenaltyValue:
        """The penalty at the complete frames of a batch."""
        state = batch.state.flatten(0, 1)
        time, weight = batch.times.flatten(), batch.complete.flatten()
        frames = torch.arange(len(batch.rows), device=state.device).repeat_interleave(batch.state.shape[1])
        field = self.field.driven(batch.driving).of_rows(frames).with_past(batch.past_of_frames())
        total = cost = state.new_zeros(())
        norms, counted = {}, []
        if self.places:
            norm = NORMS[self.options.norm]
            outputs = field.learned_outputs(time, state)
            if self.own:
                elsewhere = field.elsewhere().learned_outputs(time, state)
                outputs |= {name: elsewhere[name] for name in self.own}
            for name, output in outputs.items():
                scaled = output / self._scale(name)
                norms[name] = _mean(scaled.detach().square(), weight)
                term = self.places[name][0]
                factor = self.options.weights.get(term, OWN_WEIGHT if name in self.own else 1.0)
                counted.append(factor * _mean(norm(scaled, state, self.variance), weight))
            total = total + torch.stack(counted).sum() + self._complexity()
        if self.has_statements:
            for value in field.penalties(time, state).values():
                cost = cost + _weighted(value, weight)
        return PenaltyValue(total, norms, cost)

    def _scale(self, name: str) -> Tensor:
        term, index = self.places[name]
        return self.modules[term].norm_scale[index]

    def _complexity(self) -> Tensor | float:
        costs = [module.family.complexity() for module in self.modules.values()]
        return sum((cost for cost in costs if cost is not None), 0.0)


def check_weights(model: Model, options: MultiplierSection) -> None:
    """Raise `UsageError` when ``multiplier.weights`` names something that is not a learned term."""
    terms = [term.name for term in model.learned]
    unknown = [name for name in options.weights if name not in terms]
    if unknown:
        known = f"the learned terms are {', '.join(terms)}" if terms else "the model has none"
        raise UsageError(f"multiplier.weights: `{unknown[0]}` is not a learned term", help=known)


def learned_modules(field: VectorField) -> dict[str, LearnedTermModule]:
    """The learned terms of a vector field by their names in the model."""
    modules = {}
    for term in field.model.learned:
        module = field.learned[f"term_{term.name}"]
        assert isinstance(module, LearnedTermModule)
        modules[term.name] = module
    return modules


def _mean(squares: Tensor, weight: Tensor) -> Tensor:
    return _weighted(squares.reshape(len(squares), -1).mean(1), weight)


def _weighted(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1)
