"""The known part: its rate, and the rate with its vector-Jacobian product."""

from __future__ import annotations

from benchmarks.speed.case import Case, Task
from benchmarks.speed.sections.section import Choice, Section

FLAT = ("fitzhugh_nagumo", "gray_scott", "wave", "heat_robin")
FORWARD_SIZES, ADJOINT_SIZES, SIZES_3D = (64, 512, 2048), (64, 512), (32, 128)


def cases(task: Task, sizes: tuple[int, ...], chosen: Choice) -> list[Case]:
    """Small grids come in batches and in float32, as in training: alone they would measure a Python call."""
    return [
        Case(task, problem, size, chosen.batch or (32 if size <= 64 and problem != "heat_3d" else 1), dtype)
        for problem in chosen.problems or (*FLAT, "heat_3d")
        for size in chosen.sizes or (SIZES_3D if problem == "heat_3d" else sizes)
        for dtype in chosen.dtypes or ("float32" if size <= 64 else "float64",)
    ]


FORWARD = Section(
    "Known part, forward",
    lambda chosen: cases("rate", FORWARD_SIZES, chosen),
    ("eqdsl", "C", "copy", "Devito", "torchdiffeq", "torch.compile", "diffrax", "py-pde"),
    base="C",
    goals={"C": 1.5, "Devito": 1.0},
)
ADJOINT = Section(
    "Known part, forward and adjoint, over three times the C kernel's forward",
    lambda chosen: cases("gradient", ADJOINT_SIZES, chosen),
    ("eqdsl", "C", "torchdiffeq", "torch.compile", "diffrax"),
    base="C",
    times_base=3.0,
    goals={"C": 1.3},
)
