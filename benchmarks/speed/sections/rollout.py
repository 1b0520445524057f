"""Many steps of a known equation."""

from __future__ import annotations

from benchmarks.speed.case import Case
from benchmarks.speed.sections.section import Choice, Section


def cases(chosen: Choice) -> list[Case]:
    return [
        Case("rollout", problem, size, chosen.batch or 1, dtype, steps=chosen.steps or 1000)
        for problem in chosen.problems or ("fitzhugh_nagumo",)
        for size in chosen.sizes or (256,)
        for dtype in chosen.dtypes or ("float32", "float64")
    ]


ROLLOUT = Section(
    "RK4 steps",
    cases,
    ("eqdsl", "C", "Devito", "torchdiffeq", "torch.compile", "diffrax", "py-pde"),
    base="C",
    goals={"torchdiffeq": 1 / 5, "diffrax": 1 / 2, "Devito": 1.0},
)
