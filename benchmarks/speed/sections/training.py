"""Training steps: rollout, gradient, Adam."""

from __future__ import annotations

from benchmarks.speed.case import Case
from benchmarks.speed.sections.section import Choice, Section

TORCH = ("eqdsl", "torchdiffeq", "torch.compile")
PEERS = (*TORCH, "diffrax")


def grid_cases(problem: str, hidden: tuple[int, ...], chosen: Choice) -> list[Case]:
    return [
        Case("training", problem, size, chosen.batch or 16, dtype, chosen.steps or 24, chosen.hidden or hidden)
        for size in chosen.sizes or (64,)
        for dtype in chosen.dtypes or ("float32",)
    ]


def pendulum_cases(chosen: Choice) -> list[Case]:
    return [
        Case("pendulum", "pendulum", 0, chosen.batch or 25, dtype, chosen.steps or 40, chosen.hidden or (200, 200, 200))
        for dtype in chosen.dtypes or ("float32",)
    ]


CONV = Section(
    "Training step, diffusion and a conv with periodic padding",
    lambda chosen: grid_cases("fhn_conv", (16, 16), chosen),
    # diffrax takes 45 s a step: XLA's convolutions are slow on a CPU.
    TORCH,
    base="torchdiffeq",
    goals={"torchdiffeq": 1 / 2},
    memory_goals={"torchdiffeq": 1 / 4},
)
MLP = Section(
    "Training step, diffusion and a pointwise mlp",
    lambda chosen: grid_cases("fhn_mlp", (64, 64), chosen),
    PEERS,
    base="torchdiffeq",
    goals={"torchdiffeq": 1 / 3, "diffrax": 1 / 1.5},
    memory_goals={"torchdiffeq": 1 / 8},
)
PENDULUM = Section(
    "Training step, pendulum with an mlp, dopri5",
    pendulum_cases,
    PEERS,
    base="torchdiffeq",
    goals={"torchdiffeq": 1 / 2.5, "diffrax": 1.0},
)
