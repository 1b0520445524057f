"""Drift of the model's laws along rollouts, against what the file says about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.visited import as_tensor
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.remembering import at_frames

ZERO = 1e-8
"""Share of the size of its parts below which a law counts as zero to rounding: its own size then means nothing."""

STIR = 0.5
"""Largest relative change of single values that keeps the parts of a law from cancelling."""


@dataclass(frozen=True)
class LawDrift:
    """How well rollouts keep a law.

    Parameters
    ----------
    name, trend, text : str
        As declared.
    scale : float
        Measure of the two others: the largest absolute value along the rollouts; where that is zero to rounding, as an
        integral over parts that cancel is, the size that it has when they do not cancel.
    drift : float
        Mean over rollouts of (last - first)/scale.
    violation : float
        Largest movement against the law over one rollout, relative to `scale`: for ``constant`` the largest distance
        from the first value, for ``decreasing`` the sum of all rises, for ``increasing`` the sum of all falls.
    """

    name: str
    trend: str
    text: str
    scale: float
    drift: float
    violation: float


def law_drifts(field: VectorField, model: Trajectories, past: np.ndarray | None = None) -> tuple[LawDrift, ...]:
    """Measure every law along rollouts; `past` are the frames up to the first, where the model looks back on frames."""
    laws = field.model.laws
    if not laws:
        return ()
    field = field.driven(model).with_past(None if past is None else as_tensor(past, field))
    here = list(at_frames(field, as_tensor(model.state, field)))
    series: dict[str, list[np.ndarray]] = {law.name: [] for law in laws}
    with torch.no_grad():
        parts = _size_of_parts(here, model)
        for frame, field in enumerate(here):
            values = field.laws(as_tensor(model.times[:, frame], field), as_tensor(model.state[:, frame], field))
            for name, value in values.items():
                series[name].append(value.double().cpu().numpy())
    return tuple(
        _drift(law.name, law.trend, law.text, np.stack(series[law.name], axis=1), model.lengths, parts[law.name])
        for law in laws
    )


def _size_of_parts(here: Sequence[VectorField], model: Trajectories) -> dict[str, float]:
    """The size of each law when its parts do not cancel, in the first and the last frame.

    That of the magnitudes of the states, or the change when single values change by up to `STIR`: the larger one.
    """
    generator = torch.Generator().manual_seed(0)

    def values(frame: int, state: Tensor) -> dict[str, Tensor]:
        return here[frame].laws(as_tensor(model.times[:, frame], here[frame]), state)

    found = {law.name: 0.0 for law in here[0].model.laws}
    for frame in (0, model.frames - 1):
        state = as_tensor(model.state[:, frame], here[frame])
        noise = torch.rand(state.shape, generator=generator, dtype=torch.float64).to(state)
        stirred = values(frame, state * (1 + STIR * (2 * noise - 1)))
        magnitudes = values(frame, state.abs())
        for name, value in values(frame, state).items():
            change = float((stirred[name] - value).abs().max())
            found[name] = max(found[name], change, float(magnitudes[name].abs().max()))
    return found


def _drift(name: str, trend: str, text: str, values: np.ndarray, lengths: np.ndarray, parts: float) -> LawDrift:
    rows = [row[:length] for row, length in zip(values, lengths, strict=True) if length > 1]
    largest = max((float(np.abs(row).max()) for row in rows), default=0.0)
    scale = (parts if largest <= ZERO * parts else largest) or 1.0
    drift = float(np.mean([row[-1] - row[0] for row in rows])) if rows else 0.0
    worst = max((_against(row, trend) for row in rows), default=0.0)
    return LawDrift(name, trend, text, scale, drift / scale, worst / scale)


def _against(row: np.ndarray, trend: str) -> float:
    steps = np.diff(row)
    if trend == "constant":
        return float(np.abs(row - row[0]).max())
    return float(np.clip(steps if trend == "decreasing" else -steps, 0, None).sum())
