"""What a kernel may be asked, beyond good states on good grids: the same answers as torch, or an error in words."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core import native
from eqdsl.core.errors import UsageError
from eqdsl.lowering import prepared
from eqdsl.lowering.fused import kernel as fused_kernel
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators.integrate import integrate
from tests.lowering.test_fused import assert_same, pair, state_of

LINE = "space x in [0, 1] periodic\nstate u(x)\n"
PLANE = "space x in [0, 1], y in [0, 1]\nstate u(x, y)\n"


def both(text: str, **points: int) -> tuple[VectorField, VectorField]:
    model = loads_model(text)
    return pair(model, grid_from_model(model, points))


@pytest.mark.parametrize("shape", [(1, 1, 7), (1, 1, 64), (1, 2, 32)])
def test_states_of_another_shape_are_torchs(shape: tuple[int, ...]) -> None:
    """A kernel would read and write beyond them."""
    fast, plain = both(LINE + "dt(u) = dxx(u)", x=32)
    state = torch.rand(shape, dtype=torch.float64)
    assert torch.equal(fast(0.0, state), plain(0.0, state))


@pytest.mark.parametrize("count", (2, 4))
def test_times_must_fit_the_trajectories(count: int) -> None:
    fast, _ = both(LINE + "dt(u) = t*dxx(u)", x=32)
    with pytest.raises(UsageError, match=f"{count} times do not fit 3 trajectories"):
        fast(torch.arange(count) * 1.0, state_of(fast, batch=3))


@pytest.mark.parametrize("types", [(torch.float64, torch.float32), (torch.float32, torch.float64)])
def test_states_of_another_type_are_promoted(types: tuple[torch.dtype, torch.dtype]) -> None:
    model = loads_model(LINE + "param k(x) = fit 1.0\ndt(u) = k*dxx(u) + x*u")
    fast, plain = pair(model, grid_from_model(model, {"x": 32}), types[0])
    state = state_of(fast).to(types[1])
    rate, wanted = fast(0.0, state), plain(0.0, state)
    assert rate.dtype is wanted.dtype and torch.equal(rate, wanted)


def test_second_derivatives_through_what_the_kernel_reads() -> None:
    """The mean and the learned term depend on the state too: neither way is forgotten, none is taken twice."""
    fields = both(LINE + "learned f(u) by mlp(4)\ndt(u) = dxx(u)*mean(u^2) + f*u^2", x=16)
    found = []
    for field in fields:
        state = state_of(field).requires_grad_()
        slope = torch.autograd.grad((field(0.0, state) ** 2).sum(), state, create_graph=True)[0]
        found.append((slope, torch.autograd.grad((slope**2).sum(), state)[0]))
    for one, two in zip(*found, strict=True):
        assert torch.allclose(one, two, rtol=1e-10)


def test_batched_gradients() -> None:
    fast, plain = both(LINE + "dt(u) = dxx(u)*mean(u^2)", x=16)
    state = state_of(fast, batch=1)
    found, wanted = (
        torch.autograd.functional.jacobian(lambda s, f=f: f(0.0, s), state, vectorize=v)
        for f, v in ((fast, True), (plain, False))
    )
    assert torch.allclose(found, wanted, rtol=1e-12)


def test_fields_are_pickled_and_copied() -> None:
    field, _ = both(PLANE + "dt(u) = lap(u)", x=8, y=8)
    state = state_of(field)
    rate = field(0.0, state)
    again = pickle.loads(pickle.dumps(field))
    assert torch.equal(again(0.0, state), rate) and again.fused.refused == ""
    assert torch.equal(copy.deepcopy(field.for_rollout(torch.tensor(0.0), state))(0.0, state), rate)


def test_torch_compile_takes_the_whole_field() -> None:
    field, _ = both(PLANE + "param k = fit 1.0\nlearned f(u) by mlp(4)\ndt(u) = k*t*lap(u) + f", x=8, y=8)
    state = state_of(field)
    rate = field(0.3, state)
    assert torch.allclose(torch.compile(field, backend="aot_eager", fullgraph=True)(0.3, state), rate, rtol=1e-12)


@pytest.mark.parametrize("ear", ("register_forward_hook", "register_full_backward_hook"))
def test_hooks_hear_every_call_of_a_rollout(ear: str) -> None:
    field, _ = both(LINE + "dt(u) = dxx(u)", x=16)
    heard = []
    getattr(field, ear)(lambda *_: heard.append(1))
    states = integrate(field, state_of(field).requires_grad_(), torch.tensor([0.0, 1e-4]), method="heun", substeps=3)
    states.sum().backward()
    assert len(heard) == 6


def test_rollouts_use_what_wraps_or_replaces_the_field() -> None:
    class Still(VectorField):
        def forward(self, t: float | torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            return 0.0 * super().forward(t, state)

    class Wrapped(torch.nn.Module):
        """Passes on what it does not have, as the modules that `torch.compile` makes."""

        def __init__(self, inner: VectorField) -> None:
            super().__init__()
            self.inner = inner

        def __getattr__(self, name: str) -> object:
            return super().__getattr__(name) if name == "inner" else getattr(self.inner, name)

        def forward(self, t: float | torch.Tensor, state: torch.Tensor) -> torch.Tensor:
            return 0.0 * self.inner(t, state)

    field, other = both(LINE + "dt(u) = dxx(u)", x=16)
    field.__class__ = Still
    state = state_of(field)
    for still in (field, Wrapped(other)):
        assert torch.equal(integrate(still, state, torch.tensor([0.0, 1e-4]))[:, 1], state)


def test_means_that_change_in_time_are_taken_in_small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise all points of all stages of a thousand steps would be in memory at once."""
    fast, plain = both(PLANE + "dt(u) = lap(u) + mean(sin(t*x*y))*u", x=8, y=9)
    monkeypatch.setattr(prepared, "MOST_NUMBERS", 2 * 3 * 72)
    rows, state = [], state_of(fast)
    march = fast.fused.march
    monkeypatch.setattr(fast.fused, "march", lambda *a: (rows.append(len(a[1])), march(*a))[1])
    times = torch.tensor([0.0, 1e-3], dtype=torch.float64)
    with torch.no_grad():
        found, wanted = (integrate(f, state, times, method="heun", substeps=8) for f in (fast, plain))
    assert rows == [6, 6, 4] and torch.allclose(found, wanted, rtol=1e-12)


def test_rows_beyond_the_grid_do_not_become_nan() -> None:
    """There two ghosts are the same row, so `dx(u)` is zero, and zero times infinity is not."""
    fast, plain = both(PLANE + "dt(u) = 1/dx(u)", x=16, y=20)
    state = (0.1 + torch.linspace(0, 1, 16, dtype=torch.float64) ** 2)[None, None, :, None].expand(1, 1, 16, 20)
    assert_same(fast, plain, 0.0, state, 1e-12, 1e-10)
    assert fast.fused.refused == ""


def test_an_axis_is_gone_around_once() -> None:
    """The adjoint reaches twice as far as the rate."""
    high = "dxx(dxx(dxx(dxx(u))))"
    text = f"space x in [0, 6] periodic, y in [0, 1] periodic\nstate u(x, y)\ndt(u) = {high}*{high}"
    fast, plain = both(text, x=6, y=40)
    assert_same(fast, plain, 0.0, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == "6 points along `x` are too few"


@pytest.mark.parametrize(
    ("law", "refused"),
    [
        ("dx(x*u) + dy(u)", "a function of `x` that is not periodic"),
        ("dx(atan(x))*u", "a function of `x` that is not periodic"),
        ("dx(sin(k*x)*u)", "a function of `x` that is not periodic"),
        ("div((2 + sin(2*pi*x))*grad(u)) + k*u", ""),
        ("x*dxx(u) + (1 + x^2)*dx(u) + y^2*dyy(u)", ""),
    ],
)
def test_functions_of_position_on_periodic_axes(law: str, refused: str) -> None:
    text = f"space x in [0, 1] periodic, y in [0, 1] periodic\nstate u(x, y)\nparam k = fit 0.7\ndt(u) = {law}"
    fast, plain = both(text, x=9, y=11)
    assert_same(fast, plain, 0.0, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == refused


@pytest.mark.parametrize("law", ("ifelse(y > k, u, 2*u)", "1", "k", "A", "dx(dy(u)) + dy(u^2)"))
def test_few_axes(law: str) -> None:
    """Truth values along one axis; rates that vary only where a wall's value replaces them; mixed derivatives."""
    text = "space x in [0, 1] periodic, y in [0, 1]\nstate u(x, y)\nstate A\nparam k = fit 0.4\n"
    text += f"dt(u) = {law}\ndt(A) = mean(u) - A\nbc u = t at y = 1\nbc dn(u) + k*u = k at y = 0\n"
    fast, plain = both(text + "grid x = 9, y = 11 nodes\n")
    assert_same(fast, plain, torch.tensor([0.1, 0.2, 0.3]), state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


def test_a_library_that_cannot_be_loaded_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    text = "int answer(void) { return 43; }\n"
    native.load(text)
    (library,) = (tmp_path / "kernels").glob("*.so")
    library.unlink()
    library.write_bytes(b"\x7fELF")
    library.chmod(0o700)
    assert native.load(text).answer() == 43


def test_a_disk_that_is_full_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    monkeypatch.setattr(native, "_compile", full)
    with pytest.raises(native.CompilationFailed, match="No space left"):
        native.load("int answer(void) { return 44; }\n")


def test_without_an_adjoint_gradients_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, plain = both(PLANE + "param k = fit 1.0\ndt(u) = k*lap(u) + mean(u)*u^2", x=8, y=9)
    assert fast.fused.ready(state_of(fast))

    def gone(text: str) -> None:
        raise native.CompilationFailed("no C compiler is found")

    monkeypatch.setattr(fused_kernel, "load", gone)
    assert_same(fast, plain, 0.0, state_of(fast), 1e-12, 1e-10)
