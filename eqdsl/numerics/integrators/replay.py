"""Blocks of equal steps, captured once and replayed: a step on a small grid costs its launches, not its arithmetic.

A CUDA graph repeats the launches of a block with all their addresses, and one call starts it. So what changes from
block to block, the state, the time and the step, stands in tensors of its own; everything else is as it was at capture.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

LEAST_STEPS = 32
"""Rollouts of fewer steps are not worth a capture."""

MOST_STEPS = 32
"""Steps of a block: the graph's start then costs less than the steps."""

WARM_UPS = 2
"""Runs before a capture, in which kernels are compiled and libraries set themselves up."""

Advance = Callable[[Tensor, Tensor, Tensor], Tensor]
"""``advance(t, state, h)``, with tensors for all three; h is of one number."""


def replays(state: Tensor) -> bool:
    """Whether many steps from a state are captured: on a GPU, without gradients, outside other captures."""
    return state.device.type == "cuda" and not torch.is_grad_enabled() and not torch.cuda.is_current_stream_capturing()


class Replay:
    """The steps of one rollout.

    Parameters
    ----------
    advance : callable
        Neither waits for the device nor copies to it.
    initial : Tensor
    """

    def __init__(self, advance: Advance, initial: Tensor) -> None:
        self._advance, self._state = advance, initial.clone()
        self._time, self._step = (torch.zeros((), dtype=torch.float64, device=initial.device) for _ in range(2))
        self._blocks: dict[int, Callable[[], None]] = {}

    def __call__(self, t: float, h: float, count: int) -> Tensor:
        """The state after so many more steps h, the first of them from t."""
        self._step.fill_(h)
        for first in range(0, count, MOST_STEPS):
            self._time.fill_(t + first * h)
            self._block(min(MOST_STEPS, count - first))()
        return self._state.clone()

    def _block(self, count: int) -> Callable[[], None]:
        if count not in self._blocks:
            kept = self._state.clone()
            self._blocks[count] = capture(lambda: self._take(count))
            self._state.copy_(kept)
        return self._blocks[count]

    def _take(self, count: int) -> None:
        state = self._state
        h = self._step.to(state.dtype).reshape((1,) * state.dim())
        for number in range(count):
            state = self._advance(self._time + number * self._step, state, h)
        self._state.copy_(state)


def capture(work: Callable[[], None]) -> Callable[[], None]:
    """What does some work on the present device again, as one CUDA graph; the work is done a few times meanwhile."""
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UPS):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay
