"""Error against horizon: mean square error of held-out rollouts per frame, on a logarithmic axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import BLUE, GREY, legend, log_axis, new_figure
from eqdsl.inspection.horizon import HorizonError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_horizon(error: HorizonError, time_label: str) -> Figure:
    """Mean over trajectories with the 10-90 % band, and the data's variance as the level of knowing nothing.

    The first frame is exact by construction and left out.
    """
    figure, (ax,) = new_figure(height=3.0)
    shown = np.isfinite(error.mse) & (error.mse > 0) & (np.arange(error.mse.size) > 0)
    times = error.times[shown]
    if error.trajectories > 1:
        band = np.maximum(error.spread[shown], np.finfo(float).tiny)
        ax.fill_between(times, band[:, 0], band[:, 1], color=BLUE, alpha=0.18, lw=0, label="10–90 % of trajectories")
    marker = "o" if times.size <= 40 else None
    ax.plot(times, error.mse[shown], color=BLUE, marker=marker, ms=3, label="mean square error")
    if error.variance > 0:
        ax.axhline(error.variance, color=GREY, ls="--", lw=1.0, label="variance of the data")
    log_axis(ax)
    ax.set_xlabel(f"{time_label} since the first frame")
    ax.set_ylabel("mean square error")
    legend(ax, loc="best")
    return figure
