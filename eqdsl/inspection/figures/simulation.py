"""A simulation: curves for an ODE, space-time maps for one axis, snapshots for two, middle slices for three."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eqdsl.core.files import write_atomically
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.figures.style import CYCLE, DIVERGING, SEQUENTIAL, WIDTH, new_figure, png
from eqdsl.model.model import Model

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 24
"""Trajectories of an ODE drawn over each other: the first one strongly, the others lightly."""
MOST_CHANNELS = 6
SNAPSHOTS = 5
MARGINS = 1.3
"""Inches beside a row of snapshots that labels and the colour bar take."""


def plot_trajectories(trajectories: Trajectories, path: str | Path, model: Model | None = None) -> None:
    """Draw trajectories into a PNG file; maps show the first trajectory.

    Parameters
    ----------
    trajectories : Trajectories
    path : str or Path
    model : Model, optional
        Names time, gives units, and tells which channels do not vary in space.

    Raises
    ------
    UsageError
        matplotlib is not installed.
    """
    labels = _Labels(trajectories, model)
    draw = {0: _curves, 1: _space_time}.get(len(trajectories.axes), _snapshots)
    write_atomically(Path(path), png(draw(trajectories, labels)))


class _Labels:
    """Texts on the axes, with units where they are known."""

    def __init__(self, trajectories: Trajectories, model: Model | None) -> None:
        self.units = dict(trajectories.units)
        self.time_name = model.time if model else "t"
        self.uniform: set[str] = set()
        if model is not None:
            fields = {f.name: f.unit for f in model.fields}
            known = {c.name: fields[c.field] for c in model.channels if not c.velocity}
            known |= {a.name: a.unit for a in model.axes} | {"t": model.time_unit}
            self.units = {name: unit for name, unit in known.items() if unit} | self.units
            self.uniform = {c.name for c in model.data_channels if c.uniform}

    def of(self, name: str) -> str:
        """``u [m/s]``; a dimensionless quantity has no bracket."""
        unit = self.units.get(name, "1")
        return name if unit == "1" else f"{name} [{unit}]"

    @property
    def time(self) -> str:
        return self.of("t").replace("t", self.time_name, 1)


def _curves(trajectories: Trajectories, labels: _Labels) -> Figure:
    channels = trajectories.channels[:MOST_CHANNELS]
    figure, axes = new_figure(len(channels), height=1.0 + 1.7 * len(channels), share_x=True)
    for index, (name, ax) in enumerate(zip(channels, axes, strict=True)):
        for row in reversed(range(min(len(trajectories), MOST_CURVES))):
            style: dict[str, Any] = {"zorder": 3} if row == 0 else {"alpha": 0.3, "linewidth": 0.9}
            frames = slice(0, int(trajectories.lengths[row]))
            ax.plot(trajectories.times[row, frames], trajectories.state[row, frames, index], color=CYCLE[0], **style)
        ax.set_ylabel(labels.of(name))
        ax.margins(x=0)
    axes[-1].set_xlabel(labels.time)
    return figure


def _space_time(trajectories: Trajectories, labels: _Labels) -> Figure:
    channels = trajectories.channels[:MOST_CHANNELS]
    figure, axes = new_figure(len(channels), height=0.8 + 2.0 * len(channels), share_x=True)
    frames = slice(0, int(trajectories.lengths[0]))
    times = trajectories.times[0, frames]
    ((space, position),) = trajectories.axes.items()
    for index, (name, ax) in enumerate(zip(channels, axes, strict=True)):
        values = trajectories.state[0, frames, index]
        if name in labels.uniform:
            ax.plot(times, values[:, 0], color=CYCLE[0])
            ax.set_ylabel(labels.of(name))
            continue
        drawn = ax.pcolormesh(times, position, values.T, shading="nearest", rasterized=True, **_colours(values))
        ax.set_ylabel(labels.of(space))
        ax.set_xlim(times[0], times[-1])
        ax.grid(False)
        figure.colorbar(drawn, ax=ax, label=labels.of(name), pad=0.015, aspect=14)
    axes[-1].set_xlabel(labels.time)
    return figure


def _snapshots(trajectories: Trajectories, labels: _Labels) -> Figure:
    shown = [i for i, name in enumerate(trajectories.channels) if name not in labels.uniform][:MOST_CHANNELS]
    frames = np.unique(np.linspace(0, int(trajectories.lengths[0]) - 1, SNAPSHOTS).round().astype(int))
    x, y = list(trajectories.axes.values())[:2]
    panel = (WIDTH - MARGINS) / len(frames)
    tall = min(max(float((y[-1] - y[0]) / (x[-1] - x[0])), 0.3), 3.0)
    figure, axes = new_figure(len(shown), len(frames), height=0.75 + len(shown) * (panel * tall + 0.08))
    for row, index in enumerate(shown):
        cells = axes[row * len(frames) : (row + 1) * len(frames)]
        _snapshot_row(figure, cells, trajectories, index, frames, labels, last=row == len(shown) - 1)
    for ax, frame in zip(axes, frames, strict=False):
        ax.set_title(f"{labels.time_name} = {trajectories.times[0, frame]:.4g}")
    return figure


def _snapshot_row(
    figure: Figure, cells: list[Axes], trajectories: Trajectories, index: int, frames: np.ndarray, labels: _Labels,
    *, last: bool,
) -> None:  # fmt: skip
    """One channel at several times, on one colour scale."""
    values = trajectories.state[0, frames, index]
    name, slice_note = labels.of(trajectories.channels[index]), ""
    (first, x), (second, y), *others = trajectories.axes.items()
    for third, z in others:
        slice_note = f"\nat {third} = {z[len(z) // 2]:.3g}"
        values = values[..., len(z) // 2]
    colours = _colours(values)
    for ax, plane in zip(cells, values, strict=True):
        drawn = ax.pcolormesh(x, y, plane.T, shading="nearest", rasterized=True, **colours)
        ax.set_aspect("equal")
        ax.grid(False)
        ax.spines[:].set_visible(False)
        ax.tick_params(length=0, labelsize=8, labelleft=ax is cells[0], labelbottom=last)
        ax.locator_params(nbins=3)
        if last:
            ax.set_xlabel(labels.of(first))
    cells[0].set_ylabel(labels.of(second))
    # A bar inside the last panel's own frame is as tall as the images, whatever their proportions.
    bar = cells[-1].inset_axes((1.07, 0.0, 0.07, 1.0))
    figure.colorbar(drawn, cax=bar, label=name + slice_note)


def _colours(values: np.ndarray) -> dict[str, Any]:
    """One scale for all values: diverging about zero where both signs matter."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 < high and min(-low, high) > 0.1 * max(-low, high):
        high = max(-low, high)
        return {"cmap": DIVERGING, "vmin": -high, "vmax": high}
    return {"cmap": SEQUENTIAL, "vmin": low, "vmax": high}
