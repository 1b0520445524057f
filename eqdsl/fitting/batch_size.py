"""How many windows a batch can hold within a memory budget."""

from __future__ import annotations

import contextlib
import math

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.objectives.base import Objective
from eqdsl.fitting.problem import Problem

LARGEST = 512
"""Beyond it a step of a small system costs more and learns no faster."""
FEWEST = 4
"""Fewer windows make the gradient too noisy, however large the grid."""
POINTS = 1 << 16
"""Grid points times frames of a step. Every point of a field is a sample of its law, so a field needs few windows."""


def bytes_per_window(problem: Problem, objective: Objective, substeps: int) -> float:
    """Memory that the backward pass of one window with one interval keeps, measured on one.

    Where that window cannot be integrated yet, what was kept up to there: the step that fails there is skipped.
    """
    batch = problem.train.batch(objective.starts(1)[:1], 1)
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        try:
            storage = tensor.untyped_storage()
            kept[storage.data_ptr()] = storage.nbytes()
        except RuntimeError:
            # A tensor inside `torch.func` has no storage of its own.
            kept[id(tensor)] = tensor.numel() * tensor.element_size()
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor), contextlib.suppress(ComputationError):
        objective.misfit(batch, substeps)
    weights = sum(p.numel() * p.element_size() for p in problem.parameters())
    return max(sum(kept.values()) - weights, 1)


def bytes_with_checkpoints(bytes_each: float, horizon: int, substeps: int) -> float:
    """What a window of `horizon` intervals keeps with checkpoints, of which an interval stored would keep `bytes_each`.

    Of N steps, one block of sqrt(N) is stored at a time, and sqrt(N) states between blocks, each less than a step.
    """
    return 2 * bytes_each / substeps * math.sqrt(horizon * substeps)


def worthwhile_windows(horizon: int, points: int) -> int:
    """Windows beyond which a step costs more and learns no faster."""
    return min(LARGEST, max(FEWEST, POINTS // (points * horizon)))


def affordable_windows(bytes_each: float, horizon: int, memory: float, points: int) -> int:
    """Windows of `horizon` intervals on `points` grid points for a step: what pays, within `memory` GiB; at least 1."""
    return int(max(min(memory * 2**30 / (bytes_each * horizon), worthwhile_windows(horizon, points)), 1))
