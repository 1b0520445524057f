"""What the choice of an integrator asks of a model: its schemes, its linear part, how fast it decays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.base import Method
from eqdsl.numerics.integrators.failure import IntegrationFailure, Reason
from eqdsl.numerics.integrators.fixed_step import substeps_for
from eqdsl.numerics.integrators.integrate import rollout
from eqdsl.numerics.integrators.jacobian import row_jacobians
from eqdsl.numerics.integrators.rk4 import RK4
from eqdsl.numerics.integrators.stability import MARGIN, stable_step

SAFETY = 0.5
"""Share of the limit at the start that the steps take: the limit falls where the solution grows."""

WORTH = 4
"""Explicit steps in place of one, from which on treating the linear part apart pays."""

MOST_STEPS = 1 << 11
"""Steps of the first interval beyond which accuracy is not pursued."""

ROUNDING = 16
"""Relative difference, in units of the last digit, that is rounding."""

PILOT = 150
"""Steps of an adaptive method in which an equation that is not stiff gets far enough to be told from one that is."""

FEW = 1000
"""Explicit steps that cost less than what an implicit method needs."""

SUBSTEPS = 64
"""Steps of a data interval that a fit can take."""

ROWS = 16
"""Trajectories whose Jacobians are looked at."""

MOST_CHANNELS = 200
"""Unknowns of an ordinary differential equation for which a Jacobian is cheap."""


@dataclass(frozen=True)
class Facts:
    """Facts about one rollout, each computed when a rule asks for it.

    Parameters
    ----------
    field : VectorField
    state : Tensor, shape (B, C, *S)
    times : Tensor, shape (T,) or (B, T)
    rtol, atol : float
    step : float or None
        A step that is given.
    fixed : bool
        Whether the method should be one of fixed step.
    """

    field: VectorField
    state: Tensor
    times: Tensor
    rtol: float
    atol: float
    step: float | None
    fixed: bool

    @property
    def has_space(self) -> bool:
        """Whether the model has axes."""
        return bool(self.field.grid.axes)

    @property
    def transport(self) -> bool:
        """Whether first derivatives take an upwind or limited scheme; steps that follow the flow are none."""
        schemes = self.field.model.schemes
        return bool(schemes) and self.field.flow() is None

    @property
    def pairs(self) -> bool:
        """Whether every state is second order in time."""
        return self.field.pairs() is not None

    @cached_property
    def spacing(self) -> float:
        """Longest output interval, or the step that is given."""
        longest = float(self.times.diff(dim=-1).max())
        return longest if self.step is None else min(self.step, longest)

    @cached_property
    def linear_limit(self) -> float | None:
        """Largest stable step of rk4 for the decay of the linear part; None where there is none."""
        try:
            fastest = self.field.linear_part().fastest_decay()
        except UsageError:
            return None
        return RK4.reach / fastest if fastest > 0 else None

    @cached_property
    def stiff_linear_part(self) -> bool:
        """Whether steps of an explicit method would be short for the sake of the linear part alone."""
        limit = self.linear_limit
        if limit is None or not (self.has_space or self.fixed) or WORTH * limit >= self.spacing:
            return False
        if self.fixed:
            return True
        from eqdsl.numerics.integrators.etdrk4 import ETDRK4

        return self.accurate_step(ETDRK4) > WORTH / 2 * limit

    @cached_property
    def explicit_limit(self) -> float | None:
        """Largest stable step of rk4 near the state; None where nothing limits it.

        Where the flow is followed, it is that of the other terms.
        """
        flow = self.field.flow()
        rates = self.field if flow is None else flow.rest
        if rates is None:
            return None
        now = self.times[..., 0].to(self.field.device, self.field.dtype)
        found = stable_step(rates, RK4, now, self.state)
        return None if found is None else found / MARGIN

    @property
    def limit_in_words(self) -> str:
        """The limit of explicit steps."""
        if self.explicit_limit is None:
            beside = "" if self.field.flow() is None else " beside the flow, which is followed backwards,"
            return f"nothing in the equations{beside} limits explicit steps"
        return f"explicit steps are stable up to about {self.explicit_limit:.2g}"

    # ---------------------------------------------------------- ordinary differential equations

    @cached_property
    def _pilot(self) -> tuple[float, Tensor, float, int]:
        """Time, state (1, C), remaining time and trajectory after some steps of an adaptive method.

        None remains where these suffice.
        """
        first, last = self.times[..., 0], self.times[..., -1]
        ends = torch.stack([first, last], dim=-1)
        try:
            for _ in rollout(self.field, self.state, ends, method="tsit5", rtol=self.rtol, atol=self.atol,
                             max_steps=PILOT):  # fmt: skip
                pass
        except IntegrationFailure as failure:
            if failure.reason is Reason.TOO_MANY_STEPS and failure.state is not None:
                row = failure.trajectory or 0
                end = float(last if last.ndim == 0 else last[row])
                return failure.time, failure.state, end - failure.time, row
        return float(first.reshape(-1)[0]), self.state[:1], 0.0, 0

    @cached_property
    def decay(self) -> float:
        """Fastest decay that does not swing, where an explicit method would have to follow it; else 0."""
        if self.has_space or len(self.field.model.channels) > MOST_CHANNELS:
            return 0.0
        if self.fixed:
            state, now = self.state[:ROWS], self.times[..., 0]
            found = self._decay(now[:ROWS] if now.ndim else now, state, torch.arange(len(state)))
            return found if found * self.spacing > SUBSTEPS * RK4.reach else 0.0
        reached, state, remaining, row = self._pilot
        if not remaining:
            return 0.0
        found = self._decay(torch.tensor(reached), state, torch.tensor([row]))
        first = float(self.times.reshape(-1)[0])
        # Where accuracy limits the steps they are much shorter than the time of decay.
        held_back = found * (reached - first) / PILOT > 1
        return found if held_back and found * remaining > FEW * RK4.reach else 0.0

    def _decay(self, now: Tensor, state: Tensor, rows: Tensor) -> float:
        """Of these states of these trajectories."""
        now = now.to(state.device, state.dtype)
        field = self.field.of_rows(rows)
        slopes = row_jacobians(lambda u: field(now, u), state)
        if not bool(torch.isfinite(slopes).all()):
            return 0.0
        values = torch.linalg.eigvals(slopes.detach())
        return float(torch.where(-values.real > values.imag.abs(), -values.real, 0.0).max())

    @property
    def stiff(self) -> bool:
        """Whether the equation is ordinary and stiff."""
        return self.decay > 0

    @property
    def decay_limit(self) -> float:
        """Largest stable step of rk4 for that decay."""
        return RK4.reach / self.decay

    # ---------------------------------------------------------- steps

    @torch.no_grad()
    def accurate_step(self, method: Method) -> float:
        """A step that is stable at the start and accurate over the first interval: a whole part of the interval.

        Steps that follow the flow interpolate once each: shorter ones need not be more accurate, none are looked for.
        """
        stable = None
        if method.reach is not None and self.explicit_limit is not None:
            stable = SAFETY * self.explicit_limit * method.reach / RK4.reach
        first = self.times[..., :2]
        (count,) = [1] if stable is None else substeps_for(first, 1, min(stable, self.spacing), 1 << 60)
        if count > MOST_STEPS or self.field.flow() is not None:
            return self.spacing / count
        before = self._end(method, first, count)
        while 2 * count <= MOST_STEPS:
            after = self._end(method, first, 2 * count)
            if before is not None and after is not None and self._agree(before, after):
                break
            before, count = after, 2 * count
        return float(first.diff(dim=-1).max()) / count

    def _end(self, method: Method, times: Tensor, count: int) -> Tensor | None:
        """The state after one interval; None where it is not finite."""
        try:
            (state,) = rollout(self.field, self.state, times, method=method.name, substeps=count, max_steps=1 << 60)
        except ComputationError:
            return None
        return state if bool(torch.isfinite(state).all()) else None

    def _agree(self, one: Tensor, other: Tensor) -> bool:
        """Whether every channel differs by less than the tolerances, in the mean square."""
        dims = (0, *range(2, one.ndim))
        size = torch.maximum(self.state.square().mean(dims), other.square().mean(dims)).sqrt()
        rtol = max(self.rtol, ROUNDING * torch.finfo(one.dtype).eps)
        return bool(((one - other).square().mean(dims).sqrt() <= self.atol + rtol * size).all())
