"""Kernels of Triton compute what plain torch computes: values, and gradients by the gathered adjoint.

They run on a stand-in for Triton, and where Triton is installed through its own interpreter and compiler as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.core.errors import EqdslWarning
from eqdsl.core.generated import load_module
from eqdsl.core.native import CompilationFailed
from eqdsl.learned.native import use
from eqdsl.lowering.fused import backends
from eqdsl.lowering.fused.lanes import kernel
from eqdsl.lowering.fused.lanes.kernel import LaneKernel
from eqdsl.lowering.fused.lanes.source import module_text
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators.integrate import integrate
from tests.lowering import triton_stand_in
from tests.lowering.test_fused import FIELDS, WALLS, assert_same, leaves, pair, state_of
from tests.lowering.test_good_models import drive, small_grid

TIMES = torch.tensor([0.3, 0.4, 0.7], dtype=torch.float64)

QUICK = ("advection_2d", "cahn_hilliard_walls", "darcy", "driven_walls", "porous_medium", "telegraph", "unknown_flux")
"""Models that stand for the others in a short run."""


@pytest.fixture(autouse=True)
def lanes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kernels for a GPU, on the CPU."""
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    triton_stand_in.install(monkeypatch)
    monkeypatch.setitem(backends.BACKENDS, "cpu", LaneKernel)


def small_walled():
    model = loads_model(WALLS + "grid x = 8, y = 9\n")
    return pair(model, grid_from_model(model))


def assert_agrees(text: str) -> None:
    model = loads_model(text)
    fast, plain = (f.driven(drive(f)) for f in pair(model, grid_from_model(model)))
    assert_same(fast, plain, TIMES, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


@pytest.mark.parametrize(
    "path", [p if p.stem in QUICK else pytest.param(p, marks=pytest.mark.slow) for p in FIELDS], ids=lambda p: p.stem
)
@pytest.mark.filterwarnings("ignore::eqdsl.core.errors.EqdslWarning")
def test_kernels_and_their_adjoint_agree_with_torch(path: Path) -> None:
    model = load_model(path)
    fast, plain = (f.driven(drive(f)) for f in pair(model, small_grid(model)))
    assert_same(fast, plain, TIMES, state_of(fast), 1e-12, 1e-10)
    left_to_torch = {"face_state", "add_beyond"}.intersection(step.operation for step in fast.program.steps)
    assert bool(fast.fused.refused) == bool(left_to_torch), fast.fused.refused


@pytest.mark.parametrize("position", ("cells", "nodes"))
@pytest.mark.parametrize("order", (2, 4))
def test_walls_in_two_dimensions(order: int, position: str) -> None:
    text = WALLS if order == 2 else WALLS.replace("div((1 + k*u^2)*grad(u)) + dx(h*u*v)", "k*lap(u) + h*u*dx(v)")
    assert_agrees(text + f"grid x = 14 {position}, y = 21 {position}\nscheme order = {order}\n")


def test_no_word_of_a_model_is_in_the_text_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = []
    monkeypatch.setattr(kernel, "module_text", lambda *given: texts.append(module_text(*given)) or texts[-1])
    assert_agrees(
        "model title_zz\nspace axis_zz in [0, 1]\nstate state_zz(axis_zz)\ninput input_zz(axis_zz)\n"
        "param number_zz = fit 0.7 in (0, 5)\nknown term_zz = number_zz*d(state_zz, axis_zz, 2)\n"
        "dt(state_zz) = term_zz + input_zz\nbc state_zz = sin(number_zz) at axis_zz = 0\ngrid axis_zz = 12\n"
    )
    assert texts and not any("_zz" in text for text in texts)


def test_walls_in_three_dimensions() -> None:
    """Mixed derivatives with parameters inside, in the corners too."""
    assert_agrees(
        "space x in [0, 1], y in [0, 1], z in [0, 1]\nstate u(x, y, z)\nparam k = fit 0.7 in (0, 5)\n"
        "dt(u) = div(k*grad(u)) + dxy(k*u) + dxz(u*u) - u*dyz(k*exp(u)/(1.1 + u))\n"
        "bc dn(u) + k*u = sin(z)*y at x = 0\nbc u = k*t*y at x = 1\nbc dn(u) = x at y = 0\n"
        "bc u*(1 + z^2) + dn(u) = 0 at y = 1\nbc u = k at z = 0\ngrid x = 6, y = 7 nodes, z = 8"
    )


@pytest.mark.parametrize("position", ("cells", "nodes"))
def test_one_dimension(position: str) -> None:
    assert_agrees(
        "space x in [0, 1]\nstate u(x), v(x)\nparam k = fit 0.7 in (0, 5)\nparam D(x) = fit 0.3 in (0, 5)\n"
        "dt(u) = dx((1 + D + k*u)*dx(u)) - x*dx(v)\ndt(v) = k*dxx(v) + u/(k + u)\n"
        f"bc dn(u) + k*(u - sin(t)) = 0 at x = 0\nbc u = k at x = 1\nbc dn(v) = 0 at boundary\ngrid x = 11 {position}"
    )


def test_learned_fluxes_at_walls() -> None:
    """What comes back to ghosts on which a learned term is evaluated is not lost."""
    assert_agrees(
        "space x in [0, 1], y in [0, 1] periodic, z in [0, 2]\nstate u(x, y, z)\n"
        "learned D(u, x) by mlp(4) with D >= 0.1\nlearned f(u) by mlp(4)\ndt(u) = div(D*grad(u)) - dx(f*u) - dy(f)\n"
        "bc u = z at x = 0\nscheme order = 4\ngrid x = 10, y = 10, z = 10"
    )


def test_every_function() -> None:
    names = ("sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "exp", "sqrt", "abs", "sign", "floor", "heaviside",
             "erf", "sigmoid", "relu", "softplus")  # fmt: skip
    several = "asin(u/2) + acos(u/2) + log(1 + u) + log10(1 + u) + atan2(u, k) + min(u, k*x) + max(u, 0.5) + u^k + u^-3"
    text = " + ".join(f"{name}(k*u - 0.2)" for name in names if name != "sqrt")
    assert_agrees(
        "space x in [0, 1] periodic\nstate u(x)\nparam k = fit 0.7 in (0, 5)\n"
        f"dt(u) = dxx(u) + sqrt(u) + {text} + {several.replace('k*x', 'k')} + ifelse(u > 0.5, u^2, 1.5*u)\ngrid x = 12"
    )


def test_single_precision_over_many_programs() -> None:
    model = loads_model(WALLS + "grid x = 20, y = 40\n")
    fast, plain = pair(model, grid_from_model(model), torch.float32)
    assert_same(fast, plain, 0.3, state_of(fast), 1e-5, 1e-4)
    assert "float64" not in fast.fused._kernels["cpu", torch.float32][0].text.replace(".to(tl.float64)", "")


def test_it_is_these_kernels_that_run(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = small_walled()
    state = state_of(fast)
    fast(0.1, state)
    assert [type(kernel) for kernel, _ in fast.fused._kernels.values()] == [LaneKernel]
    load = triton_stand_in.LANGUAGE.load
    monkeypatch.setattr(triton_stand_in.LANGUAGE, "load", lambda *given: 1.001 * load(*given))
    assert not torch.allclose(fast(0.1, state), plain(0.1, state))


def test_operators_obey_torch() -> None:
    """The same custom operator as on the CPU: schema, fake tensors, autograd, tracing."""
    field = small_walled()[0]
    state = state_of(field).requires_grad_()
    uniforms, arrays = leaves(field, state)
    number = field.fused._kernels["cpu", torch.float64][1]
    torch.library.opcheck(torch.ops.eqdsl.rates, (state, uniforms.requires_grad_(), arrays, number))


def test_rollouts_and_their_gradients() -> None:
    times, found = torch.tensor([0.0, 0.001], dtype=torch.float64), []
    for field in small_walled():
        with torch.no_grad():
            assert torch.isfinite(integrate(field, state_of(field, 2), times, method="heun")).all()
        states = integrate(field, state_of(field, 2), times, method="heun")
        found.append([states, *torch.autograd.grad((states**2).sum(), list(field.parameters()))])
    assert all(torch.allclose(a, b, rtol=1e-10) for a, b in zip(*found, strict=True))


def test_without_triton_torch_serves_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "load_module", load_module)
    monkeypatch.setitem(sys.modules, "triton", None)
    use._tell.cache_clear()
    (field, plain), (other, _) = small_walled(), small_walled()
    with pytest.warns(EqdslWarning, match=r"^triton is not found .*: models run in plain torch"):
        rate = field(0.1, state_of(field))
    assert torch.equal(rate, plain(0.1, state_of(field)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other(0.1, state_of(other))


def test_a_refused_kernel_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise RuntimeError("ptxas died\nwith many words")

    monkeypatch.setattr(triton_stand_in.MACHINE, "run", refuse)
    use._tell.cache_clear()
    field, plain = small_walled()
    with pytest.warns(EqdslWarning, match=r"^Triton refused a kernel: ptxas died: models run in plain torch"):
        assert torch.equal(field(0.1, state_of(field)), plain(0.1, state_of(field)))


def test_a_module_that_others_may_write_is_written_again(tmp_path: Path) -> None:
    text = "answer = 42\n"
    assert load_module(text).answer == 42
    (kept,) = (tmp_path / "kernels").glob("*.py")
    kept.write_text("answer = 1\n")
    kept.chmod(0o666)
    load_module.cache_clear()
    assert load_module(text).answer == 42
    (kept,) = (tmp_path / "kernels").iterdir()
    assert kept.read_text() == text and not kept.stat().st_mode & 0o022
    with pytest.raises(CompilationFailed, match="nothing_of_that_name"):
        load_module("import nothing_of_that_name\n")


if find_spec("triton"):

    @pytest.mark.parametrize("task", ("interpret", pytest.param("compile", marks=pytest.mark.slow)))
    def test_triton_itself(task: str, tmp_path: Path) -> None:
        """Its interpreter agrees with torch, and its compiler makes machine code of every kernel."""
        environment = {**os.environ, "EQDSL_CACHE": str(tmp_path), "TRITON_CACHE_DIR": str(tmp_path)}
        environment |= {"TRITON_INTERPRET": "1"} if task == "interpret" else {}
        command = [sys.executable, "-W", "ignore", "-m", "tests.lowering.triton_checks", task, "viscous_flow_2d"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
