"""The known part: its rate, and the rate with its vector-Jacobian product."""

from __future__ import annotations

from benchmarks.speed.case import Case, Task
from benchmarks.speed.sections.section import Choice, Section

FLAT = ("fitzhugh_nagumo", "gray_scott", "wave", "heat_robin")
SIZES, SIZES_3D = (64, 256, 512, 2048), (32, 128)


def cases(task: Task, chosen: Choice) -> list[Case]:
    """Small grids come in batches, as in training: alone they would measure a Python call."""
    return [
        Case(task, problem, size, chosen.batch or (32 if size <= 64 and problem != "heat_3d" else 1), dtype)
        for problem in chosen.problems or (*FLAT, "heat_3d")
        for size in chosen.sizes or (SIZES_3D if problem == "heat_3d" else SIZES)
        for dtype in chosen.dtypes or ("float32", "float64")
    ]


FORWARD = Section(
    "Known part, forward",
    lambda chosen: cases("rate", chosen),
    ("eqdsl", "C", "copy", "Devito", "torchdiffeq", "torch.compile", "diffrax", "py-pde"),
    base="C",
    goals={"C": 1.5, "Devito": 1.0},
)
ADJOINT = Section(
    "Known part, forward and adjoint, over three times the C kernel's forward",
    lambda chosen: cases("gradient", chosen),
    ("eqdsl", "C", "torchdiffeq", "torch.compile", "diffrax"),
    base="C",
    times_base=3.0,
    goals={"C": 1.3},
)
