"""The coordinates that a program reads, as buffers of its vector field."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from eqdsl.lowering.program import Program
from eqdsl.numerics.grid import Grid


def coordinates(program: Program) -> tuple[tuple[int, int], ...]:
    """Axis and halo of every coordinate the program reads."""
    found = {s.attributes for s in program.steps if s.operation == "coordinate"}
    return tuple(sorted((int(str(axis)), int(str(halo))) for axis, halo in found))


def coordinate_tensor(grid: Grid, axis: int, halo: int) -> Tensor:
    """Positions along an axis with its halo, (1, …, n, …, 1)."""
    shape = [1] * (len(grid.axes) + 1)
    shape[axis + 1] = -1
    return torch.as_tensor(np.reshape(grid.axes[axis].coordinates(halo), shape), dtype=torch.float64)


def buffer_name(axis: int, halo: int) -> str:
    """What they are stored under."""
    return f"coordinate_{axis}_{halo}"
