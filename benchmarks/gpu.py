"""Known parts, rollouts and training steps on a GPU; says so and ends where there is none.

    python -m benchmarks.gpu

prints Markdown tables. *Known part*: one evaluation, and one with its adjoint, each one CUDA graph, against a copy of
the state on the same GPU. The share is that of the measured copy bandwidth: an evaluation has to move one state in and
one out, its adjoint two in and one out. *Rollout*: RK4 steps, replayed as CUDA graphs and launch by launch; it is bound
by its launches where its time does not grow with the grid. *Training step*: of `conv` and `mlp` in `benchmarks.speed`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.peers.eqdsl_field import make_field
from benchmarks.speed.problems import PROBLEMS
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators import explicit, replay
from eqdsl.numerics.integrators.integrate import integrate

REPEATS = 11
LEAST_SECONDS = 0.05
"""Of a repeat."""

KNOWN_PARTS = {"fitzhugh_nagumo": 1024, "gray_scott": 1024, "wave": 1024, "heat_robin": 1024, "heat_3d": 128}
"""Problems, and points along each axis: states that no cache of a GPU holds but for the smallest."""

GRIDS = (64, 256, 1024)
STEPS = 1000
NETWORKS = {"fhn_conv": (16, 16), "fhn_mlp": (64, 64)}


def main() -> None:
    """Print the tables."""
    if not torch.cuda.is_available():
        print("no GPU here: nothing is measured")
        return
    device = torch.device("cuda")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}\n")
    for lines in (known_parts(device, KNOWN_PARTS), rollouts(device, GRIDS, STEPS), training(device, 64, 16)):
        print("\n".join(lines) + "\n")


def known_parts(device: torch.device, sizes: Mapping[str, int]) -> list[str]:
    """Evaluations and adjoints against the copy of a state."""
    lines = ["| known part | grid | copy, µs | forward, µs | share | adjoint, µs | share | kernel |", "|---" * 8 + "|"]
    for name, size in sizes.items():
        for dtype in ("float32", "float64"):
            field, state = made(Case("rate", name, size, 1, dtype), device)
            state.requires_grad_()
            direction, start = torch.ones_like(state), torch.zeros((), dtype=state.dtype, device=device)

            def adjoint(
                field: VectorField = field, start: Tensor = start, state: Tensor = state, direction: Tensor = direction
            ) -> None:
                torch.autograd.grad(field(start, state), state, direction)

            with torch.no_grad():
                into = torch.empty_like(state)
                prepared = field.for_rollout(start, state)
                copy = seconds(graphed(lambda into=into, state=state: into.copy_(state), device), device)
                forward = seconds(
                    graphed(lambda call=prepared, start=start, state=state: call(start, state), device), device
                )
            back = seconds(graphed(adjoint, device), device)
            kernel = field.fused.refused or "Triton"
            lines.append(
                f"| {name}, {dtype} | {size} | {copy * 1e6:.1f} | {forward * 1e6:.1f} | "
                f"{copy / forward:.0%} | {back * 1e6:.1f} | {2.5 * copy / back:.0%} | {kernel} |"
            )
    return lines


def rollouts(device: torch.device, sizes: Sequence[int], steps: int) -> list[str]:
    """Steps as graphs, and launch by launch."""
    lines = ["| grid | replayed, µs a step | by launches, µs a step | ratio |", "|---" * 4 + "|"]
    for size in sizes:
        field, state = made(Case("rollout", "fitzhugh_nagumo", size, 1, "float32", steps), device)
        end = PROBLEMS["fitzhugh_nagumo"].time_step(size) * steps
        times = torch.tensor([0.0, end], dtype=torch.float64)

        def roll(field: VectorField = field, state: Tensor = state, times: Tensor = times) -> None:
            with torch.no_grad():
                integrate(field, state, times, method="rk4", substeps=steps)

        replayed = seconds(roll, device, repeats=3) / steps
        with patch.object(explicit, "replays", lambda state: False):
            launched = seconds(roll, device, repeats=3) / steps
        lines.append(f"| {size} | {replayed * 1e6:.1f} | {launched * 1e6:.1f} | {launched / replayed:.1f} |")
    return lines


def training(device: torch.device, size: int, batch: int) -> list[str]:
    """One step of Adam through 24 RK4 steps."""
    lines = ["| learned term | ms a step | peak MB |", "|---|---|---|"]
    for name, hidden in NETWORKS.items():
        field, state = made(Case("training", name, size, batch, "float32", 24, hidden), device)
        times = torch.arange(25, dtype=torch.float64) * PROBLEMS[name].time_step(size)
        optimizer = torch.optim.Adam(field.parameters(), lr=1e-3)

        def step(field: VectorField = field, state: Tensor = state, times: Tensor = times,
                 optimizer: torch.optim.Adam = optimizer) -> None:  # fmt: skip
            optimizer.zero_grad()
            (integrate(field, state, times, method="rk4") ** 2).mean().backward()
            optimizer.step()

        step()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        took = seconds(step, device, repeats=5)
        peak = torch.cuda.max_memory_allocated() / 2**20 if device.type == "cuda" else float("nan")
        lines.append(f"| {name} | {took * 1e3:.1f} | {peak:.0f} |")
    return lines


def made(case: Case, device: torch.device) -> tuple[VectorField, Tensor]:
    """A case's vector field and start, on a device."""
    return make_field(case).to(device), torch.from_numpy(inputs.initial_state(case)).to(device)


def graphed(work: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """Some work as one launch, where that can be: so that the GPU is timed, and not what starts it."""
    return replay.capture(lambda: (work(), None)[1]) if device.type == "cuda" else work


def seconds(work: Callable[[], object], device: torch.device, repeats: int = REPEATS) -> float:
    """The median time of some work, of repeats of at least `LEAST_SECONDS`."""

    def run(count: int) -> float:
        _wait(device)
        began = time.perf_counter()
        for _ in range(count):
            work()
        _wait(device)
        return time.perf_counter() - began

    run(1)
    count = max(1, int(LEAST_SECONDS / max(run(1), 1e-9)))
    return median(run(count) / count for _ in range(repeats))


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
