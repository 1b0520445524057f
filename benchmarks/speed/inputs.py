"""What every peer is given: starts, weights, targets; from one seed, so nobody's random state matters."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.speed.case import Case
from benchmarks.speed.problems import PROBLEMS

FRAME = 0.5
"""Time between frames of the pendulum, seconds; a period is about 6."""


def initial_state(case: Case) -> np.ndarray:
    """Shape (B, C, *S): a few long waves, the same on every grid."""
    problem, random = PROBLEMS[case.problem], np.random.default_rng(0)
    place = (np.arange(case.size) + 0.5) / max(case.size, 1)
    shape = (case.batch, problem.channels, *(case.size,) * problem.dimension)
    state = np.ones(shape)
    for axis in range(problem.dimension):
        phase = random.uniform(0, 2 * np.pi, (case.batch, problem.channels, 1))
        wave = np.cos(2 * np.pi * (1 + axis) * place + phase)
        state *= wave.reshape(*shape[:2], *(case.size if i == axis else 1 for i in range(problem.dimension)))
    if problem.dimension == 0:
        state = random.uniform(-1, 1, shape)
    middle, swing = (np.reshape(v, (-1, *(1,) * problem.dimension)) for v in (problem.middle, problem.swing))
    return np.ascontiguousarray(middle + swing * state, dtype=case.dtype)


def cotangent(case: Case) -> np.ndarray:
    """What the vector-Jacobian product is taken with, of the state's shape."""
    return np.cos(initial_state(case)).astype(case.dtype)


def target(case: Case) -> np.ndarray:
    """Data to train on, (B, T, C, *S), the start included: fading copies of it."""
    start = initial_state(case).astype(np.float64)
    frames = case.steps + (case.task == "training")
    fade = np.exp(-0.02 * np.arange(frames)).reshape(1, -1, *(1,) * (start.ndim - 1))
    return (start[:, None] * fade).astype(case.dtype)


def times(case: Case) -> np.ndarray:
    """Output times of a training case, float64."""
    if case.task == "pendulum":
        return FRAME * np.arange(case.steps)
    return PROBLEMS[case.problem].time_step(case.size) * np.arange(case.steps + 1)


def weights(case: Case) -> list[np.ndarray]:
    """Weight and bias of each layer, in torch's shapes: (out, in), for ``conv`` (out, in, 3, 3)."""
    problem, random = PROBLEMS[case.problem], np.random.default_rng(1)
    kernel = (3,) * problem.dimension if problem.network == "conv" else ()
    widths = (problem.channels, *case.hidden, problem.channels)
    found: list[np.ndarray] = []
    for inputs, outputs in pairwise(widths):
        fan = inputs * int(np.prod(kernel))
        found.append(random.normal(0, fan**-0.5, (outputs, inputs, *kernel)).astype(case.dtype))
        found.append(random.normal(0, 0.1, outputs).astype(case.dtype))
    # A small last layer, as every learned term starts.
    found[-2] *= 0.1
    found[-1] *= 0.1
    return found
