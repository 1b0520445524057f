"""Drift of the model's laws along rollouts, against what the file says about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.visited import as_tensor
from eqdsl.lowering.vector_field import VectorField


@dataclass(frozen=True)
class LawDrift:
    """How well rollouts keep a law.

    Parameters
    ----------
    name, trend, text : str
        As declared.
    scale : float
        Largest absolute value along the rollouts, the measure of the two others.
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


def law_drifts(field: VectorField, model: Trajectories) -> tuple[LawDrift, ...]:
    """Measure every law along rollouts."""
    laws = field.model.laws
    if not laws:
        return ()
    field = field.driven(model)
    series: dict[str, list[np.ndarray]] = {law.name: [] for law in laws}
    with torch.no_grad():
        for frame in range(model.frames):
            values = field.laws(as_tensor(model.times[:, frame], field), as_tensor(model.state[:, frame], field))
            for name, value in values.items():
                series[name].append(value.double().cpu().numpy())
    return tuple(
        _drift(law.name, law.trend, law.text, np.stack(series[law.name], axis=1), model.lengths) for law in laws
    )


def _drift(name: str, trend: str, text: str, values: np.ndarray, lengths: np.ndarray) -> LawDrift:
    rows = [row[:length] for row, length in zip(values, lengths, strict=True) if length > 1]
    scale = max((float(np.abs(row).max()) for row in rows), default=0.0) or 1.0
    drift = float(np.mean([row[-1] - row[0] for row in rows])) if rows else 0.0
    worst = max((_against(row, trend) for row in rows), default=0.0)
    return LawDrift(name, trend, text, scale, drift / scale, worst / scale)


def _against(row: np.ndarray, trend: str) -> float:
    steps = np.diff(row)
    if trend == "constant":
        return float(np.abs(row - row[0]).max())
    return float(np.clip(steps if trend == "decreasing" else -steps, 0, None).sum())
