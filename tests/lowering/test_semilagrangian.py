"""Semi-Lagrangian steps: exact shifts, stability at any step, order, gradients, walls, the splitting with the rest."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.cli.describe import model_in_words, model_json
from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.scheme import KERNELS, Scheme, Schemes
from eqdsl.numerics.grid import GridAxis
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.numerics.interpolation.sampling import sample
from eqdsl.numerics.interpolation.table import FLOW, INTERPOLATIONS
from eqdsl.simulation import simulate
from eqdsl.verification.order import check_order
from eqdsl.verification.report import PASSED, SKIPPED

MODELS = Path(__file__).parents[1] / "models" / "good"

LINE = "space x in [0, 1] periodic\ngrid x = {}\nstate u(x)\n"
PLANE = "space x in [-1, 1] periodic, y in [-1, 1] periodic\ngrid x = {0}, y = {0}\nstate u(x, y)\n"
BOX = "space x in [0, 1], y in [0, 1]\ngrid x = {0}, y = {0}\nstate u(x, y)\n"


def built(text: str, kernel: str = "bicubic") -> VectorField:
    return compile_model(loads_model(f"{text}scheme advect = semilagrangian({kernel})\n"))


def run(field: VectorField, end: float, steps: int, start: torch.Tensor | None = None, method: str = "rk4"):
    times = torch.tensor([0.0, end], dtype=torch.float64)
    start = field.initial_state() if start is None else start
    return integrate(field, start, times, method=method, substeps=steps)[:, -1]


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def disc(points: int, kernel: str) -> VectorField:
    """A slotted disc in solid-body rotation, far from where the flow breaks off; its rim has speed 1."""
    return built(
        PLANE.format(2 * points).replace("[-1, 1]", "[-2, 2]") + "dt(u) = -advect((-y, x), u)\n"
        "init u = heaviside(0.16 - (x - 0.45)^2 - y^2)*(1 - heaviside(0.12 - abs(y))*heaviside(0.6 - x))\n",
        kernel,
    )


def test_every_kernel_of_the_language_is_built():
    assert set(INTERPOLATIONS) == set(FLOW) == set(KERNELS)


@pytest.mark.parametrize("kernel", ["bilinear", "bicubic"])
@pytest.mark.parametrize("cells", [1, -3, 17])
def test_a_shift_by_whole_cells_is_exact(kernel, cells):
    field = built(PLANE.format(8) + f"dt(u) = -advect(({cells}*0.25, -0.5), u)\n", kernel)
    start = noise(2, 1, 8, 8)
    assert torch.allclose(run(field, 1.0, 1, start), start.roll((cells, -2), (2, 3)), rtol=0, atol=1e-13)


def test_a_shift_by_whole_cells_is_exact_in_three_dimensions():
    text = "space x in [0, 1] periodic, y in [0, 1] periodic, z in [0, 1] periodic\ngrid x = 6, y = 7, z = 8\n"
    field = built(text + "state u(x, y, z)\ndt(u) = -advect((1/6, -2/7, 9/8), u)\n")
    start = noise(1, 1, 6, 7, 8)
    assert torch.allclose(run(field, 1.0, 1, start), start.roll((1, -2, 9), (2, 3, 4)), rtol=0, atol=1e-13)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("courant", [5, 10, 20])
def test_a_rotated_disc_stays_bounded_at_large_courant_numbers(kernel, courant):
    points = 40
    field = disc(points, kernel)
    steps = round(2 * math.pi * (points / 2) / courant)
    found = run(field, 4 * 2 * math.pi, 4 * steps)
    assert found.abs().max() <= (1 + 1e-12 if kernel == "bilinear" else 1.35)
    # At Courant number 20 a step turns by 1.05, and the path by one Runge-Kutta step widens areas by 1.9 %.
    assert found.square().mean() <= (1.35 if courant == 20 else 1.0) * field.initial_state().square().mean()


@pytest.mark.parametrize("kernel", KERNELS)
def test_no_mode_of_a_shift_grows(kernel):
    """The symbol of a shift by any part of a cell is at most 1."""
    axis = GridAxis("x", 0.0, 1.0, 32, True, "cells")
    chosen = INTERPOLATIONS[kernel]
    place = torch.arange(32, dtype=torch.float64)[None]
    impulse = torch.zeros(1, 1, 32, dtype=torch.float64)
    impulse[..., 5] = 1.0
    wide = torch.cat([impulse[..., 32 - chosen.ghosts :], impulse, impulse[..., : chosen.ghosts]], dim=-1)
    for part in torch.linspace(0, 1, 21):
        symbol = torch.fft.fft(sample(wide, [axis], [place - part], chosen)).abs()
        assert symbol.max() <= 1 + 1e-12


@pytest.mark.parametrize(("kernel", "least"), [("bilinear", 0.9), ("bicubic", 2.9), ("gaussian", 2.9)])
def test_the_order_in_space(kernel, least):
    """Kernels of order p make errors h^p a step; with a step of so many cells that is h^(p-1) in all."""

    def error(points: int) -> float:
        field = built(LINE.format(points) + "dt(u) = -advect(1, u)\ninit u = sin(2*pi*x)\n", kernel)
        found = run(field, 1.0, round(points / 2.5))
        return float((found - field.initial_state()).square().mean().sqrt())

    coarse, fine = error(40), error(80)
    assert math.log2(coarse / fine) >= least


def test_order_two_in_time():
    """A flow that turns and changes in time; between the walls of the box it has no jump."""
    flow = "((1 + t)*sin(pi*x)*cos(pi*y), -(1 + t)*cos(pi*x)*sin(pi*y))"
    field = built(BOX.format(64) + f"dt(u) = -advect({flow}, u)\ninit u = cos(pi*x)\n")
    found = [run(field, 0.5, n) for n in (1, 2, 4, 8)]
    first, second, third = ((b - a).square().mean().sqrt() for a, b in itertools.pairwise(found))
    assert math.log2(float(first / second)) >= 1.8
    assert math.log2(float(second / third)) >= 1.8


@pytest.mark.parametrize(("method", "least"), [("heun", 1.8), ("rk4", 1.8), ("ars222", 1.8), ("dopri5", 1.8)])
def test_the_splitting_is_of_order_two(method, least):
    """Carried and decaying at a rate that depends on the place: u(x - t) exp(-int c)."""
    field = built(LINE.format(64) + "dt(u) = -advect(1, u) - (1 + sin(2*pi*x))*u + 1e-3*dxx(u)\ninit u = cos(2*pi*x)\n")
    found = [run(field, 1.0, n, method=method) for n in (8, 16, 32)]
    coarse, fine = ((b - a).square().mean().sqrt() for a, b in itertools.pairwise(found))
    assert math.log2(float(coarse / fine)) >= least


def test_a_flow_that_carries_itself_is_of_order_two():
    """Burgers' equation before the shock: u = f(x - u t)."""
    field = built(LINE.format(256) + "dt(u) = -advect(u, u)\ninit u = 0.5 + 0.1*sin(2*pi*x)\n")
    x = torch.as_tensor(field.grid.coordinates()["x"])
    exact = 0.5 + 0 * x
    for _ in range(200):
        exact = 0.5 + 0.1 * torch.sin(2 * math.pi * (x - exact))
    errors = [float((run(field, 1.0, n)[0, 0] - exact).abs().max()) for n in (8, 16)]
    assert math.log2(errors[0] / errors[1]) >= 1.8
    assert errors[1] <= 2e-3


def test_only_the_state_that_is_carried_moves():
    text = LINE.format(16) + "state v(x)\ndt(u) = -advect(v, u)\ndt(v) = 0.3*v\ninit u = sin(2*pi*x)\ninit v = 1\n"
    field = built(text)
    found = run(field, 1.0, 1)
    assert torch.allclose(found[:, 1], torch.full_like(found[:, 1], math.exp(0.3)), rtol=1e-5)
    # v = exp(0.3*t) carries u over the integral of it; half way it is exp(0.15).
    x = torch.as_tensor(field.grid.coordinates()["x"])
    assert torch.allclose(found[0, 0], torch.sin(2 * math.pi * (x - math.exp(0.15))), atol=3e-3)


# ------------------------------------------------------------------------------------------------------- gaussian


@pytest.mark.parametrize("step", [0.01, 0.1, 1.0])
def test_the_gaussian_carries_and_spreads_exactly_at_any_step(step):
    """The wave sin(k(x - t)) decays by exp(-k^2 D t) whatever the step: mean and variance of the kernel are right."""
    field = built(
        LINE.format(64) + "param D = 2e-3\ndt(u) = -advect(0.7, u) + D*dxx(u)\ninit u = sin(2*pi*x)\n", "gaussian"
    )
    found = run(field, 1.0, round(1 / step))[0, 0]
    x, k = torch.as_tensor(field.grid.coordinates()["x"]), 2 * math.pi
    assert (found - math.exp(-(k**2) * 2e-3) * torch.sin(k * (x - 0.7))).abs().max() <= 1.5e-3
    assert field.program.flow.rest == ()


def test_a_gaussian_as_wide_as_its_cells_makes_no_new_extrema():
    for diffusivity in (0.33, 0.7, 3.0):
        text = PLANE.format(12) + f"dt(u) = -advect((0.31, x), u) + {diffusivity}*(1/6)^2*lap(u)\n"
        field, start = built(text, "gaussian"), noise(3, 1, 12, 12)
        found = run(field, 1.0, 1, start)
        assert (found.amax() <= start.amax()) & (found.amin() >= start.amin())


def test_the_gaussian_takes_constant_diffusion_only():
    text = (
        PLANE.format(8)
        + "param D = fit 0.1\nknown k = 1 + x^2\ndt(u) = -advect((1, 0), u) + div(D*grad(u)) + k*dxx(u)\n"
    )
    field, state = built(text, "gaussian"), noise(1, 1, 8, 8)
    only = compile_model(loads_model(PLANE.format(8) + "known k = 1 + x^2\ndt(u) = k*dxx(u)\n"))
    assert torch.allclose(field.flow().rest(torch.tensor(0.0), state), only(0.0, state), atol=1e-12)


# ------------------------------------------------------------------------------------------------------ gradients


@pytest.mark.parametrize("kernel", KERNELS)
def test_gradients_through_the_warping_are_exact(kernel):
    """With respect to the state, to a learned velocity and to a diffusivity, on a walled axis too."""
    field = built(
        "space x in [0, 1], y in [0, 1] periodic\ngrid x = 6, y = 7\nstate u(x, y)\nparam D = fit 0.01\n"
        "learned w(x, y) -> vector by mlp(3, act = tanh)\ndt(u) = -advect(w, u) + D*lap(u) - u^2\n",
        kernel,
    )
    weights = {n: p.detach().clone() + 0.3 for n, p in field.named_parameters()}
    names, start = list(weights), noise(1, 1, 6, 7).requires_grad_()

    def evaluated(state, *values):
        with torch.nn.utils.stateless._reparametrize_module(field, dict(zip(names, values, strict=True))):
            return run(field, 0.2, 1, state)

    values = [weights[n].requires_grad_() for n in names]
    assert torch.autograd.gradcheck(evaluated, (start, *values), atol=1e-6, rtol=1e-4)


def test_gradients_where_the_state_carries_itself():
    field = built(LINE.format(7) + "dt(u) = -advect(u, u)\n")
    start = (2 + noise(2, 1, 7)).requires_grad_()
    assert torch.autograd.gradcheck(lambda state: run(field, 0.3, 2, state), (start,), atol=1e-6, rtol=1e-4)


# ---------------------------------------------------------------------------------------------------------- walls


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_what_enters_through_a_wall_has_the_value_of_the_wall(position, kernel):
    text = (
        f"space x in [0, 1]\ngrid x = 20 {position}\nstate u(x)\nbc u = 3 at x = 0\ndt(u) = -advect(1, u)\ninit u = 3\n"
    )
    field = built(text, kernel)
    assert torch.allclose(run(field, 1.0, 3), torch.full((1, 1, 20), 3.0, dtype=torch.float64), atol=1e-12)
    assert torch.allclose(
        run(field, 2.0, 2, 0 * field.initial_state())[0, 0, 1:], torch.tensor(3.0).double(), atol=1e-9
    )


@pytest.mark.parametrize("position", ["cells", "nodes"])
def test_a_flow_within_walls_stays_bounded(position):
    """A vortex that fills the box."""
    text = f"space x in [0, 1], y in [0, 1]\ngrid x = 24 {position}, y = 24 {position}\nstate u(x, y)\n"
    flow = "(pi*sin(pi*x)*cos(pi*y), -pi*cos(pi*x)*sin(pi*y))"
    field = built(f"{text}dt(u) = -advect({flow}, u)\ninit u = x\n")
    found = run(field, 5.0, 60)
    assert found.min() >= -0.2
    assert found.max() <= 1.2


# ------------------------------------------------------------------------------------------- methods and messages


def test_the_rate_is_that_of_central_differences():
    semi, central = (
        compile_model(loads_model(LINE.format(12) + f"scheme advect = {s}\ndt(u) = -advect(u, u) - 2*u\n"))
        for s in ("semilagrangian", "central")
    )
    state = noise(1, 1, 12)
    assert torch.equal(semi(0.0, state), central(0.0, state))
    assert torch.allclose(semi.flow().rest(torch.tensor(0.0), state), -2 * state)


@pytest.mark.parametrize(
    "method", [m for m in METHODS if m not in ("ab2", "ab3", "leapfrog", "verlet", "implicit_midpoint")]
)
def test_every_method_without_memory_takes_the_rest(method):
    field = built(LINE.format(32) + "dt(u) = -advect(1, u) + 1e-3*dxx(u)\ninit u = sin(2*pi*x)\n")
    found, x = run(field, 1.0, 4, method=method)[0, 0], torch.as_tensor(field.grid.coordinates()["x"])
    decay = math.exp(-4 * math.pi**2 * 1e-3)
    assert (found - decay * torch.sin(2 * math.pi * x)).abs().max() <= 2e-3


@pytest.mark.parametrize("method", ["ab2", "ab3", "leapfrog", "verlet", "implicit_midpoint"])
def test_methods_with_a_memory_are_refused_in_words(method):
    field = built(LINE.format(32) + "dt(u) = -advect(1, u)\ninit u = sin(2*pi*x)\n")
    with pytest.raises(UsageError, match=f"`{method}` cannot be used with `scheme advect = semilagrangian`"):
        run(field, 1.0, 4, method=method)


def test_stiff_diffusion_leaves_the_step_unbounded():
    """Fifty times the limit of explicit diffusion, Courant number 8."""
    field = built(
        PLANE.format(32) + "dt(u) = -advect((sin(pi*y), 0.5), u) + 0.2*lap(u)\ninit u = exp(-(x^2 + y^2)/0.1)\n"
    )
    found = run(field, 4.0, 4, method="ars222")
    assert found.abs().max() <= 1.0
    assert abs(float(found.mean() / field.initial_state().mean()) - 1) <= 0.05


def test_trajectories_with_times_of_their_own():
    field = built(LINE.format(16) + "dt(u) = -advect(1 + t, u) - u\n")
    start = noise(2, 1, 16)
    times = torch.tensor([[0.0, 0.3, 1.0], [0.5, 0.7, 0.8]], dtype=torch.float64)
    together = integrate(field, start, times, method="heun", substeps=2)
    for row in range(2):
        alone = integrate(field, start[row : row + 1], times[row], method="heun", substeps=2)
        assert torch.allclose(together[row : row + 1], alone, atol=1e-12)


def test_checkpointed_steps_have_the_same_gradients():
    field = built(LINE.format(8) + "dt(u) = -advect(u, u) - u\n")
    found = []
    for memory in ("stored", "checkpoint"):
        start = (2 + noise(1, 1, 8)).requires_grad_()
        times = torch.linspace(0, 1, 5, dtype=torch.float64)
        integrate(field, start, times, method="heun", memory=memory)[:, -1].square().sum().backward()
        found.append(start.grad)
    assert torch.equal(*found)


def test_show_tells_what_is_followed():
    text = LINE.format(12) + "scheme advect = semilagrangian\ndt(u) = -advect(u, u) + 0.1*dxx(u)\n"
    words = model_in_words(loads_model(text))
    assert "advect: semilagrangian(bicubic) (steps that follow the flow backwards" in words
    assert "`-advect(u, u)` in dt(u): followed backwards over a whole step" in words
    assert model_json(loads_model(text))["schemes"] == {"advect": "semilagrangian(bicubic)"}


@pytest.mark.parametrize("name", ["transport_followed_1d", "transport_sst", "transport_gaussian", "transport_vortices"])
def test_the_models_of_the_corpus_run_and_learn(name):
    """Two steps in the precision of a fit; every weight and parameter, and the state, has a gradient."""
    field = compile_model(load_model(MODELS / f"{name}.eq"), dtype=torch.float32)
    start = torch.rand(2, 1, *field.grid.shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    times = torch.tensor([0.0, 0.1, 0.2], dtype=torch.float64)
    found = integrate(field, start, times, method="ars222" if name == "transport_vortices" else "rk4")
    found[:, -1].square().sum().backward()
    assert torch.isfinite(found).all()
    for tensor in (start, *field.parameters()):
        assert torch.isfinite(tensor.grad).all()
        assert tensor.grad.abs().max() > 0


def test_a_blow_up_of_the_rest_names_the_limit_of_the_rest():
    field = built(LINE.format(64) + "dt(u) = -advect(1, u) + 0.1*dxx(u)\ninit u = exp(-(x - 0.5)^2/0.01)\n")
    with pytest.raises(ComputationError) as failure:
        simulate(field, np.arange(41) * 0.1, method="rk4")
    # Half steps of the rest: twice 2.785/(4*0.1*64^2).
    step = float(re.search(r"--step ([\d.e-]+)", failure.value.help)[1])
    assert 0.5 * 0.0034 <= step <= 0.0034


def test_equations_that_are_solved_for_are_no_obstacle_to_schemes_and_verification():
    """Transport by a stream function once raised a KeyError in both."""
    model = load_model(MODELS / "navier_stokes_stream.eq")
    upwind = replace(model, schemes=Schemes({"x": Scheme("upwind", 3), "y": Scheme("upwind", 3)}))
    field = compile_model(upwind)
    assert torch.isfinite(field(0.0, field.initial_state())).all()
    check = check_order(model, {})
    assert check.verdict == SKIPPED
    assert "no source is made for the equations that are solved for `psi`" in check.notes[0]


def test_verification_follows_the_scheme_of_advect():
    """Its own order is wanted: 1 at a wall that changes in time. The source once took the mark of `advect` off."""
    check = check_order(load_model(MODELS / "transport_followed_1d.eq"), {}, quick=True)
    (solution,) = [row for row in check.data if row["error"] == "solution"]
    assert check.verdict == PASSED
    assert solution["nominal"] == 1
    assert 0.9 <= solution["order"] <= 1.3
