"""Hares and lynxes in several environments, after LEADS (arXiv 2106.04546) and CoDA (arXiv 2202.01889).

    x' = a x - b x y,   y' = d x y - c y,   starts uniform in [1, 2]^2,   20 frames every 0.5

LEADS: b = d = 0.5, ten environments (a, c), one training and 32 test trajectories in each. CoDA: a = c = 0.5, nine
environments (b, d), four training trajectories in each, and four new ones of which one trajectory each is known. By
SciPy's DOP853 at a relative tolerance of 1e-10.

Run: ``python make_data.py`` writes six files beside this one (5 s).
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import h5py
import numpy as np
from scipy.integrate import solve_ivp

FRAMES, SPACING = 20, 0.5
LEADS = [
    (0.5, 0.5), (0.25, 0.5), (0.75, 0.5), (1.0, 0.5), (0.5, 0.25), (0.5, 0.75), (0.5, 1.0), (0.25, 0.25), (0.75, 0.75),
    (1.0, 1.0),
]  # fmt: skip
Rates = tuple[float, float, float, float]
"""a, b, c, d."""
GROWTH: list[Rates] = [(a, 0.5, c, 0.5) for a, c in LEADS]
CONTACT: list[Rates] = [(0.5, b, 0.5, d) for b, d in product((0.5, 0.75, 1.0), repeat=2)]
NEW: list[Rates] = [(0.5, b, 0.5, d) for b, d in product((0.625, 1.125), repeat=2)]


def trajectory(rates: Rates, start: np.ndarray) -> np.ndarray:
    """One trajectory, shape (frames, 2)."""
    a, b, c, d = rates

    def vector_field(t: float, state: np.ndarray) -> list[float]:
        x, y = state
        return [a * x - b * x * y, d * x * y - c * y]

    times = SPACING * np.arange(FRAMES)
    return solve_ivp(vector_field, (0.0, times[-1]), start, "DOP853", times, rtol=1e-10, atol=1e-12).y.T


def write(name: str, environments: list[Rates], each: int, seed: int, first: int = 0) -> None:
    """A file of `each` trajectories per environment; these are numbered from `first` on."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(environments)), each)
    states = np.stack([trajectory(environments[e], random.uniform(1, 2, 2)) for e in labels])
    with h5py.File(Path(__file__).with_name(name), "w") as file:
        file["t"] = SPACING * np.arange(FRAMES)
        file["hare"], file["lynx"] = states[:, :, 0], states[:, :, 1]
        file["environment"] = labels + first
    print(f"{name}: {len(environments)} environments, {each} trajectories each")


def main() -> None:
    write("train.h5", GROWTH, 1, 0)
    write("test.h5", GROWTH, 32, 1)
    write("contact_train.h5", CONTACT, 4, 2)
    write("contact_test.h5", CONTACT, 32, 3)
    write("new.h5", NEW, 1, 4, first=len(CONTACT))
    write("new_test.h5", NEW, 32, 5, first=len(CONTACT))


if __name__ == "__main__":
    main()
