"""The damped pendulum's data, by the rule of the paper's released code.

    theta'' + omega0^2 sin(theta) + alpha theta' = 0,   T0 = 2 pi/omega0 = 6 s,   alpha = 0.2 1/s

25 training and 25 test trajectories of 40 frames every 0.5 s by SciPy's DOP853 at a relative tolerance of 1e-10. The
start has the direction of a point of the square [-1, 1]^2 and a radius uniform in [1.3, 2.3]. Sequence i has the seed i
in training and 2^31 - 1 - i in the test.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

OMEGA0, ALPHA = 2 * np.pi / 6, 0.2
FRAMES, SPACING, SEQUENCES = 40, 0.5, 25
LAST_SEED = 2**31 - 1


def start(seed: int) -> np.ndarray:
    """Angle and angular velocity at rest time 0."""
    random = np.random.RandomState(seed)
    direction = random.rand(2) * 2.0 - 1.0
    radius: float = random.rand() + 1.3
    return direction / np.linalg.norm(direction) * radius


def rate(t: float, state: np.ndarray) -> list[float]:
    """Right-hand side at one state."""
    theta, omega = state
    return [omega, -(OMEGA0**2) * np.sin(theta) - ALPHA * omega]


def trajectory(seed: int) -> np.ndarray:
    """One trajectory, shape (frames, 2)."""
    times = SPACING * np.arange(FRAMES)
    return solve_ivp(rate, (0.0, times[-1]), start(seed), "DOP853", times, rtol=1e-10).y.T


def make(part: str) -> dict[str, np.ndarray]:
    """The datasets of ``train`` or ``test``."""
    seeds = range(SEQUENCES) if part == "train" else [LAST_SEED - i for i in range(SEQUENCES)]
    states = np.stack([trajectory(seed) for seed in seeds])
    return {"t": SPACING * np.arange(FRAMES), "theta": states[:, :, 0], "omega": states[:, :, 1]}
