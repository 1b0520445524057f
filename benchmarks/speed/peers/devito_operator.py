"""Devito's generated C: ghost cells by equations of their own, then the update of the interior.

The generated function is called with its arguments ready, so that none of Devito's Python is in the time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from devito import Constant, Eq, Function, Grid, Operator, SpaceDimension, SubDomain, TimeFunction, configuration

from benchmarks.speed import inputs
from benchmarks.speed.case import Case, Unsupported
from benchmarks.speed.peers.work import Builders, Work
from benchmarks.speed.problems import PROBLEMS

# Vector instructions are asked for by OpenMP's pragmas only; the number of threads is OMP_NUM_THREADS.
configuration["language"] = "openmp"
configuration["log-level"] = "ERROR"


class Interior(SubDomain):
    """All cells but the ring of ghosts; the first axis is the batch."""

    name = "interior"

    def define(self, dimensions: Sequence[Any]) -> dict[Any, Any]:
        batch, *space = dimensions
        return {batch: batch, **dict.fromkeys(space, ("middle", 1, 1))}


class Discrete:
    """A problem's grid and expressions."""

    def __init__(self, case: Case) -> None:
        self.case, self.problem = case, PROBLEMS[case.problem]
        if self.problem.network:
            raise Unsupported("has no learned terms")
        self.interior = Interior()
        shape = (case.batch, *(case.size + 2,) * self.problem.dimension)
        dimensions = tuple(SpaceDimension(n, spacing=Constant(f"h_{n}")) for n in "bxyz"[: len(shape)])
        self.grid = Grid(
            shape=shape, dimensions=dimensions, dtype=np.dtype(case.dtype).type, subdomains=(self.interior,)
        )
        self.dimensions = dimensions

    def fields(self, name: str) -> list[Any]:
        return [Function(name=f"{name}{c}", grid=self.grid, space_order=1) for c in range(self.problem.channels)]

    def rates(self, channels: Sequence[Any]) -> tuple[Any, ...]:
        inverse = 1 / self.problem.spacing(self.case.size) ** 2

        def lap(u: Any) -> Any:
            total = -2 * (len(self.dimensions) - 1) * u
            for axis in self.dimensions[1:]:
                total += u.subs(axis, axis - 1) + u.subs(axis, axis + 1)
            return total * inverse

        return self.problem.rates(lap, self.problem.parameters, *channels)

    def ghosts(self, channels: Sequence[Any], **where: Any) -> list[Any]:
        """Equations of the ring around the channels that are under a Laplacian."""
        seen: list[Any] = []
        self.problem.rates(lambda u: seen.append(u) or u, self.problem.parameters, *channels)
        return [Eq(*pair, **where) for u in seen for axis in self.dimensions[1:] for pair in self._ends(u, axis)]

    def _ends(self, u: Any, axis: Any) -> list[tuple[Any, Any]]:
        n = self.case.size

        def at(i: int) -> Any:
            return u.subs(axis, i)

        if self.problem.wall == "periodic":
            return [(at(0), at(n)), (at(n + 1), at(1))]
        if self.problem.wall == "slope":
            return [(at(0), at(1)), (at(n + 1), at(n))]
        w0, w1, constant = self.problem.robin(n)
        return [(at(0), w0 * at(1) + w1 * at(2) + constant), (at(n + 1), w0 * at(n) + w1 * at(n - 1) + constant)]

    def inside(self, data: Any) -> Any:
        return data[(slice(None), *(slice(1, -1),) * self.problem.dimension)]

    def fill(self, fields: Sequence[Any], state: np.ndarray) -> None:
        for c, u in enumerate(fields):
            data = u.data[0] if u.is_TimeFunction else u.data
            self.inside(data)[...] = state[:, c]


def ready(operator: Operator, **arguments: Any) -> Callable[[], None]:
    """The compiled function with its arguments."""
    found = operator.arguments(**arguments)
    values = [found[p.name] for p in operator.parameters]
    function = operator.cfunction

    def call() -> None:
        function(*values)

    return call


def rate(case: Case) -> Work:
    discrete = Discrete(case)
    state, out = discrete.fields("u"), discrete.fields("out")
    equations = discrete.ghosts(state)
    equations += [Eq(o, r, subdomain=discrete.interior) for o, r in zip(out, discrete.rates(state), strict=True)]
    discrete.fill(state, inputs.initial_state(case))
    run = ready(Operator(equations))

    def check() -> dict[str, np.ndarray]:
        run()
        return {"rate": np.stack([np.array(discrete.inside(o.data)) for o in out], 1)}

    return Work(run, check)


def rollout(case: Case) -> Work:
    """Classical Runge-Kutta, stage by stage, in one loop over the time."""
    discrete, dt = Discrete(case), PROBLEMS[case.problem].time_step(case.size)
    u = [
        TimeFunction(name=f"u{c}", grid=discrete.grid, space_order=1, time_order=1)
        for c in range(discrete.problem.channels)
    ]
    stages = [discrete.fields(name) for name in ("s", "p", "q")]
    total = discrete.fields("total")
    # Equations without a time of their own would be taken out of the loop.
    loop = {"implicit_dims": (discrete.grid.time_dim,)}
    where = {"subdomain": discrete.interior, **loop}
    equations: list[Any] = []
    source, before = list(u), list(u)
    for ahead, weight, stage in zip((0.5, 0.5, 1.0, 0.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6), [*stages, None], strict=True):
        equations += discrete.ghosts(source, **loop)
        for c, k in enumerate(discrete.rates(source)):
            after = total[c] if stage else u[c].forward
            if stage:
                equations.append(Eq(stage[c], u[c] + dt * ahead * k, **where))
            equations.append(Eq(after, before[c] + dt * weight * k, **where))
        source, before = stage or [], total
    operator, start = Operator(equations), inputs.initial_state(case)
    call = ready(operator, time_m=0, time_M=case.steps - 1)

    def run() -> None:
        discrete.fill(u, start)
        call()

    def check() -> dict[str, np.ndarray]:
        run()
        return {"final": np.stack([np.array(discrete.inside(f.data[case.steps % 2])) for f in u], 1)}

    return Work(run, check)


BUILDERS: Builders = {"rate": rate, "rollout": rollout}
