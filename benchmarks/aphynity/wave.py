"""The damped wave's data, by the rule of the paper's released code.

    w_tt = c^2 (m_x w_xx + m_y w_yy) - k w_t,   c = 330, k = 50

on 64 x 64 points of spacing 1, 4th-order differences, a frame every 1e-3 by one step of a 4th-order Runge-Kutta method
in single precision (all four-stage methods of order 4 agree on a linear equation). The masks m are zero in the two
outermost points of their own axis and one elsewhere: no wall condition of any textbook, but the rule of the data. The
start is exp(-r^2/s) at rest, s uniform in [10, 100], its centre an integer point of [20, 40)^2.

Training: the 200 windows of 25 frames of one trajectory, whose 224 frames are the file here, so that windows are cut in
the fit. Test: the 50 windows of another trajectory. Seeds: 2^31 - 1 and 0.
"""

from __future__ import annotations

import numpy as np

C, K = 330.0, 50.0
POINTS, SPACING = 64, 1e-3
WINDOW = 25
WINDOWS = {"train": 200, "test": 50}
SEEDS = {"train": 2**31 - 1, "test": 0}
STENCIL = (-1 / 12, 4 / 3, -5 / 2, 4 / 3, -1 / 12)


def start(seed: int) -> np.ndarray:
    """Displacement and velocity, shape (2, x, y)."""
    random = np.random.RandomState(seed)
    size, centre = random.uniform(10, 100), random.randint(20, 40, 2)
    place = np.arange(POINTS)
    bump = np.exp(-((place - centre[1])[:, None] ** 2 + (place - centre[0]) ** 2) / size)
    return np.stack([bump, np.zeros_like(bump)]).astype(np.float32)


def second(field: np.ndarray) -> np.ndarray:
    """Second difference along the first axis, zero in its two outermost points."""
    result = np.zeros_like(field)
    inner = len(field) - 4
    result[2:-2] = sum(np.float32(weight) * field[i : i + inner] for i, weight in enumerate(STENCIL))
    return result


def rate(state: np.ndarray) -> np.ndarray:
    """Right-hand side at one state."""
    w, p = state
    return np.stack([p, np.float32(C**2) * (second(w) + second(w.T).T) - np.float32(K) * p])


def trajectory(seed: int, frames: int) -> np.ndarray:
    """One trajectory, shape (frames, 2, x, y), in single precision."""
    states = [start(seed)]
    h = np.float32(SPACING)
    for _ in range(frames - 1):
        state = states[-1]
        k1 = rate(state)
        k2 = rate(state + h / 2 * k1)
        k3 = rate(state + h / 2 * k2)
        k4 = rate(state + h * k3)
        states.append(state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
    return np.stack(states)


def make(part: str) -> dict[str, np.ndarray]:
    """The datasets of ``train`` or ``test``; the velocity is both ``dt(w)`` and, for first-order models, ``p``."""
    count = WINDOWS[part]
    whole = trajectory(SEEDS[part], count + WINDOW - 1)
    cut = whole[None] if part == "train" else np.stack([whole[i : i + WINDOW] for i in range(count)])
    place = np.arange(POINTS) + 0.5
    times = SPACING * np.arange(cut.shape[1])
    return {"t": times, "x": place, "y": place, "w": cut[:, :, 0], "dt(w)": cut[:, :, 1], "p": cut[:, :, 1]}
