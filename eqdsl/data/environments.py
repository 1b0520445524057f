"""The dataset ``environment``: one whole number for each trajectory."""

from __future__ import annotations

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.extraction import load
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import Source

ENVIRONMENT = "environment"
LARGEST = 2**53
"""Largest number that float64, through which values are read, holds exactly."""


def load_environments(
    handle: h5py.File, file: str, info: DatasetInfo, source: Source, trajectories: int, notes: list[str]
) -> np.ndarray:
    """The environment of each trajectory, shape (B,).

    Raises
    ------
    DataError
        Another shape, or values that are no whole numbers.
    """
    values = load(handle, file, info, source, notes)
    help = "store one whole number for each trajectory, as in `file['environment'] = [0, 0, 1, 1]`"
    if values.shape != (trajectories,):
        raise DataError(
            f"has shape {values.shape}, and there are {trajectories} trajectories",
            file=file, dataset=info.name, help=help,
        )  # fmt: skip
    whole = np.isfinite(values) & (np.abs(values) < LARGEST)
    whole[whole] &= values[whole] == np.round(values[whole])
    if not whole.all():
        row = int(np.argmin(whole))
        raise DataError(
            f"holds {values[row]:g} for trajectory {row}, which is no whole number",
            file=file, dataset=info.name, help=help,
        )  # fmt: skip
    return values.astype(np.int64)
