"""Memory of the gradient of a rollout, by what is kept: ``python -m benchmarks.memory``."""

from __future__ import annotations

import time
import weakref
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.integrators.integrate import Memory, integrate

MODEL = """
space x in [0, 1] periodic
grid x = 64
state w(x)
param c = fit 1 in (0, 5)
learned f(w) by mlp(8)
dtt(w) = c^2*dxx(w) + f
init w = sin(2*pi*x)
init dt(w) = 0
"""
STEPS = (24, 240, 2400)
MODES: tuple[tuple[str, Memory], ...] = (
    ("rk4", "stored"), ("rk4", "checkpoint"), ("tsit5", "checkpoint"), ("verlet", "stored"), ("verlet", "checkpoint"),
    ("verlet", "reversible"),
)  # fmt: skip
STEP = 2e-3


class Peak(TorchDispatchMode):
    """Counts the bytes of tensors made under it that are alive at once; `peak` is their largest number."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        place, size = storage.data_ptr(), storage.nbytes()
        if place in self._known or not size:
            return
        self._known.add(place)
        self.alive += size
        self.peak = max(self.peak, self.alive)
        weakref.finalize(storage, self._gone, place, size)

    def _gone(self, place: int, size: int) -> None:
        self._known.discard(place)
        self.alive -= size


def measured(field: VectorField, method: str, memory: Memory, steps: int) -> tuple[float, float]:
    """MiB and seconds of a rollout with its gradient; all steps end on one output."""
    start = field.initial_state().expand(4, -1, -1)
    times = torch.tensor([0.0, STEP * steps], dtype=torch.float64)
    began = time.perf_counter()
    with Peak() as memory_used:
        result = integrate(field, start, times, method=method, substeps=steps, memory=memory, rtol=1e-6, atol=1e-9)
        result.square().sum().backward()
    return memory_used.peak / 2**20, time.perf_counter() - began


def main() -> None:
    """Print the table."""
    field = compile_model(loads_model(MODEL))
    print("Largest memory of a rollout and its gradient, MiB (seconds), wave with a learned force, 4 x 64 points;")
    print("tsit5 takes as many steps as it wants over the same times\n")
    print("| method | memory | " + " | ".join(f"{n} steps" for n in STEPS) + " | 2400 / 24 |")
    print("|---|---|" + "---|" * (len(STEPS) + 1))
    for method, memory in MODES:
        found = [measured(field, method, memory, steps) for steps in STEPS]
        cells = " | ".join(f"{mib:.2f} ({seconds:.1f})" for mib, seconds in found)
        print(f"| `{method}` | `{memory}` | {cells} | {found[-1][0] / found[0][0]:.1f} |")


if __name__ == "__main__":
    main()
