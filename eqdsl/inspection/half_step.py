"""The run again with half the step: does the result depend on how it was integrated?

A fit makes up for the errors of its steps: parameters and learned terms end where the *discrete* solution meets the
data. So rollouts are repeated with steps of half the length (adaptive methods: tolerances a hundredth), and their
difference over one data interval, ``(Phi_h - Phi_{h/2})/interval``, tells by the linearised equations where the
parameters would end with the shorter step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from eqdsl.core.errors import ComputationError
from eqdsl.data.resting import resting_times
from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.directions import directions
from eqdsl.inspection.horizon import Rollouts
from eqdsl.inspection.sensitivity import Sensitivity, chosen_rows, sample_of
from eqdsl.inspection.visited import Visited, as_tensor
from eqdsl.inspection.wording import percent, short
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.simulation.observing import observed_trajectories
from eqdsl.simulation.remembering import roll_out

MUCH = 0.3
"""Change of the rollouts over their misfit from which on the step counts."""

NEGLIGIBLE = 1e-6
"""Change in standard deviations of the data that never counts."""

RTOL, ATOL, TIGHTER = 1e-6, 1e-9, 1e-2


@dataclass(frozen=True)
class HalfStep:
    """What half the step changes.

    Parameters
    ----------
    method : str
    substeps : int
        Of the run, between two frames of the data.
    change, misfit : float
        Rms over rollouts of the change, and of the run's own error, in standard deviations of the data.
    shifts : dict of str to float
        Change of each parameter that the data decide, relative to its value.
    """

    method: str
    substeps: int
    change: float
    misfit: float
    shifts: Mapping[str, float]

    @property
    def matters(self) -> bool:
        """Whether the result depends on the step."""
        return not self.change <= max(MUCH * self.misfit, NEGLIGIBLE)

    def as_json(self) -> dict[str, object]:
        """Numbers only."""
        return {
            "method": self.method, "substeps": self.substeps, "change": self.change, "misfit": self.misfit,
            "parameters": dict(self.shifts), "matters": self.matters,
        }  # fmt: skip

    def as_sentence(self) -> str:
        """In words, with what to do."""
        fixed = METHODS[self.method].fixed_step
        how = "half the step" if fixed else "a hundredth of the tolerance"
        ratio = f"{short(self.change / self.misfit)} of the misfit" if self.misfit > 0 else "the misfit being zero"
        moved = [
            f"{name} would end {percent(abs(shift))} {'higher' if shift > 0 else 'lower'}"
            for name, shift in self.shifts.items()
        ]
        text = f"With {how} the rollouts change by {short(self.change)} standard deviations, {ratio}"
        if moved:
            text += f" ({'; '.join(moved)})"
        if not self.matters:
            return f"{text}: the result does not depend on the step."
        remedy = f"--set integrator.substeps={2 * self.substeps}" if fixed else "--set integrator.method=rk4"
        return f"{text}: the fit has made up for errors of its steps. Fit again with `{remedy}`."


def half_step(
    field: VectorField, rolled: Rollouts, visited: Visited, found: Sensitivity, values: Mapping[str, float],
    method: str, substeps: int,
) -> HalfStep | None:  # fmt: skip
    """Compare rollouts and parameters; None where a rollout fails.

    Parameters
    ----------
    field : VectorField
    rolled : Rollouts
        Tells where rollouts can start, and what is compared.
    visited : Visited
        The states that `found` was linearised at.
    found : Sensitivity
    values : mapping of str to float
    method, substeps
        Of the run.
    """
    data, states = rolled.data, rolled.states or rolled.model
    times = resting_times(data.times, data.lengths, data.frames)
    driven = field.driven(data).with_past(None if rolled.past is None else as_tensor(rolled.past, field))
    try:
        paths = [_rollout(driven, states.state[:, 0], times, method, substeps, n) for n in (1, 2)]
        own, finer = (observed_trajectories(field, replace(states, state=path)).state for path in paths)
        shifts = _shifts(field, data, visited, found, values, method, substeps)
    except ComputationError:
        return None
    variance = channel_variance(data)
    unit = np.where(variance > 0, variance, 1.0).reshape(-1, *[1] * (own.ndim - 3))
    there = np.isfinite(data.state) & _inside(data).reshape(data.state.shape[:2] + (1,) * (own.ndim - 2))
    there[:, :, [name not in rolled.observed for name in data.channels]] = False
    change = np.sqrt(np.mean((((finer - own) ** 2) / unit)[:, 1:][there[:, 1:]]))
    misfit = np.sqrt(np.mean((((data.state - own) ** 2) / unit)[:, 1:][there[:, 1:]]))
    return HalfStep(method, substeps, float(change), float(misfit), shifts)


def _rollout(
    field: VectorField, initial: np.ndarray, times: np.ndarray, method: str, substeps: int, finer: int
) -> np.ndarray:
    tighter = TIGHTER ** (finer - 1)
    with torch.no_grad():
        start = field.constrain(as_tensor(times[:, 0], field), as_tensor(initial, field))
        states = roll_out(
            field, start, torch.as_tensor(times), method=method, substeps=finer * substeps, rtol=RTOL * tighter,
            atol=ATOL * tighter,
        )  # fmt: skip
    return np.asarray(states.double().cpu().numpy())


def _shifts(
    field: VectorField, data: Trajectories, visited: Visited, found: Sensitivity, values: Mapping[str, float],
    method: str, substeps: int,
) -> dict[str, float]:  # fmt: skip
    """Relative change of the parameters that undoes the defect of the steps, as far as learned terms do not."""
    sorted_out = directions(found)
    chosen = [i for i, name in enumerate(found.names) if sorted_out.kind(i) == "misfit" and values[name]]
    # Inputs are not known past the last frame, where a step from it would end.
    if not chosen or field.reads:
        return {}
    interval = float(np.median(np.diff(data.times, axis=1)[:, : max(1, int(data.lengths.min()) - 1)]))
    ends: list[list[np.ndarray]] = [[], []]
    for driven, at, state in sample_of(visited).batches(field):
        begin = at.double().cpu().numpy()
        times, initial = np.stack([begin, begin + interval], axis=1), state.double().cpu().numpy()
        for n, found_ends in enumerate(ends, start=1):
            found_ends.append(_rollout(driven, initial, times, method, substeps, n)[:, 1])
    own, finer = (np.concatenate(parts) for parts in ends)
    defect = (own - finer) / interval / found.scales.reshape(1, -1, *[1] * (own.ndim - 2))
    moved = np.linalg.lstsq(found.left[:, chosen], defect.reshape(-1)[chosen_rows(defect.size)], rcond=None)[0]
    return {found.names[i]: float(move) / values[found.names[i]] for i, move in zip(chosen, moved, strict=True)}


def _inside(data: Trajectories) -> np.ndarray:
    return np.asarray(np.arange(data.frames) < data.lengths[:, None])
