"""How well formulas predict the data themselves, and the coefficients with which they do so best.

A formula is a hypothesis about the data, not about the network: between the two stands the network's own error, which
may be smooth, large where data are few, and dear to describe. So formulas are compared by short rollouts of the model
with the formula in the network's place, and their coefficients follow from the data by Gauss-Newton steps.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.data.frames import past_frames
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.inspection.library import Candidate
from eqdsl.inspection.visited import as_tensor
from eqdsl.lowering.vector_field import VectorField
from eqdsl.simulation.remembering import roll_out

HORIZON = 4
"""Frames of a rollout: several, because one hardly moves beyond the errors of the data."""
VALUES = 40_000
"""Values of data that the rollouts of one set of coefficients are compared with."""
WINDOWS = 256
COPIES_VALUES = 1 << 21
"""Values of rollouts held at once, of all sets of coefficients together."""
QUIET = np.errstate(over="ignore", invalid="ignore")
"""A formula under trial may explode; its misfit then says so."""
NUDGE = 1e-4
"""Change of a coefficient for a difference quotient, in units of its natural size."""


@dataclass(frozen=True)
class Place:
    """One output of a learned term, and the columns of the formula that takes its place.

    `sizes` holds the natural size of each coefficient: that of the output over that of the column.
    """

    term: str
    output: int
    candidates: tuple[Candidate, ...]
    sizes: np.ndarray


@dataclass(frozen=True)
class DataFitResult:
    """Coefficients, the mean square misfit in variances of the data, and rms of its change by each coefficient."""

    coefficients: np.ndarray
    misfit: float
    slopes: np.ndarray


class DataFit:
    """Short rollouts from data frames, compared with the data that follow.

    Parameters
    ----------
    field : VectorField
        With fitted weights; not changed.
    training : Trajectories
    method, substeps : str, int
        Of the fit.
    """

    def __init__(self, field: VectorField, training: Trajectories, *, method: str, substeps: int) -> None:
        self.method, self.substeps = method, substeps
        filled = with_velocities(training, field.model)
        whole = np.isfinite(filled.state).all(axis=tuple(range(2, filled.state.ndim)))
        whole &= np.arange(filled.frames) < filled.lengths[:, None]
        whole[:, : max(field.memory - 1, 0)] = False
        horizon = min(HORIZON, filled.frames - 1)
        good = np.lib.stride_tricks.sliding_window_view(whole, horizon + 1, axis=1).all(axis=-1)
        starts = np.argwhere(good)
        most = max(4, min(WINDOWS, VALUES // (filled.state[0, 0].size * horizon)))
        starts = starts[np.unique(np.linspace(0, len(starts) - 1, min(most, len(starts))).astype(int))]
        past = past_frames(filled, starts[:, 0], starts[:, 1], field.memory)
        self.field = field.driven(training).of_rows(torch.as_tensor(starts[:, 0]))
        self.field = self.field.with_past(None if past is None else as_tensor(past, field))
        frames = starts[:, 1:] + np.arange(horizon + 1)
        self.times = torch.as_tensor(filled.times[starts[:, :1], frames])
        self.state = as_tensor(filled.state[starts[:, :1], frames], field)
        variance = self.state.transpose(1, 2).transpose(0, 1).flatten(1).var(1, correction=0)
        self.scale = torch.where(variance > 0, variance, 1.0).sqrt().reshape(-1, *[1] * (self.state.ndim - 3))

    @property
    def usable(self) -> bool:
        """Whether there is any rollout to compare with."""
        return len(self.state) > 0 and self.state.shape[1] > 1

    def given(self, places: Sequence[Place], coefficients: np.ndarray) -> DataFit:
        """The same comparison for the vector field with these formulas in it."""
        other = copy.copy(self)
        other.field = self._replaced(places, coefficients[None])
        return other

    @QUIET
    def best(self, places: Sequence[Place], start: np.ndarray, *, iterations: int) -> DataFitResult:
        """Gauss-Newton from `start`, the coefficients of all places in a row; a step that does not help is halved."""
        current = start.astype(float)
        residual = self.residuals(places, current[None])[0]
        slopes = np.zeros((residual.size, current.size))
        for _ in range(iterations if current.size else 0):
            slopes = self.slopes(places, current, residual)
            if not np.isfinite(slopes).all():
                break
            scale = np.maximum(np.sqrt(np.mean(slopes**2, axis=0)), np.finfo(float).tiny)
            step = np.linalg.lstsq(slopes / scale, -residual, rcond=1e-7)[0] / scale
            trials = current + step * np.array([[1.0], [0.5], [0.25]])
            tried = self.residuals(places, trials)
            scores = np.mean(tried**2, axis=1)
            chosen = int(np.nanargmin(np.where(np.isfinite(scores), scores, np.inf)))
            if not scores[chosen] < np.mean(residual**2):
                break
            current, residual = trials[chosen], tried[chosen]
        misfit = float(np.mean(residual**2))
        return DataFitResult(
            current, misfit if np.isfinite(misfit) else np.inf, np.sqrt(np.mean(slopes**2, axis=0))
        )  # fmt: skip

    @QUIET
    def slopes(self, places: Sequence[Place], at: np.ndarray, residual: np.ndarray) -> np.ndarray:
        """Derivatives of the residual by each coefficient, shape (R, K), from difference quotients."""
        nudges = NUDGE * np.concatenate([p.sizes for p in places])
        return np.asarray(((self.residuals(places, at + np.diag(nudges)) - residual) / nudges[:, None]).T)

    @QUIET
    def residuals(self, places: Sequence[Place], coefficients: np.ndarray) -> np.ndarray:
        """``(rollout - data)/spread`` for each row of coefficients, shape (P, R)."""
        each = self.state[:, 1:].numel()
        size = max(1, COPIES_VALUES // each)
        parts = [self._rolled_out(places, coefficients[i : i + size]) for i in range(0, len(coefficients), size)]
        return np.concatenate(parts)

    @torch.no_grad()
    def _rolled_out(self, places: Sequence[Place], coefficients: np.ndarray) -> np.ndarray:
        copies, windows = len(coefficients), len(self.state)
        field = self._replaced(places, np.repeat(coefficients, windows, axis=0))
        field = field.of_rows(torch.arange(windows).repeat(copies))
        start = self.state[:, 0].repeat(copies, *[1] * (self.state.ndim - 2))
        states = roll_out(
            field, start, self.times.repeat(copies, 1), method=self.method, substeps=self.substeps, subsets=False
        ).reshape(copies, *self.state.shape)  # fmt: skip
        difference = (states[:, :, 1:] - self.state[:, 1:]) / self.scale
        return np.asarray(difference.reshape(copies, -1).double().cpu().numpy())

    def _replaced(self, places: Sequence[Place], coefficients: np.ndarray) -> VectorField:
        """The vector field with formulas in place of outputs; row b of the coefficients belongs to trajectory b."""
        field = copy.copy(self.field)
        learned = nn.ModuleDict(dict(self.field.learned.items()))
        offset = 0
        formulas: dict[str, dict[int, tuple[tuple[Candidate, ...], Tensor]]] = {}
        for place in places:
            chosen = coefficients[:, offset : offset + len(place.candidates)]
            offset += len(place.candidates)
            formulas.setdefault(place.term, {})[place.output] = place.candidates, as_tensor(chosen, field)
        for term, outputs in formulas.items():
            learned[f"term_{term}"] = FormulaTerm(self.field.learned[f"term_{term}"], outputs)
        field._modules = {**self.field._modules, "learned": learned}
        return field


class FormulaTerm(nn.Module):
    """In place of a pointwise learned term: formulas for some of its outputs, the network for the others."""

    radius = 0
    channel_axis = -1

    def __init__(self, network: nn.Module, formulas: Mapping[int, tuple[tuple[Candidate, ...], Tensor]]) -> None:
        super().__init__()
        self.network, self.formulas = network, formulas
        self.n_outputs = int(network.n_outputs)  # type: ignore[arg-type]

    def forward(self, inputs: Tensor) -> Tensor:
        """``(B, *S', inputs) -> (B, *S', outputs)``."""
        whole = len(self.formulas) == self.n_outputs
        network = torch.empty(0) if whole else self.network(inputs)
        columns = [self._formula(i, inputs) if i in self.formulas else network[..., i] for i in range(self.n_outputs)]
        return torch.stack(torch.broadcast_tensors(*columns), dim=-1)

    def _formula(self, output: int, inputs: Tensor) -> Tensor:
        candidates, coefficients = self.formulas[output]
        total = inputs.new_zeros(inputs.shape[:-1])
        values = inputs.cpu().numpy()
        for number, candidate in enumerate(candidates):
            column = torch.as_tensor(candidate.evaluate(values)).to(inputs)
            total = total + coefficients[:, number].reshape(-1, *[1] * (inputs.ndim - 2)) * column
        return total
