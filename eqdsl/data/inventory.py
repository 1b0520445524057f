"""What a file holds: a bounded walk over groups and datasets that follows hard links only."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import h5py
import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data import safety

MAX_OBJECTS = 10_000
MAX_DEPTH = 32
_MAX_ATTRIBUTE_BYTES = 4096
_PACKING = ("scale_factor", "add_offset", "_FillValue", "missing_value")


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """A dataset as the file declares it; `refusal` says in (what, remedy) why its values are not read."""

    name: str
    path: bytes
    shape: tuple[int, ...] = ()
    dtype: np.dtype | None = None
    stored_bytes: int = 0
    chunks: tuple[int, ...] | None = None
    filters: tuple[str, ...] = ()
    units: str | None = None
    packing: Mapping[str, float] = field(default_factory=dict)
    refusal: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """Datasets by name (``u``, ``grid/x``), and links that lead elsewhere by name, with what they are."""

    file: str
    datasets: Mapping[str, DatasetInfo]
    links: Mapping[str, str]
    root_attributes: frozenset[str] = frozenset()

    def find(self, name: str) -> DatasetInfo | None:
        """The dataset of that name, or None.

        Raises
        ------
        DataError
            A link that is not followed stands at the name or on the way to it.
        """
        parts = name.strip("/").split("/")
        for count in range(1, len(parts) + 1):
            prefix = "/".join(parts[:count])
            if prefix in self.links:
                raise DataError(
                    f"`{prefix}` is {self.links[prefix]}, which is not followed",
                    file=self.file,
                    dataset=name,
                    help="copy the values into this file, or name the dataset by its own path",
                )
        return self.datasets.get("/".join(parts))

    def nearest(self, name: str) -> list[str]:
        """Names that a user may have meant, best first: the name as one of several words, another spelling."""
        wanted = name.rpartition("/")[2].lower()
        words: list[str] = []
        ends: dict[str, str] = {}
        for full in self.datasets:
            end = full.rpartition("/")[2].lower()
            ends.setdefault(end, full)
            if wanted in re.split(r"[^\w]|_", end):
                words.append(full)
        close = difflib.get_close_matches(wanted, ends, n=3, cutoff=0.5)
        return list(dict.fromkeys([*words, *(ends[key] for key in close)]))


def scan(file: h5py.File, name: str) -> Inventory:
    """Walk a file without following anything that leaves it.

    Raises
    ------
    DataError
        More than `MAX_OBJECTS` objects or `MAX_DEPTH` levels of groups, or a damaged file.
    """
    walk = _Walk(name)
    with safety.translated_errors(name):
        root = h5py.h5g.open(file.id, b"/")
        walk.run(root)
        attributes = frozenset(_text(a) for a in _attribute_names(root))
    return Inventory(name, dict(sorted(walk.datasets.items())), walk.links, attributes)


class _Walk:
    """Iterative, because groups may nest or loop: each group is entered once, known by its address."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.datasets: dict[str, DatasetInfo] = {}
        self.links: dict[str, str] = {}
        self.objects = 0

    def run(self, root: h5py.h5g.GroupID) -> None:
        seen = {h5py.h5o.get_info(root).addr}
        pending: list[tuple[h5py.h5g.GroupID, bytes]] = [(root, b"")]
        while pending:
            group, prefix = pending.pop()
            if prefix.count(b"/") > MAX_DEPTH:
                raise self._too_much(f"groups nest deeper than {MAX_DEPTH} levels")
            for name in self._names(group):
                path = prefix + name
                child = self._child(group, name, path)
                if isinstance(child, h5py.h5d.DatasetID):
                    self.datasets[_text(path)] = inspect_dataset(child, path)
                elif isinstance(child, h5py.h5g.GroupID):
                    address = h5py.h5o.get_info(child).addr
                    if address not in seen:
                        seen.add(address)
                        pending.append((child, path + b"/"))

    def _names(self, group: h5py.h5g.GroupID) -> list[bytes]:
        self.objects += group.get_num_objs()
        if self.objects > MAX_OBJECTS:
            raise self._too_much(f"holds more than {MAX_OBJECTS} objects")
        names: list[bytes] = []
        group.links.iterate(names.append)
        return names

    def _child(self, group: h5py.h5g.GroupID, name: bytes, path: bytes) -> object:
        kind = group.links.get_info(name).type
        if kind == h5py.h5l.TYPE_HARD:
            return h5py.h5o.open(group, name)
        if kind == h5py.h5l.TYPE_SOFT:
            self.links[_text(path)] = f"a soft link to `{_text(group.links.get_val(name))}`"
        else:
            self.links[_text(path)] = "a link to another file"
        return None

    def _too_much(self, what: str) -> DataError:
        return DataError(what, file=self.file, help="copy the datasets of the model into a file of their own")


def inspect_dataset(dataset: h5py.h5d.DatasetID, path: bytes) -> DatasetInfo:
    """Shape, type and storage of a dataset, without reading a value or opening another file."""
    name = _text(path)
    refusal = safety.storage_refusal(dataset)
    if refusal is not None:
        return DatasetInfo(name, path, refusal=refusal)
    shape = tuple(int(n) for n in dataset.shape)
    properties = dataset.get_create_plist()
    chunks = properties.get_chunk() if properties.get_layout() == h5py.h5d.CHUNKED else None
    filters = safety.filter_names(dataset)
    dtype, refusal = _number_type(dataset)
    if dtype is not None:
        size = dtype.itemsize
        refusal = refusal or safety.filter_refusal(filters) or safety.size_refusal(dataset, shape, size, chunks)
        if refusal is None and filters and chunks and dataset.get_storage_size():
            refusal = safety.chunk_refusal(dataset, int(np.prod(chunks, dtype=object)) * size)
    return DatasetInfo(
        name,
        path,
        shape,
        dtype,
        dataset.get_storage_size(),
        chunks,
        filters,
        _units(dataset),
        _packing(dataset),
        refusal,
    )


def _number_type(dataset: h5py.h5d.DatasetID) -> tuple[np.dtype | None, tuple[str, str] | None]:
    remedy = "store numbers: float64, float32 or an integer type"
    if dataset.get_space().get_simple_extent_type() == h5py.h5s.NULL:
        return None, ("holds nothing (a null dataspace)", remedy)
    try:
        dtype = dataset.dtype
    except (TypeError, ValueError):
        return None, ("has a type that NumPy does not know", remedy)
    if dtype.kind in "fiucb" and dtype.subdtype is None and dtype.itemsize <= 16:
        return dtype, None
    kinds = {"S": "text", "U": "text", "V": "compound records", "O": "variable-length objects or text"}
    return None, (f"holds {kinds.get(dtype.kind, f'values of type {dtype}')}, not numbers", remedy)


def _attribute_names(owner: h5py.h5g.GroupID | h5py.h5d.DatasetID) -> list[bytes]:
    names: list[bytes] = []
    h5py.h5a.iterate(owner, names.append)
    return names


def _attribute(owner: h5py.h5d.DatasetID, name: str) -> object:
    """A short scalar attribute, or None when it is absent, long or not scalar."""
    if not h5py.h5a.exists(owner, name.encode()):
        return None
    attribute = h5py.h5a.open(owner, name.encode())
    if int(np.prod(attribute.shape, dtype=object)) != 1 or attribute.get_storage_size() > _MAX_ATTRIBUTE_BYTES:
        return None
    value = h5py.AttributeManager(h5py.Dataset(owner))[name]
    return value.reshape(-1)[0] if isinstance(value, np.ndarray) else value


def _units(dataset: h5py.h5d.DatasetID) -> str | None:
    value = _attribute(dataset, "units")
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return printable(value)[:80] if isinstance(value, str) and value else None


def _packing(dataset: h5py.h5d.DatasetID) -> dict[str, float]:
    found = {name: _attribute(dataset, name) for name in _PACKING}
    return {name: float(value) for name, value in found.items() if isinstance(value, (int, float, np.number))}


def _text(raw: bytes) -> str:
    return printable(raw.decode("utf-8", "replace"))


def printable(text: str) -> str:
    """The text with control characters (terminal codes) replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
