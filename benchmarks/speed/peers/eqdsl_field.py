"""eqdsl, by its public API."""

from __future__ import annotations

import torch

import eqdsl
from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.peers import torch_tasks
from benchmarks.speed.peers.torch_module import tensors
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS
from eqdsl.numerics.integrators.integrate import integrate


def make_field(case: Case) -> eqdsl.VectorField:
    """The one place where a field is made."""
    problem = PROBLEMS[case.problem]
    hidden = ", ".join(map(str, case.hidden))
    lines = [problem.text.replace("{hidden}", hidden)]
    # An interval far around the value, as a fitted parameter has.
    lines += [f"param {name} = fit {value} in (0, {10 * value})" for name, value in problem.parameters.items()]
    if case.size:
        lines.append("grid " + ", ".join(f"{axis} = {case.size}" for axis in "xyz"[: problem.dimension]))
    field = eqdsl.compile_model(eqdsl.loads("\n".join(lines)), dtype=getattr(torch, case.dtype))
    if case.hidden:
        with torch.no_grad():
            for parameter, weight in zip(learned_weights(field), inputs.weights(case), strict=True):
                parameter.copy_(torch.from_numpy(weight))
    return field


def learned_weights(field: eqdsl.VectorField) -> list[torch.nn.Parameter]:
    return list(field.learned.parameters())


def rate(case: Case) -> Work:
    """One of many evaluations: as in a rollout, what follows from the parameters alone is there beforehand."""
    field, start = make_field(case), torch.from_numpy(inputs.initial_state(case))
    with torch.no_grad():
        prepared = field.for_rollout(torch.tensor(0.0, dtype=start.dtype), start)
    return torch_tasks.rate(case, lambda t, state: prepared(torch.as_tensor(t, dtype=state.dtype), state))


def gradient(case: Case) -> Work:
    field = make_field(case)
    return torch_tasks.gradient(case, field, list(field.parameters()))


def rollout(case: Case) -> Work:
    field, start = make_field(case), torch.from_numpy(inputs.initial_state(case))
    end = PROBLEMS[case.problem].time_step(case.size) * case.steps
    times = torch.tensor([0.0, end], dtype=torch.float64)
    return torch_tasks.rollout(lambda: integrate(field, start, times, method="rk4", substeps=case.steps)[:, -1])


def training(case: Case) -> Work:
    field, (start, target, times) = make_field(case), tensors(case)
    return torch_tasks.training(
        lambda: integrate(field, start, times, method="rk4"),
        target, list(field.parameters()), learned_weights(field)[0],
    )  # fmt: skip


def pendulum(case: Case) -> Work:
    field, (start, target, times) = make_field(case), tensors(case)
    return torch_tasks.training(
        lambda: integrate(field, start, times, method="dopri5", rtol=1e-4, atol=1e-6),
        target, list(field.parameters()), learned_weights(field)[0],
    )  # fmt: skip


BUILDERS: Builders = {
    "rate": rate, "gradient": gradient, "rollout": rollout, "training": training, "pendulum": pendulum,
}  # fmt: skip
