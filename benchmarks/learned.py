"""Learned terms: their kernels against torch's layers, and a training step against a program written by hand.

    python -m benchmarks.learned [grid side]

prints two Markdown tables, of processor times on one thread. First, networks alone on 65,536 points: GFLOP/s of forward
and adjoint (which computes the layers again: three times the operations), and torch's time over theirs; the runs take
turns. Second, training steps of FitzHugh-Nagumo with batch 16, 24 steps of rk4 and a learned reaction, float32: each
in a process of its own, for its peak of memory beyond what it had before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import torch
import torchdiffeq
from torch import Tensor, nn

from eqdsl.analysis.check import loads_model
from eqdsl.learned.native.operator import kernel_of, reference
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.integrators.integrate import integrate

SIDE = 64
BATCH = 16
STEPS = 24
STEP = 0.01
REPEATS = 7

NETWORKS = (
    ("mlp 2-64-64-2", (2, 64, 64, 2), 0, torch.float32),
    ("mlp 2-64-64-2", (2, 64, 64, 2), 0, torch.float64),
    ("mlp 2-200-200-200-2", (2, 200, 200, 200, 2), 0, torch.float32),
    ("conv 2-16-16-2", (2, 16, 16, 2), 3, torch.float32),
    ("conv 2-16-16-2", (2, 16, 16, 2), 3, torch.float64),
    ("conv 2-64-64-2", (2, 64, 64, 2), 3, torch.float32),
)

MODEL = """
space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = {side}, y = {side}
state u(x, y), v(x, y)
learned Ru(u, v), Rv(u, v) by {family}
dt(u) = 1e-3*lap(u) + Ru
dt(v) = 5e-3*lap(v) + Rv
"""
FAMILIES = {"mlp": "mlp(64, 64)", "conv": "conv(16, 16)"}


def main(side: int = SIDE) -> None:
    torch.set_num_threads(1)
    print("| network | type | forward GFLOP/s | adjoint GFLOP/s | torch over forward | torch over both |")
    print("|---|---|---|---|---|---|")
    for name, widths, kernel, dtype in NETWORKS:
        print(f"| {name} | {str(dtype).removeprefix('torch.')} | {' | '.join(alone(widths, kernel, dtype))} |")
    print("\n| training step | by hand, s | eqdsl, s | ratio | by hand, MB | eqdsl, MB | ratio |")
    print("|---|---|---|---|---|---|---|")
    for family, text in FAMILIES.items():
        hand, ours = (in_process(family, who, side) for who in ("hand", "eqdsl"))
        print(
            f"| {text}, {side} x {side} | {hand[0]:.2f} | {ours[0]:.2f} | {hand[0] / ours[0]:.2f} "
            f"| {hand[1]:.0f} | {ours[1]:.0f} | {hand[1] / ours[1]:.1f} |"
        )


def alone(widths: Sequence[int], kernel: int, dtype: torch.dtype) -> list[str]:
    """The cells of one network's row."""
    torch.manual_seed(0)
    taps = (kernel,) * (2 if kernel else 0)
    weights = [w for a, b in pairwise(widths) for w in (0.1 * torch.randn(b, a, *taps), torch.randn(b))]
    weights = [w.to(dtype).requires_grad_() for w in weights]
    lost = 2 * (len(widths) - 1) * (kernel // 2)
    shape = (BATCH, widths[0], SIDE + lost, SIDE + lost) if kernel else (BATCH * SIDE * SIDE, widths[0])
    x = torch.randn(*shape, dtype=dtype, requires_grad=True)
    kernels = kernel_of(x, weights, "silu")
    cotangent = torch.randn_like(kernels.forward(x, weights))

    def gradients() -> None:
        torch.autograd.grad(reference(x, weights, "silu"), [x, *weights], cotangent)

    def forward() -> None:
        with torch.no_grad():
            reference(x, weights, "silu")

    calls = (
        lambda: kernels.forward(x, weights), lambda: kernels.adjoint(cotangent, x, weights), forward, gradients,
    )  # fmt: skip
    seconds = best(calls)
    operations = 2 * BATCH * SIDE * SIDE * sum(a * b * kernel ** len(taps) for a, b in pairwise(widths))
    return [
        f"{operations / seconds[0] / 1e9:.0f}", f"{3 * operations / seconds[1] / 1e9:.0f}",
        f"{seconds[2] / seconds[0]:.1f}", f"{seconds[3] / (seconds[0] + seconds[1]):.1f}",
    ]  # fmt: skip


def best(calls: Sequence[Callable[[], object]]) -> list[float]:
    """The least processor time of each, taking turns."""
    found = [float("inf")] * len(calls)
    for _ in range(REPEATS):
        for k, call in enumerate(calls):
            start = time.thread_time()
            call()
            found[k] = min(found[k], time.thread_time() - start)
    return found


class ByHand(nn.Module):
    """The same equations as one would write them with torch."""

    def __init__(self, family: str, side: int) -> None:
        super().__init__()
        self.spacing, self.pointwise = 2 / side, family == "mlp"
        if self.pointwise:
            self.net = nn.Sequential(
                nn.Linear(2, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU(), nn.Linear(64, 2)
            )  # fmt: skip
        else:
            around = {"kernel_size": 3, "padding": 1, "padding_mode": "circular"}
            self.net = nn.Sequential(
                nn.Conv2d(2, 16, **around), nn.SiLU(), nn.Conv2d(16, 16, **around), nn.SiLU(),
                nn.Conv2d(16, 2, **around),
            )  # fmt: skip
        self.register_buffer("rates", torch.tensor([1e-3, 5e-3]).view(2, 1, 1))

    def forward(self, t: Tensor, state: Tensor) -> Tensor:
        lap = sum(state.roll(shift, axis) for shift in (1, -1) for axis in (2, 3)) - 4 * state
        reaction = self.net(state.movedim(1, -1)).movedim(-1, 1) if self.pointwise else self.net(state)
        return self.get_buffer("rates") * lap / self.spacing**2 + reaction


def training_step(family: str, who: str, side: int) -> tuple[float, float]:
    """Least processor time of three steps, and the peak of memory in MB beyond that before them."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    times, initial = torch.arange(STEPS + 1) * STEP, 0.5 * torch.randn(BATCH, 2, side, side)
    if who == "hand":
        field: nn.Module = ByHand(family, side)
        solve = lambda: torchdiffeq.odeint(field, initial, times, method="rk4")  # noqa: E731
    else:
        model = loads_model(MODEL.format(side=side, family=FAMILIES[family]))
        field = compile_model(model, dtype=torch.float32)
        solve = lambda: integrate(field, initial, times.double(), method="rk4")  # noqa: E731
    optimiser = torch.optim.Adam(field.parameters())
    with torch.no_grad():
        # Kernels are compiled, and what torch needs once is there.
        field(times[0], initial)
    before, found = peak(), float("inf")
    for _ in range(3):
        start = time.thread_time()
        optimiser.zero_grad()
        (solve() ** 2).mean().backward()
        optimiser.step()
        found = min(found, time.thread_time() - start)
    return found, (peak() - before) / 1024


def peak() -> int:
    """Most memory this process has had, in kB; unlike `getrusage` it does not count that of its parent."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def in_process(family: str, who: str, side: int) -> tuple[float, float]:
    """`training_step` in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.learned", family, who, str(side)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


if __name__ == "__main__":
    match sys.argv[1:]:
        case [family, who, side]:
            print(json.dumps(training_step(family, who, int(side))))
        case [side]:
            main(int(side))
        case _:
            main()
