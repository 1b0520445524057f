"""The picture of `eqdsl simulate --plot`: curves for variables, space-time maps for one axis, snapshots for more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eqdsl.core.files import write_atomically
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.figures.style import SEQUENTIAL, hide_unused, new_figure, png
from eqdsl.model.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_CURVES = 8
_MOST_CHANNELS = 6
_SNAPSHOTS = 5


def draw(trajectories: Trajectories, model: Model, path: Path) -> None:
    """Draw the first trajectories into a PNG file.

    Raises
    ------
    UsageError
        matplotlib is not installed.
    """
    if model.dimension == 0:
        figure = _curves(trajectories, model)
    elif model.dimension == 1:
        figure = _space_time(trajectories, model)
    else:
        figure = _snapshots(trajectories, model)
    write_atomically(path, png(figure))


def _time_label(model: Model) -> str:
    return f"{model.time} [{model.time_unit}]" if model.time_unit else model.time


def _curves(trajectories: Trajectories, model: Model) -> Figure:
    """Every channel over time, up to eight trajectories."""
    channels = trajectories.channels[:_MOST_CHANNELS]
    figure, axes = new_figure(len(channels), height=1.0 + 1.7 * len(channels), share_x=True)
    for index, (name, ax) in enumerate(zip(channels, axes, strict=True)):
        for times, values in zip(trajectories.times[:_MOST_CURVES], trajectories.state[:, :, index], strict=False):
            ax.plot(times, values)
        ax.set_ylabel(name)
    axes[-1].set_xlabel(_time_label(model))
    return figure


def _space_time(trajectories: Trajectories, model: Model) -> Figure:
    """Every channel of the first trajectory over position and time; a uniform one as a curve."""
    channels = model.channels[:_MOST_CHANNELS]
    figure, axes = new_figure(len(channels), height=0.6 + 2.3 * len(channels))
    times = trajectories.times[0]
    (name, position), *_ = trajectories.axes.items()
    for index, (channel, ax) in enumerate(zip(channels, axes, strict=True)):
        values = trajectories.state[0, :, index]
        ax.set_title(channel.name)
        ax.set_xlabel(_time_label(model))
        if channel.uniform:
            ax.plot(times, values[:, 0])
            continue
        ax.set_ylabel(name)
        ax.grid(False)
        figure.colorbar(ax.pcolormesh(times, position, values.T, cmap=SEQUENTIAL, shading="nearest"), ax=ax)
    return figure


def _snapshots(trajectories: Trajectories, model: Model) -> Figure:
    """Every channel that varies in space at five times of the first trajectory; the middle plane of three axes."""
    shown = [i for i, channel in enumerate(model.channels) if not channel.uniform][:_MOST_CHANNELS]
    frames = np.unique(np.linspace(0, trajectories.frames - 1, _SNAPSHOTS).round().astype(int))
    figure, axes = new_figure(len(shown), len(frames), height=0.5 + 1.6 * len(shown))
    for row, index in enumerate(shown):
        cells = axes[row * len(frames) : (row + 1) * len(frames)]
        _snapshot_row(figure, cells, trajectories, index, frames)
    for ax, frame in zip(axes, frames, strict=False):
        ax.set_title(f"{model.time} = {trajectories.times[0, frame]:.4g}")
    hide_unused(axes, len(shown) * len(frames))
    return figure


def _snapshot_row(
    figure: Figure, cells: list[Axes], trajectories: Trajectories, index: int, frames: np.ndarray
) -> None:
    values = trajectories.state[0, frames, index]
    while values.ndim > 3:
        values = values[..., values.shape[-1] // 2]
    (first, x), (second, y) = list(trajectories.axes.items())[:2]
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    for ax, plane in zip(cells, values, strict=True):
        drawn = ax.pcolormesh(x, y, plane.T, cmap=SEQUENTIAL, vmin=lowest, vmax=highest, shading="nearest")
        ax.set_aspect("equal")
        ax.grid(False)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(first)
    cells[0].set_ylabel(f"{trajectories.channels[index]}\n{second}")
    figure.colorbar(drawn, ax=cells, shrink=0.8)
