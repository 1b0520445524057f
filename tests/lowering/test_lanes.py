"""Kernels of Triton compute what plain torch computes: values, and gradients by the gathered adjoint."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.lowering.fused import backends
from eqdsl.lowering.fused.lanes.kernel import LaneKernel
from eqdsl.numerics.grid import grid_from_model
from tests.lowering import triton_stand_in
from tests.lowering.test_fused import FIELDS, WALLS, assert_same, pair, state_of
from tests.lowering.test_good_models import drive, small_grid


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kernels for a GPU, on the CPU."""
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    triton_stand_in.install(monkeypatch)
    monkeypatch.setitem(backends.BACKENDS, "cpu", LaneKernel)


@pytest.mark.parametrize("path", FIELDS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::eqdsl.core.errors.EqdslWarning")
def test_kernels_and_their_adjoint_agree_with_torch(path: Path) -> None:
    model = load_model(path)
    fast, plain = (f.driven(drive(f)) for f in pair(model, small_grid(model)))
    times = torch.tensor([0.3, 0.4, 0.7], dtype=torch.float64)
    assert_same(fast, plain, times, state_of(fast), 1e-12, 1e-10)
    left_to_torch = {"face_state", "add_beyond"}.intersection(step.operation for step in fast.program.steps)
    assert bool(fast.fused.refused) == bool(left_to_torch), fast.fused.refused


@pytest.mark.parametrize("position", ("cells", "nodes"))
@pytest.mark.parametrize("order", (2, 4))
def test_walls_in_two_dimensions(order: int, position: str) -> None:
    text = WALLS if order == 2 else WALLS.replace("div((1 + k*u^2)*grad(u)) + dx(h*u*v)", "k*lap(u) + h*u*dx(v)")
    model = loads_model(text + f"grid x = 14 {position}, y = 17 {position}\nscheme order = {order}\n")
    fast, plain = pair(model, grid_from_model(model))
    assert_same(fast, plain, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


def small_walled(dtype: torch.dtype = torch.float64):
    model = loads_model(WALLS + "grid x = 8, y = 9\n")
    return pair(model, grid_from_model(model), dtype)


def test_it_is_these_kernels_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = small_walled()
    state = state_of(fast)
    fast(0.1, state)
    assert [type(kernel) for kernel, _ in fast.fused._kernels.values()] == [LaneKernel]
    language = sys.modules["triton.language"]
    load = language.load
    monkeypatch.setattr(language, "load", lambda *given: 1.001 * load(*given))
    assert not torch.allclose(fast(0.1, state), plain(0.1, state))
