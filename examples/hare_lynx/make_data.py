"""The pelt record as trajectories.

``hare_lynx.csv`` is the table of snowshoe hare and Canada lynx pelts (thousands a year) collected by the Hudson's Bay
Company from 1900 to 1920, as printed in ecology textbooks: a public record. The years to 1916 are for training, the
last four are held out.

Run: ``python make_data.py`` writes ``train.h5`` (1900 to 1916) and ``all.h5`` (1900 to 1920) beside this file.
"""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

HERE = Path(__file__).parent
HELD_OUT = 4


def main() -> None:
    year, hare, lynx = np.loadtxt(HERE / "hare_lynx.csv", delimiter=",", skiprows=1, unpack=True)
    for name, frames in (("train", len(year) - HELD_OUT), ("all", len(year))):
        with h5py.File(HERE / f"{name}.h5", "w") as file:
            file["t"], file["hare"], file["lynx"] = year[:frames], hare[None, :frames], lynx[None, :frames]
        print(f"{name}.h5: {year[0]:.0f} to {year[frames - 1]:.0f}")


if __name__ == "__main__":
    main()
