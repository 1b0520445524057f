"""The peers' environment, and what the results say about the machine."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
import venv
from importlib.metadata import version
from pathlib import Path

from benchmarks.speed.case import PeerFailed

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
FOLDER = ROOT / ".benchmarks"
"""Ignored by git; holds the peers' environment."""


def peers_python() -> Path:
    """The Python of the peers' environment, made (a few minutes) when it is missing or other versions are asked for.

    Raises
    ------
    PeerFailed
        It cannot be made; what pip said stands on standard error.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    home, stamp = FOLDER / "peers", FOLDER / "peers" / "installed"
    python = home / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"making the peers' environment in {home}", file=sys.stderr)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try:
            venv.create(home, with_pip=True)
            subprocess.run([*install, "-r", str(REQUIREMENTS)], check=True)
        except (OSError, subprocess.CalledProcessError) as failure:
            raise PeerFailed(f"the peers' environment cannot be made: {failure}") from failure
        stamp.write_text(wanted)
    return python


def worker_environment(threads: int) -> dict[str, str]:
    """What every worker starts with: the same number of threads for all."""
    count = str(threads)
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "NUMBA_NUM_THREADS": count,
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
    }


def machine() -> dict[str, str | int]:
    """CPU, cores, versions and commit."""
    found: dict[str, str | int] = {"cpu": _cpu(), "cores": os.cpu_count() or 0, "system": platform.platform()}
    found |= {"python": platform.python_version(), "torch": version("torch"), "commit": _commit()}
    found["compiler"] = _said("gcc", "--version").splitlines()[0]
    pins = [line for line in REQUIREMENTS.read_text().splitlines() if "==" in line]
    found["peers"] = ", ".join(line.replace("==", " ") for line in pins)
    return found


def load() -> float:
    """Processes that wanted a core in the last minute."""
    return os.getloadavg()[0]


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return f"{model}, {'AVX-512' if 'avx512f' in flags else 'AVX2' if 'avx2' in flags else 'no AVX2'}"


def _commit() -> str:
    changed = "+ changes" if _said("git", "status", "--porcelain", "--untracked-files=no") else ""
    return f"{_said('git', 'rev-parse', '--short', 'HEAD')} {changed}".strip()


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout.strip()
