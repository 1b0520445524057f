"""Regression: coefficients of known equations from clean and noisy data, and what is not linear."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.calibration import calibrate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.regression.elimination import sparse_solution, undetermined
from eqdsl.fitting.regression.solve import solve_by_regression
from eqdsl.fitting.regression.system import System, linear_system
from eqdsl.fitting.regression.unknowns import Unknowns
from tests.fit.systems import decay_data, model, quick, trajectories
from tests.fit.test_resume import resumed_like_whole
from tests.fit.test_training_data import problem_of

LORENZ = """\
state x, y, z
learned p(x, y, z), q(x, y, z), r(x, y, z) by library(2)
dt(x) = p
dt(y) = q
dt(z) = r
"""
BURGERS = """\
space x in [0, 1] periodic
scheme order = 4
state u(x)
learned f(u, dx(u), dxx(u)) by library(2)
dt(u) = f
"""
FITZHUGH_NAGUMO = """\
space x in [0, 1] periodic, y in [0, 1] periodic
state u(x, y), v(x, y)
param a = fit 0.01 in (0, 1)
param b = fit 0.01 in (0, 1)
learned Ru(u, v) by library(3)
dt(u) = a*lap(u) + Ru
dt(v) = b*lap(v) + u - v
"""
LINEAR = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by library(2)\ndt(u) = f\n"


def noisy(data: Trajectories, noise: float) -> Trajectories:
    """With noise of this share of each channel's deviation."""
    others = (0, 1, *range(3, data.state.ndim))
    size = noise * data.state.std(others, keepdims=True)
    return replace(data, state=data.state + size * np.random.default_rng(0).standard_normal(data.state.shape))


@cache
def lorenz() -> Trajectories:
    times = np.linspace(0, 10, 501)
    paths = [
        solve_ivp(
            lambda _, y: [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]],
            (0, 10), start, t_eval=times, rtol=1e-10, atol=1e-10,
        ).y.T
        for start in ([2.2, -3.7, 17.7], [-5, 1, 20])
    ]  # fmt: skip
    return trajectories(times, np.stack(paths), ["x", "y", "z"])


@cache
def burgers() -> Trajectories:
    """``u_t + u u_x = 0.02 u_xx`` by 128 Fourier modes, on 64 points."""
    x, times, k = np.arange(128) / 128, np.linspace(0, 0.8, 41), 2 * np.pi * np.fft.fftfreq(128, 1 / 128)
    kept = np.abs(k) < 2 * np.pi * 42

    def rate(_: float, u: np.ndarray) -> np.ndarray:
        flux = np.fft.fft(0.5 * u * u) * kept
        return np.real(np.fft.ifft(-0.02 * k**2 * np.fft.fft(u) - 1j * k * flux))

    starts = [np.sin(2 * np.pi * x + s) + 0.5 * np.cos(4 * np.pi * x + 2 * s) + 0.3 * s - 0.3 for s in range(3)]
    paths = [solve_ivp(rate, (0, 0.8), u, t_eval=times, rtol=1e-8, atol=1e-9).y.T[:, ::2] for u in starts]
    return trajectories(times, np.stack(paths)[:, :, None], ["u"], x=x[::2])


@cache
def fitzhugh_nagumo() -> Trajectories:
    """On 24 x 24 points, made with the stencils of the model."""
    n = 24
    axis, times = (np.arange(n) + 0.5) / n, np.linspace(0, 3, 31)
    x, y = np.meshgrid(axis, axis, indexing="ij")

    def laplacian(w: np.ndarray) -> np.ndarray:
        return (sum(np.roll(w, d, a) for d in (1, -1) for a in (0, 1)) - 4 * w) * n * n

    def rate(_: float, state: np.ndarray) -> np.ndarray:
        u, v = state.reshape(2, n, n)
        return np.stack([1e-3 * laplacian(u) + u - u**3 - v - 5e-3, 5e-3 * laplacian(v) + u - v]).ravel()

    paths = []
    for seed in range(3):
        draw = np.random.default_rng(seed)
        start = [
            0.25 * sum(
                draw.normal() * np.cos(2 * np.pi * (i * x + j * y) + draw.uniform(0, 6))
                for i in range(-2, 3) for j in range(3)
            )
            for _ in range(2)
        ]  # fmt: skip
        path = solve_ivp(rate, (0, 3), np.ravel(start), t_eval=times, rtol=1e-8, atol=1e-8)
        paths.append(path.y.T.reshape(31, 2, n, n))
    return trajectories(times, np.stack(paths), ["u", "v"], x=axis, y=axis)


def solved(text: str, data: Trajectories, method: str = "auto") -> tuple[Problem, list[str]]:
    """A problem after its regression, and what was told."""
    options = ("objective.chain=regression", f"objective.derivative={method}", "data.validation=0")
    problem, told = problem_of(text, data, *options), []
    calibrate(problem, 0)
    assert problem.derivative is not None
    solve_by_regression(problem.field, problem.derivative, problem.rate, told.append, lambda: None)
    return problem, told


def coefficients(problem: Problem, term: str, output: int = 0) -> dict[tuple[int, ...], float]:
    found = problem.field.terms_by_name[term].coefficients(output)
    assert found is not None
    return dict(found)


@pytest.mark.parametrize(("noise", "bound"), [(0.0, 1e-3), (0.01, 0.08)])
def test_lorenz_equations_are_found_term_by_term(noise: float, bound: float) -> None:
    problem, told = solved(LORENZ, noisy(lorenz(), noise))
    expected = [
        {(1, 0, 0): -10.0, (0, 1, 0): 10.0},
        {(1, 0, 0): 28.0, (0, 1, 0): -1.0, (1, 0, 1): -1.0},
        {(0, 0, 1): -8 / 3, (1, 1, 0): 1.0},
    ]
    for output, terms in enumerate(expected):
        assert coefficients(problem, "p", output) == pytest.approx(terms, rel=bound)
    assert told == ["`p` keeps 7 of 30 terms"]


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_burgers_equation_is_found_under_noise_in_the_weak_form_only(noise: float) -> None:
    problem, _ = solved(BURGERS, noisy(burgers(), noise))
    assert coefficients(problem, "f") == pytest.approx({(0, 0, 1): 0.02, (1, 1, 0): -1.0}, rel=0.02)
    if noise == 0.05:
        plain, _ = solved(BURGERS, noisy(burgers(), noise), "differences")
        assert abs(coefficients(plain, "f").get((0, 0, 1), 0.0) / 0.02 - 1) > 0.5


@pytest.mark.parametrize(("noise", "bound"), [(0.0, 1e-3), (0.05, 0.15)])
def test_a_reaction_and_its_diffusion_are_found_together(noise: float, bound: float) -> None:
    problem, _ = solved(FITZHUGH_NAGUMO, noisy(fitzhugh_nagumo(), noise))
    assert coefficients(problem, "Ru") == pytest.approx(
        {(0, 0): -5e-3, (1, 0): 1.0, (0, 1): -1.0, (3, 0): -1.0}, rel=bound
    )
    assert float(problem.field.physical.value("a").detach()) == pytest.approx(1e-3, rel=max(0.05 * (noise > 0), 1e-3))
    assert float(problem.field.physical.value("b").detach()) == pytest.approx(5e-3, rel=0.01)


def test_constraints_of_a_library_stay() -> None:
    text = "state u\nlearned f(u) by library(3) with f(0) = 0\ndt(u) = f\n"
    problem, _ = solved(text, decay_data(frames=30))
    assert coefficients(problem, "f") == pytest.approx({(1,): -1.3}, rel=1e-4)
    assert float(problem.field.terms_by_name["f"](torch.zeros(1, 1, dtype=torch.float64)).detach()) == 0.0


def test_the_system_is_the_misfit() -> None:
    text = "state u\nparam k = fit 0.5\nparam c = fit 1\ndt(u) = -k*u + c\n"
    problem = problem_of(text, noisy(decay_data(frames=30), 0.05), "objective.chain=regression")
    assert problem.derivative is not None
    system = linear_system(Unknowns(problem.field), problem.derivative, problem.rate, lambda: None)
    from tests.fit.test_derivatives import misfit

    for k, c in ((1.3, 0.0), (-2.0, 3.0)):
        problem.field.physical.set_value("k", k)
        problem.field.physical.set_value("c", c)
        left = system.matrix @ [k, c] - system.wanted
        assert float(misfit(problem).detach()) == pytest.approx(float(left @ left) + system.rest, rel=1e-9)


def test_columns_leave_in_the_order_in_which_they_cost_least() -> None:
    generator = np.random.default_rng(0)
    matrix, truth = generator.standard_normal((400, 6)), np.array([1.0, 0, 0.3, 0, 0, -2e3])
    matrix[:, 5] *= 1e-3
    wanted = matrix @ truth + 0.05 * generator.standard_normal(400)
    q, r = np.linalg.qr(matrix)
    rest = float(wanted @ wanted - (q.T @ wanted) @ (q.T @ wanted))
    system = System(r, q.T @ wanted, rest, 400)
    found = sparse_solution(system, np.ones(6, bool), np.full(6, np.nan))
    assert found.kept.tolist() == [True, False, True, False, False, True]
    assert found.numbers == pytest.approx(truth, rel=0.05)
    stays = sparse_solution(system, np.array([True, False, True, True, True, True]), np.full(6, np.nan))
    assert stays.kept[1]
    doubled = System(np.column_stack([r, r[:, 2]]), system.wanted, rest, 400)
    assert undetermined(doubled, list("abcdefg")) == ["c", "g"]
    assert undetermined(system, list("abcdef")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "state u\nparam w = fit 0.5\ndt(u) = -w^2*u\n",
            "objective `regression`: the equations are not linear in `w`\n= help: write them so that they are "
            "(`param w2 = fit 1` and `w2*x` for `w^2*x`), or take another objective, such as "
            "`--objective derivative,rollout`",
        ),
        (
            "state u\nparam k = fit 0.5\nlearned f(u) by library(2)\ndt(u) = k*f\n",
            "objective `regression`: `k` and `f` multiply each other\n= help: fix one of them, or take another "
            "objective, such as `--objective derivative,rollout`",
        ),
        (
            "state u\nparam k = fit 0.5\ndt(u) = -u/k\n",
            "objective `regression`: the equations are not finite where a parameter is 0, so they are not linear in "
            "it\n= help: take another objective, such as `--objective derivative,rollout`",
        ),
        (
            "state u\nlearned f(u) by mlp(8)\ndt(u) = f\n",
            "objective `regression`: `f` is learned by `mlp`, which is not linear in its weights\n= help: write "
            "`by library(3)`, or take another objective, such as `--objective derivative,rollout`",
        ),
        (
            "state u\nlearned f(u) by library(2) with f >= 0\ndt(u) = -f\n",
            "objective `regression`: a range is declared for `f`, so it is not linear in its weights\n= help: leave "
            "the range out, or take another objective, such as `--objective derivative,rollout`",
        ),
    ],
)  # fmt: skip
def test_what_is_not_linear_is_named_before_anything_is_written(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        fit(model(text), decay_data(), out=tmp_path / "run", config=quick("objective.chain=regression"))
    assert f"{caught.value.message}\n= help: {caught.value.help}" == message
    assert not (tmp_path / "run").exists()


def test_a_parameter_beyond_its_bound_is_put_beside_it_and_the_others_are_found_again() -> None:
    text = "state u\nparam k = fit 0.5 in (0, 1)\nparam c = fit 0.1\ndt(u) = -k*u + c\n"
    problem, told = solved(text, decay_data(frames=30))
    assert told == ["regression: `k` would be 1.3, beyond its bound; it is put on 0.9995"]
    assert float(problem.field.physical.value("k").detach()) == pytest.approx(0.9995)
    assert float(problem.field.physical.value("c").detach()) < -0.05


def test_what_the_data_do_not_tell_apart_is_said() -> None:
    problem, told = solved("state u\nparam k = fit 0.5\nparam l = fit 0.5\ndt(u) = -(k + l)*u\n", decay_data(frames=30))
    assert told == ["regression: the data do not tell `k`, `l` from the other unknowns: the smallest numbers are taken"]
    assert float(problem.field.physical.value("k").detach()) == pytest.approx(0.65, rel=1e-3)


@pytest.mark.parametrize("chain", ["regression", "regression,rollout"])
def test_alone_or_before_rollouts_it_ends_with_the_terms_it_kept(chain: str) -> None:
    config = quick(f"objective.chain={chain}", "multiplier.start=1e6", "multiplier.rule=fixed")
    run = fit(model(LINEAR.replace("dt(u) = f", "dt(u) = -k*u + f - f")), decay_data(frames=30), config=config)
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-3)
    assert run.state["status"] == "done"
    stages = list(dict.fromkeys(row["stage"] for row in run.history()))
    assert stages == (["regression"] if chain == "regression" else ["regression", "rollout", "polish"])
    run = fit(model(LINEAR.replace("param k = fit 0.5 in (0, 5)\n", "")), decay_data(frames=30), config=config)
    assert dict(run.field.terms_by_name["f"].coefficients(0) or {}) == pytest.approx({(1,): -1.3}, rel=1e-3)


@pytest.mark.parametrize("share", [0.05, 0.6])
def test_a_resumed_fit_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path, share: float) -> None:
    text = LINEAR.replace("dt(u) = f", "dt(u) = -k*u + f")
    config = quick("objective.chain=regression,derivative,rollout")
    resumed_like_whole(text, noisy(decay_data(frames=30), 0.03), config, share, tmp_path / "run")


@pytest.mark.parametrize("name", ["regression", "collocation"])
def test_states_that_the_data_do_not_hold_are_told(name: str) -> None:
    text = "state u\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\ninit u = 1\nobserve y = u^2\n"
    data = decay_data(frames=30)
    state = np.concatenate([np.full_like(data.state, np.nan), data.state**2], axis=2)
    with pytest.raises(UsageError, match=f"objective `{name}` needs the states at every frame"):
        fit(model(text), replace(data, state=state, channels=("u", "y")), config=quick(f"objective.chain={name}"))
