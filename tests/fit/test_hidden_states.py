"""States that the data never hold: started by a fit, a formula or an encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.calibration import calibrate
from eqdsl.fitting.checkpoint import read_checkpoint
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.run_folder import load_run
from eqdsl.fitting.trial import make_trial
from eqdsl.inspection.inspect import inspect_run
from eqdsl.lowering.vector_field import compile_model
from eqdsl.numerics.integrators.integrate import integrate
from tests.fit.systems import decay_data, pendulum_data, quick, trajectories
from tests.fit.test_training_data import problem_of

PENDULUM = """\
state theta
hidden state omega
param omega0 = fit 0.5 in (0, 5)
param k = fit 0.1 in (0, 2)
dt(theta) = omega
dt(omega) = -omega0^2*sin(theta) - k*omega
init omega = fit
"""
LYNX = """\
state hare in (0, inf)
hidden state lynx in (0, inf)
param alpha = fit 1 in (0, 5)
param gamma = fit 1 in (0, 5)
init lynx = fit 1 in (0, 10)
dt(hare) = alpha*hare - hare*lynx
dt(lynx) = hare*lynx - gamma*lynx
"""
WAVE = """\
space x in [0, 2*pi] periodic
state h(x)
hidden state u(x)
param g = fit 0.5 in (0, 5)
learned encode(history(h, 3)) by fno(modes = 3, width = 8, act = tanh) with mean(encode) = 0
dt(h) = -dx(u)
dt(u) = -g*dx(h)
init u = encode
"""


def hide(data: Trajectories, name: str) -> Trajectories:
    state = data.state.astype(float)
    state[:, :, data.channels.index(name)] = np.nan
    return replace(data, state=state)


def lynx_data(count: int = 4, frames: int = 25) -> Trajectories:
    """alpha = 0.8, gamma = 0.6."""
    field = compile_model(loads_model(LYNX))
    for name, value in (("alpha", 0.8), ("gamma", 0.6)):
        field.physical.set_value(name, value)
    start = torch.as_tensor(np.random.default_rng(0).uniform(0.4, 1.6, (count, 2)))
    times = np.linspace(0, 6, frames)
    with torch.no_grad():
        states = integrate(field, start, torch.as_tensor(times), method="rk4", substeps=20)
    return trajectories(times, states.numpy(), ["hare", "lynx"])


def wave_data(count: int = 16, frames: int = 10, points: int = 12) -> Trajectories:
    """g = 1: h and u as travelling waves of wave numbers 1 and 2."""
    generator = np.random.default_rng(1)
    x, times = (np.arange(points) + 0.5) * 2 * np.pi / points, 0.2 * np.arange(frames)
    h = np.zeros((count, frames, points))
    u = np.zeros_like(h)
    for n in (1, 2):
        # The frequency of central differences: the data are those of the model's own grid.
        frequency = np.sin(n * 2 * np.pi / points) / (2 * np.pi / points)
        for sign in (1, -1):
            size, phase = generator.normal(0, 1, (count, 1, 1)), generator.uniform(0, 2 * np.pi, (count, 1, 1))
            wave = size * np.cos(n * x - sign * frequency * times[:, None] + phase)
            h, u = h + wave, u + sign * wave
    return trajectories(times, np.stack([h, u], axis=2), ["h", "u"], x=x)


def test_a_pendulum_seen_by_its_angle(tmp_path: Path) -> None:
    """The velocity, its start, the frequency and the friction are found; the run keeps the starts."""
    data = pendulum_data(count=6, friction=0.2)
    config = quick("optimizer.steps=100", "optimizer.polish=40", "data.validation=0.34")
    run = fit(loads_model(PENDULUM), hide(data, "omega"), out=tmp_path / "run", config=config)
    assert run.state["parameters"] == pytest.approx({"omega0": 1.1, "k": 0.2}, abs=1e-3)
    kept = load_run(tmp_path / "run").completed()
    for part in ("train", "validation"):
        row = kept[part].state[:, :, 1]
        truth = next(d for d in data.state if np.allclose(d[:, 0], kept[part].state[0, :, 0]))
        assert np.abs(row[0] - truth[:, 1]).max() < 5e-3
    assert run.state["scores"]["validation"]["per_state"].keys() == {"theta"}
    assert "fitted to the first 9 frames" in run.state["scores"]["validation"]["notes"][0]
    scores = evaluate(run, hide(pendulum_data(count=2, friction=0.2), "omega"))
    assert scores.mse < 1e-5 and "`omega`" in str(scores)
    report = inspect_run(run, plots=False)
    assert report.horizon is not None and set(report.horizon.per_channel) == {"theta"}
    assert report.horizon.overall < 1e-5


def test_hares_without_lynx() -> None:
    data = lynx_data()
    run = fit(loads_model(LYNX), hide(data, "lynx"), config=quick("optimizer.steps=150", "data.validation=0"))
    assert run.state["parameters"] == pytest.approx({"alpha": 0.8, "gamma": 0.6}, abs=5e-3)
    assert np.abs(run.completed()["train"].state - data.state).max() < 0.02


def test_an_encoder_finds_a_velocity() -> None:
    """Rollouts start at the last frame of the history, and the report says so."""
    data = wave_data()
    config = quick("optimizer.steps=150", "optimizer.polish=60", "optimizer.windows=24")
    run = fit(loads_model(WAVE), hide(data, "u"), config=config)
    assert run.state["parameters"]["g"] == pytest.approx(1.0, abs=0.05)
    note = run.state["scores"]["validation"]["notes"][0]
    assert "first 3 frames" in note and "`u`" in note and "start at the last of them" in note
    other = wave_data(count=20).select([17, 18, 19])
    trial = make_trial(run, hide(other, "u"))
    with torch.no_grad():
        found = trial.start(trial.data.batch(np.array([[0, 2], [1, 2], [2, 2]]), 1))[:, 1].numpy()
    wanted = other.state[:, 2, 1]
    cosine = (found * wanted).sum() / np.sqrt((found**2).sum() * (wanted**2).sum())
    assert cosine > 0.97
    assert np.isnan(run.completed()["train"].state[:, :2, 1]).all()


def test_a_start_by_a_formula_is_fitted_through_its_parameter() -> None:
    model = "state u\nhidden state v\nparam v0 = fit 1 in (0, 9)\ninit v = v0\ndt(u) = -v\ndt(v) = -v\n"
    times = np.linspace(0, 1, 6)
    u = np.array([2.0, 3.0])[:, None] - 3.5 * (1 - np.exp(-times))
    data = trajectories(times, np.stack([u, np.full_like(u, np.nan)], axis=-1), ["u", "v"])
    run = fit(loads_model(model), data, config=quick("data.validation=0"))
    assert run.state["parameters"]["v0"] == pytest.approx(3.5, abs=1e-3)


def test_a_noisy_first_frame_of_an_observed_state_is_fitted() -> None:
    """From the data's first frame the rate would carry its error; all frames together do not."""
    data = decay_data(count=6, frames=20)
    state = data.state + 0.02 * np.random.default_rng(3).standard_normal(data.state.shape)
    state[:, 0] *= 1.2
    text = "state u\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\ninit u = fit\n"
    config = quick("data.validation=0", "optimizer.steps=40")
    errors = [
        abs(fit(loads_model(t), replace(data, state=state), config=config).state["parameters"]["k"] - 1.3)
        for t in (text, text.replace("init u = fit\n", ""))
    ]
    assert errors[0] < 0.5 * errors[1]


def test_fits_with_hidden_states_resume_bit_for_bit(tmp_path: Path) -> None:
    data, model = hide(pendulum_data(count=4), "omega"), loads_model(PENDULUM)
    config = quick("optimizer.steps=30", "optimizer.polish=10")
    whole = fit(model, data, out=tmp_path / "whole", config=config)
    cut = fit(model, data, out=tmp_path / "cut", config=config, should_stop=after(17))
    assert cut.state["status"] == "interrupted"
    resumed = fit(model, data, out=tmp_path / "cut", resume=True)
    left, right = (read_checkpoint(tmp_path / n / "checkpoint.safetensors") for n in ("whole", "cut"))
    assert torch.equal(left["modules"]["initial"]["shift"], right["modules"]["initial"]["shift"])
    assert torch.equal(whole.starts("train"), resumed.starts("train"))
    assert whole.state["parameters"] == resumed.state["parameters"]


def after(steps: int) -> Callable[[], bool]:
    """Stops after so many questions."""
    count = iter(range(steps))
    return lambda: next(count, None) is None


def test_sizes_of_hidden_states_follow_the_units() -> None:
    """In units a thousand times as small everything about the hidden state is a thousand times as large."""
    scales = []
    for factor in (1, 1000):
        text = PENDULUM.replace("dt(theta) = omega", f"dt(theta) = omega/{factor}") + (
            "learned f(omega) by mlp(4)\nlearned encode(history(theta, 2)) by mlp(4)\n"
        )
        text = text.replace("k*omega", "k*omega + f").replace("init omega = fit", "init omega = encode")
        problem = problem_of(text, hide(pendulum_data(count=3), "omega"))
        calibrate(problem, 0)
        modules = learned_modules(problem.field)
        scales.append([float(modules[n].output_scale) for n in ("f", "encode")] + [float(modules["f"].input_scale)])
    assert np.array(scales[1]) / np.array(scales[0]) == pytest.approx([1000] * 3, rel=1e-3)
    rms = float(np.sqrt(np.mean(pendulum_data(count=3).state[:, :, 1] ** 2)))
    assert 0.3 * rms < scales[0][1] < 3 * rms


def test_objectives_that_need_every_state_are_refused() -> None:
    data, model = hide(pendulum_data(count=3), "omega"), loads_model(PENDULUM)
    for chain, said in (("derivative,rollout", "only some of them"), ("shooting", "`omega`, which is hidden")):
        with pytest.raises(UsageError, match=said):
            fit(model, data, config=quick(f"objective.chain={chain}"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.window(0, 3), r"trajectory 0 has 3 frames, but `history\(…, 3\)` needs 3 to look back on and one"),
        (lambda d: replace(d, times=d.times**1.1), "0.17.* pass, and the usual interval is"),
    ],
)
def test_data_that_cannot_be_looked_back_on(change: Callable[[Trajectories], Trajectories], said: str) -> None:
    with pytest.raises(DataError, match=said):
        fit(loads_model(WAVE), hide(change(wave_data(count=2)), "u"), config=quick("data.validation=0"))


LOOKING_BACK = "state u\nparam k = fit 1\nlearned f(history(u, 3)) by mlp(2)\ndt(u) = -k*u + f\n"


@pytest.mark.parametrize("part", ["validation", "test"])
def test_what_is_held_out_by_time_is_long_enough_to_look_back_on(part: str) -> None:
    """Said of the part, since the trajectory itself is long enough, and before the fit."""
    shares = {"data.validation=0", f"data.{part}=0.1"} if part == "test" else {f"data.{part}=0.1"}
    with pytest.raises(DataError, match=f"3 frames of a trajectory are held out for {part}, but `history") as caught:
        fit(loads_model(LOOKING_BACK), decay_data(count=1, frames=21), config=quick(*sorted(shares)))
    assert caught.value.help == f"hold out more (`data.{part}`), or nothing (`data.{part}=0`)"


def test_no_segment_looks_back_on_missing_values() -> None:
    data = decay_data(count=3, frames=21)
    state = data.state.copy()
    state[1, 11] = np.nan
    config = quick("objective.chain=shooting", "objective.segment=5", "data.validation=0")
    with pytest.raises(DataError, match="begins a segment at frame 12 of trajectory 1, and there a value"):
        fit(loads_model(LOOKING_BACK), replace(data, state=state), config=config)


def test_a_test_part_that_cannot_be_scored_leaves_a_run() -> None:
    data = decay_data(count=4, frames=9)
    config = quick("optimizer.steps=2", "optimizer.polish=0", "data.test=0.25")
    whole, told = fit(loads_model(DECAYING), data, config=config), list[str]()
    row = int(whole.state["split"].partition("for test (number ")[2].partition(")")[0])
    state = data.state.copy()
    state[row, ::2] = np.nan
    state[row, 1::2] = np.nan
    run = fit(
        loads_model(DECAYING), replace(data, state=state), config=config,
        events=lambda e: told.append(e.get("text", "")),
    )  # fmt: skip
    assert set(run.state["scores"]) == {"validation"}
    assert any(text.startswith("no test score: no trajectory has a frame") for text in told)


DECAYING = "state u\nparam k = fit 1\ndt(u) = -k*u\n"


def test_two_frames_of_each_trajectory_will_do() -> None:
    data = hide(pendulum_data(count=3).window(0, 2), "omega")
    run = fit(loads_model(PENDULUM), data, config=quick("data.validation=0", "optimizer.steps=2", "optimizer.polish=0"))
    assert run.state["status"] == "done"
