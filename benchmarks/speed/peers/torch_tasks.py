"""What torch is asked to do with a field, eqdsl's or another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.peers.torch_module import numpy_of
from benchmarks.speed.peers.work import Work

Field = Callable[[float, Tensor], Tensor]


def rate(case: Case, field: Field) -> Work:
    state = torch.from_numpy(inputs.initial_state(case))

    def run() -> Tensor:
        with torch.no_grad():
            return field(0.0, state)

    return Work(run, lambda: {"rate": numpy_of(run())})


def gradient(case: Case, field: Field, parameters: Sequence[Tensor]) -> Work:
    state = torch.from_numpy(inputs.initial_state(case)).requires_grad_()
    covector = torch.from_numpy(inputs.cotangent(case))

    def run() -> tuple[Tensor, Tensor]:
        out = field(0.0, state)
        return out, torch.autograd.grad(out, [state, *parameters], covector)[0]

    def check() -> dict[str, np.ndarray]:
        out, slope = run()
        return {"rate": numpy_of(out), "gradient": numpy_of(slope)}

    return Work(run, check)


def rollout(advance: Callable[[], Tensor]) -> Work:
    def run() -> Tensor:
        with torch.no_grad():
            return advance()

    return Work(run, lambda: {"final": numpy_of(run())})


def training(solve: Callable[[], Tensor], target: Tensor, parameters: Sequence[Tensor], first_weight: Tensor) -> Work:
    """`solve` gives all frames, (B, T, C, *S)."""
    optimizer = torch.optim.Adam(parameters, lr=1e-3)

    def backward() -> Tensor:
        optimizer.zero_grad()
        loss = (solve() - target).square().mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    def run() -> None:
        backward()
        optimizer.step()

    def check() -> dict[str, np.ndarray]:
        loss = backward()
        assert first_weight.grad is not None
        return {"loss": numpy_of(loss), "gradient": numpy_of(first_weight.grad)}

    return Work(run, check)
