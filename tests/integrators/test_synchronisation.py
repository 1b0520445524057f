"""Inside a step nothing waits for the device, and nothing is copied to it: so that steps can be captured and replayed.

Tensors of torch's device `meta` have shapes and no values: whatever asks for a value fails, on any machine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators.adams_bashforth import AdamsBashforth
from eqdsl.numerics.integrators.base import Task
from eqdsl.numerics.integrators.explicit import ExplicitTableau
from eqdsl.numerics.integrators.strang import method_for
from eqdsl.numerics.integrators.table import METHODS
from tests.lowering.test_good_models import GOOD, drive, small_grid

WAIT = ("_local_scalar_dense", "nonzero", "masked_select", "_unique2", "unique_dim", "equal", "is_nonzero")
"""Operators whose result, or whose shape, the host has to know."""

ITERATED = {"darcy"}
"""Models with an elliptic equation that is solved by iterations: how many there are, the device has to tell."""

WIDENED = {"transport_gaussian"}
"""How many steps of diffusion the flow is followed by depends on values."""

EXPLICIT = [n for n, m in METHODS.items() if isinstance(m, ExplicitTableau | AdamsBashforth)]

WAVE = """
space x in [0, 1], y in [0, 1] periodic
state w(x, y)
param c = fit 0.7 in (0, 5)
learned f(w) by mlp(4) with f in [0, 1]
dtt(w) = c*lap(w) + f(w) + sin(t)
bc dn(w) + c*w = sin(t) at x = 0
grid x = 6, y = 6
"""


class Watchman(TorchDispatchMode):
    """Fails where values are asked for, or come from the host."""

    def __torch_dispatch__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = call.overloadpacket.__name__
        found = call(*args, **(kwargs or {}))
        tensors = [a for a in torch.utils._pytree.tree_leaves((args, found)) if isinstance(a, Tensor)]
        devices = {t.device.type for t in tensors if t.dim() or name in ("_to_copy", "copy_")}
        assert name not in WAIT, f"{name} waits"
        assert not (name == "lift_fresh" and tensors[-1].is_meta), "numbers of the host become a tensor of the device"
        assert devices != {"cpu", "meta"}, f"{name} copies"
        assert name != "index" or not any(t.dtype is torch.bool for t in tensors), "a mask decides about a shape"
        return found


def on_device(field: VectorField) -> VectorField:
    """The field on the device without values; what an equation is asked once is asked before."""
    if field.solvers:
        field(0.1, torch.full((2, len(field.model.channels), *field.grid.shape), 0.5, dtype=torch.float64))
    return field.to("meta")


def step(field: VectorField, method: str) -> Tensor:
    """Two steps of a method."""
    state = torch.empty(2, len(field.model.channels), *field.grid.shape, dtype=torch.float64, device="meta")
    times = torch.tensor([0.0, 0.3], dtype=torch.float64)
    with torch.no_grad():
        prepared = field.for_rollout(torch.zeros((), device="meta"), state)
        rollout = method_for(METHODS[method], field).rollout(prepared, state, times, Task(substeps=2))
        with Watchman():
            (end,) = rollout
    return end


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::eqdsl.core.errors.EqdslWarning")
def test_no_step_of_any_model_waits(path: Path) -> None:
    model = load_model(path)
    field = compile_model(model, grid=small_grid(model), kernels=False)
    driving = drive(field)
    field = on_device(field.driven(driving)).driven(driving)
    if field.memory:
        frames = (2, field.memory, len(model.channels), *field.grid.shape)
        field = field.with_past(torch.empty(frames, dtype=torch.float64, device="meta"))
    if path.stem in ITERATED | WIDENED:
        with pytest.raises((RuntimeError, AssertionError), match=r"meta|waits"):
            step(field, "euler")
        return
    assert step(field, "euler").shape == (2, len(model.channels), *field.grid.shape)


@pytest.mark.parametrize("method", [*EXPLICIT, "leapfrog", "verlet"])
def test_no_step_of_any_method_waits(method: str) -> None:
    model = loads_model(WAVE)
    field = on_device(compile_model(model, grid=grid_from_model(model), kernels=False))
    assert step(field, method).shape == (2, 2, 6, 6)
