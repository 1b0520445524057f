"""The projection: what an exact minimal norm makes of the parameters when the learned term can imitate known ones.

Of all splits of the true rate F into known(p) and learned, the smallest learned part, in mean square over the
training states, has the p that minimises ``mean |F(X) - known(X; p)|^2`` (arXiv 2010.04456, section 3.1). It fits the
data exactly and is not the truth: its parameters are biased. Here it is computed without any training.
"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.aphynity.problems import Problem
from benchmarks.aphynity.scores import all_states
from eqdsl.analysis.check import load_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import Grid, grid_from_coordinates

ITERATIONS = 200
NOTHING = 1e-24
"""Mean square of a missing term, over that of the rate, that is rounding."""


def projection(problem: Problem, known: str, data: Trajectories) -> dict[str, Any]:
    """Project the true rate on the equations of the variant `known`, which has no learned term.

    Returns
    -------
    dict
        ``errors``: relative error of each quantity; ``square``: mean square of the learned part that is left, summed
        over the equations; ``missing``: the same of what is truly missing, at the true parameters.
    """
    truth = compile_model(load_model(problem.model("true")), grid=_grid(problem, "true", data))
    field = compile_model(load_model(problem.model(known)), grid=_grid(problem, known, data))
    true = {name: float(truth.physical.values()[name]) for name in field.physical.fitted}
    for name, value in true.items():
        field.physical.set_value(name, value)
    pieces = [(states, truth(0.0, states).detach()) for states in all_states(data)]
    missing = float(_squares(field, pieces).detach())
    rate = sum(float(rate.square().sum()) for _, rate in pieces) / sum(rate.numel() for _, rate in pieces)
    if missing <= NOTHING * rate:
        errors = {quantity.name: 0.0 for quantity in problem.quantities if quantity.parameter in true}
        return {"missing": missing, "square": missing, "errors": errors}
    result: dict[str, Any] = {"missing": missing, "errors": {}}
    optimizer = torch.optim.LBFGS(
        field.physical.parameters(), max_iter=ITERATIONS, line_search_fn="strong_wolfe", tolerance_grad=1e-14,
        tolerance_change=0.0,
    )  # fmt: skip

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = _squares(field, pieces) / missing
        loss.backward()
        return loss

    optimizer.step(closure)  # type: ignore[arg-type]
    for quantity in problem.quantities:
        if quantity.parameter in true:
            value = quantity.measure(float(field.physical.values()[quantity.parameter].detach()))
            result["errors"][quantity.name] = value / quantity.true - 1
    result["square"] = float(_squares(field, pieces).detach())
    return result


def _squares(field: VectorField, pieces: list[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    count = sum(len(states) for states, _ in pieces)
    sums = [(rate - field(0.0, states)).square().reshape(*rate.shape[:2], -1).mean(2).sum() for states, rate in pieces]
    return torch.stack(sums).sum() / count


def _grid(problem: Problem, variant: str, data: Trajectories) -> Grid:
    return grid_from_coordinates(load_model(problem.model(variant)), data.axes)
