"""FitzHugh-Nagumo trajectories, after the reaction-diffusion problem of APHYNITY (arXiv 2010.04456, section 4).

    u_t = a lap(u) + u - u^3 - v - k,   v_t = b lap(v) + u - v,   a = 1e-3, b = 5e-3, k = 5e-3

on a 32 x 32 periodic grid of spacing 2/32 with the 5-point Laplacian, 30 frames every 0.1, by SciPy's RK45 at its
default tolerances (as the authors' code does; that error limits any score to about 10^-8.2). Every cell starts
uniform in [0, 1]. 64 training and 32 test trajectories.

Run: ``python make_data.py`` writes ``train.h5`` and ``test.h5`` beside this file (10 s).
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from scipy.integrate import solve_ivp

A, B, K = 1e-3, 5e-3, 5e-3
POINTS, FRAMES, SPACING = 32, 30, 0.1
CELL = 2.0 / POINTS


def laplacian(f: np.ndarray) -> np.ndarray:
    return (sum(np.roll(f, s, axis) for s in (-1, 1) for axis in (0, 1)) - 4 * f) / CELL**2


def vector_field(t: float, flat: np.ndarray) -> np.ndarray:
    u, v = flat.reshape(2, POINTS, POINTS)
    return np.concatenate([(A * laplacian(u) + u - u**3 - v - K).ravel(), (B * laplacian(v) + u - v).ravel()])


def trajectory(seed: int, times: np.ndarray) -> np.ndarray:
    """One trajectory, shape (frames, 2, x, y)."""
    start = np.random.RandomState(seed).uniform(0.0, 1.0, 2 * POINTS**2)
    solved = solve_ivp(vector_field, (0.0, times[-1]), start, "RK45", times)
    return solved.y.T.reshape(FRAMES, 2, POINTS, POINTS)


def main() -> None:
    times = SPACING * np.arange(FRAMES)
    centres = -1.0 + CELL * (np.arange(POINTS) + 0.5)
    seeds = {"train": range(64), "test": [2**31 - 1 - i for i in range(32)]}
    for name, chosen in seeds.items():
        states = np.stack([trajectory(seed, times) for seed in chosen])
        with h5py.File(Path(__file__).with_name(f"{name}.h5"), "w") as file:
            file["t"], file["x"], file["y"] = times, centres, centres
            file["u"] = states[:, :, 0].astype(np.float32)
            file["v"] = states[:, :, 1].astype(np.float32)
        print(f"{name}.h5: {states.shape[0]} trajectories of {FRAMES} frames on {POINTS} x {POINTS} cells")


if __name__ == "__main__":
    main()
