"""Before a file is read: it must be a plain HDF5 file that stays within itself and within bounds.

HDF5 can point at other files in three ways (external links, external raw storage, virtual datasets), can load shared
objects as filters, and can declare far more than it stores. None of this is followed, loaded or allocated here.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from eqdsl.core.errors import DataError

GIB = 1 << 30
MAX_DECLARED_BYTES = 64 * GIB
"""Largest dataset, by its declared shape, that is taken for real."""
MAX_EXPANSION = 1000
"""Largest ratio of declared to stored bytes; gzip of zeros reaches 1030."""
EXPANSION_FLOOR = 16 << 20
"""Datasets below this many bytes may expand as they like."""
MAX_MEMORY_BYTES = 8 * GIB
"""Largest amount that one read puts into memory."""

_READABLE_FILTERS = {
    h5py.h5z.FILTER_DEFLATE: "gzip",
    h5py.h5z.FILTER_SHUFFLE: "shuffle",
    h5py.h5z.FILTER_FLETCHER32: "fletcher32",
    h5py.h5z.FILTER_SZIP: "szip",
    h5py.h5z.FILTER_NBIT: "nbit",
    h5py.h5z.FILTER_SCALEOFFSET: "scaleoffset",
    h5py.h5z.FILTER_LZF: "lzf",
}
_COMPRESSORS = frozenset({"gzip", "szip", "lzf"})
_SIGNATURES = {
    b"PK\x03\x04": ("a zip archive (.npz, .zarr.zip)", "load it with numpy and write it with `eqdsl.write_data`"),
    b"\x93NUMPY": ("a NumPy array (.npy)", "load it with numpy and write it with `eqdsl.write_data`"),
    b"CDF": ("a netCDF-3 file", "convert it: `nccopy -k netCDF-4 in.nc out.nc`"),
    b"MATLAB 5.0": ("a MATLAB file before v7.3", "save it again in MATLAB with `save -v7.3`"),
    b"version https://git-lfs": ("a Git LFS pointer, not the data", "run `git lfs pull`"),
    b"\x80": ("a Python pickle", "pickles are never loaded; write the arrays with `eqdsl.write_data`"),
}


def check_path(path: str | Path) -> Path:
    """The path, when a regular file with an HDF5 signature stands there.

    Raises
    ------
    DataError
        Nothing there, not a regular file (a folder, a pipe, a device), unreadable, empty, or another kind of file.
    """
    file = str(path)
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be opened: {error}"
        raise DataError(reason, file=file, help="give the path of an HDF5 file") from None
    if stat.S_ISDIR(mode):
        raise DataError("is a folder, not a file", file=file, help="name one HDF5 file inside it")
    if not stat.S_ISREG(mode):
        raise DataError("is not a regular file (a pipe, socket or device)", file=file, help="copy the data to a file")
    _check_signature(Path(path))
    return Path(path)


def _check_signature(path: Path) -> None:
    file = str(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=file, help="check its permissions") from None
    if not head:
        raise DataError("is empty", file=file, help="write or download the file again")
    if h5py.is_hdf5(path):
        return
    for start, (kind, remedy) in _SIGNATURES.items():
        if head.startswith(start):
            raise DataError(f"is {kind}, not an HDF5 file", file=file, help=remedy)
    raise DataError("is not an HDF5 file", file=file, help="write the arrays as HDF5, with h5py or `eqdsl.write_data`")


@contextmanager
def open_file(path: str | Path) -> Iterator[h5py.File]:
    """Open a checked file read-only.

    Raises
    ------
    DataError
        From `check_path`, or the file is truncated or damaged.
    """
    check_path(path)
    switch_off_plugins()
    with translated_errors(str(path)):
        file = h5py.File(path, "r", locking="best-effort")
    with file:
        yield file


@contextmanager
def translated_errors(file: str, dataset: str | None = None) -> Iterator[None]:
    """Turn what h5py raises on damaged contents into `DataError`."""
    try:
        yield
    except MemoryError:
        raise DataError(
            "does not fit into memory", file=file, dataset=dataset, help="read a part, as in `--map 'u=u[0:10]'`"
        ) from None
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            f"is damaged or truncated: {reason}", file=file, dataset=dataset, help="write or download the file again"
        ) from error


def switch_off_plugins() -> None:
    """Empty HDF5's search path for filter plugins, so that reading a file never loads a shared object.

    Filters that the program registered itself (``import hdf5plugin``) keep working.
    """
    while h5py.h5pl.size():
        h5py.h5pl.remove(h5py.h5pl.size() - 1)


def storage_refusal(dataset: h5py.h5d.DatasetID) -> tuple[str, str] | None:
    """What is wrong with where a dataset keeps its values, and the remedy; looks at its creation properties only.

    Must be asked before the shape: the shape of a virtual dataset may open its sources.
    """
    properties = dataset.get_create_plist()
    if properties.get_layout() == h5py.h5d.VIRTUAL:
        return "is a virtual dataset: its values lie in other files", "copy the values into one file"
    if properties.get_external_count():
        return "keeps its values in an external file", "copy the values into the HDF5 file: `h5repack in.h5 out.h5`"
    return None


def filter_names(dataset: h5py.h5d.DatasetID) -> tuple[str, ...]:
    """Names of the filters, ``filter NUMBER (its own name)`` for those that only a plugin can read."""
    properties = dataset.get_create_plist()
    names = []
    for position in range(properties.get_nfilters()):
        code, _, _, label = properties.get_filter(position)
        text = "".join(c for c in label.decode("ascii", "replace") if c.isprintable())[:40]
        readable = code in _READABLE_FILTERS or h5py.h5z.filter_avail(code)
        names.append(_READABLE_FILTERS.get(code, text) if readable else f"filter {code} ({text or 'unnamed'})")
    return tuple(names)


def filter_refusal(names: tuple[str, ...]) -> tuple[str, str] | None:
    """The first filter that cannot be read, or a stack of compressors that only a bomb needs."""
    unknown = next((n for n in names if n.startswith("filter ")), None)
    if unknown is not None:
        return (
            f"is compressed with {unknown}, which HDF5 itself cannot read",
            "rewrite it: `h5repack -f GZIP=4 in.h5 out.h5`; in Python, `import hdf5plugin` before reading also works",
        )
    if sum(n in _COMPRESSORS for n in names) > 1:
        return "is compressed twice over", "write it again with one compression filter"
    return None


def size_refusal(
    dataset: h5py.h5d.DatasetID, shape: tuple[int, ...], itemsize: int, chunks: tuple[int, ...] | None
) -> tuple[str, str] | None:
    """Whether a dataset declares more than can be believed, in all or in one chunk."""
    declared = _bytes(shape, itemsize)
    chunk = _bytes(chunks, itemsize) if chunks else 0
    if declared > MAX_DECLARED_BYTES:
        return f"declares {size_text(declared)} with shape {shape}", "split the data over several files"
    stored = dataset.get_storage_size()
    expanded = max(declared, chunk)
    if expanded > EXPANSION_FLOOR and expanded > MAX_EXPANSION * stored:
        return (
            f"declares {size_text(expanded)} but stores {size_text(stored)}: a damaged file or a decompression bomb",
            "write the values again, without compression if they are really that uniform",
        )
    return None


def chunk_refusal(dataset: h5py.h5d.DatasetID, chunk_bytes: int) -> tuple[str, str] | None:
    """Whether a stored chunk is larger than its contents: what it inflates to is not bounded by the chunk's shape."""
    limit = chunk_bytes + chunk_bytes // 16 + 4096
    oversized = False

    def look(info: h5py.h5d.StoreInfo) -> bool | None:
        nonlocal oversized
        oversized = info.size > limit
        return True if oversized else None

    dataset.chunk_iter(look)
    if oversized:
        return "has a compressed chunk larger than its contents: a damaged file or a bomb", "write the file again"
    return None


def _bytes(shape: tuple[int, ...], itemsize: int) -> int:
    total = itemsize
    for size in shape:
        total *= int(size)
    return total


def size_text(count: int) -> str:
    """``1.5 GiB``."""
    for unit, size in (("TiB", 1 << 40), ("GiB", GIB), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
