"""The folder of kernels stays small, whoever works in it at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eqdsl.core import native, pruning
from eqdsl.core.pruning import prune


def library(folder: Path, name: str, size: int, age: float) -> Path:
    path = folder / f"{name}.so"
    path.write_bytes(b"0" * size)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    old, middle, newest = (library(tmp_path, n, 100, a) for n, a in (("old", 30), ("middle", 20), ("new", 10)))
    foreign, build, fresh = tmp_path / "notes.txt", tmp_path / ".building-dead", tmp_path / ".building-alive"
    foreign.write_bytes(b"0" * 1000)
    for folder in (build, fresh):
        folder.mkdir()
    os.utime(build, (time.time() - 1e5,) * 2)
    prune(tmp_path, newest, most=300)
    assert all(path.exists() for path in (old, middle, newest))
    assert not build.exists() and fresh.exists()
    prune(tmp_path, old, most=299)
    assert old.exists() and not middle.exists() and newest.exists() and foreign.exists()


def test_a_library_that_is_loaded_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQDSL_CACHE", str(tmp_path))
    text = "int number(void) {{ return {}; }}"
    assert native.load(text.format(1)).number() == 1
    (first,) = (tmp_path / "kernels").glob("*.so")
    long_ago = time.time() - 1000
    os.utime(first, (long_ago, long_ago))
    assert native.load(text.format(1)).number() == 1
    assert first.stat().st_mtime > time.time() - 100
    # Room for one: the next kernel pushes it out, and it works on where it is loaded.
    monkeypatch.setattr(pruning.prune, "__defaults__", (first.stat().st_size + 10,))
    loaded = native.load(text.format(1))
    os.utime(first, (long_ago, long_ago))
    assert native.load(text.format(2)).number() == 2
    assert not first.exists() and loaded.number() == 1
    assert native.load(text.format(1)).number() == 1


WORKER = """
import sys
from eqdsl.core import native, pruning
pruning.prune.__defaults__ = (60_000,)
first = int(sys.argv[1])
for turn in range(2):
    for k in range(first, first + 5):
        assert native.load(f"int number(void) {{ return {k}; }}").number() == k
print("done")
"""


def test_processes_that_compile_and_prune_together(tmp_path: Path) -> None:
    environment = {**os.environ, "EQDSL_CACHE": str(tmp_path)}
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, str(n)], stdout=subprocess.PIPE, env=environment, text=True)
        for n in (0, 2, 3)
    ]
    assert [worker.communicate()[0] for worker in workers] == ["done\n"] * 3
    left = list((tmp_path / "kernels").iterdir())
    # The last of each process, and what was compiled while it pruned.
    assert 0 < len(left) <= 6 and all(path.suffix == ".so" for path in left)
