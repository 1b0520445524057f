"""A damped wave on a square membrane, after the wave problem of APHYNITY (arXiv 2010.04456, section 4).

    w_tt = c^2 lap(w) - k w_t,   c = 330 m/s, k = 50 1/s,   dn(w) = 0 at the walls

on 64 x 64 cells of 1 m, 25 frames every 1 ms. The start is a bump exp(-r^2/s) at rest, s uniform in [10, 100] and its
centre uniform in [20, 40)^2. The data are simulated from ``truth.eq`` with eqdsl's own stencil and walls, 2 steps of
rk4 a frame in float64, so that nothing but the missing term separates them from ``model.eq``. 40 training and 10 test
trajectories.

Run: ``python make_data.py`` writes ``train.h5`` and ``test.h5`` beside this file (10 s).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import eqdsl
from eqdsl.data.writing import write_trajectories
from eqdsl.simulation import simulate

HERE = Path(__file__).parent
FRAMES, SPACING = 25, 1e-3


def bumps(count: int, seed: int, coordinates: dict[str, np.ndarray]) -> torch.Tensor:
    """Initial states, shape (count, 2, x, y): displacement, and no velocity."""
    random = np.random.RandomState(seed)
    x, y = np.meshgrid(coordinates["x"], coordinates["y"], indexing="ij")
    states = np.zeros((count, 2, *x.shape))
    for state in states:
        centre, size = random.uniform(20, 40, 2), random.uniform(10, 100)
        state[0] = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / size)
    return torch.as_tensor(states)


def main() -> None:
    field = eqdsl.compile_model(eqdsl.load(HERE / "truth.eq"))
    times = SPACING * np.arange(FRAMES)
    for name, count, seed in (("train", 40, 0), ("test", 10, 1)):
        start = bumps(count, seed, field.grid.coordinates())
        solved = simulate(field, times, initial=start, method="rk4", step=SPACING / 2).trajectories
        write_trajectories(HERE / f"{name}.h5", solved, model=field.model, force=True)
        print(f"{name}.h5: {count} trajectories of {FRAMES} frames on 64 x 64 cells")


if __name__ == "__main__":
    main()
