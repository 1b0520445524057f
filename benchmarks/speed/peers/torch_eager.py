"""torchdiffeq over a hand-written field, eager."""

from __future__ import annotations

import torch
from torchdiffeq import odeint

from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.peers import torch_tasks
from benchmarks.speed.peers.torch_module import HandWritten, tensors
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS


def rate(case: Case) -> Work:
    return torch_tasks.rate(case, HandWritten(case))


def gradient(case: Case) -> Work:
    field = HandWritten(case)
    return torch_tasks.gradient(case, field, list(field.parameters()))


def rollout(case: Case) -> Work:
    field, start = HandWritten(case), torch.from_numpy(inputs.initial_state(case))
    dt = PROBLEMS[case.problem].time_step(case.size)
    ends = torch.tensor([0.0, dt * case.steps], dtype=start.dtype)
    # The count of steps is a ceiling of the quotient: a little more than dt keeps it at the wanted one.
    options = {"step_size": dt * (1 + 1e-6)}
    return torch_tasks.rollout(lambda: odeint(field, start, ends, method="rk4", options=options)[-1])


def training(case: Case) -> Work:
    field, (start, target, times) = HandWritten(case), tensors(case)
    moments = times.to(start.dtype)
    return torch_tasks.training(
        lambda: odeint(field, start, moments, method="rk4").transpose(0, 1),
        target, list(field.parameters()), field.weights[0],
    )  # fmt: skip


def pendulum(case: Case) -> Work:
    field, (start, target, times) = HandWritten(case), tensors(case)
    moments = times.to(start.dtype)
    return torch_tasks.training(
        lambda: odeint(field, start, moments, method="dopri5", rtol=1e-4, atol=1e-6).transpose(0, 1),
        target, list(field.parameters()), field.weights[0],
    )  # fmt: skip


BUILDERS: Builders = {
    "rate": rate, "gradient": gradient, "rollout": rollout, "training": training, "pendulum": pendulum,
}  # fmt: skip
