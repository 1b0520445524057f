"""Values of one source as real numbers, within a memory limit."""

from __future__ import annotations

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data import safety
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import Source, expand_index

MAX_IMAGINARY = 1e-5
"""Largest imaginary part, relative to the largest modulus, that counts as rounding of a real solution."""


def check_readable(info: DatasetInfo, file: str) -> np.dtype:
    """The dtype of a dataset whose values may be read.

    Raises
    ------
    DataError
        The inventory refused it.
    """
    if info.refusal is not None or info.dtype is None:
        what, remedy = info.refusal or ("holds no numbers", "store numbers")
        raise DataError(what, file=file, dataset=info.name, help=remedy)
    return info.dtype


def real_dtype(info: DatasetInfo) -> np.dtype:
    """float32 for float32, float16 and complex64 data, float64 for everything else."""
    small = (
        info.dtype is not None
        and info.dtype.kind in "fc"
        and info.dtype.newbyteorder("=")
        in (
            np.dtype("f2"),
            np.dtype("f4"),
            np.dtype("c8"),
        )
    )
    return np.dtype(np.float32 if small else np.float64)


def load(file: h5py.File, name: str, info: DatasetInfo, source: Source, notes: list[str]) -> np.ndarray:
    """The values of a source, shape as selected, float32 or float64.

    Integers convert; ``_FillValue`` becomes NaN; ``scale_factor`` and ``add_offset`` are applied; an imaginary part of
    rounding size is dropped. `notes` receives a sentence for each of the last two.

    Raises
    ------
    DataError
        Refused by the inventory, larger than the memory limit, damaged, or truly complex.
    """
    dtype = check_readable(info, name)
    try:
        index, shape = expand_index(source, info.shape)
    except ValueError as error:
        raise DataError(str(error), file=name, dataset=info.name, help="take an index that fits the shape") from None
    size = int(np.prod(shape, dtype=object)) * max(dtype.itemsize, real_dtype(info).itemsize)
    check_memory(size, name, info.name)
    with safety.translated_errors(name, info.name):
        raw = np.asarray(h5py.Dataset(h5py.h5d.open(file.id, info.path))[index])
    if raw.dtype.kind == "c":
        raw = _real_part(raw, name, info.name, notes)
    return _unpack(raw, info, notes)


def check_memory(size: int, file: str, dataset: str | None = None) -> None:
    """Refuse to read more than `safety.MAX_MEMORY_BYTES`."""
    if size > safety.MAX_MEMORY_BYTES:
        raise DataError(
            f"needs {safety.size_text(size)} of memory, the limit is {safety.size_text(safety.MAX_MEMORY_BYTES)}",
            file=file,
            dataset=dataset,
            help="read a part, as in `--map 'u=u[0:100]'` for the first 100 trajectories",
        )


def _real_part(raw: np.ndarray, file: str, dataset: str, notes: list[str]) -> np.ndarray:
    finite = raw[np.isfinite(raw)]
    scale = float(np.abs(finite).max(initial=0.0))
    imaginary = float(np.abs(finite.imag).max(initial=0.0))
    if imaginary > MAX_IMAGINARY * scale:
        raise DataError(
            f"is complex: the imaginary part reaches {imaginary:.3g}, the modulus {scale:.3g}",
            file=file,
            dataset=dataset,
            help="store real and imaginary part as two datasets, and declare two states",
        )
    notes.append(f"`{dataset}` is complex with an imaginary part of at most {imaginary:.2g}, which was dropped")
    return np.ascontiguousarray(raw.real)


def _unpack(raw: np.ndarray, info: DatasetInfo, notes: list[str]) -> np.ndarray:
    values = raw.astype(real_dtype(info), copy=False)
    for marker in (info.packing.get("_FillValue"), info.packing.get("missing_value")):
        if marker is not None and np.isfinite(marker):
            with np.errstate(over="ignore"):
                values = np.where(raw == marker, values.dtype.type(np.nan), values)
    scale, offset = info.packing.get("scale_factor", 1.0), info.packing.get("add_offset", 0.0)
    if (scale, offset) != (1.0, 0.0):
        notes.append(f"`{info.name}` is packed: values times {scale:g} plus {offset:g}")
        values = (values * scale + offset).astype(values.dtype, copy=False)
    return values
