"""The reaction-diffusion data, by the rule of the paper's released code.

    u_t = a lap(u) + u - u^3 - v - k,   v_t = b lap(v) + u - v,   a = 1e-3, b = 5e-3, k = 5e-3

on 32 x 32 periodic cells of 2/32 with the 5-point Laplacian, 30 frames every 0.1, by SciPy's RK45 at its default
tolerances: its error limits every score. All values start uniform in [0, 1]. Sequence i has the seed i in training and
2^31 - 1 - i in the test. Of the rule's 1600 training sequences the first 64 are taken, of its 320 test sequences all.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

A, B, K = 1e-3, 5e-3, 5e-3
POINTS, FRAMES, SPACING = 32, 30, 0.1
CELL = 2.0 / POINTS
SEQUENCES = {"train": 64, "test": 320}
LAST_SEED = 2**31 - 1


def laplacian(field: np.ndarray) -> np.ndarray:
    """Five points, periodic."""
    return (sum(np.roll(field, s, axis) for s in (-1, 1) for axis in (0, 1)) - 4 * field) / CELL**2


def rate(t: float, flat: np.ndarray) -> np.ndarray:
    """Right-hand side at one state, flattened."""
    u, v = flat.reshape(2, POINTS, POINTS)
    return np.concatenate([(A * laplacian(u) + u - u**3 - v - K).ravel(), (B * laplacian(v) + u - v).ravel()])


def trajectory(seed: int) -> np.ndarray:
    """One trajectory, shape (frames, 2, x, y)."""
    times = SPACING * np.arange(FRAMES)
    first = np.random.RandomState(seed).uniform(0.0, 1.0, 2 * POINTS**2)
    return solve_ivp(rate, (0.0, times[-1]), first, "RK45", times).y.T.reshape(FRAMES, 2, POINTS, POINTS)


def make(part: str) -> dict[str, np.ndarray]:
    """The datasets of ``train`` or ``test``."""
    count = SEQUENCES[part]
    seeds = range(count) if part == "train" else [LAST_SEED - i for i in range(count)]
    states = np.stack([trajectory(seed) for seed in seeds]).astype(np.float32)
    centres = -1.0 + CELL * (np.arange(POINTS) + 0.5)
    return {"t": SPACING * np.arange(FRAMES), "x": centres, "y": centres, "u": states[:, :, 0], "v": states[:, :, 1]}
