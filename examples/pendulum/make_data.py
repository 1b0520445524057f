"""Trajectories of a damped pendulum, after the pendulum problem of APHYNITY (arXiv 2010.04456, section 4).

    theta'' + omega0^2 sin(theta) + alpha theta' = 0,   T0 = 2 pi/omega0 = 6 s,   alpha = 0.2 1/s

25 training and 25 test trajectories, 40 frames every 0.5 s, by SciPy's DOP853 at a relative tolerance of 1e-10.
The start has a random direction (a point of the unit square) and a radius uniform in [1.3, 2.3].

Run: ``python make_data.py`` writes ``train.h5`` and ``test.h5`` beside this file (1 s).
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from scipy.integrate import solve_ivp

PERIOD, ALPHA = 6.0, 0.2
FRAMES, SPACING = 40, 0.5


def vector_field(t: float, state: np.ndarray) -> list[float]:
    theta, omega = state
    return [omega, -((2 * np.pi / PERIOD) ** 2) * np.sin(theta) - ALPHA * omega]


def trajectory(seed: int, times: np.ndarray) -> np.ndarray:
    """One trajectory, shape (frames, 2)."""
    random = np.random.RandomState(seed)
    start = random.rand(2) * 2.0 - 1.0
    start *= (random.rand() + 1.3) / np.linalg.norm(start)
    return solve_ivp(vector_field, (0.0, times[-1]), start, "DOP853", times, rtol=1e-10, atol=1e-12).y.T


def main() -> None:
    times = SPACING * np.arange(FRAMES)
    seeds = {"train": range(25), "test": [2**31 - 1 - i for i in range(25)]}
    for name, chosen in seeds.items():
        states = np.stack([trajectory(seed, times) for seed in chosen])
        with h5py.File(Path(__file__).with_name(f"{name}.h5"), "w") as file:
            file["t"] = times
            file["theta"] = states[:, :, 0]
            file["omega"] = states[:, :, 1]
        print(f"{name}.h5: {states.shape[0]} trajectories of {FRAMES} frames")


if __name__ == "__main__":
    main()
