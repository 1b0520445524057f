"""Kernels compute what plain torch computes: values, gradients, rollouts; and plain torch serves where they cannot."""

from __future__ import annotations

import copy
import re
import stat
import warnings
from pathlib import Path

import pytest
import torch

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.core import native
from eqdsl.core.errors import EqdslWarning
from eqdsl.learned.native import use
from eqdsl.lowering.fused.forward import forward_source
from eqdsl.lowering.fused.reference import reference_rates
from eqdsl.lowering.fused.sorting import plan
from eqdsl.lowering.prepared import PreparedField
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators.integrate import integrate
from tests.lowering.test_good_models import GOOD, drive, remembering, small_grid

FIELDS = [p for p in GOOD if load_model(p).axes]

WALLS = """
space x in [0, 1], y in [0, 2]
state u(x, y), v(x, y)
param k = fit 0.7 in (0, 5)
param h = fit 1.3 in (0, 5)
dt(u) = div((1 + k*u^2)*grad(u)) + dx(h*u*v) - exp(-x)*dy(u) + sin(k*t)
dt(v) = 0.3*dxy(v) + h*lap(v) + max(u, v)*ifelse(u > v, u, v^3) + sqrt(1 + u^2)
bc dn(u) + h*(u - k*sin(t)) = 0 at x = 0
bc u = k*y at x = 1
bc dn(u) = cos(x) at y = 0
bc u*(1 + x) + dn(u) = k at y = 2
bc v = 0.5 at boundary
"""
"""All that a kernel of two axes with walls has: kappas that vary, depend on parameters, read points near the wall."""


def state_of(field: VectorField, batch: int = 3, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    channels = field.model.channels
    state = torch.rand(batch, len(channels), *field.grid.shape, generator=generator, dtype=torch.float64)
    state = (state * 0.8 + 0.1).to(field.dtype)
    for index, channel in enumerate(channels):
        if channel.uniform:
            state[:, index] = state[:, index].flatten(1)[:, :1].reshape(batch, *(1,) * field.model.dimension)
    return state


def trained(field: VectorField) -> list[torch.Tensor]:
    """All numbers of a field, fixed parameters included, as leaves that want gradients."""
    for name, buffer in list(field.physical._buffers.items()):
        field.physical._buffers[name] = buffer.clone().requires_grad_()
    return [*field.parameters(), *field.physical._buffers.values()]


def pair(model, grid, dtype=torch.float64) -> tuple[VectorField, VectorField]:
    """The same field with a kernel and without."""
    fast, plain = (compile_model(model, grid=grid, dtype=dtype, kernels=k) for k in (True, False))
    return fast, plain


def rate_and_gradients(field: VectorField, times, state):
    state = state.clone().requires_grad_()
    rate = field(times, state)
    weights = torch.randn(rate.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(rate)
    inputs = [state, *trained(field)]
    rate = field(times, state)
    found = torch.autograd.grad((rate * weights).sum(), inputs, allow_unused=True)
    return rate.detach(), [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=True)]


def assert_same(fast, plain, times, state, value, slope) -> None:
    rate, gradients = rate_and_gradients(fast, times, state)
    wanted, wanted_gradients = rate_and_gradients(plain, times, state)
    assert (rate - wanted).abs().max() <= value * (1 + wanted.abs().max())
    # A number that hardly matters is known to the rounding of those that do.
    floor = 1e-2 * max((g.abs().max().item() for g in wanted_gradients if g.numel()), default=0.0)
    for found, right in zip(gradients, wanted_gradients, strict=True):
        if found.numel():
            assert (found - right).abs().max() <= slope * (floor + right.abs().max())


@pytest.mark.parametrize("path", FIELDS, ids=lambda p: p.stem)
@pytest.mark.filterwarnings("ignore::eqdsl.core.errors.EqdslWarning")
def test_a_kernel_and_its_adjoint_agree_with_torch(path: Path) -> None:
    model = load_model(path)
    fast, plain = (remembering(f.driven(drive(f)), 3) for f in pair(model, small_grid(model)))
    times = torch.tensor([0.3, 0.4, 0.7], dtype=torch.float64)
    assert_same(fast, plain, times, state_of(fast), 1e-12, 1e-10)
    left_to_torch = {"face_state", "add_beyond"}.intersection(step.operation for step in fast.program.steps)
    assert bool(fast.fused.refused) == bool(left_to_torch), fast.fused.refused
    assert plain.fused.refused


@pytest.mark.parametrize("position", ("cells", "nodes"))
@pytest.mark.parametrize("order", (2, 4))
def test_walls_in_two_dimensions(order: int, position: str) -> None:
    text = WALLS if order == 2 else WALLS.replace("div((1 + k*u^2)*grad(u)) + dx(h*u*v)", "k*lap(u) + h*u*dx(v)")
    model = loads_model(text + f"grid x = 14 {position}, y = 17 {position}\nscheme order = {order}\n")
    fast, plain = pair(model, grid_from_model(model))
    assert_same(fast, plain, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


@pytest.mark.parametrize("position", ("cells", "nodes"))
def test_walls_in_three_dimensions(position: str) -> None:
    model = loads_model(
        "space x in [0, 1], y in [0, 1], z in [0, 1] periodic\nstate u(x, y, z)\nparam k = fit 0.7 in (0, 5)\n"
        "dt(u) = div(k*grad(u)) + dxy(u) + dxz(u*u) - u*dyz(u)\n"
        "bc dn(u) + k*u = sin(z)*y at x = 0\nbc u = k*t*y at x = 1\nbc dn(u) = x at y = 0\n"
        "bc u*(1 + z^2) + dn(u) = 0 at y = 1\n"
        f"grid x = 9 {position}, y = 10 {position}, z = 11"
    )
    fast, plain = pair(model, grid_from_model(model))
    assert_same(fast, plain, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64), state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


def test_single_precision() -> None:
    model = loads_model(WALLS + "grid x = 20, y = 40\n")
    fast, plain = pair(model, grid_from_model(model), torch.float32)
    assert_same(fast, plain, 0.3, state_of(fast), 1e-5, 1e-4)
    assert fast(0.3, state_of(fast)).dtype is torch.float32


def test_threads_do_not_change_a_bit() -> None:
    model = loads_model(WALLS + "grid x = 90, y = 120\n")
    fast = compile_model(model, grid=grid_from_model(model))
    threads = torch.get_num_threads()
    found = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            found.append(rate_and_gradients(fast, 0.3, state_of(fast)))
    finally:
        torch.set_num_threads(threads)
    (rate, gradients), (again, gradients_again) = found
    assert torch.equal(rate, again)
    assert all(torch.equal(a, b) for a, b in zip(gradients, gradients_again, strict=True))


def small_walled(**options: object) -> VectorField:
    model = loads_model(WALLS + "grid x = 8, y = 9\n")
    return compile_model(model, grid=grid_from_model(model), kernels=True, **options)


def leaves(field: VectorField, state: torch.Tensor):
    """The kernel as a function of what it reads."""
    assert field.fused.ready(state)
    values = field.evaluate(0.2, state, field.fused.reads)
    count = len(field.fused.uniforms)
    return field.fused.stacked(values[:count], state).detach(), [v.detach() for v in values[count:]]


def test_gradcheck_and_second_derivatives() -> None:
    field = small_walled()
    state = state_of(field, batch=1)
    uniforms, arrays = leaves(field, state)

    def rates(state, uniforms):
        return field.fused.from_leaves(state, uniforms, arrays)

    inputs = (state.requires_grad_(), uniforms.requires_grad_())
    assert torch.autograd.gradcheck(rates, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(rates, inputs, fast_mode=True)


def test_the_reference_is_the_program() -> None:
    field = small_walled()
    state = state_of(field)
    uniforms, arrays = leaves(field, state)
    plain = field.rates(0.2, state)
    assert torch.allclose(reference_rates(field.fused._plan, state, uniforms, arrays), plain, rtol=1e-13, atol=1e-13)


def test_operators_obey_torch() -> None:
    """Schema, fake tensors, autograd registration and tracing, by torch's own check."""
    field = small_walled()
    state = state_of(field).requires_grad_()
    uniforms, arrays = leaves(field, state)
    number = field.fused._kernels["cpu", torch.float64][1]
    torch.library.opcheck(torch.ops.eqdsl.rates, (state, uniforms.requires_grad_(), arrays, number))


def test_torch_compile_goes_through_a_kernel() -> None:
    field = small_walled()
    state = state_of(field).requires_grad_()
    rate = field(0.3, state)
    compiled = torch.compile(field, backend="aot_eager")
    again = compiled(0.3, state)
    assert torch.allclose(rate, again, rtol=1e-12, atol=1e-12)
    one, two = (torch.autograd.grad(r.sin().sum(), state)[0] for r in (rate, again))
    assert torch.allclose(one, two, rtol=1e-11, atol=1e-11)


def test_forward_mode_is_left_to_torch() -> None:
    field = small_walled()
    state = state_of(field)
    direction = torch.ones_like(state)
    pushed = torch.func.jvp(lambda s: field(0.3, s), (state,), (direction,))[1]
    h = 1e-6
    slope = (field(0.3, state + h * direction) - field(0.3, state - h * direction)) / (2 * h)
    assert torch.allclose(pushed, slope, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("method", ("euler", "heun", "rk4", "ssprk3"))
def test_steps_inside_a_kernel_are_the_same_steps(method: str) -> None:
    """With numbers that change with the stage time, uneven intervals, and ghosts."""
    model = loads_model(WALLS + "grid x = 12, y = 13\n")
    fast, plain = pair(model, grid_from_model(model))
    times = torch.tensor([0.0, 0.001, 0.0031, 0.0032], dtype=torch.float64)
    state = state_of(fast, batch=2)
    with torch.no_grad():
        prepared = fast.for_rollout(times[0], state)
        assert isinstance(prepared, PreparedField)
        assert prepared.explicit_steps(((), (1.0,)), (0.0,), state) is not None
        found, wanted = (integrate(f, state, times, method=method, substeps=7) for f in (fast, plain))
    assert torch.allclose(found, wanted, rtol=1e-12, atol=1e-12)
    # With a graph the steps are torch's, by the same kernel.
    stored = integrate(fast, state.requires_grad_(), times, method=method, substeps=7)
    assert torch.allclose(stored, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("memory", ("stored", "checkpoint"))
def test_gradients_of_a_rollout(memory: str) -> None:
    model = loads_model(WALLS + "grid x = 12, y = 13\n")
    times = torch.tensor([0.0, 0.001, 0.002], dtype=torch.float64)
    found = []
    for field in pair(model, grid_from_model(model)):
        states = integrate(field, state_of(field, 2), times, substeps=6, memory=memory)
        found.append(torch.autograd.grad((states**2).sum(), list(field.parameters())))
    for one, two in zip(*found, strict=True):
        assert torch.allclose(one, two, rtol=1e-10)


def test_large_grids_use_kernels_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "space x in [0, 1] periodic\nstate u(x)\ndt(u) = dxx(u)"
    model = loads_model(text)
    for points, wanted in ((1023, False), (1024, True)):
        field = compile_model(model, grid=grid_from_model(model, {"x": points}))
        assert field.fused.ready(state_of(field)) == wanted
    monkeypatch.setenv(use.SWITCH, "off")
    field = compile_model(model, grid=grid_from_model(model, {"x": 1024}))
    assert not field.fused.ready(state_of(field))
    assert compile_model(loads_model("state a\ndt(a) = -a"), kernels=True).fused.ready(torch.ones(1, 1)) is False


def test_too_few_points_for_a_kernel_are_torchs() -> None:
    model = loads_model("space x in [0, 1] periodic\nstate u(x)\ndt(u) = dxx(u*dxx(u*dxx(u*dxx(u))))")
    fast, plain = pair(model, grid_from_model(model, {"x": 6}))
    assert_same(fast, plain, 0.0, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == "6 points along `x` are too few"


@pytest.mark.parametrize("order", (2, 4))
def test_learned_fluxes_at_walls(order: int) -> None:
    """The learned terms are evaluated on ghosts too, and what comes back to these ghosts is not lost."""
    model = loads_model(
        "space x in [0, 1], y in [0, 1] periodic, z in [0, 2]\nstate u(x, y, z)\n"
        "learned D(u, x) by mlp(8) with D >= 0.1\nlearned f(u) by mlp(8)\ndt(u) = div(D*grad(u)) - dx(f*u) - dy(f)\n"
        f"bc u = z at x = 0\nscheme order = {order}\ngrid x = 11, y = 12, z = 13"
    )
    fast, plain = pair(model, grid_from_model(model))
    assert_same(fast, plain, 0.3, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


def test_a_copy_has_weights_of_its_own() -> None:
    field = small_walled()
    twin = copy.deepcopy(field)
    state = state_of(field)
    before = field(0.1, state)
    twin.physical.set_value("k", 3.0)
    assert torch.equal(field(0.1, state), before)
    assert not torch.allclose(twin(0.1, state), before)


def test_without_a_compiler_torch_serves_and_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise native.CompilationFailed("no C compiler is found")

    monkeypatch.setattr(native, "compiler", none)
    monkeypatch.setattr(native, "_toolchain", none)
    use._tell.cache_clear()
    field, other = small_walled(), small_walled()
    with pytest.warns(EqdslWarning, match=r"^no C compiler is found: models run in plain torch"):
        rate = field(0.1, state_of(field))
    assert torch.equal(rate, field.rates(0.1, state_of(field)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other(0.1, state_of(other))


def test_a_folder_that_others_may_write_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    assert native.cache_folder() == tmp_path / "kernels"
    assert stat.S_IMODE((tmp_path / "kernels").stat().st_mode) & 0o022 == 0
    (tmp_path / "kernels").chmod(0o777)
    assert native.cache_folder() != tmp_path / "kernels"
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")
    assert native.cache_folder().is_dir()


def test_a_library_that_others_may_write_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    text = "int answer(void) { return 42; }\n"
    assert native.load(text).answer() == 42
    (library,) = (tmp_path / "kernels").glob("*.so")
    kept = library.stat().st_ino
    assert native.load(text).answer() == 42 and library.stat().st_ino == kept
    library.chmod(0o722)
    assert native.load(text).answer() == 42 and library.stat().st_ino != kept
    assert not list((tmp_path / "kernels").glob(".building-*"))


def test_a_text_that_does_not_compile_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    with pytest.raises(native.CompilationFailed) as caught:
        native.load("int answer(void) { return nothing; }\n")
    assert "\n" not in str(caught.value) and "nothing" in str(caught.value)
    assert not list((tmp_path / "kernels").iterdir())


def test_denormal_numbers_survive_loading() -> None:
    """Libraries linked with -ffast-math switch them off for the whole process."""
    small_walled()(0.1, state_of(small_walled()))
    tiny = torch.tensor(5e-324, dtype=torch.float64)
    assert (tiny * 1.0).item() == 5e-324


@pytest.mark.parametrize("position", ("cells", "nodes"))
def test_walls_that_follow_the_data(position: str) -> None:
    """Along both axes, corners included."""
    model = loads_model(
        "space x in [0, 1], y in [0, 2]\nstate u(x, y)\nparam k = fit 0.7\ndt(u) = k*lap(u) + dx(u*u) + dxy(u)\n"
        f"bc u = data at x = 1\nbc dn(u) = 0 at y = 0\nbc u = data at y = 2\ngrid x = 9 {position}, y = 10 {position}"
    )
    fast, plain = (f.driven(drive(f)) for f in pair(model, grid_from_model(model)))
    assert_same(fast, plain, 0.3, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


def test_second_derivatives_through_steps() -> None:
    # Without the time all steps read the same numbers, on which the state depends.
    model, found = loads_model(WALLS.replace("sin(k*t)", "k").replace("sin(t)", "2")), []
    for field in pair(model, small_grid(model)):
        start = state_of(field, 2).requires_grad_()
        inputs = [start, *field.parameters()]
        states = integrate(field, start, torch.tensor([0.0, 1e-3, 2e-3]), method="heun")
        first = torch.autograd.grad((states**2).sum(), inputs, create_graph=True)
        found.append(torch.autograd.grad(sum((g**2).sum() for g in first), inputs))
    for a, b in zip(*found, strict=True):
        assert (a - b).abs().max() <= 1e-9 * b.abs().max()


def test_a_row_between_walls_is_read_by_one_pointer() -> None:
    text = "space x in [0, 1], y in [0, 1], z in [0, 1] periodic\ngrid x = 8, y = 8, z = 32\nstate u(x, y, z)\n"
    text += "dt(u) = u*lap(u)\nbc dn(u) + 2*(u - 1) = 0 at boundary\n"
    field = compile_model(loads_model(text), kernels=True)
    found = forward_source(plan(field.program, field.model, field.grid), "double")
    points = found[found.index("static void points") : found.index("static inline void arrays_of")]
    rows = re.findall(r"row_\d+\(A\[0\], G, (.*)\);", points)
    assert len(rows) == len(set(rows)) > 0
