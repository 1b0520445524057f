"""diffrax, and plain jitted JAX where no solver is called; on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.speed import inputs
from benchmarks.speed.case import Case
from benchmarks.speed.peers.jax_field import Values, rates
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS

jax.config.update("jax_enable_x64", True)


class RK4(diffrax.AbstractERK):
    """The classical method, which diffrax leaves to its users."""

    tableau: ClassVar[diffrax.ButcherTableau] = diffrax.ButcherTableau(
        a_lower=(np.array([0.5]), np.array([0.0, 0.5]), np.array([0.0, 0.0, 1.0])),
        b_sol=np.array([1, 2, 2, 1]) / 6, b_error=np.zeros(4), c=np.array([0.5, 0.5, 1.0]),
    )  # fmt: skip
    interpolation_cls: ClassVar[Callable[..., Any]] = diffrax.ThirdOrderHermitePolynomialInterpolation.from_k

    def order(self, terms: Any) -> int:
        return 4


def values_of(case: Case) -> Values:
    constants = {name: jnp.asarray(v, case.dtype) for name, v in PROBLEMS[case.problem].parameters.items()}
    return {"constants": constants, "weights": [jnp.asarray(w) for w in inputs.weights(case)] if case.hidden else []}


def rate(case: Case) -> Work:
    field, values, state = rates(case), values_of(case), jnp.asarray(inputs.initial_state(case))
    jitted = jax.jit(field)

    def run() -> jax.Array:
        return jitted(state, values).block_until_ready()

    return Work(run, lambda: {"rate": np.asarray(run())})


def gradient(case: Case) -> Work:
    field, values, state = rates(case), values_of(case), jnp.asarray(inputs.initial_state(case))
    covector = jnp.asarray(inputs.cotangent(case))

    @jax.jit
    def both(state: jax.Array, values: Values) -> Any:
        out, back = jax.vjp(field, state, values)
        return out, back(covector)

    def run() -> Any:
        return jax.block_until_ready(both(state, values))

    def check() -> dict[str, np.ndarray]:
        out, (slope, _) = run()
        return {"rate": np.asarray(out), "gradient": np.asarray(slope)}

    return Work(run, check)


def rollout(case: Case) -> Work:
    values, state = values_of(case), jnp.asarray(inputs.initial_state(case))
    term, dt = term_of(case), PROBLEMS[case.problem].time_step(case.size)

    # In the state's type: JAX would promote the state to that of the time.
    moments = jnp.asarray(dt * np.arange(case.steps + 1), case.dtype)

    @jax.jit
    def advance(state: jax.Array, values: Values) -> jax.Array:
        found = diffrax.diffeqsolve(
            term, RK4(), moments[0], moments[-1], None, state, values, max_steps=case.steps,
            stepsize_controller=diffrax.StepTo(moments),
        )  # fmt: skip
        return found.ys[-1]

    def run() -> jax.Array:
        return advance(state, values).block_until_ready()

    return Work(run, lambda: {"final": np.asarray(run())})


def term_of(case: Case) -> diffrax.ODETerm:
    field = rates(case)
    return diffrax.ODETerm(lambda t, state, values: field(state, values))


def fitted(case: Case, solve: Callable[[jax.Array, Values], jax.Array]) -> Work:
    """`solve` gives all frames, (T, B, C, *S)."""
    start, target = jnp.asarray(inputs.initial_state(case)), jnp.asarray(inputs.target(case))
    optimizer = optax.adam(1e-3)
    values = values_of(case)
    carried = [values, optimizer.init(values)]

    def loss(values: Values) -> jax.Array:
        return jnp.mean(jnp.square(jnp.moveaxis(solve(start, values), 0, 1) - target))

    differentiated = jax.jit(jax.value_and_grad(loss))

    @jax.jit
    def step(values: Values, memory: Any) -> Any:
        _, slope = jax.value_and_grad(loss)(values)
        change, memory = optimizer.update(slope, memory)
        return optax.apply_updates(values, change), memory

    def run() -> None:
        carried[:] = jax.block_until_ready(step(*carried))

    def check() -> dict[str, np.ndarray]:
        value, slope = differentiated(values)
        return {"loss": np.asarray(value), "gradient": np.asarray(slope["weights"][0])}

    return Work(run, check)


def training(case: Case) -> Work:
    term, moments = term_of(case), jnp.asarray(inputs.times(case), case.dtype)

    def solve(start: jax.Array, values: Values) -> jax.Array:
        return diffrax.diffeqsolve(
            term, RK4(), moments[0], moments[-1], None, start, values, max_steps=case.steps,
            stepsize_controller=diffrax.StepTo(moments), saveat=diffrax.SaveAt(t0=True, steps=True),
        ).ys  # fmt: skip

    return fitted(case, solve)


def pendulum(case: Case) -> Work:
    term, moments = term_of(case), jnp.asarray(inputs.times(case), case.dtype)
    controller = diffrax.PIDController(rtol=1e-4, atol=1e-6)

    def solve(start: jax.Array, values: Values) -> jax.Array:
        return diffrax.diffeqsolve(
            term, diffrax.Dopri5(), moments[0], moments[-1], 0.1, start, values,
            stepsize_controller=controller, saveat=diffrax.SaveAt(ts=moments),
        ).ys  # fmt: skip

    return fitted(case, solve)


BUILDERS: Builders = {
    "rate": rate, "gradient": gradient, "rollout": rollout, "training": training, "pendulum": pendulum,
}  # fmt: skip
