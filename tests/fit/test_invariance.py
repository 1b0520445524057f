"""Penalties over environments are their closed forms, and predictions outside of the environments get better."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from eqdsl.core.errors import UsageError
from eqdsl.data.split import Split
from eqdsl.data.trajectories import InputValues, Trajectories
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.fit import fit
from eqdsl.fitting.invariance import Invariance
from eqdsl.fitting.problem import Problem, make_problem
from eqdsl.fitting.run_folder import Run
from tests.fit.systems import model, quick, trajectories
from tests.fit.test_environments import decays

CAUSE_AND_CHILD = """
state u
param a = fit 0.4
param b = fit 0.4
input s per trajectory
input z per trajectory
dt(u) = a*s + b*z
"""


def problem(config: FitConfig) -> Problem:
    data = decays({0: 0.5, 3: 1.5}, each=3, source=0.0)
    nothing = data.select([])
    return make_problem(model("state u\nparam k = fit 1\ndt(u) = -k*u\n"), Split(data, nothing, nothing, ""), config)


def pieces(found: Problem, horizon: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prediction and data of every window, and their environment, by formulas."""
    batch = found.train.batch(found.starts(horizon), horizon)
    since = (batch.times - batch.times[:, :1])[:, 1:].numpy()
    predicted = batch.state[:, 0].numpy() * np.exp(-since)
    assert found.train.environment is not None
    return predicted, batch.state[:, 1:, 0].numpy(), found.train.environment[batch.rows].numpy()


@pytest.mark.parametrize("kind", ["irm", "vrex"])
def test_penalties_are_their_closed_forms(kind: str) -> None:
    config = quick(f"invariance.kind={kind}", "invariance.weight=3", "data.validation=0")
    found = problem(config)
    predicted, data, own = pieces(found, 4)
    variance = float(found.variance)
    risks, slopes = [], []
    for label in (0, 3):
        p, d = predicted[own == label], data[own == label]
        risks.append(np.mean((p - d) ** 2) / variance)
        slopes.append(np.mean(2 * p * (p - d)) / variance)
    expected = 3 * (np.mean(np.square(slopes)) if kind == "irm" else np.var(risks))
    batch = found.train.batch(found.starts(4), 4)
    value = Invariance(found, config)("rollout", batch, 8, "stored")
    assert float(value.detach()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("objective", ["rollout", "derivative"])
@pytest.mark.parametrize("kind", ["irm", "vrex"])
def test_gradients_of_penalties_are_those_of_finite_differences(kind: str, objective: str) -> None:
    config = quick(f"invariance.kind={kind}")
    found = problem(config)
    batch = found.train.batch(found.starts(3), 3)
    penalty = Invariance(found, config)
    raw = found.field.physical.raw["value_k"]

    def value(at: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            raw.copy_(at)
        return penalty(objective, batch, 2, "stored")

    start = raw.detach().clone()
    (slope,) = torch.autograd.grad(value(start), [raw])
    difference = (value(start + 1e-4).detach() - value(start - 1e-4).detach()) / 2e-4
    assert float(slope) == pytest.approx(float(difference), rel=1e-5)


def cause_and_child(spread: tuple[float, ...], *, flip: float = 1.0, each: int = 400) -> Trajectories:
    """``du/dt = s + noise``, and z follows the rate itself, with other errors in each environment.

    z predicts the rate better than s does wherever its errors are small, and not at all where it is turned around.
    """
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(spread)), each)
    # The same causes and the same noise in each environment: what differs is z alone.
    s = np.tile(generator.standard_normal(each), len(spread))
    rate = s + 0.5 * np.tile(generator.standard_normal(each), len(spread))
    z = flip * (rate + np.array(spread)[labels] * generator.standard_normal(len(labels)))
    state = np.stack([np.zeros_like(rate), rate], axis=1)[..., None]
    inputs = {"s": InputValues(s), "z": InputValues(z)}
    return replace(trajectories(np.array([0.0, 1.0]), state, ["u"]), inputs=inputs, environment=labels)


def fitted(kind: str, weight: float) -> Run:
    config = quick(
        "objective.chain=rollout", "data.validation=0", "optimizer.steps=0", "optimizer.polish=60",
        "optimizer.windows=800", f"invariance.kind={kind}", f"invariance.weight={weight}",
    )  # fmt: skip
    return fit(model(CAUSE_AND_CHILD), cause_and_child((0.1, 1.0)), config=config)


def error(run: Run, data: Trajectories) -> float:
    """Mean squared error of the rate."""
    a, b = run.state["parameters"]["a"], run.state["parameters"]["b"]
    rate = a * data.inputs["s"].values + b * data.inputs["z"].values
    return float(np.mean((rate - data.state[:, 1, 0]) ** 2))


def test_without_the_penalty_a_fit_leans_on_what_will_not_hold() -> None:
    plain, elsewhere = fitted("off", 1.0), cause_and_child((0.1,), flip=-1.0)
    assert plain.state["parameters"]["b"] > 0.2
    for kind, weight in (("vrex", 1e4), ("irm", 1e3)):
        run = fitted(kind, weight)
        assert abs(run.state["parameters"]["b"]) < 0.1, kind
        assert run.state["parameters"]["a"] == pytest.approx(1.0, abs=0.1)
        assert error(run, elsewhere) < 0.5 * error(plain, elsewhere)
        # The noise of the rate itself is all that is left.
        assert math.sqrt(error(run, elsewhere)) < 0.6


def test_penalties_ask_for_environments_and_for_objectives_that_predict() -> None:
    text = "state u\nparam k = fit 1\ndt(u) = -k*u\n"
    with pytest.raises(UsageError, match="`--invariance irm` compares environments, and the data hold no dataset `env"):
        fit(model(text), replace(decays(), environment=None), config=quick("invariance.kind=irm"))
    with pytest.raises(UsageError, match="and the data hold environment 5 only"):
        fit(model(text), decays({5: 1.0}), config=quick("invariance.kind=vrex"))
    with pytest.raises(UsageError, match="goes with the objectives derivative and rollout, not with `shooting`"):
        fit(model(text), decays(), config=quick("invariance.kind=vrex", "objective.chain=shooting"))


@pytest.mark.parametrize("kind", ["irm", "vrex"])
def test_fitted_noise_is_that_of_all_environments(kind: str) -> None:
    """Not that of the environment whose risk was taken last."""
    data = decays({0: 0.5, 3: 1.5}, each=3, source=0.0)
    size = np.where(data.environment == 3, 0.01, 0.1)[:, None, None]
    data = replace(data, state=data.state + size * np.random.default_rng(0).normal(size=data.state.shape))
    text = "state u\nparam k per environment = fit 1\ndt(u) = -k*u\nobserve u noise fit\n"
    runs = [
        fit(model(text), data, config=quick(f"invariance.kind={which}", "invariance.weight=1e-9", "data.validation=0"))
        for which in ("off", kind)
    ]
    assert runs[1].state["noise"]["u"] == pytest.approx(runs[0].state["noise"]["u"], rel=0.02)
