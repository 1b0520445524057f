"""Scales of learned terms follow the data, in any unit."""

from __future__ import annotations

import pytest
import torch

from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.calibration import calibrate, input_scales
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.problem import Problem
from tests.fit.systems import decay_data, heat_data
from tests.fit.test_training_data import problem_of


def calibrated(text: str, data: Trajectories) -> Problem:
    problem = problem_of(text, data)
    calibrate(problem, 0)
    return problem


def test_output_scale_is_the_rate_divided_by_the_factor_in_front() -> None:
    scales = {}
    for factor in (1, 1000):
        problem = calibrated(f"state u\nlearned f(u) by mlp(8)\ndt(u) = -u + {factor}*f\n", decay_data())
        scales[factor] = float(learned_modules(problem.field)["f"].output_scale)
    assert scales[1] / scales[1000] == pytest.approx(1000)
    assert scales[1] == pytest.approx(float(problem.rate), rel=0.7)


def test_output_scale_of_a_nonlinear_equation_changes_the_rate_by_its_rms() -> None:
    problem = calibrated("state u\nlearned f(u) by mlp(8)\ndt(u) = -u*exp(f)\n", decay_data())
    scale = float(learned_modules(problem.field)["f"].output_scale)
    assert 0.1 < scale < 2.0


@pytest.mark.parametrize("text", ["dt(u) = 0*f - u", "dt(u) = -u\npenalty p = f^2"])
def test_a_term_that_changes_no_rate_keeps_scale_one(text: str) -> None:
    problem = calibrated(f"state u\nlearned f(u) by mlp(8)\n{text}\n", decay_data())
    assert learned_modules(problem.field)["f"].output_scale.tolist() == [1.0]


def test_neighbourhood_families_and_several_heads() -> None:
    text = (
        "space x in [0, 1] periodic\nstate u(x)\n"
        "learned f(u) by conv(4, kernel = 3)\nlearned g(u), h(u) by mlp(4)\ndt(u) = f + 1e-3*g + h\n"
    )
    problem = calibrated(text, heat_data())
    modules = learned_modules(problem.field)
    rate = float(problem.rate)
    assert float(modules["f"].output_scale) == pytest.approx(rate, rel=0.7)
    assert modules["g"].output_scale.tolist() == pytest.approx([1e3 * rate, rate], rel=0.7)


def test_constant_inputs_keep_a_usable_scale() -> None:
    center, scale = input_scales(torch.tensor([[1.0, 5.0, 0.0], [3.0, 5.0, 0.0]]))
    assert center.tolist() == [2.0, 5.0, 0.0]
    assert scale.tolist() == [1.0, 5.0, 1.0]


def test_first_output_is_small_against_the_rate() -> None:
    problem = calibrated("state u\nlearned f(u) by mlp(16)\ndt(u) = -u + f\n", decay_data())
    states = problem.train.state[:, 0]
    output = problem.field.learned_outputs(torch.zeros(len(states)), states)["f"]
    assert float(output.detach().square().mean().sqrt()) < 0.2 * float(problem.rate)
