"""What a fit finds: parameters of known systems, in any unit, with and without learned terms."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.split import split_trajectories
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.evaluate import evaluate
from eqdsl.fitting.fit import fit
from eqdsl.fitting.problem import make_problem
from eqdsl.fitting.run_folder import load_run
from tests.fit.systems import (
    DECAY,
    HEAT,
    OSCILLATOR,
    PENDULUM,
    decay_data,
    heat_data,
    model,
    oscillator_data,
    pendulum_data,
    quick,
    trajectories,
)


def test_rate_of_a_decay() -> None:
    run = fit(model(DECAY), decay_data(), config=quick("optimizer.steps=100"))
    assert run.state["status"] == "done"
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-4)
    assert run.state["scores"]["validation"]["log10_mse"] < -8


def test_diffusivity_of_the_heat_equation_beside_a_learned_source() -> None:
    run = fit(model(HEAT), heat_data(), config=quick("optimizer.polish=100"))
    assert run.state["parameters"]["a"] == pytest.approx(0.05, rel=0.01)
    assert run.history()[-1]["share.s"] < 0.01
    assert run.state["scores"]["validation"]["log10_mse"] < -6


@pytest.mark.parametrize("velocity", [True, False])
def test_oscillator_of_second_order_with_and_without_velocity_data(velocity: bool) -> None:
    seen: list[dict[str, Any]] = []
    data = oscillator_data(velocity=velocity)
    run = fit(model(OSCILLATOR), data, config=quick("optimizer.polish=60"), events=seen.append)
    assert run.state["parameters"]["k"] == pytest.approx(4.0, rel=1e-3)
    announced = any("init dt(q) = fit" in e.get("text", "") for e in seen)
    assert announced == (not velocity)


def test_scores_of_an_oscillator_do_not_stand_on_difference_quotients() -> None:
    """Held-out velocities are fitted to the first frames, so that validation sees what training sees."""
    data = oscillator_data(velocity=False)
    run = fit(model(OSCILLATOR), data, config=quick("optimizer.polish=60"))
    history = run.history()
    assert min(row["validation"] for row in history) < 1e-9
    scores = evaluate(run, run.sample()["validation"])
    assert scores.mse < 1e-9
    assert scores.per_state.keys() == {"q"}


def test_one_long_trajectory_without_velocity_gives_many_windows_to_the_warm_start() -> None:
    seen: list[dict[str, Any]] = []
    data = oscillator_data(count=1, frames=60, velocity=False)
    config = quick("optimizer.steps=10", "optimizer.polish=0", "optimizer.windows=16")
    fit(model(OSCILLATOR), data, config=config, events=seen.append)
    windows = {e["stage"]: e["windows"] for e in seen if e["event"] == "stage"}
    assert windows == {"warm start": 16, "rollout": 1}


def test_a_penalty_statement_keeps_its_weight() -> None:
    """A learned term beside a complete known part costs 1e3 f^2: it has to vanish, and k with it to be exact."""
    text = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\npenalty small = 1e3*f^2\n"
    run = fit(model(text), decay_data(), config=quick("optimizer.steps=300", "optimizer.polish=60"))
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-3)
    assert run.history()[-1]["share.f"] < 1e-3


def test_the_norm_alone_gives_a_complete_known_part_its_due() -> None:
    text = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"
    config = quick("optimizer.steps=1500", "optimizer.epoch_steps=25", "optimizer.polish=50")
    run = fit(model(text), decay_data(), config=config)
    assert run.history()[-1]["share.f"] < 0.01
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=0.01)


def test_a_library_ends_with_the_terms_that_count() -> None:
    text = "state u\nlearned f(u) by library(3)\ndt(u) = f\n"
    seen: list[dict[str, Any]] = []
    config = quick("optimizer.steps=300", "optimizer.polish=60", "warm_start.steps=100")
    run = fit(model(text), decay_data(), config=config, events=seen.append)
    module = run.field.learned["term_f"]
    terms = dict(module.coefficients(0))  # type: ignore[operator]
    assert set(terms) == {(1,)}
    assert terms[1,] == pytest.approx(-1.3, rel=1e-3)
    assert any("`f` keeps 1 of 4 terms" in e.get("text", "") for e in seen)


def test_given_substeps_hold_from_the_first_epoch() -> None:
    config = quick("integrator.substeps=8", "optimizer.steps=0", "optimizer.polish=0")
    assert fit(model(DECAY), decay_data(), config=config).state["integrator"]["substeps"] == 8


def test_the_small_start_can_be_turned_off() -> None:
    text = "state u\nlearned f(u) by mlp(8)\ndt(u) = f\n"
    split = split_trajectories(decay_data(), validation=0.25, test=0.0, seed=0)
    first = []
    for gain in (1e-2, 1.0):
        problem = make_problem(model(text), split, quick(f"optimizer.start_gain={gain}"))
        first.append(problem.field(0.0, torch.ones(1, 1, dtype=torch.float64)).item())
    assert first[1] / first[0] == pytest.approx(100)


def test_multiplying_the_data_by_a_million_changes_nothing_but_the_unit() -> None:
    text = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"
    runs = [fit(model(text), decay_data(unit=unit), config=quick("optimizer.polish=0")) for unit in (1.0, 1e6)]
    small, large = (run.history() for run in runs)
    for before, after in zip(small, large, strict=True):
        for name in ("misfit", "penalty", "validation", "param.k", "share.f"):
            assert after[name] == pytest.approx(before[name], rel=1e-6, abs=1e-12), name


def test_friction_of_a_pendulum_and_its_known_part() -> None:
    config = quick("optimizer.steps=60", "warm_start.steps=150", "optimizer.windows=64", "optimizer.polish=40")
    run = fit(model(PENDULUM), pendulum_data(), config=config)
    assert run.state["parameters"]["omega0"] == pytest.approx(1.1, rel=0.01)
    assert run.state["scores"]["validation"]["log10_mse"] < -4


@pytest.mark.slow
def test_long_fit_of_a_pendulum_reaches_the_integrator_floor() -> None:
    config = quick(
        "optimizer.steps=1500", "warm_start.steps=400", "optimizer.windows=128", "optimizer.polish=300",
        "optimizer.epoch_steps=25",
    )  # fmt: skip
    run = fit(model(PENDULUM.replace("mlp(16)", "mlp(32, 32)")), pendulum_data(count=25), config=config)
    assert run.state["parameters"]["omega0"] == pytest.approx(1.1, rel=1e-3)
    assert run.state["scores"]["validation"]["log10_mse"] < -6


def test_the_polish_lowers_a_misfit_that_single_precision_cannot_resolve() -> None:
    """Adam in float32 stalls; L-BFGS on the same problem in float64, in units of the loss, goes on by decades."""
    config = quick("run.dtype=float32", "optimizer.steps=200", "warm_start.steps=100", "optimizer.polish=150")
    history = fit(model(PENDULUM), pendulum_data(), config=config).history()
    adam = min(row["misfit"] for row in history if row["stage"] == "rollout" and row["horizon"] == 20)
    assert min(row["misfit"] for row in history if row["stage"] == "polish") < 0.03 * adam


def test_events_are_plain_and_complete() -> None:
    seen: list[dict[str, Any]] = []
    run = fit(model(DECAY), decay_data(), config=quick("data.test=0.2"), events=seen.append)
    json.dumps(seen, allow_nan=False)
    assert [seen[0]["event"], seen[-1]["event"]] == ["start", "done"]
    assert {e["event"] for e in seen} == {"start", "announce", "stage", "epoch", "done"}
    epochs = [e for e in seen if e["event"] == "epoch"]
    assert [e["epoch"] for e in epochs] == list(range(1, run.state["epochs"] + 1))
    assert [e["horizon"] for e in epochs] == [row["horizon"] for row in run.history()]
    assert {"misfit", "penalty", "multiplier", "validation", "parameters", "learned", "seconds"} <= epochs[0].keys()
    stages = list(dict.fromkeys(e["stage"] for e in epochs))
    assert stages == ["warm start", "rollout", "polish"]
    assert seen[-1]["scores"].keys() == {"validation", "test"}


def test_a_run_needs_neither_model_file_nor_data(tmp_path: Path) -> None:
    data = tmp_path / "data.h5"
    write_trajectories(data, decay_data(), model=model(DECAY))
    fit(model(DECAY), data, out=tmp_path / "run", config=quick())
    data.unlink()
    run = load_run(tmp_path / "run")
    assert run.model.source.text == DECAY
    assert run.state["data"]["path"] == str(data)
    assert run.field.physical.value("k").item() == pytest.approx(run.state["parameters"]["k"])
    sample = run.sample()
    assert (len(sample["train"]), len(sample["validation"])) == (6, 2)
    scores = evaluate(run, sample["validation"])
    assert scores.as_json() == run.state["scores"]["validation"]
    assert not list((tmp_path / "run").glob("*.pt"))
    assert {p.name for p in tmp_path.iterdir()} == {"run"}


def test_every_part_of_the_split_is_stored(tmp_path: Path) -> None:
    run = fit(model(DECAY), decay_data(), out=tmp_path / "run", config=quick("data.test=0.25"))
    sample = load_run(tmp_path / "run").sample()
    assert {name: len(part) for name, part in sample.items()} == {"train": 4, "validation": 2, "test": 2}
    assert evaluate(run, sample["test"]).as_json() == run.state["scores"]["test"]


def test_a_run_without_its_training_sample_says_so(tmp_path: Path) -> None:
    run = fit(model(DECAY), decay_data(), out=tmp_path / "run", config=quick())
    (tmp_path / "run" / "sample_train.h5").unlink()
    with pytest.raises(DataError, match=r"sample_train\.h5: is missing") as error:
        run.sample()
    assert error.value.help is not None and "put the file back" in error.value.help


def test_scores_are_raw_errors_over_real_frames(tmp_path: Path) -> None:
    run = fit(model(DECAY), decay_data(), config=quick())
    k = run.state["parameters"]["k"]
    data = decay_data(rate=2.0)
    state = data.state.copy()
    state[0, 3] = np.nan
    scores = evaluate(run, replace(data, state=state))
    model_state = data.state[:, :1] * np.exp(-k * data.times)[:, :, None]
    error = (model_state - state) ** 2
    assert scores.mse == pytest.approx(np.nanmean(error), rel=1e-4)
    assert scores.log10_mse_without_first == pytest.approx(np.log10(np.nanmean(error[:, 1:])), rel=1e-4)
    assert scores.per_frame == pytest.approx(np.nanmean(error, axis=(0, 2)), rel=1e-3, abs=1e-12)
    assert (scores.trajectories, scores.frames) == (8, 8 * 12)
    assert str(scores).startswith("mse ")


def test_irregular_times_of_each_trajectory() -> None:
    generator = np.random.default_rng(1)
    times = np.sort(generator.uniform(0, 1.5, (8, 12)), axis=1) + 1e-3 * np.arange(12)
    state = np.linspace(0.5, 2, 8)[:, None, None] * np.exp(-1.3 * times)[:, :, None]
    regular = trajectories(times[0], state, ["u"])
    run = fit(model(DECAY), replace(regular, times=times), config=quick("optimizer.steps=100"))
    assert run.state["parameters"]["k"] == pytest.approx(1.3, rel=1e-3)


def test_nothing_to_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="no learned term and no fitted parameter"):
        fit(model("state u\nparam k = 2\ndt(u) = -k*u\n"), decay_data())


def test_data_without_a_usable_frame_are_refused() -> None:
    data = decay_data()
    state = data.state.copy()
    state[:, ::2] = np.nan
    fit(model(DECAY), replace(data, state=state), config=quick("optimizer.steps=10", "optimizer.polish=0"))
    state[:, :-1] = np.nan
    with pytest.raises(DataError, match="no frame with a whole state is followed by another frame"):
        fit(model(DECAY), replace(data, state=state), config=quick())


def test_channels_of_another_model_are_refused() -> None:
    with pytest.raises(DataError, match="have the channels u, the data of the model theta, omega"):
        fit(model(PENDULUM), decay_data())
