"""C text to a loaded library: compiled once, kept on disk under a hash of all that it depends on."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from eqdsl.core.pruning import note_use, prune

COMPILERS = ("cc", "gcc", "clang", "c++", "g++", "clang++")

FLAGS = (
    "-O3", "-march=native", "-fPIC", "-fopenmp", "-std=gnu11",
    # Sums may be reordered and functions come from the vector library; infinities and NaN keep their meaning, since a
    # rollout that blows up must be seen.
    "-ffast-math", "-fno-finite-math-only",
    "-w",
)  # fmt: skip

AS_WRITTEN = (
    *(flag for flag in FLAGS if "math" not in flag), "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast",
)  # fmt: skip
"""The same for a text whose functions are written out, where the order of sums is part of what they compute."""

_PATIENCE = 300
"""Seconds after which the compiler is stopped."""


class CompilationFailed(Exception):
    """There is no compiler, or it did not take the text; the message is one line."""


@cache
def compiler() -> str:
    """The C compiler's path.

    Raises
    ------
    CompilationFailed
        There is none; the environment variable ``CC`` names another one.
    """
    for name in (os.environ.get("CC", ""), *COMPILERS):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise CompilationFailed("no C compiler is found")


def load(text: str, flags: Sequence[str] = FLAGS) -> ctypes.CDLL:
    """The library of a C text.

    Raises
    ------
    CompilationFailed
    """
    key = hashlib.sha256("\0".join((text, _toolchain(), *flags)).encode()).hexdigest()[:32]
    folder = cache_folder()
    path = folder / f"{key}.so"
    try:
        if is_ours(path):
            note_use(path)
        else:
            _compile(text, path, flags)
            prune(folder, path)
        try:
            return ctypes.CDLL(str(path))
        except OSError:
            # A file that a crash left unfinished on the disk, or that another process has pruned.
            _compile(text, path, flags)
            return ctypes.CDLL(str(path))
    except OSError as failure:
        # No room, or a folder whose files may not be run.
        raise CompilationFailed(f"the kernel cannot be kept or loaded: {failure}") from failure


def load_function(text: str, name: str, arguments: Sequence[Any], flags: Sequence[str] = FLAGS) -> Callable[..., None]:
    """A function of a C text that gives nothing back.

    Raises
    ------
    CompilationFailed
    """
    found = getattr(load(text, flags), name)
    found.argtypes, found.restype = list(arguments), None
    return found  # type: ignore[no-any-return]


@cache
def _toolchain() -> str:
    """Compiler and processor: a library holds the instructions of the machine that compiled it."""
    version = _run([compiler(), "--version"])
    cpu = Path("/proc/cpuinfo")
    flags = (
        next((line for line in cpu.read_text().splitlines() if line.startswith("flags")), "") if cpu.exists() else ""
    )
    return "\n".join((compiler(), version, platform.machine(), platform.processor(), flags))


def cache_folder() -> Path:
    """The folder of compiled kernels, for this user alone.

    ``EQDSL_CACHE``, or ``eqdsl`` below the user's cache folder. A library in it is run: so a folder that another user
    owns or may write is not used, and a fresh temporary one takes its place.
    """
    given, shared = os.environ.get("EQDSL_CACHE"), os.environ.get("XDG_CACHE_HOME")
    try:
        base = Path(given) if given else (Path(shared) if shared else Path("~/.cache").expanduser()) / "eqdsl"
        folder = base / "kernels"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _private(folder) and os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):
        # No home, no room, or no right to write there.
        pass
    return Path(_temporary().name)


@cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    """A folder that goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="eqdsl-kernels-")


def _private(path: Path) -> bool:
    """Whether no other user can change what lies there."""
    if not hasattr(os, "getuid"):
        return True
    found = path.lstat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def is_ours(path: Path) -> bool:
    """Whether a file is a regular one that no other user can change."""
    try:
        return path.is_file() and not path.is_symlink() and _private(path)
    except OSError:
        return False


def _compile(text: str, path: Path, flags: Sequence[str]) -> None:
    """Compile beside the final name, then rename: a kernel is there as a whole or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".building-") as scratch:
        source, compiled, library = (Path(scratch) / name for name in ("kernel.c", "kernel.o", "kernel.so"))
        source.write_text(text)
        _run([compiler(), "-x", "c", *flags, "-c", str(source), "-o", str(compiled)])
        # Linked without -ffast-math, which would switch off denormal numbers for the whole process.
        _run([compiler(), "-shared", str(compiled), "-o", str(library), *_openmp(), "-lm"])
        library.chmod(0o700)
        library.replace(path)


def _openmp() -> list[str]:
    """Torch's own OpenMP library where it brings one, so that one team of threads serves both."""
    torch = find_spec("torch")
    folder = Path(torch.origin).parent / "lib" if torch and torch.origin else Path()
    own = sorted(folder.glob("libgomp*.so*"))
    return [str(own[0])] if own and "gcc" in Path(compiler()).resolve().name else ["-fopenmp"]


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise CompilationFailed(f"the compiler could not be run: {failure}") from failure
    if done.returncode:
        first = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200])
        raise CompilationFailed(f"the compiler refused the kernel: {first.strip()}")
    return done.stdout
