"""`make_problem`: a model and a division of data made into what a trainer works on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import DataError
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
from eqdsl.fitting.noise import Noise, stated
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.problem import Problem, check_something_to_fit, chosen_device
from eqdsl.fitting.scales import observed_rates, rms_rate, with_hidden_rates, without_gaps
from eqdsl.fitting.segments import SegmentStarts, segment_length, segment_places
from eqdsl.fitting.stages import AUTO, objectives_of
from eqdsl.fitting.starts import FittedStarts, fitted_channels, starts_at_first
from eqdsl.fitting.training_data import TrainingData
from eqdsl.learned.initial import LAST_GAIN
from eqdsl.lowering.members import Members
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import Model
from eqdsl.numerics.grid import grid_from_coordinates
from eqdsl.simulation.observing import with_rollouts


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
    members = Members.of_data(model, split.train) if members is None else members
    field = _compiled(model, split, config, members, file)
    _check_history(split, field.memory, file)
    filled = with_rollouts(with_velocities(split.train, model), field)
    train = TrainingData(split.train, filled, device=field.device, dtype=field.dtype, field=field)
    if not len(train.starts(1)):
        raise DataError(
            "no frame with a whole state is followed by another frame", file=file, help=_where_to_start(model)
        )
    validation = _validation(split, field, file) if len(split.validation) else train
    measured = Measured(split.train, filled, noise_of(in_model_order(split.train, model)), field)
    scales = _scales(measured, train)
    scale = torch.as_tensor(scales.variance, device=field.device).to(field.dtype)
    fitted = fitted_channels(model, split.train)
    initial, held_out = (
        FittedStarts(model, fitted, data, scale.sqrt()) if fitted and data is not None else None
        for data in (train, validation if validation is not train else None)
    )
    lacking = {*model.unobserved, *(model.channel_names[i] for i in missing_velocities(split.train, model))}
    held = {n: float(v) for n, v in zip(model.data_channel_names, scales.variance, strict=True) if n not in lacking}
    cloud, states = _collocation(split.train, field, train.state, config)
    return Problem(
        model, field, train, validation, scales.filled, scale,
        torch.as_tensor(scales.rate, device=field.device).to(field.dtype), held, initial, held_out,
        integrator_of(config.integrator, field, train, initial),
        _segments(train, scales.filled, scale, field, config, file), starts_at_first(model, split.train),
        _derivative(measured, config), cloud, states, Noise(model, held, scale) if stated(model) else None,
    )  # fmt: skip


def _compiled(model: Model, split: Split, config: FitConfig, members: Members, file: str | None) -> VectorField:
    """The vector field on the data's grid and on the device, its learned terms as they start."""
    device, dtype = chosen_device(config.run.device), getattr(torch, config.run.dtype)
    grid = grid_from_coordinates(model, split.train.axes, file=file)
    field = compile_model(model, grid=grid, dtype=dtype, seed=config.run.seed, members=members).to(device)
    for module in learned_modules(field).values():
        module.family.amplify_start(config.optimizer.start_gain / LAST_GAIN)
    return field


def _validation(split: Split, field: VectorField, file: str | None) -> TrainingData:
    """What is held out, as tensors."""
    filled = with_rollouts(with_velocities(split.validation, field.model), field)
    found = TrainingData(split.validation, filled, device=field.device, dtype=field.dtype, field=field)
    if not len(found.starts(1)):
        raise DataError(
            "no held-out trajectory has a whole state that is followed by another frame",
            file=file,
            help="hold out more (`data.validation`), or nothing (`data.validation=0`)",
        )
    return found


@dataclass(frozen=True)
class _Scales:
    """Sizes read off the training data: variances ``(C',)``, rms rates ``(C,)``, and states with what is hidden."""

    variance: np.ndarray
    rate: np.ndarray
    filled: Trajectories


def _scales(measured: Measured, train: TrainingData) -> _Scales:
    observed, model = measured.observed, measured.field.model
    slopes = measured.slopes()
    slopes = np.where(without_driven(np.ones(slopes.shape, bool), model), slopes, np.nan)
    slopes[:, :, [i for i, name in enumerate(model.channel_names) if name in model.unobserved]] = np.nan
    filled = with_guesses(measured.filled, measured.field, observed_rates(slopes), np.argwhere(train.whole))
    variance = without_gaps(channel_variance(filled), filled)
    rate = rms_rate(slopes, filled)
    if model.guessed:
        rate = with_hidden_rates(rate, variance, model.hidden)
    others = replace(observed, state=observed.state[:, :, len(variance) :])
    return _Scales(np.concatenate([variance, without_gaps(channel_variance(others), others)]), rate, filled)


def _segments(
    train: TrainingData, filled: Trajectories, scale: Tensor, field: VectorField, config: FitConfig, file: str | None
) -> SegmentStarts | None:
    """Fitted starts of segments, where `shooting` is an objective."""
    if "shooting" not in objectives_of(config):
        return None
    length = segment_length(config.objective.segment, train.horizon)
    _check_segments(train, length, file)
    return SegmentStarts(field.model, train, filled, scale[: len(field.model.channels)], length)


def _derivative(measured: Measured, config: FitConfig) -> DerivativeMethod | None:
    """Slopes of the data, where an objective compares with them."""
    names = objectives_of(config)
    if "derivative" not in names and "regression" not in names:
        return None
    # A regression averages over all of the data: the weak form serves it best, whatever the noise.
    weak = config.objective.derivative == AUTO and "regression" in names
    return derivative_method("weak" if weak else config.objective.derivative, measured)


def _collocation(
    train: Trajectories, field: VectorField, like: Tensor, config: FitConfig
) -> tuple[Cloud, StateNetworks] | tuple[None, None]:
    """The data as points, and networks for them, where `collocation` is an objective."""
    if "collocation" not in objectives_of(config):
        return None, None
    cloud = (
        cloud_on_grid(train, field.model, field.grid, like) if train.points is None
        else cloud_of_points(train.points, field.model, like)
    )  # fmt: skip
    return cloud, StateNetworks(field.model, cloud, config.run.seed).to(field.device)


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
