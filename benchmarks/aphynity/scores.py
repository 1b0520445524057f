"""What is measured on a fitted, or exact, vector field."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from benchmarks.aphynity.problems import Problem, Quantity
from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.integrate import integrate

CHUNK = 1 << 22
"""Values of states looked at together."""


def mean_square_errors(field: VectorField, data: Trajectories, *, method: str, substeps: int) -> dict[str, float]:
    """Mean squared errors of rollouts from the first frames, over all values.

    Returns
    -------
    dict
        ``mse`` over all frames, ``mse_without_first``, and ``log10_per_sequence``: the mean over trajectories of log10
        of the error of each, all frames.
    """
    times, state = torch.as_tensor(data.times[0]), torch.as_tensor(data.state, dtype=torch.float64)
    errors = []
    with torch.no_grad():
        for part in state.split(max(1, CHUNK // state[0].numel())):
            rolled = integrate(field, part[:, 0], times, method=method, substeps=substeps)
            errors.append((rolled - part).square().flatten(2).mean(2))
    square = torch.cat(errors)
    return {
        "mse": float(square.mean()),
        "mse_without_first": float(square[:, 1:].mean()),
        "log10_per_sequence": float(square.mean(1).log10().mean()),
    }


def learned_squares(field: VectorField, data: Trajectories) -> dict[str, float]:
    """Mean square of each learned output over all states of the data, in the units of the data."""
    sums = {output: 0.0 for term in field.model.learned for output in term.outputs}
    count = 0
    for states in all_states(data):
        with torch.no_grad():
            for name, values in field.learned_outputs(0.0, states).items() if sums else ():
                sums[name] += float(values.square().mean()) * len(states)
        count += len(states)
    return {name: total / count for name, total in sums.items()}


def all_states(data: Trajectories) -> Iterator[Tensor]:
    """The states of all trajectories and frames, (N, C, *S) in double precision, in parts."""
    states = torch.as_tensor(np.asarray(data.state)).flatten(0, 1)
    for part in states.split(max(1, CHUNK // states[0].numel())):
        yield part.double()


def quantities(problem: Problem, field: VectorField, data: Trajectories) -> dict[str, dict[str, float]]:
    """Value and relative error of each quantity that the variant determines."""
    found = {}
    for quantity in problem.quantities:
        value = _value(quantity, field, data)
        if value is not None:
            found[quantity.name] = {"value": value, "error": value / quantity.true - 1}
    return found


def _value(quantity: Quantity, field: VectorField, data: Trajectories) -> float | None:
    fitted = field.physical.values()
    if quantity.parameter in fitted:
        return quantity.measure(float(fitted[quantity.parameter].detach()))
    outputs = [output for term in field.model.learned for output in term.outputs]
    if quantity.slope is None or quantity.slope[0] not in outputs:
        return None
    output, channel = quantity.slope
    product = square = 0.0
    for states in all_states(data):
        with torch.no_grad():
            values = field.learned_outputs(0.0, states)[output]
        x = states[:, field.model.channel_names.index(channel)]
        product, square = product + float((values * x).sum()), square + float(x.square().sum())
    return quantity.measure(product / square)


def log10(value: float) -> float:
    """Decimal logarithm; minus infinity at zero."""
    return math.log10(value) if value > 0 else -math.inf
