"""`Problem`: the vector field to fit and the data to fit it to, on one device, with the scales of the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.frames import check_frames
from eqdsl.data.inputs import without_driven
from eqdsl.data.smoothing import noise_of
from eqdsl.data.split import Split
from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import in_model_order, missing_velocities, with_velocities
from eqdsl.fitting.collocation.cloud import Cloud, cloud_on_grid
from eqdsl.fitting.collocation.frames import cloud_of_points
from eqdsl.fitting.collocation.states import StateNetworks
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.derivatives.base import DerivativeMethod, Measured
from eqdsl.fitting.derivatives.table import derivative_method
from eqdsl.fitting.guesses import with_guesses
from eqdsl.fitting.integrator import check_integrator, integrator_of
from eqdsl.fitting.misfit import channel_means
from eqdsl.fitting.noise import Noise, stated
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.scales import observed_rates, rms_rate, with_hidden_rates, without_gaps
from eqdsl.fitting.segments import SegmentStarts, segment_length, segment_places
from eqdsl.fitting.stages import AUTO, objectives_of
from eqdsl.fitting.starts import FittedStarts, fitted_channels, start_states, starts_at_first
from eqdsl.fitting.training_data import Batch, TrainingData
from eqdsl.learned.initial import LAST_GAIN
from eqdsl.lowering.members import Members
from eqdsl.lowering.observation import observed_path
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.grid import grid_from_coordinates
from eqdsl.numerics.integrators.integrate import Memory
from eqdsl.simulation.choice import Choice
from eqdsl.simulation.observing import with_rollouts
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


def make_problem(
    model: Model, split: Split, config: FitConfig, *, file: str | None = None, members: Members | None = None
) -> Problem:
    """Compile the model on the data's grid and put both on the device.

    `members` are the environments and trajectories with values of their own; without them, those of the data.

    Raises
    ------
    DataError
        The data are too few for the model.
    UsageError
        Nothing in the model is fitted, there is no such integrator or device, or it does not go with the memory.
    """
    check_something_to_fit(model)
    check_integrator(config.integrator)
    device, dtype = chosen_device(config.run.device), getattr(torch, config.run.dtype)
    grid = grid_from_coordinates(model, split.train.axes, file=file)
    members = Members.of_data(model, split.train) if members is None else members
    field = compile_model(model, grid=grid, dtype=dtype, seed=config.run.seed, members=members).to(device)
    for module in learned_modules(field).values():
        module.family.amplify_start(config.optimizer.start_gain / LAST_GAIN)
    _check_history(split, field.memory, file)
    filled = with_velocities(split.train, model)
    if not model.guessed:
        filled = with_rollouts(filled, field)
    train = TrainingData(split.train, filled, device=device, dtype=dtype, field=field)
    if not len(train.starts(1)):
        raise DataError(
            "no frame with a whole state is followed by another frame",
            file=file,
            help=_where_to_start(model),
        )
    validation = train
    if len(split.validation):
        validation = TrainingData(
            split.validation,
            with_rollouts(with_velocities(split.validation, model), field),
            device=device,
            dtype=dtype,
            field=field,
        )
        if not len(validation.starts(1)):
            raise DataError(
                "no held-out trajectory has a whole state that is followed by another frame",
                file=file,
                help="hold out more (`data.validation`), or nothing (`data.validation=0`)",
            )
    measured = Measured(split.train, filled, noise_of(in_model_order(split.train, model)), field)
    slopes = measured.slopes()
    slopes = np.where(without_driven(np.ones(slopes.shape, bool), model), slopes, np.nan)
    slopes[:, :, [i for i, name in enumerate(model.channel_names) if name in model.unobserved]] = np.nan
    filled = with_guesses(filled, field, observed_rates(slopes), np.argwhere(train.whole))
    variance = without_gaps(channel_variance(filled), filled)
    rate = rms_rate(slopes, filled)
    if model.guessed:
        rate = with_hidden_rates(rate, variance, model.hidden)
    others = replace(split.train, state=split.train.state[:, :, len(variance) :])
    variance = np.concatenate([variance, without_gaps(channel_variance(others), others)])
    missing = missing_velocities(split.train, model)
    scale = torch.as_tensor(variance, device=device).to(dtype)
    fitted = fitted_channels(model, split.train)
    initial, held_out = (
        FittedStarts(model, fitted, data, scale.sqrt()) if fitted and data is not None else None
        for data in (train, validation if validation is not train else None)
    )
    segments = None
    if "shooting" in objectives_of(config):
        length = segment_length(config.objective.segment, train.horizon)
        _check_segments(train, length, file)
        segments = SegmentStarts(model, train, filled, scale[: len(model.channels)], length)
    derivative = None
    names = objectives_of(config)
    if "derivative" in names or "regression" in names:
        # A regression averages over all of the data: the weak form serves it best, whatever the noise.
        weak = config.objective.derivative == AUTO and "regression" in names
        derivative = derivative_method("weak" if weak else config.objective.derivative, measured)
    cloud = states = None
    if "collocation" in names:
        points = split.train.points
        cloud = (
            cloud_on_grid(split.train, model, grid, train.state) if points is None
            else cloud_of_points(points, model, train.state)
        )  # fmt: skip
        states = StateNetworks(model, cloud, config.run.seed).to(device)
    lacking = {*model.unobserved, *(model.channel_names[i] for i in missing)}
    held = {i: n for i, n in enumerate(model.data_channel_names) if n not in lacking}
    observed = {n: float(variance[i]) for i, n in held.items()}
    return Problem(
        model, field, train, validation, filled,
        scale,
        torch.as_tensor(rate, device=device).to(dtype),
        observed, initial, held_out, integrator_of(config.integrator, field, train, initial), segments,
        starts_at_first(model, split.train), derivative, cloud, states,
        Noise(model, observed, scale) if stated(model) else None,
    )  # fmt: skip


def _check_history(split: Split, memory: int, file: str | None) -> None:
    """Refuse parts of the data that are too short to look back on."""
    for name, part in (("train", split.train), ("validation", split.validation), ("test", split.test)):
        shortest = int(part.lengths.min(initial=memory + 1))
        if name != "train" and memory > 1 and shortest <= memory:
            raise DataError(
                f"{shortest} frames of a trajectory are held out for {name}, but `history(…, {memory})` needs {memory} "
                "to look back on and one to predict",
                file=file,
                help=f"hold out more (`data.{name}`), or nothing (`data.{name}=0`)",
            )
        check_frames(part, memory, file=file)


def _check_segments(train: TrainingData, length: int, file: str | None) -> None:
    """Refuse segments that would look back on missing values."""
    if train.memory < 2:
        return
    for row, frame in segment_places(train, length):
        if not train.whole[row, frame]:
            raise DataError(
                f"objective `shooting` begins a segment at frame {frame} of trajectory {row}, and there a value is "
                f"missing in the {train.memory} frames that `history` looks back on",
                file=file,
                help="take `--objective rollout`, which starts elsewhere, or another `objective.segment`",
            )


def _where_to_start(model: Model) -> str:
    """What to do where no frame is without missing values."""
    if model.unobserved:
        return "where states are not observed, rollouts start from first frames, in which the others must be whole"
    name = model.fields[0].name
    return (
        "a rollout starts from a frame without missing values; where there is none, observe the state under another "
        f"name and say where it starts: `observe {name}_seen = {name}`, `init {name} = …`"
    )


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
