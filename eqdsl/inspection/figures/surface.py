"""A learned function of two inputs: filled contours, greyed outside the convex hull of the visited points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eqdsl.inspection.figures.style import DIVERGING, GREY, SEQUENTIAL, new_figure
from eqdsl.inspection.response import Response

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS = 13


def draw_surface(
    response: Response,
    mesh: tuple[np.ndarray, np.ndarray, np.ndarray],
    input_labels: tuple[str, ...],
    output_labels: tuple[str, ...],
) -> Figure:
    """One panel per output.

    Parameters
    ----------
    mesh
        From `eqdsl.inspection.response.surface`.
    """
    x, y, values = mesh
    count = values.shape[2]
    columns = min(count, 2)
    rows = -(-count // columns)
    figure, axes = new_figure(rows, columns, height=3.3 * rows, width=6.8 if columns > 1 else 4.9)
    hull = convex_hull(response.inputs)
    for output in range(count):
        ax = axes[output]
        _draw(ax, figure, (x, y, values[:, :, output]), hull, response.inputs)
        ax.set_title(output_labels[output])
        ax.set_xlabel(input_labels[0])
        ax.set_ylabel(input_labels[1])
    for ax in axes[count:]:
        ax.set_axis_off()
    return figure


def _draw(
    ax: Axes, figure: Figure, mesh: tuple[np.ndarray, np.ndarray, np.ndarray], hull: np.ndarray, points: np.ndarray
) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x, y, values = mesh
    levels, colours = _levels(values, inside_hull(x, y, hull))
    filled = ax.contourf(x, y, values.T, levels=levels, cmap=colours, extend="both")
    if values.min() < 0 < values.max():
        ax.contour(x, y, values.T, levels=[0.0], colors="black", linewidths=0.9)
    figure.colorbar(filled, ax=ax, shrink=0.92)
    frame = np.array([[x[0], y[0]], [x[-1], y[0]], [x[-1], y[-1]], [x[0], y[-1]], [x[0], y[0]]])
    closed = np.vstack([hull, hull[:1]])[::-1]
    codes = [Path.MOVETO] + [Path.LINETO] * 3 + [Path.CLOSEPOLY]
    codes += [Path.MOVETO] + [Path.LINETO] * (len(closed) - 2) + [Path.CLOSEPOLY]
    outside = Path(np.vstack([frame, closed]), codes)
    ax.add_patch(PathPatch(outside, facecolor="#d1d5db", alpha=0.78, lw=0))
    ax.plot(*np.vstack([hull, hull[:1]]).T, color=GREY, lw=1.0)
    shown = points[:: max(1, len(points) // 600)]
    ax.plot(shown[:, 0], shown[:, 1], ".", ms=1.6, color="black", alpha=0.35)
    ax.grid(False)
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(y[0], y[-1])


def _levels(values: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, str]:
    """Contour levels and colours from the visited part only, symmetric about zero where the sign changes."""
    from matplotlib.ticker import MaxNLocator

    seen = values[inside] if inside.any() else values.reshape(-1)
    lower, upper = float(seen.min()), float(seen.max())
    if upper - lower < 1e-9 * max(abs(upper), abs(lower), 1e-12):
        upper = lower + max(abs(lower), 1.0)
    signed = lower < 0 < upper and min(-lower, upper) > 0.1 * max(-lower, upper)
    # Round levels, so that the colour bar can be read.
    levels = MaxNLocator(LEVELS - 1, symmetric=signed).tick_values(lower, upper)
    return np.asarray(levels), DIVERGING if signed else SEQUENTIAL


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Corners of the convex hull of points in the plane, anticlockwise (Andrew's monotone chain)."""
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    lower, upper = _chain(ordered), _chain(ordered[::-1])
    return np.array(lower[:-1] + upper[:-1])


def _chain(points: np.ndarray) -> list[np.ndarray]:
    chain: list[np.ndarray] = []
    for point in points:
        while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
            chain.pop()
        chain.append(point)
    return chain


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def inside_hull(x: np.ndarray, y: np.ndarray, hull: np.ndarray) -> np.ndarray:
    """Which points of the mesh ``(x, y)`` (`ij` order) lie inside an anticlockwise convex polygon."""
    across, up = np.meshgrid(x, y, indexing="ij")
    inside = np.ones(across.shape, dtype=bool)
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        inside &= (b[0] - a[0]) * (up - a[1]) - (b[1] - a[1]) * (across - a[0]) >= 0
    return inside
