"""Files and strings to source text."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eqdsl.core import limits
from eqdsl.core.errors import EqdslError, ModelError
from eqdsl.syntax.reading import read_source, source_from_text


def test_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.eq"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    source = read_source(file)
    assert source.text == "one\ntwo\nthree\n"
    assert source.name == str(file)
    assert source_from_text("\ufeffa\r\n").text == "a\n"


def test_a_missing_file_names_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "pendulum.eq").write_text("state u\n")
    with pytest.raises(EqdslError, match="there is no file") as failure:
        read_source(tmp_path / "pendulm.eq")
    assert "pendulum.eq" in str(failure.value)
    with pytest.raises(EqdslError, match="eqdsl new"):
        read_source(tmp_path / "nowhere" / "x.eq")


def test_a_folder_names_its_models(tmp_path: Path) -> None:
    (tmp_path / "heat.eq").write_text("state u\n")
    with pytest.raises(EqdslError, match=r"is a folder[\s\S]*heat\.eq"):
        read_source(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "a.eq"
    file.write_text("state u\n")
    file.chmod(0)
    with pytest.raises(EqdslError, match="cannot read"):
        read_source(file)


def test_impossible_names() -> None:
    with pytest.raises(EqdslError, match="cannot read"):
        read_source("a\x00b.eq")
    with pytest.raises(EqdslError):
        read_source("x" * 5000)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    file = tmp_path / "a.eq"
    file.write_bytes(b"#" * (limits.MAX_TEXT_BYTES + 1))
    with pytest.raises(EqdslError, match="larger than"):
        read_source(file)


@pytest.mark.parametrize(
    ("data", "place", "note"),
    [
        (b"state u\r\n# caf\xe9\r\n", 13, None),
        ("state u\n".encode("utf-16"), 0, "the file looks like UTF-16"),
        (b"\x89HDF\r\n\x1a\n\x00\x00", 0, "the file is an HDF5 file: data follow the model on the command line"),
    ],
)
def test_bytes_that_are_no_text(tmp_path: Path, data: bytes, place: int, note: str | None) -> None:
    file = tmp_path / "a.eq"
    file.write_bytes(data)
    with pytest.raises(ModelError) as failure:
        read_source(file)
    (diagnostic,) = failure.value.diagnostics
    assert diagnostic.code == "E0101"
    assert diagnostic.label.span.start == place
    assert diagnostic.note == note
