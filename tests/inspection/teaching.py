"""Models whose learned terms have been taught a known function directly, so that every number has a closed form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.horizon import roll_out
from eqdsl.inspection.visited import as_tensor, visited_states
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model

PENDULUM = """
# Damped pendulum.
model pendulum "one <script>alert(1)</script> degree"
time  t: s
state theta: rad
state omega: rad/s
param omega0: rad/s = fit 0.5 in (0, 5)
known gravity = -omega0^2*sin(theta)
learned friction(INPUTS) by mlp(32, 32)  # what slows it
dt(theta) = omega
dt(omega) = gravity + friction
law energy = omega^2/2 - omega0^2*cos(theta) decreasing
"""


@dataclass
class MemoryRun:
    """A run as `inspect_run` sees it, without a fit."""

    path: Path
    model: Model
    field: VectorField
    trajectories: Trajectories
    config: object = field(default_factory=lambda: SimpleNamespace(seed=0, optimiser="adam"))
    state: dict[str, object] = field(default_factory=lambda: {"epoch": 3, "data": {"file": "p.h5"}})
    parts: dict[str, Trajectories] | None = None
    """What `sample` returns; by default the last three trajectories are for validation."""

    def history(self) -> list[dict[str, object]]:
        return [
            {
                "epoch": e, "stage": 1, "misfit": 10.0**-e, "penalty": 0.1, "multiplier": 1.0 + e * (3 - e),
                "param.omega0": 1.0,
            }
            for e in range(4)
        ]  # fmt: skip

    def completed(self) -> dict[str, Trajectories]:
        return self.sample()

    def sample(self) -> dict[str, Trajectories]:
        if self.parts is not None:
            return self.parts
        count = len(self.trajectories)
        return {
            "train": self.trajectories.select(range(count - 3)),
            "validation": self.trajectories.select(range(count - 3, count)),
        }


def teach(vector_field: VectorField, trajectories: Trajectories, targets: dict[str, Callable[..., np.ndarray]]) -> None:
    """Fit the learned outputs to functions of the state at the visited states."""
    visited = visited_states(trajectories, vector_field)
    vector_field, times, state = next(visited.batches(vector_field, points=10**9))
    wanted = {name: as_tensor(target(visited.state), vector_field) for name, target in targets.items()}
    optimiser = torch.optim.LBFGS(
        vector_field.learned.parameters(),
        max_iter=400,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-10,
        tolerance_change=1e-13,
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        outputs = vector_field.learned_outputs(times, state)
        loss = torch.stack([(outputs[name] - w).square().mean() for name, w in wanted.items()]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)


def truth_rollouts(text: str, initial: np.ndarray, times: np.ndarray) -> Trajectories:
    """Trajectories of a model without learned terms."""
    field = compile_model(loads_model(text))
    rows = np.tile(times, (len(initial), 1))
    states = roll_out(field, rows, initial)
    lengths = np.full(len(rows), times.size)
    return Trajectories(rows, states, lengths, field.model.channel_names, field.grid.coordinates())


def pendulum_run(path: Path, inputs: str) -> MemoryRun:
    """A pendulum with omega0 = 1 and friction = -0.2*omega, learned from `inputs`."""
    truth = PENDULUM.replace("fit 0.5 in (0, 5)", "1")
    truth = "\n".join(
        "param k: 1/s = 0.2\nknown friction = -k*omega" if line.startswith("learned") else line
        for line in truth.splitlines()
    )
    initial = np.random.default_rng(0).uniform(-1.5, 1.5, (9, 2))
    trajectories = truth_rollouts(truth, initial, 0.5 * np.arange(30))
    model = loads_model(PENDULUM.replace("INPUTS", inputs), "pendulum.eq")
    field = compile_model(model, seed=1)
    field.physical.set_value("omega0", 1.0)
    teach(field, trajectories, {"friction": lambda state: -0.2 * state[:, 1]})
    return MemoryRun(path, model, field, trajectories)
