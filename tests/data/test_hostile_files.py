"""Files that want to harm: none crashes, none reads a foreign file, each is refused with a `DataError` and a remedy."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from eqdsl.core.errors import DataError
from eqdsl.data import inventory
from eqdsl.data.reading import read_data
from eqdsl.data.summary import describe_file
from tests.data.small_models import field, model

ODE = model((field("u"),))
SECRET = 7.25


def good(path: Path) -> None:
    """A file that reads: one state, two trajectories, five frames."""
    with h5py.File(path, "w") as file:
        file["t"] = np.arange(5.0)
        file["u"] = np.arange(10.0).reshape(2, 5)


def without_u(path: Path) -> h5py.File:
    good(path)
    file = h5py.File(path, "r+")
    del file["u"]
    return file


def foreign(folder: Path) -> Path:
    """A file beside the hostile one, with a value that must never be seen."""
    path = folder / "secret.h5"
    with h5py.File(path, "w") as file:
        file["u"] = np.full((2, 5), SECRET) + np.arange(5)
        file["group/u"] = np.full((2, 5), SECRET) + np.arange(5)
    return path


def external_link(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = h5py.ExternalLink(str(foreign(path.parent)), "/u")


def external_link_in_the_middle(path: Path) -> None:
    with without_u(path) as file:
        file["a/b"] = h5py.ExternalLink(str(foreign(path.parent)), "/group")


def external_link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe.h5")
    with without_u(path) as file:
        file["u"] = h5py.ExternalLink("pipe.h5", "/u")


def soft_link_in_the_middle(path: Path) -> None:
    with without_u(path) as file:
        file["far"] = h5py.ExternalLink(str(foreign(path.parent)), "/group")
        file["a/b"] = h5py.SoftLink("/far")


def soft_link_cycle(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = h5py.SoftLink("/v")
        file["v"] = h5py.SoftLink("/u")


def group_cycle(path: Path) -> None:
    with without_u(path) as file:
        file["a/b/c"] = np.zeros(3)
        file["a/b/again"] = file["a"]


def virtual_dataset(path: Path) -> None:
    with without_u(path) as file:
        layout = h5py.VirtualLayout((2, 5), "f8")
        layout[:] = h5py.VirtualSource(str(foreign(path.parent)), "u", (2, 5))
        file.create_virtual_dataset("u", layout)


def virtual_dataset_over_a_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe0.h5")
    with without_u(path) as file:
        space = h5py.h5s.create_simple((2, 5), (h5py.h5s.UNLIMITED, 5))
        space.select_hyperslab((0, 0), (h5py.h5s.UNLIMITED, 1), (2, 5), (2, 5))
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        source = h5py.h5s.create_simple((2, 5))
        properties.set_virtual(space, b"pipe%b.h5", b"u", source)
        h5py.h5d.create(file.id, b"u", h5py.h5t.NATIVE_DOUBLE, space, properties)


def external_storage(path: Path) -> None:
    raw = path.parent / "secret.bin"
    raw.write_bytes(np.full(10, SECRET).tobytes())
    with without_u(path) as file:
        file.create_dataset("u", shape=(2, 5), dtype="f8", external=[(str(raw), 0, 80)])


def huge_declared_shape(path: Path) -> None:
    with without_u(path) as file:
        file.create_dataset("u", shape=(10**9, 10**6), dtype="f8", chunks=(1, 1000))


def gzip_bomb(path: Path) -> None:
    with without_u(path) as file:
        file.create_dataset("u", data=np.zeros((2, 5 << 21)), chunks=(1, 1 << 20), compression="gzip")


def huge_chunk(path: Path) -> None:
    with without_u(path) as file:
        file.create_dataset("u", shape=(2, 5), maxshape=(None, None), chunks=(1 << 14, 1 << 14), dtype="f8")


def overfull_chunk(path: Path) -> None:
    with without_u(path) as file:
        dataset = file.create_dataset("u", shape=(2, 5), chunks=(2, 5), dtype="f8", compression="gzip")
        dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(64 << 20)))


def stacked_compression(path: Path) -> None:
    with without_u(path) as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((2, 5))
        properties.set_deflate(9)
        properties.set_deflate(9)
        space = h5py.h5s.create_simple((2, 5))
        h5py.h5d.create(file.id, b"u", h5py.h5t.NATIVE_DOUBLE, space, properties)
        file["u"][...] = np.arange(10.0).reshape(2, 5)


def unknown_filter(path: Path) -> None:
    with without_u(path) as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((2, 5))
        properties.set_filter(32015, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple((2, 5))
        h5py.h5d.create(file.id, b"u", h5py.h5t.NATIVE_DOUBLE, space, properties)
        file["u"][...] = np.arange(10.0).reshape(2, 5)


def too_many_objects(path: Path) -> None:
    with without_u(path) as file:
        for number in range(inventory.MAX_OBJECTS + 1):
            file.id.links.create_soft(str(number).encode(), b"/t")


def deep_groups(path: Path) -> None:
    with without_u(path) as file:
        file["/".join("g" * 60)] = 1.0


def text_dataset(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = np.array([[b"a", b"b"]], dtype="S1")


def object_dataset(path: Path) -> None:
    with without_u(path) as file:
        file.create_dataset("u", data=["a", "b"], dtype=h5py.string_dtype())


def compound_dataset(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = np.zeros((2, 5), dtype=[("a", "f8"), ("b", "i4")])


def reference_dataset(path: Path) -> None:
    with without_u(path) as file:
        file.create_dataset("u", (2, 5), dtype=h5py.ref_dtype)


def opaque_dataset(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = np.zeros((2, 5), dtype="V16")


def null_dataset(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = h5py.Empty("f8")


def scalar_dataset(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = 1.0


def empty_dataset(path: Path) -> None:
    with without_u(path) as file:
        file["u"] = np.zeros((0, 5))


def group_instead(path: Path) -> None:
    with without_u(path) as file:
        file["u/inner"] = np.zeros(3)


def escape_codes(path: Path) -> None:
    with without_u(path) as file:
        file["\x1b[31mu"] = np.zeros(3)


def named_pipe(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def absent(path: Path) -> None:
    assert not path.exists()


def empty_file(path: Path) -> None:
    path.touch()


def text_file(path: Path) -> None:
    path.write_text("t,u\n0,1\n")


def pickle_file(path: Path) -> None:
    path.write_bytes(pickle.dumps({"u": 1}))


def numpy_archive(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, u=np.zeros(3))


def signature_only(path: Path) -> None:
    path.write_bytes(b"\x89HDF\r\n\x1a\n")


def truncated(path: Path) -> None:
    good(path)
    path.write_bytes(path.read_bytes()[:-100])


def no_permission(path: Path) -> None:
    good(path)
    path.chmod(0)


HOSTILE: tuple[Callable[[Path], None], ...] = (
    external_link,
    external_link_in_the_middle,
    external_link_to_a_pipe,
    soft_link_in_the_middle,
    soft_link_cycle,
    group_cycle,
    virtual_dataset,
    virtual_dataset_over_a_pipe,
    external_storage,
    huge_declared_shape,
    gzip_bomb,
    huge_chunk,
    overfull_chunk,
    stacked_compression,
    unknown_filter,
    too_many_objects,
    deep_groups,
    text_dataset,
    object_dataset,
    compound_dataset,
    reference_dataset,
    opaque_dataset,
    null_dataset,
    scalar_dataset,
    empty_dataset,
    group_instead,
    escape_codes,
    named_pipe,
    folder,
    absent,
    empty_file,
    text_file,
    pickle_file,
    numpy_archive,
    signature_only,
    truncated,
)


def refusal_of(build: Callable[[Path], None], path: Path, mapping: dict[str, str] | None = None) -> DataError:
    build(path)
    with pytest.raises(DataError) as caught:
        read_data(path, ODE, mapping=mapping)
    return caught.value


def test_the_file_they_are_made_from_reads(tmp_path: Path) -> None:
    good(tmp_path / "good.h5")
    assert read_data(tmp_path / "good.h5", ODE).state.shape == (2, 5, 1)


@pytest.mark.parametrize("build", HOSTILE, ids=lambda b: b.__name__)
def test_refused(build: Callable[[Path], None], tmp_path: Path) -> None:
    error = refusal_of(build, tmp_path / "hostile.h5")
    text = str(error)
    assert error.help
    assert "hostile.h5" in text
    assert str(SECRET) not in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("build", "name"),
    [
        (external_link_in_the_middle, "a/b/u"),
        (soft_link_in_the_middle, "a/b/u"),
        (soft_link_in_the_middle, "far/u"),
        (external_link, "u"),
        (soft_link_cycle, "v"),
    ],
)
def test_links_are_not_followed_on_the_way_of_a_mapping(
    build: Callable[[Path], None], name: str, tmp_path: Path
) -> None:
    error = refusal_of(build, tmp_path / "hostile.h5", {"u": name})
    assert "not followed" in error.message


@pytest.mark.parametrize("build", HOSTILE, ids=lambda b: b.__name__)
def test_described_without_a_foreign_value(build: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "hostile.h5"
    build(path)
    try:
        text = describe_file(path, model=ODE).as_text()
    except DataError as error:
        text = str(error)
    assert str(SECRET) not in text
    assert "\x1b" not in text


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(tmp_path: Path) -> None:
    assert refusal_of(no_permission, tmp_path / "hostile.h5").help == "check its permissions"


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (virtual_dataset, "virtual dataset"), (external_storage, "external file"), (gzip_bomb, "decompression bomb"),
        (huge_declared_shape, "TiB"), (huge_chunk, "bomb"), (overfull_chunk, "chunk larger"),
        (stacked_compression, "twice"), (unknown_filter, "filter 32015"), (named_pipe, "not a regular file"),
        (folder, "is a folder"), (absent, "no such file"), (empty_file, "is empty"), (text_file, "not an HDF5 file"),
        (pickle_file, "pickle"), (numpy_archive, "zip archive"), (text_dataset, "text"),
        (compound_dataset, "compound"), (truncated, "truncated"), (too_many_objects, "more than 10000 objects"),
        (deep_groups, "nest deeper"),
    ],
    ids=lambda v: v.__name__ if callable(v) else None,
)  # fmt: skip
def test_the_reason_is_named(build: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    assert words in refusal_of(build, tmp_path / "hostile.h5").message


def test_filter_plugins_are_off(tmp_path: Path) -> None:
    good(tmp_path / "good.h5")
    read_data(tmp_path / "good.h5", ODE)
    assert h5py.h5pl.size() == 0


FLIPS = """
import sys
from pathlib import Path
import numpy as np
sys.path.insert(0, sys.argv[2])
from tests.data.small_models import field, model
from eqdsl.core.errors import DataError
from eqdsl.data.reading import read_data
from eqdsl.data.summary import describe_file
path = Path(sys.argv[1])
content = path.read_bytes()
rng = np.random.default_rng(0)
refused = 0
for _ in range(300):
    damaged = bytearray(content)
    for place in rng.integers(0, min(len(content), 4096), size=3):
        damaged[place] = rng.integers(256)
    broken = path.with_name("flipped.h5")
    broken.write_bytes(damaged)
    for use in (lambda: read_data(broken, model((field("u"),))), lambda: describe_file(broken).as_text()):
        try:
            use()
        except DataError:
            refused += 1
print(refused)
"""


def test_flipped_bytes_do_not_crash(tmp_path: Path) -> None:
    """In a process of its own: a fault inside HDF5 would end it without an exception."""
    with h5py.File(tmp_path / "good.h5", "w") as file:
        file["t"] = np.arange(5.0)
        file.create_dataset("u", data=np.arange(10.0).reshape(2, 5), chunks=(1, 5), compression="gzip")
    command = [sys.executable, "-c", FLIPS, str(tmp_path / "good.h5"), str(Path(__file__).parents[2])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 10
