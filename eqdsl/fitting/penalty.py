"""The penalty: the norm of the learned terms at data states, in units of the data's own rate of change."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from eqdsl.fitting.training_data import Batch
from eqdsl.learned.term import LearnedTermModule
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import Model


@dataclass(frozen=True)
class PenaltyValue:
    """The penalty of a batch.

    Parameters
    ----------
    total : Tensor
        Norm of the learned terms and the complexity of their families: what the multiplier weighs.
    norms : dict of str to Tensor
        Mean square of each learned output in units of its scale.
    cost : Tensor
        The model's ``penalty`` statements: their weights are the user's, the multiplier leaves them alone.
    """

    total: Tensor
    norms: dict[str, Tensor]
    cost: Tensor

    def detached(self) -> PenaltyValue:
        """The numbers without their graph."""
        norms = {name: norm.detach() for name, norm in self.norms.items()}
        return PenaltyValue(self.total.detach(), norms, self.cost.detach())


class Penalty:
    """``sum_f mean(f(X)^2)/scale_f^2`` plus what a family asks for, and the model's ``penalty`` statements.

    The function penalised is the function integrated: it is the vector field's own, at the states of the data.
    """

    def __init__(self, model: Model, field: VectorField) -> None:
        self.field = field
        self.modules = learned_modules(field)
        self.places = {name: (term.name, i) for term in model.learned for i, name in enumerate(term.outputs)}
        self.has_statements = bool(model.penalties)

    def __call__(self, batch: Batch) -> PenaltyValue:
        """The penalty at the complete frames of a batch."""
        state = batch.state.flatten(0, 1)
        time, weight = batch.times.flatten(), batch.complete.flatten()
        frames = torch.arange(len(batch.rows), device=state.device).repeat_interleave(batch.state.shape[1])
        field = self.field.driven(batch.driving).of_rows(frames)
        total = cost = state.new_zeros(())
        norms = {}
        if self.places:
            for name, output in field.learned_outputs(time, state).items():
                square = (output / self._scale(name)).square().reshape(len(state), -1).mean(1)
                norms[name] = _weighted(square, weight)
            total = total + torch.stack(list(norms.values())).sum() + self._complexity()
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


def learned_modules(field: VectorField) -> dict[str, LearnedTermModule]:
    """The learned terms of a vector field by their names in the model."""
    modules = {}
    for term in field.model.learned:
        module = field.learned[f"term_{term.name}"]
        assert isinstance(module, LearnedTermModule)
        modules[term.name] = module
    return modules


def _weighted(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1)
