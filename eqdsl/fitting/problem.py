"""`Problem`: the vector field to fit and the data to fit it to, on one device, with the scales of the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.collocation.cloud import Cloud
from eqdsl.fitting.collocation.states import StateNetworks
from eqdsl.fitting.derivatives.base import DerivativeMethod
from eqdsl.fitting.misfit import channel_means
from eqdsl.fitting.noise import Noise
from eqdsl.fitting.segments import SegmentStarts
from eqdsl.fitting.starts import FittedStarts, start_states
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.lowering.observation import observed_path
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import Model
from eqdsl.numerics.integrators.integrate import Memory
from eqdsl.simulation.choice import Choice
from eqdsl.simulation.remembering import roll_out

SAME_TIME = 1e-9
"""Largest difference of two times, over the length of the window, that counts as rounding."""


@dataclass(frozen=True)
class Problem:
    """What a trainer works on.

    Parameters
    ----------
    model : Model
    field : VectorField
        On the device, in the precision of training.
    train, validation : TrainingData
        `validation` is `train` when nothing is held out.
    filled : Trajectories
        The states of the training trajectories, with estimates of those that the data do not hold.
    variance : Tensor, shape (C',)
        Variance of each channel of the data, `model.data_channels`; the states come first.
    rate : Tensor, shape (C,)
        Rms of each channel's time derivative.
    observed : dict of str to float
        Variance of the channels that the data hold.
    initial, held_out_initial : FittedStarts or None
        Fitted starts. Those of the validation trajectories follow the vector field, which never sees them.
    first_only : bool
        Whether windows start at first frames only, because elsewhere no start is known.
    integrator : Choice
        Integrator, and why.
    segments : SegmentStarts or None
        Fitted starts of the segments of training trajectories, where `shooting` is an objective.
    derivative : DerivativeMethod or None
        Slopes of the training data, where an objective compares with them.
    cloud, states : Cloud and StateNetworks, or None
        The training data as points, and networks for them, where `collocation` is an objective.
    noise : Noise or None
        What the model says about the noise of the data.
    """

    model: Model
    field: VectorField
    train: TrainingData
    validation: TrainingData
    filled: Trajectories
    variance: Tensor
    rate: Tensor
    observed: dict[str, float]
    initial: FittedStarts | None
    held_out_initial: FittedStarts | None
    integrator: Choice
    segments: SegmentStarts | None = None
    first_only: bool = False
    derivative: DerivativeMethod | None = None
    cloud: Cloud | None = None
    states: StateNetworks | None = None
    noise: Noise | None = None

    @property
    def method(self) -> str:
        """The integrator's name."""
        return self.integrator.method

    @property
    def points(self) -> int:
        """Points of the grid; 1 for an ODE."""
        return math.prod(self.field.grid.shape)

    @property
    def state_variance(self) -> Tensor:
        """Variance of each channel of the state, shape (C,)."""
        return self.variance[: len(self.model.channels)]

    def start(self, batch: Batch) -> Tensor:
        """States from which the windows of a training batch are rolled out, shape (W, C, *S)."""
        return start_states(self.field, batch, self.initial)

    def compared(self, batch: Batch) -> Tensor:
        """Which values of a training batch count in the misfit of rollouts, shape (W, H + 1, C', *S)."""
        if self.initial is not None:
            return self.initial.compared(batch.present)
        present = batch.present.clone()
        present[:, 0] = False
        return present

    def seen(self, rollout: Tensor, batch: Batch) -> Tensor:
        """A rollout over the windows of a batch as the data hold it, shape (W, H + 1, C', *S)."""
        return observed_path(self.field.driven(batch.driving), batch.times, rollout)

    def misfit(self, rollout: Tensor, batch: Batch, compared: Tensor) -> Tensor:
        """Distance of what is seen of a rollout from the data, in variances, where `compared` is True.

        Channels count alike, those of fitted noise by their precision.
        """
        means, count = channel_means(self.seen(rollout, batch) - batch.observed, compared, self.variance)
        if self.noise is not None and self.noise.fits:
            self.noise.collect(torch.where(count > 0, means, torch.nan))
            means = means * self.noise.weights().to(means)
        return means.sum() / (count > 0).sum().clamp(min=1)

    def rollout(
        self, start: Tensor, batch: Batch, substeps: int, *, memory: Memory = "stored",
        check: Callable[[], None] = lambda: None,
    ) -> Tensor:  # fmt: skip
        """Rollout of the vector field over the windows of a batch, shape (W, H + 1, C, *S).

        `check` is called at every frame and may raise.
        """
        times = shared_times(batch.times) if self.field.autonomous else batch.times
        return roll_out(
            self.field.driven(batch.driving).with_past(batch.past), start, times, method=self.method, substeps=substeps,
            memory=memory, watch=lambda n, t, state: check(),
        )  # fmt: skip

    def starts(self, horizon: int) -> np.ndarray:
        """Trajectory and frame of the training windows of a horizon, shape (N, 2)."""
        return self.train.starts(horizon, first_only=self.first_only)

    def to(self, dtype: torch.dtype) -> Problem:
        """The same problem in another precision; its modules are changed in place."""
        for name, module in self.modules().items():
            if name != "noise":
                module.to(dtype)
        train = self.train.to(dtype)
        return replace(
            self, train=train, validation=train if self.validation is self.train else self.validation.to(dtype),
            variance=self.variance.to(dtype), rate=self.rate.to(dtype),
            derivative=None if self.derivative is None else self.derivative.to(dtype),
            cloud=None if self.cloud is None else self.cloud.to(dtype),
        )  # fmt: skip

    def fitted_starts(self) -> dict[str, Tensor]:
        """Fitted starts of all trajectories of a part, (B, F, *S), by the name of the part."""
        parts = {"train": self.initial, "validation": self.held_out_initial}
        with torch.no_grad():
            return {
                name: module.values(torch.arange(len(module.estimate), device=module.estimate.device)).clone()
                for name, module in parts.items() if module is not None
            }  # fmt: skip

    def modules(self) -> dict[str, nn.Module]:
        """Everything with trainable numbers, by the prefix its tensors are stored under."""
        found = {
            "field": self.field, "initial": self.initial, "held_out_initial": self.held_out_initial,
            "segments": self.segments, "states": self.states,
            "noise": self.noise if self.noise is not None and self.noise.fits else None,
        }  # fmt: skip
        return {name: module for name, module in found.items() if module is not None}

    def parameters(self) -> Iterator[nn.Parameter]:
        """Every number that the training data decide."""
        for module in (self.field, self.initial, self.segments, self.states):
            if module is not None:
                yield from (p for p in module.parameters() if p.requires_grad)


def shared_times(times: Tensor) -> Tensor:
    """Times since the start, (T,), when these are the same in all rows; otherwise the times as they are.

    One step for the whole batch costs an integrator fewer operations than one step for each row.
    """
    if times.ndim == 1:
        return times
    since = times - times[:, :1]
    spread = (since - since[:1]).abs().max()
    return since[0] if float(spread) <= SAME_TIME * float(since.abs().max()) else times


def check_something_to_fit(model: Model) -> None:
    """Refuse a model in which every number is fixed.

    Raises
    ------
    UsageError
        There is neither a learned term nor a fitted parameter.
    """
    if not model.learned and not any(p.fitted for p in model.parameters):
        fixed = next((p for p in model.parameters), None)
        what = f"param {fixed.name} = fit {fixed.value:g}" if fixed is not None else "learned f(u)"
        raise UsageError(
            f"model `{model.name}` has no learned term and no fitted parameter: there is nothing to fit",
            help=f"declare one, for example `{what}`, or use `eqdsl simulate`",
        )


def chosen_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is the GPU when there is one.

    Raises
    ------
    UsageError
        There is no GPU.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("device `cuda`: this computer or this torch has no GPU", help="use `--device auto` or `cpu`")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
