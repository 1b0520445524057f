"""Burgers' equation on a periodic line.

    u_t = -(u^2/2)_x + nu u_xx,   nu = 0.02,   x in [0, 2 pi)

simulated from ``truth.eq`` on 512 cells with dopri5 at a relative tolerance of 1e-8, then averaged over four cells
each: the data on 128 cells know nothing of the stencil that the fit uses. The start is a random sum of the first four
harmonics. 32 training and 8 test trajectories, 41 frames every 0.05 s.

Run: ``python make_data.py`` writes ``train.h5`` and ``test.h5`` beside this file (1 min).
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch

import eqdsl
from eqdsl.simulation import simulate

HERE = Path(__file__).parent
FRAMES, SPACING, COARSER = 41, 0.05, 4


def random_waves(count: int, seed: int, x: np.ndarray) -> torch.Tensor:
    """Initial states, shape (count, 1, x): sums of four harmonics with random sizes and phases."""
    random = np.random.RandomState(seed)
    k = np.arange(1, 5)[:, None]
    sizes, phases = random.normal(size=(count, 4, 1)) / k, random.uniform(0, 2 * np.pi, (count, 4, 1))
    return torch.as_tensor((sizes * np.sin(k * x + phases)).sum(axis=1)[:, None])


def coarse(values: np.ndarray) -> np.ndarray:
    """Averages over groups of cells along the last axis."""
    return values.reshape(*values.shape[:-1], -1, COARSER).mean(axis=-1)


def main() -> None:
    field = eqdsl.compile_model(eqdsl.load(HERE / "truth.eq"))
    x = field.grid.coordinates()["x"]
    times = SPACING * np.arange(FRAMES)
    for name, count, seed in (("train", 32, 0), ("test", 8, 1)):
        solved = simulate(field, times, initial=random_waves(count, seed, x), rtol=1e-8).trajectories
        with h5py.File(HERE / f"{name}.h5", "w") as file:
            file["t"], file["x"], file["u"] = times, coarse(x), coarse(solved.state[:, :, 0])
        print(f"{name}.h5: {count} trajectories of {FRAMES} frames on {len(coarse(x))} cells")


if __name__ == "__main__":
    main()
