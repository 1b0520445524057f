"""Statistics of datasets of any size, from a bounded number of values."""

from __future__ import annotations

import math
from dataclasses import dataclass

import h5py
import numpy as np

from eqdsl.data.extraction import load
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import Source

SAMPLE_BYTES = 64 << 20
"""Datasets up to this size are looked at as a whole."""
MAX_BLOCKS = 16
"""Number of evenly spaced blocks that a larger one is judged by."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Share of NaN, smallest and largest finite value (None when there is none), number of infinite ones.

    `sampled` says that only a part was read.
    """

    missing_share: float
    minimum: float | None
    maximum: float | None
    infinite: int
    sampled: bool


def dataset_statistics(file: h5py.File, name: str, info: DatasetInfo) -> Statistics | None:
    """Statistics of a readable dataset; None for an empty one.

    Raises
    ------
    DataError
        The values cannot be read.
    """
    sources = blocks(info)
    seen = missing = infinite = 0
    lowest, highest = np.inf, -np.inf
    for source in sources:
        values = load(file, name, info, source, [])
        seen += values.size
        missing += int(np.isnan(values).sum())
        infinite += int(np.isinf(values).sum())
        finite = values[np.isfinite(values)]
        lowest = min(lowest, float(finite.min(initial=np.inf)))
        highest = max(highest, float(finite.max(initial=-np.inf)))
    if not seen:
        return None
    low, high = (lowest, highest) if missing + infinite < seen else (None, None)
    return Statistics(missing / seen, low, high, infinite, sampled=len(sources) > 1)


def blocks(info: DatasetInfo) -> list[Source]:
    """The whole dataset when it is small, else evenly spaced blocks of at most ``SAMPLE_BYTES / MAX_BLOCKS`` each."""
    itemsize = max(info.dtype.itemsize if info.dtype is not None else 1, 8)
    if 0 in info.shape or math.prod(info.shape) * itemsize <= SAMPLE_BYTES:
        return [Source(info.name)]
    most = SAMPLE_BYTES // MAX_BLOCKS // itemsize
    depth = next((d for d in range(len(info.shape)) if math.prod(info.shape[d:]) <= most), len(info.shape) - 1)
    length = min(info.shape[depth], most)
    leading = math.prod(info.shape[:depth])
    starts = info.shape[depth] - length + 1
    sources = []
    for flat in np.unique(np.linspace(0, leading * starts - 1, MAX_BLOCKS).astype(np.int64)):
        outer, start = divmod(int(flat), starts)
        index = tuple(int(i) for i in np.unravel_index(outer, info.shape[:depth])) if depth else ()
        sources.append(Source(info.name, (*index, slice(start, start + length), "...")))
    return sources
