"""Small systems with known solutions, and quick options to fit them with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eqdsl.analysis.check import loads_model
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.model.model import Model

DECAY = "state u\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\n"
DECAY_LEARNED = "state u\nparam k = fit 0.5 in (0, 5)\nlearned f(u) by mlp(8) with f(0) = 0\ndt(u) = -k + f\n"
PENDULUM = """\
state theta
state omega
param omega0 = fit 0.5 in (0, 5)
learned friction(omega) by mlp(16) with friction(0) = 0
dt(theta) = omega
dt(omega) = -omega0^2*sin(theta) + friction
"""
OSCILLATOR = "state q\nparam k = fit 0.5 in (0, 9)\ndtt(q) = -k*q\n"
HEAT = """\
space x in [0, 1] periodic
scheme order = 6
state u(x)
param a = fit 0.02 in (0, 1)
learned s(u) by mlp(8)
dt(u) = a*dxx(u) + s
"""

QUICK = (
    "warm_start.steps=20", "optimizer.steps=60", "optimizer.epoch_steps=10", "optimizer.polish=20",
    "optimizer.windows=32", "run.dtype=float64", "run.checkpoint_seconds=0", "data.validation=0.25",
)  # fmt: skip


def quick(*overrides: str) -> FitConfig:
    """Options of a fit of about a second."""
    return with_overrides(FitConfig(), [*QUICK, *overrides])


def model(text: str) -> Model:
    return loads_model(text)


def trajectories(times: np.ndarray, state: np.ndarray, channels: Sequence[str], **axes: np.ndarray) -> Trajectories:
    """Trajectories (B, T, C, *S) that share their times."""
    count, frames = state.shape[:2]
    return Trajectories(np.tile(times, (count, 1)), state, np.full(count, frames), tuple(channels), axes)


def decay_data(*, rate: float = 1.3, count: int = 8, frames: int = 12, unit: float = 1.0) -> Trajectories:
    """``u = u0 exp(-rate t)``."""
    times = np.linspace(0, 1.1, frames)
    start = unit * np.linspace(0.5, 2.0, count)
    return trajectories(times, start[:, None, None] * np.exp(-rate * times)[None, :, None], ["u"])


def oscillator_data(*, k: float = 4.0, count: int = 6, frames: int = 20, velocity: bool = True) -> Trajectories:
    """``q = A cos(sqrt(k) t + phi)`` with its velocity, or NaN in its place."""
    times, phases, w = np.linspace(0, 2, frames), np.linspace(0, 5, count)[:, None], np.sqrt(k)
    q, v = np.cos(w * times + phases), -w * np.sin(w * times + phases)
    return trajectories(times, np.stack([q, v if velocity else np.full_like(v, np.nan)], axis=-1), ["q", "dt(q)"])


def pendulum_data(*, omega0: float = 1.1, friction: float = 0.2, count: int = 10, frames: int = 21) -> Trajectories:
    """Damped pendulum by RK4 with fine steps; exact to about 1e-9."""
    generator = np.random.default_rng(0)
    state = generator.uniform(-1.5, 1.5, (count, 2))
    times, fine = np.linspace(0, 6, frames), 40

    def rate(y: np.ndarray) -> np.ndarray:
        return np.stack([y[:, 1], -(omega0**2) * np.sin(y[:, 0]) - friction * y[:, 1]], axis=1)

    states, h = [state], times[1] / fine
    for _ in range((frames - 1) * fine):
        k1 = rate(state)
        k2 = rate(state + h / 2 * k1)
        k3 = rate(state + h / 2 * k2)
        k4 = rate(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        states.append(state)
    return trajectories(times, np.stack(states[::fine], axis=1), ["theta", "omega"])


def heat_data(*, a: float = 0.05, points: int = 16, count: int = 4, frames: int = 6) -> Trajectories:
    """Decaying Fourier modes of the heat equation."""
    x, times = (np.arange(points) + 0.5) / points, np.linspace(0, 0.2, frames)
    u = [
        sum(np.exp(-a * (2 * np.pi * n) ** 2 * times)[:, None] * np.cos(2 * np.pi * n * x + b) for n in (1, 2))
        for b in range(count)
    ]
    return trajectories(times, np.stack(u)[:, :, None], ["u"], x=x)
