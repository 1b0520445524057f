"""A trajectory beside its rollout: lines for numbers, space-time images in one dimension, snapshots in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.figures.maps import draw_image, plane
from eqdsl.inspection.figures.style import BLUE, DIVERGING, GREY, SEQUENTIAL, legend_above, new_figure
from eqdsl.numerics.grid import Grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 4
SNAPSHOTS = 3


def draw_rollouts(
    data: Trajectories,
    model: Trajectories,
    grid: Grid,
    labels: tuple[str, ...],
    axis_labels: tuple[str, ...],
    time_label: str,
    row: int = 0,
) -> Figure:
    """Data and rollout of one trajectory, for the first `MOST_PANELS` channels.

    Parameters
    ----------
    data, model : Trajectories
        From `eqdsl.inspection.horizon.rollouts`; without axes of space where all channels are numbers.
    labels : tuple of str
        Of the channels, with units.
    axis_labels : tuple of str
        Of the grid's axes, with units.
    row : int
        Which trajectory.
    """
    length = int(data.lengths[row])
    times = data.times[row, :length]
    truth, rolled = data.state[row, :length], model.state[row, :length]
    if data.state.ndim == 3:
        return _lines(times, truth, rolled, labels, time_label)
    channels = [(labels[c], truth[:, c], rolled[:, c]) for c in range(min(len(labels), MOST_PANELS))]
    if len(grid.axes) == 1:
        return _space_time(times, channels, grid, axis_labels[0], time_label)
    return _snapshots(times, channels[:2], grid, axis_labels, time_label)


def _lines(
    times: np.ndarray, truth: np.ndarray, rolled: np.ndarray, labels: tuple[str, ...], time_label: str
) -> Figure:
    count = min(len(labels), MOST_PANELS)
    figure, axes = new_figure(count, 1, height=0.5 + 1.7 * count, share_x=True)
    for channel, ax in enumerate(axes):
        ax.plot(times, truth[:, channel], "o", ms=3.4, mfc="none", color=GREY, label="data")
        ax.plot(times, rolled[:, channel], color=BLUE, label="rollout")
        ax.set_ylabel(labels[channel])
    axes[-1].set_xlabel(time_label)
    legend_above(axes[0])
    return figure


def _space_time(
    times: np.ndarray,
    channels: list[tuple[str, np.ndarray, np.ndarray]],
    grid: Grid,
    axis_label: str,
    time_label: str,
) -> Figure:
    figure, axes = new_figure(len(channels), 3, height=0.4 + 2.3 * len(channels))
    axis = grid.axes[0]
    extent = (times[0], times[-1], axis.lower, axis.upper)
    for number, (label, truth, rolled) in enumerate(channels):
        panels = axes[3 * number : 3 * number + 3]
        low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
        bound = float(np.nanmax(np.abs(rolled - truth))) or 1.0
        _strip(panels[0], figure, truth, extent, (low, high), SEQUENTIAL)
        _strip(panels[1], figure, rolled, extent, (low, high), SEQUENTIAL)
        _strip(panels[2], figure, rolled - truth, extent, (-bound, bound), DIVERGING)
        for panel, title in zip(panels, (f"{label}: data", "rollout", "rollout − data"), strict=True):
            panel.set_title(title)
            panel.set_xlabel(time_label)
        panels[0].set_ylabel(axis_label)
    return figure


def _strip(
    ax: Axes,
    figure: Figure,
    values: np.ndarray,
    extent: tuple[float, float, float, float],
    limits: tuple[float, float],
    colours: str,
) -> None:
    picture = ax.imshow(
        values.T,
        origin="lower",
        extent=extent,
        aspect="auto",
        vmin=limits[0],
        vmax=limits[1],
        cmap=colours,
        interpolation="nearest",
    )
    ax.grid(False)
    figure.colorbar(picture, ax=ax, format="%.2g")


def _snapshots(
    times: np.ndarray,
    channels: list[tuple[str, np.ndarray, np.ndarray]],
    grid: Grid,
    axis_labels: tuple[str, ...],
    time_label: str,
) -> Figure:
    chosen = np.unique(np.linspace(0, len(times) - 1, SNAPSHOTS + 1).round().astype(int))[1:]
    if not chosen.size:
        chosen = np.array([0])
    columns = len(chosen)
    figure, axes = new_figure(3 * len(channels), columns, height=0.4 + 6.0 * len(channels))
    for number, (label, truth, rolled) in enumerate(channels):
        seen = truth[np.isfinite(truth)]
        limits = (float(seen.min()), float(seen.max()))
        bound = float(np.nanmax(np.abs((rolled - truth)[chosen]))) or 1.0
        rows = (
            (f"{label}: data", truth, limits),
            ("rollout", rolled, limits),
            ("rollout − data", rolled - truth, (-bound, bound)),
        )
        for line, (what, values, bounds) in enumerate(rows):
            start = (3 * number + line) * columns
            panels = axes[start : start + columns]
            _snapshot_row(figure, panels, grid, values[chosen], bounds, axis_labels, what)
            for panel in panels:
                panel.tick_params(labelbottom=line == 2)
                panel.set_xlabel(axis_labels[0] if line == 2 else "")
            if line == 0:
                for panel, frame in zip(panels, chosen, strict=True):
                    panel.set_title(f"{time_label.split(' [')[0]} = {times[frame]:.4g}")
    return figure


def _snapshot_row(
    figure: Figure,
    panels: list[Axes],
    grid: Grid,
    values: np.ndarray,
    limits: tuple[float, float],
    axis_labels: tuple[str, ...],
    what: str,
) -> None:
    """One quantity at several times under one colour bar."""
    for number, (panel, frame) in enumerate(zip(panels, values, strict=True)):
        picture = draw_image(panel, grid, plane(frame), axis_labels, limits)
        panel.set_ylabel(f"{what}\n{axis_labels[1]}" if number == 0 else "")
        panel.tick_params(labelleft=number == 0)
    figure.colorbar(picture, ax=panels, shrink=0.9, format="%.2g")
