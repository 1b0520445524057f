"""The same field compiled by hand: ``torch.compile`` of the field, of a whole RK4 step in rollouts."""

from __future__ import annotations

import torch
from torch import Tensor
from torchdiffeq import odeint

from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.peers import torch_tasks
from benchmarks.speed.peers.torch_module import HandWritten, rk4_step, tensors
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS


def rate(case: Case) -> Work:
    return torch_tasks.rate(case, torch.compile(HandWritten(case), dynamic=False))


def gradient(case: Case) -> Work:
    field = HandWritten(case)
    return torch_tasks.gradient(case, torch.compile(field, dynamic=False), list(field.parameters()))


def rollout(case: Case) -> Work:
    field, start = HandWritten(case), torch.from_numpy(inputs.initial_state(case))
    dt = PROBLEMS[case.problem].time_step(case.size)
    step = torch.compile(lambda state: rk4_step(field, state, dt), dynamic=False)

    def advance() -> Tensor:
        state = start
        for _ in range(case.steps):
            state = step(state)
        return state

    return torch_tasks.rollout(advance)


def training(case: Case) -> Work:
    field, (start, target, _) = HandWritten(case), tensors(case)
    dt = PROBLEMS[case.problem].time_step(case.size)
    step = torch.compile(lambda state: rk4_step(field, state, dt), dynamic=False)

    def solve() -> Tensor:
        frames = [start]
        for _ in range(case.steps):
            frames.append(step(frames[-1]))
        return torch.stack(frames, 1)

    return torch_tasks.training(solve, target, list(field.parameters()), field.weights[0])


def pendulum(case: Case) -> Work:
    field, (start, target, times) = HandWritten(case), tensors(case)
    compiled, moments = torch.compile(field, dynamic=False), times.to(start.dtype)
    return torch_tasks.training(
        lambda: odeint(compiled, start, moments, method="dopri5", rtol=1e-4, atol=1e-6).transpose(0, 1),
        target, list(field.parameters()), field.weights[0],
    )  # fmt: skip


BUILDERS: Builders = {
    "rate": rate, "gradient": gradient, "rollout": rollout, "training": training, "pendulum": pendulum,
}  # fmt: skip
