"""The vector fields in JAX: neighbours by ``roll`` on periodic axes, by padding at walls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.speed.case import Case
from benchmarks.speed.problems import PROBLEMS, Problem

Values = dict[str, Any]
"""``constants`` by name, ``weights`` in the order of `inputs.weights`."""


def rates(case: Case) -> Callable[[jax.Array, Values], jax.Array]:
    """``field(state, values)``, state (B, C, *S)."""
    problem = PROBLEMS[case.problem]
    operator = laplacian(problem, case.size) if problem.dimension else jnp.sin
    network = {"": None, "conv": convolutions, "mlp": layers}[problem.network]

    def field(state: jax.Array, values: Values) -> jax.Array:
        channels = [state[:, i] for i in range(problem.channels)]
        known = jnp.stack(problem.rates(operator, values["constants"], *channels), 1)
        return known if network is None else known + network(state, values["weights"])

    return field


def laplacian(problem: Problem, size: int) -> Callable[[jax.Array], jax.Array]:
    inverse = 1 / problem.spacing(size) ** 2

    def lap(u: jax.Array) -> jax.Array:
        total = -2.0 * (u.ndim - 1) * u
        for axis in range(1, u.ndim):
            left, right = neighbours(problem, size, u, axis)
            total = total + left + right
        return total * inverse

    return lap


def neighbours(problem: Problem, size: int, u: jax.Array, axis: int) -> tuple[jax.Array, jax.Array]:
    if problem.wall == "periodic":
        return jnp.roll(u, 1, axis), jnp.roll(u, -1, axis)

    def part(first: int, count: int) -> jax.Array:
        return jax.lax.slice_in_dim(u, first, first + count, axis=axis)

    def ghost(end: int) -> jax.Array:
        if problem.wall == "slope":
            return part(end, 1)
        w0, w1, constant = problem.robin(size)
        return w0 * part(end, 1) + w1 * part(abs(end - 1), 1) + constant

    left = jnp.concatenate([ghost(0), part(0, size - 1)], axis)
    return left, jnp.concatenate([part(1, size - 1), ghost(size - 1)], axis)


def convolutions(state: jax.Array, weights: list[jax.Array]) -> jax.Array:
    for number, (weight, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        state = jax.nn.silu(state) if number else state
        ring = jnp.pad(state, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
        state = jax.lax.conv(ring, weight, (1, 1), "VALID") + bias[:, None, None]
    return state


def layers(state: jax.Array, weights: list[jax.Array]) -> jax.Array:
    state = jnp.moveaxis(state, 1, -1)
    for number, (weight, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        state = jax.nn.silu(state) if number else state
        state = state @ weight.T + bias
    return jnp.moveaxis(state, -1, 1)
