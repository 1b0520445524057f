"""Which pictures an inspection has, with titles and captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.ensemble import Ensemble
from eqdsl.inspection.figures.curve import draw_slices
from eqdsl.inspection.figures.history import draw_history
from eqdsl.inspection.figures.horizon import draw_horizon
from eqdsl.inspection.figures.ledger import draw_ledger
from eqdsl.inspection.figures.maps import draw_maps
from eqdsl.inspection.figures.profile import draw_profiles
from eqdsl.inspection.figures.rollouts import draw_rollouts
from eqdsl.inspection.figures.scatter import draw_scatter
from eqdsl.inspection.figures.style import png
from eqdsl.inspection.figures.surface import draw_surface
from eqdsl.inspection.horizon import HorizonError, Rollouts
from eqdsl.inspection.inspection import Picture
from eqdsl.inspection.ledger import Ledger
from eqdsl.inspection.parameters import ParameterReport
from eqdsl.inspection.response import Response, slices, surface
from eqdsl.inspection.units import Factors, expression_unit, unit_factors, unit_text
from eqdsl.inspection.visited import Visited
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.expr import ChannelRef, Expr
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Model

MOST_MAPS = 6


def ledger_picture(model: Model, ledger: Ledger) -> Picture:
    """Bars of every term's rms."""
    units = {e.channel: rate_unit(model, e.channel) for e in ledger.equations}
    return Picture(
        "ledger",
        "ledger",
        "Who does the work",
        f"Rms of every term of every equation over {ledger.frames} frames of the stored sample; the percentage is its "
        "share of the sum.",
        png(draw_ledger(ledger, units)),
    )


def profile_picture(parameters: Sequence[ParameterReport], ensemble: Ensemble | None) -> Picture | None:
    """The profiles of the parameters, if any has one; with the values that other seeds found."""
    seeds = {spread.name: spread.values for spread in ensemble.parameters} if ensemble is not None else {}
    figure = draw_profiles(parameters, seeds)
    if figure is None:
        return None
    return Picture(
        "profiles",
        "parameters",
        "How far each parameter could move",
        "Rise of what decides it, linearised, the others moving along. Dotted: the levels of the ranges. The lowest "
        "point of a norm is the projection.",
        png(figure),
    )


def learned_pictures(field: VectorField, visited: Visited, responses: Mapping[str, Response]) -> list[Picture]:
    """One or two pictures for each learned term."""
    found = []
    for response in responses.values():
        found.extend(_pointwise(field, response) if response.pointwise else [_scatter(field.model, response)])
        if field.grid.axes:
            found.append(_maps(field, visited, response.term))
    return found


def _pointwise(field: VectorField, response: Response) -> list[Picture]:
    term, model = response.term, field.model
    inputs, outputs = input_labels(model, term), output_labels(model, term)
    beyond = "Grey: beyond what the data visit, where nothing holds the function."
    if len(inputs) == 2:
        drawn = draw_surface(response, surface(field, response), inputs, outputs)
        caption = f"{beyond} The outline is the convex hull of the visited points (dots); black: zero."
        return [Picture(f"learned_{term.name}", "learned", title(term), caption, png(drawn))]
    caption = f"{beyond} The silhouette at the bottom shows how often a value is visited."
    if len(inputs) > 1:
        caption = f"Along each input with the others at their medians. {caption}"
    drawn = draw_slices(response, slices(field, response), inputs, outputs)
    curves = Picture(f"learned_{term.name}", "learned", title(term), caption, png(drawn))
    return [curves] if len(inputs) == 1 else [curves, _scatter(model, response)]


def _scatter(model: Model, response: Response) -> Picture:
    caption = "Outputs against each input at the visited points; black: the mean over bins of equally many points."
    if response.term.scope is not None:
        caption += " The term is another function in each environment, which the scatter about the mean shows."
    if not response.term.pointwise:
        seen = f"sees {response.radius} cell(s) to each side" if response.radius else "is made from values of a network"
        caption += (
            f" The term {seen}{'' if response.radius else ' over the whole domain'}; inputs are taken at the centre, "
            "and the scatter about the mean is what other points add."
        )
    labels = input_labels(model, response.term), output_labels(model, response.term)
    name, heading = f"learned_{response.term.name}_scatter", f"{title(response.term)}, output against input"
    return Picture(name, "learned", heading, caption, png(draw_scatter(response, *labels)))


def _maps(field: VectorField, visited: Visited, term: LearnedTerm) -> Picture:
    """The term over the grid in the middle of the sample."""
    middle = visited.thinned(3)
    field, times, state = next(middle.batches(field))
    number = len(times) // 2
    frame, field = slice(number, number + 1), field.of_rows(torch.tensor([number]))
    with torch.no_grad():
        outputs = field.learned_outputs(times[frame], state[frame])
        inputs = field.learned_inputs(times[frame], state[frame])[term.name]
    shape = field.grid.shape
    model = field.model
    shown = {name: inputs[0, ..., i].expand(shape) for i, name in enumerate(input_labels(model, term))}
    labelled = zip(term.outputs, output_labels(model, term), strict=True)
    shown |= {name: outputs[output][0].expand(shape) for output, name in labelled}
    arrays = {name: values.double().cpu().numpy() for name, values in list(shown.items())[-MOST_MAPS:]}
    unit = f" {model.time_unit}" if model.time_unit else ""
    caption = f"Inputs and outputs over the grid at {model.time} = {float(times[frame][0]):.4g}{unit}."
    heading = f"{title(term)} over the grid"
    drawn = draw_maps(field.grid, arrays, axis_labels(model))
    return Picture(f"learned_{term.name}_grid", "learned", heading, caption, png(drawn))


def error_pictures(field: VectorField, error: HorizonError, compared: Rollouts, part: str) -> list[Picture]:
    """Error against horizon, and the trajectory whose error is the median one, on the channels that the data hold."""
    time = label(field.model.time, field.model.time_unit)
    data, model = (_only(compared.observed, t) for t in (compared.data, compared.model))
    row = _median_row(data, model)
    pictures = [
        Picture(
            "horizon",
            "errors",
            "Error against horizon",
            f"Rollouts from the first frame of {part}; mean square error over states and grid points, at each frame.",
            png(draw_horizon(error, time)),
        ),
    ]
    numbers = _uniform(model)
    fields = tuple(name for name in data.channels if name not in numbers)
    for name, title, chosen in (
        ("rollout", "A rollout beside its data", fields),
        ("rollout_numbers", "The same rollout: what is one number", numbers),
    ):
        if not chosen:
            continue
        truth, rolled = (_only(chosen, t) for t in (data, model))
        if chosen == numbers:
            truth, rolled = _without_space(truth), _without_space(rolled)
        labels = tuple(label(channel, channel_unit(field.model, channel)) for channel in chosen)
        figure = draw_rollouts(truth, rolled, field.grid, labels, axis_labels(field.model), time, row)
        pictures.append(Picture(name, "errors", title, f"The trajectory of median error of the {part}.", png(figure)))
    return pictures


def _only(channels: tuple[str, ...], trajectories: Trajectories) -> Trajectories:
    """Trajectories without their other channels."""
    shown = [i for i, name in enumerate(trajectories.channels) if name in channels]
    names = tuple(trajectories.channels[i] for i in shown)
    return replace(trajectories, state=trajectories.state[:, :, shown], channels=names)


def _uniform(model: Trajectories) -> tuple[str, ...]:
    """The channels that are one number everywhere, beside fields: sensors, integrals, plain variables."""
    space = tuple(range(2, model.state.ndim - 1))
    same = [
        bool(space) and not np.ptp(model.state[:, :, i], axis=space).any() for i in range(len(model.channels))
    ]  # fmt: skip
    return tuple(name for name, uniform in zip(model.channels, same, strict=True) if uniform)


def _without_space(trajectories: Trajectories) -> Trajectories:
    """The values at the first grid point."""
    state = trajectories.state
    return replace(trajectories, state=state.reshape(*state.shape[:3], -1)[..., 0])


def _median_row(data: Trajectories, model: Trajectories) -> int:
    """The trajectory whose mean square error, up to its own end, is the median one."""
    square = (model.state - data.state) ** 2
    square[np.arange(data.frames) >= data.lengths[:, None]] = np.nan
    per_row = np.nanmean(square, axis=tuple(range(1, square.ndim)))
    return int(np.argsort(per_row)[(len(per_row) - 1) // 2])


def history_picture(history: list[dict[str, object]]) -> Picture | None:
    """The course of training, if the run holds one."""
    figure = draw_history(history)
    if figure is None:
        return None
    return Picture(
        "training", "training", "Course of training", "Dotted verticals: a new stage or a longer horizon.", png(figure)
    )


def title(term: LearnedTerm) -> str:
    """``Ru, Rv(u, v)``."""
    return f"{', '.join(term.outputs)}({', '.join(term.input_names)})"


def label(name: str, unit: str | None) -> str:
    """``theta [rad]``."""
    return f"{name} [{unit}]" if unit else name


def input_labels(model: Model, term: LearnedTerm) -> tuple[str, ...]:
    """Input texts with units where they follow from the declarations."""
    return tuple(label(name, _unit(model, expr)) for name, expr in zip(term.input_names, term.inputs, strict=True))


def output_labels(model: Model, term: LearnedTerm) -> tuple[str, ...]:
    """Output names with the declared unit."""
    return tuple(label(name, term.unit) for name in term.outputs)


def axis_labels(model: Model) -> tuple[str, ...]:
    """Names of the space axes with the declared unit."""
    return tuple(label(axis.name, axis.unit) for axis in model.axes)


def channel_unit(model: Model, name: str) -> str | None:
    """Unit of a channel, as declared where it is a state's own."""
    channel = model.data_channel(name)
    declared = next((f.unit for f in model.fields if f.name == channel.field), None)
    return _unit(model, ChannelRef(name)) if channel.velocity else declared


def rate_unit(model: Model, name: str) -> str | None:
    """Unit of a channel's rate of change."""
    factors: Factors = expression_unit(model, ChannelRef(name)).copy()
    factors.subtract(unit_factors(model.time_unit))
    return unit_text(factors) if any(factors.values()) else None


def _unit(model: Model, expr: Expr) -> str | None:
    factors = expression_unit(model, expr)
    if isinstance(expr, ChannelRef) and not model.channel(expr.channel).velocity:
        return channel_unit(model, expr.channel)
    return unit_text(factors) if factors else None
