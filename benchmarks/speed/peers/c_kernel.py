"""The hand-written fused kernels in ``kernels/``, compiled for one grid size, as fast as a careful author gets them."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.speed import inputs
from benchmarks.speed.case import Case, Unsupported
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS

KERNELS = Path(__file__).parents[1] / "kernels"
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-fPIC", "-std=gnu11")


def library(case: Case) -> ctypes.CDLL:
    """The kernels of a problem, compiled."""
    source, problem = KERNELS / f"{case.problem}.c", PROBLEMS[case.problem]
    if not source.exists():
        raise Unsupported("no kernel was written for learned terms")
    defined = {f"P_{name}": value for name, value in problem.parameters.items()}
    defined |= {"N": case.size, "SPACING": problem.spacing(case.size)}
    defined |= {"T": {"float32": "float", "float64": "double"}[case.dtype]}
    if problem.wall == "robin":
        defined |= dict(zip(("W0", "W1", "WG"), problem.robin(case.size), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        target, compiled = Path(folder) / "kernel.so", Path(folder) / "kernel.o"
        names = [f"-D{name}={value!r}" if name != "T" else f"-DT={value}" for name, value in defined.items()]
        subprocess.run(["gcc", *FLAGS, "-c", *names, str(source), "-o", str(compiled)], check=True)
        # Linked without -ffast-math, which would switch off denormal numbers for the whole process.
        subprocess.run(["gcc", "-shared", "-fopenmp", str(compiled), "-o", str(target)], check=True)
        return ctypes.CDLL(str(target))


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    """To the array's first number; keeps the array alive."""
    return array.ctypes.data_as(ctypes.c_void_p)


def streaming(case: Case, name: str) -> Callable[[], np.ndarray]:
    """Call ``name(state, out, batch)`` with the pointers ready."""
    function, state = getattr(library(case), name), inputs.initial_state(case)
    out = np.empty_like(state)
    arguments = pointer(state), pointer(out), ctypes.c_long(case.batch)

    def run() -> np.ndarray:
        function(*arguments)
        return out

    return run


def rate(case: Case) -> Work:
    run = streaming(case, "rate")
    return Work(run, lambda: {"rate": run().copy()})


def rollout(case: Case) -> Work:
    function, start = library(case).rk4, inputs.initial_state(case)
    state, work = np.empty_like(start), np.empty((3, *start.shape), start.dtype)
    dt = ctypes.c_double(PROBLEMS[case.problem].time_step(case.size))
    arguments = pointer(state), pointer(work), ctypes.c_long(case.batch), dt

    def run() -> np.ndarray:
        state[...] = start
        function(*arguments, ctypes.c_long(case.steps))
        return state

    return Work(run, lambda: {"final": run().copy()})


BUILDERS: Builders = {"rate": rate, "gradient": rate, "rollout": rollout}
"""Where gradients are measured, the forward kernel is what the others are held against."""
