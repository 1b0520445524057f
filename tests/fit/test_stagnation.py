"""A fit that stops getting better far from the data says so, and what to try."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from eqdsl.fitting.fit import fit
from eqdsl.fitting.stagnation import stagnation
from tests.fit.systems import DECAY, decay_data, model, quick, trajectories

LEARNED = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8)\ndt(u) = -k*u + f\n"


def course(*validation: float, **changes: Any) -> list[dict[str, Any]]:
    row = {"stage": "rollout", "bad_steps": 0, "misfit": 0.2, "penalty": 0.1, "multiplier": 100.0, **changes}
    return [row | {"epoch": epoch, "validation": value} for epoch, value in enumerate(validation, start=1)]


FALLS = tuple(0.5 * 0.9**n for n in range(10))


@pytest.mark.parametrize(
    ("rows", "noise"),
    [
        (course(*(0.5 * 0.9**n for n in range(40))), None),
        (course(*FALLS, *[FALLS[-1]] * 5), None),
        (course(*FALLS, *[1e-3] * 40), None),
        (course(*FALLS, *[FALLS[-1]] * 40), FALLS[-1] / 2),
        ([], None),
    ],
)
def test_what_is_no_stagnation(rows: list[dict[str, Any]], noise: float | None) -> None:
    """Falling, still for a short time only, or close to the data or their noise."""
    assert stagnation(rows, model(LEARNED), quick(), {"k": 1.0}, noise) is None


def test_since_when_how_far_and_what_to_try() -> None:
    rows = course(*FALLS, *[0.2] * 30)
    found = stagnation(rows, model(LEARNED), quick(), {"k": 1.0}, 0.005)
    assert str(found) == (
        "the misfit has not fallen since epoch 10 of 40; it is 39 x the noise. Try: `--objective "
        "derivative,shooting,rollout` (long rollouts from poor values lead astray); other seeds (`--ensemble 5`); a "
        "learned term that is larger or sees more"
    )
    assert "it is 0.19 variances of the data" in str(stagnation(rows, model(LEARNED), quick(), {"k": 1.0}, None))


@pytest.mark.parametrize(
    ("text", "k", "changes", "first"),
    [
        (LEARNED, 1.0, {"bad_steps": 5}, "a smaller `optimizer.learning_rate` or narrower bounds (200 steps blew up)"),
        (LEARNED, 4.9999, {}, "wider bounds of k, which ended at 5, on its bound"),
        (
            LEARNED, 1.0, {"multiplier": 0.1},
            "a larger `multiplier.start` (the norm of the learned terms outweighs the misfit)",
        ),
        (
            LEARNED, 1.0, {"misfit": 1e-4, "penalty": 0.0},
            "more data or a smaller learned term (the misfit to the training data is much smaller)",
        ),
        (DECAY, 1.0, {"penalty": 0.0}, "a learned term, or another known one (the parameters alone cannot do better)"),
    ],
)  # fmt: skip
def test_the_likeliest_remedy_comes_first(text: str, k: float, changes: dict[str, Any], first: str) -> None:
    found = stagnation(course(*FALLS, *[0.2] * 30, **changes), model(text), quick(), {"k": k}, None)
    assert found is not None and found.to_try[0] == first


def test_a_fit_that_cannot_follow_its_data_says_so() -> None:
    """Decay cannot follow data that oscillate."""
    times = np.linspace(0, 6, 25)
    data = trajectories(times, np.cos(times + np.arange(6)[:, None])[..., None], ["u"])
    said: list[str] = []
    run = fit(model(DECAY), data, config=quick("optimizer.steps=300"), events=lambda e: said.append(str(e.get("text"))))
    text = run.state["stagnation"]
    assert text.startswith("the misfit has not fallen since epoch") and text in said
    assert "variances of the data. Try:" in text


def test_a_good_fit_says_nothing() -> None:
    assert fit(model(DECAY), decay_data(), config=quick()).state["stagnation"] == ""
