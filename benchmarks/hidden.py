"""Shallow water seen through its surface: the velocity is hidden, and found with the unknown part of its equation.

``h_t = -(h u)_x`` is known. The data, after Ayed et al. (arXiv 1902.11136), hold h alone: 32 points of a periodic
domain, every 0.1; ``u_t = -u u_x - h_x + 0.02 u_xx``; h and u start at 1 and 0 plus waves of wave numbers 1 to 3. The
start of u is encoded from four frames of h. Run with ``python -m benchmarks.hidden``.
"""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.timed_fit import cosine, fit_options, timed_fit
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.trial import make_trial

POINTS, FRAMES, INTERVAL, FINE = 32, 60, 0.1, 40
TRAIN, TEST = 60, 30
STEPS = (5, 10, 20, 40)
MODEL = """\
model shallow_water
space x in [0, 2*pi] periodic
scheme order = 6
state h(x)
hidden state u(x)
learned force(u, dx(h), dx(u), dxx(u)) by mlp(32, 32, act = tanh)
learned encode(history(h, 4)) by {encoder}
dt(h) = -dx(h*u)
dt(u) = force
init u = encode
"""
ENCODER = "fno(modes = 8, width = 24)"
OPTIONS = (
    "optimizer.steps=6000", "optimizer.polish=300", "optimizer.windows=32", "data.validation=0.1",
    "curriculum.horizon=20", "curriculum.share=0.5", "integrator.substeps=1", "integrator.method=rk4",
)  # fmt: skip


def waves(count: int, seed: int) -> np.ndarray:
    """h and u of the reference, shape (count, FRAMES, 2, POINTS), by FFT and small Runge-Kutta steps."""
    generator = np.random.default_rng(seed)
    x = np.arange(POINTS) * 2 * np.pi / POINTS
    k = np.fft.rfftfreq(POINTS, 1 / POINTS)

    def field() -> np.ndarray:
        total = np.zeros((count, POINTS))
        for n in (1, 2, 3):
            size, phase = 0.1 * generator.standard_normal((count, 1)) / n, generator.uniform(0, 2 * np.pi, (count, 1))
            total += size * np.cos(n * x + phase)
        return total

    def slope(values: np.ndarray, order: int = 1) -> np.ndarray:
        return np.fft.irfft((1j * k * (k < POINTS / 2)) ** order * np.fft.rfft(values), POINTS)

    def rate(state: np.ndarray) -> np.ndarray:
        h, u = state[:, 0], state[:, 1]
        return np.stack([-slope(h * u), -u * slope(u) - slope(h) + 0.02 * slope(u, 2)], axis=1)

    state, frames, step = np.stack([1 + field(), field()], axis=1), [], INTERVAL / FINE
    for _ in range(FRAMES):
        frames.append(state)
        for _ in range(FINE):
            a = rate(state)
            b = rate(state + step / 2 * a)
            c = rate(state + step / 2 * b)
            state = state + step / 6 * (a + 2 * b + 2 * c + rate(state + step * c))
    return np.stack(frames, axis=1)


def observed(states: np.ndarray) -> Trajectories:
    """The trajectories without the velocity."""
    seen = states.copy()
    seen[:, :, 1] = np.nan
    times, x = np.arange(FRAMES) * INTERVAL, np.arange(POINTS) * 2 * np.pi / POINTS
    return Trajectories(np.tile(times, (len(seen), 1)), seen, np.full(len(seen), FRAMES), ("h", "u"), {"x": x})


def scores(run: Run, states: np.ndarray) -> tuple[dict[int, float], float]:
    """Relative rms of h - 1 by steps after the start, and the cosine of the encoded u with the true one."""
    trial = make_trial(run, observed(states))
    horizon = FRAMES - trial.field.memory
    batch = trial.data.batch(trial.data.starts(horizon, first_only=True), horizon)
    with torch.no_grad():
        start = trial.start(batch)
        path = trial.rollout(start, batch).numpy()
    first = trial.field.memory - 1
    truth = states[:, first:]
    errors = {
        n: float(np.sqrt(np.mean((path[:, n, 0] - truth[:, n, 0]) ** 2) / np.mean((truth[:, n, 0] - 1) ** 2)))
        for n in STEPS
    }
    found, wanted = (v - v.mean(-1, keepdims=True) for v in (path[:, 0, 1], truth[:, 0, 1]))
    return errors, cosine(found, wanted)


def main() -> None:
    """Print the row."""
    parser = fit_options(__doc__)
    parser.add_argument("--encoder", default=ENCODER)
    chosen = parser.parse_args()
    train, test = waves(TRAIN, 0), waves(TEST, 1)
    text, options = MODEL.format(encoder=chosen.encoder), [*OPTIONS, *chosen.options]
    with timed_fit(text, observed(train), options, verbose=chosen.verbose) as (run, minutes):
        errors, alike = scores(run, test)
    print("| encoder | cosine of u | " + " | ".join(f"h, {n} steps" for n in STEPS) + " | CPU minutes |")
    print("|---" * (3 + len(STEPS)) + "|")
    numbers = " | ".join(f"{errors[n]:.4f}" for n in STEPS)
    print(f"| `{chosen.encoder}` | {alike:.4f} | {numbers} | {minutes:.1f} |")


if __name__ == "__main__":
    main()
