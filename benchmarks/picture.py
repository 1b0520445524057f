"""The picture of the README: a completed pendulum.

    python -m benchmarks.picture RUN docs/pictures/pendulum.png

draws the learned friction over the region the data visited, beside the truth ``0.2*omega``, and one test trajectory
beside the fitted model's rollout and the known part alone. RUN is a fit of ``examples/pendulum/model.eq``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch

from eqdsl.data.reading import read_data
from eqdsl.fitting.run_folder import load_run
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.integrate import integrate

mpl.use("Agg")
import matplotlib.pyplot as plt

EXAMPLE = Path(__file__).parents[1] / "examples" / "pendulum"
TEST_TRAJECTORY = 1
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#777777"


def main(run_path: str, out: str) -> None:
    run = load_run(run_path)
    field = run.field_as(torch.float64)
    data = read_data(EXAMPLE / "test.h5", run.model)
    train = read_data(EXAMPLE / "train.h5", run.model).state[:, :, 1]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.4), width_ratios=(1, 1.6), constrained_layout=True)

    omega = torch.linspace(float(train.min()), float(train.max()), 200, dtype=torch.float64)
    state = torch.stack([torch.zeros_like(omega), omega], dim=1)
    with torch.no_grad():
        friction = field.learned_outputs(0.0, state)["friction"]
    left.plot(omega, 0.2 * omega, color=GREY, lw=5, alpha=0.4, label="truth, 0.2 omega")
    left.plot(omega, friction, color=ORANGE, lw=1.6, label="learned friction(omega)")
    left.plot(train.ravel(), np.full(train.size, -0.62), "|", color=BLUE, alpha=0.15, ms=8)
    left.set(xlabel="omega [rad/s]", ylabel="torque [rad/s²]", title="the unknown term, from data")
    left.legend(frameon=False, loc="upper left")

    times = torch.as_tensor(data.times[TEST_TRAJECTORY])
    fine = torch.linspace(float(times[0]), float(times[-1]), 400, dtype=torch.float64)
    start = torch.as_tensor(data.state[TEST_TRAJECTORY : TEST_TRAJECTORY + 1, 0], dtype=torch.float64)
    right.plot(times, data.state[TEST_TRAJECTORY, :, 0], "o", color=BLUE, ms=4, label="test data, not seen in the fit")
    right.plot(fine, rollout(field, start, fine), color=ORANGE, lw=1.6, label="known + learned")
    right.plot(
        fine, rollout(lambda t, s: known(field, t, s), start, fine), color=GREY, ls="--", label="known part alone"
    )
    right.set(xlabel="t [s]", ylabel="theta [rad]", title="forecast from the first frame", ylim=(-2.5, 1.9))
    right.legend(frameon=False, ncols=3, loc="lower right", fontsize=8)
    figure.savefig(out, dpi=130)


def known(field: VectorField, t: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    """The vector field without its learned term."""
    terms = field.terms(t, state)
    return torch.stack([sum(v for n, v in terms[c].items() if n != "friction") for c in ("theta", "omega")], dim=1)


def rollout(field, start: torch.Tensor, times: torch.Tensor) -> torch.Tensor:  # type: ignore[no-untyped-def]
    with torch.no_grad():
        return integrate(field, start, times, method="rk4")[0, :, 0]


if __name__ == "__main__":
    main(*sys.argv[1:])
