r"""Fitted parameters: values, whether a bound holds them, and how far each could move.

What decides a parameter (`directions`) decides its range, and the words say which one stands there:

* *The norm*: learned terms can imitate what it does. Of all splits that fit equally well the fit wants the one of
  smallest norm. With the parameters moved by d along the imitated directions that norm is
  ``N(d) = |o + E d|^2``, a parabola, and the range is where ``N(d) <= (1 + rise) min N``. It is centred on the
  projection ``d* = -(E'E)^-1 E'o``, whose distance from the truth is the bias of an exactly norm-minimal fit: the known
  part explains of the truth's learned part whatever it can imitate (aphynity: the metric projection).
* *The misfit*: the range is where the forecast error over one data interval rises by at most `rise`,
  ``mean(e d)^2 <= rise*sigma^2``, with ``e`` the part of the effect that learned terms cannot absorb, ``sigma^2`` the
  mean square of (data - forecast)/interval.
* *Nothing*: some combination with it has no effect. There is no range.

The other parameters move along. None is a confidence interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from eqdsl.inspection.directions import Directions, directions
from eqdsl.inspection.sensitivity import Sensitivity
from eqdsl.lowering.members import Members
from eqdsl.model.model import Model, Parameter

RISES = (0.01, 0.05)
"""Rises of the norm, or of the forecast error, at which ranges are told."""

NEAR_BOUND = 1e-3
"""Distance to a bound, relative to the bounds' distance (or the value's size), that counts as being there."""

NOT_LEAST = 0.01
"""Excess of a fit's norm over the smallest one from which on a sentence says so."""


@dataclass(frozen=True)
class ParameterReport:
    """A fitted parameter.

    Parameters
    ----------
    value, start : float
        For a coefficient field the mean over the grid.
    lower, upper : float
        Bounds of the model file.
    low, high : float or None
        The widest range, that of the last of `RISES`, which `meaning` explains; None when none could be computed.
    ranges : tuple of (float, float)
        The range at each of `RISES`; empty when none could be computed.
    absorbed : float or None
        Share of the parameter's effect on the data's states that learned terms can imitate.
    parabola : (float, float) or None
        Value at which norm or misfit is smallest, and half the width at the last of `RISES`, bounds not minded.
    decided : str
        ``norm``, ``misfit`` or ``nothing``; empty for a coefficient field.
    bias : str
        A sentence about the norm-minimal value, or empty.
    own : dict of int to float
        By environment or trajectory, where each has a value; of a coefficient field the mean.
    """

    name: str
    unit: str | None
    value: float
    start: float
    lower: float
    upper: float
    at_bound: bool
    low: float | None
    high: float | None
    absorbed: float | None
    meaning: str
    bias: str = ""
    ranges: tuple[tuple[float, float], ...] = ()
    decided: str = ""
    parabola: tuple[float, float] | None = None
    own: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Interval:
    """Changes of a parameter: the middle of its range, and half of its width at each of `RISES`.

    Where the norm decides, `middle` is the norm-minimal change, and `excess` what the fit's norm is above the smallest.
    """

    middle: float
    widths: tuple[float, ...]
    excess: float = 0.0

    def ends(self, rise: float) -> tuple[float, float]:
        """The range at one of `RISES`."""
        width = self.widths[RISES.index(rise)]
        return self.middle - width, self.middle + width


def report_parameters(
    model: Model, values: dict[str, np.ndarray], found: Sensitivity, forecast_error: float | None,
    members: Members,
) -> tuple[ParameterReport, ...]:  # fmt: skip
    """Rows for all fitted parameters.

    Parameters
    ----------
    values : dict of str to ndarray
        Fitted values; shape () for numbers.
    found : Sensitivity
    forecast_error : float or None
        ``sigma^2``, from `eqdsl.inspection.forecast`; None when it could not be computed.
    members : Members
        Environments and trajectories with values of their own.
    """
    sorted_out = directions(found)
    norm = norm_intervals(found, sorted_out)
    misfit = misfit_intervals(found, sorted_out, forecast_error) if forecast_error is not None else {}
    rows = []
    for parameter in model.parameters:
        if not parameter.fitted:
            continue
        if parameter.per is not None:
            rows.append(_own_row(parameter, values[parameter.name], members.labels(parameter.per)))
            continue
        if parameter.axes:
            rows.append(_field_row(parameter, values[parameter.name]))
            continue
        index = found.names.index(parameter.name)
        kind = sorted_out.kind(index)
        interval = {"norm": norm, "misfit": misfit, "nothing": {}}[kind].get(parameter.name)
        absorbed = float(found.absorbed[index])
        rows.append(_row(parameter, float(values[parameter.name]), kind, interval, absorbed))
    return tuple(rows)


def norm_intervals(found: Sensitivity, sorted_out: Directions) -> dict[str, Interval]:
    """Intervals of the parameters that are part of an imitated direction, along all imitated directions."""
    basis = sorted_out.imitated
    if not basis.shape[1] or not np.any(found.outputs):
        return {}
    answers = found.answers @ basis
    gram = answers.T @ answers
    inverse = np.linalg.pinv(gram, hermitian=True)
    best = -inverse @ (answers.T @ found.outputs)
    norm = float(found.outputs @ found.outputs)
    least = max(norm - float(best @ gram @ best), 0.0)
    excess = norm / least - 1 if least > 0 else math.inf
    spread = np.einsum("ij,jk,ik->i", basis, inverse, basis)
    middle = basis @ best
    return {
        name: Interval(float(middle[i]), tuple(math.sqrt(max(rise * least * spread[i], 0.0)) for rise in RISES), excess)
        for i, name in enumerate(found.names)
        if sorted_out.kind(i) == "norm"
    }


def misfit_intervals(found: Sensitivity, sorted_out: Directions, forecast_error: float) -> dict[str, Interval]:
    """Intervals of the parameters that the misfit decides."""
    chosen = [i for i in range(len(found.names)) if sorted_out.kind(i) == "misfit" and np.any(found.left[:, i])]
    if not chosen:
        return {}
    left = found.left[:, chosen]
    spread = np.diag(np.linalg.pinv(left.T @ left / len(left), hermitian=True))
    return {
        found.names[i]: Interval(0.0, tuple(math.sqrt(max(rise * forecast_error * s, 0.0)) for rise in RISES))
        for i, s in zip(chosen, spread, strict=True)
    }


def _row(parameter: Parameter, value: float, kind: str, interval: Interval | None, absorbed: float) -> ParameterReport:
    lower, upper = parameter.lower, parameter.upper
    ranges: tuple[tuple[float, float], ...] = ()
    if interval is not None and all(map(math.isfinite, (interval.middle, *interval.widths))):
        ends = [interval.ends(rise) for rise in RISES]
        ranges = tuple(
            (_within(value + below, lower, upper), _within(value + above, lower, upper)) for below, above in ends
        )
    low, high = ranges[-1] if ranges else (None, None)
    return ParameterReport(
        parameter.name, parameter.unit, value, parameter.value, lower, upper, is_at_bound(value, lower, upper), low,
        high, absorbed, _meaning(kind, bool(ranges)),
        _bias(parameter.name, value, interval) if ranges and kind == "norm" and interval is not None else "",
        ranges, kind, (value + interval.middle, interval.widths[-1]) if ranges and interval is not None else None,
    )  # fmt: skip


def _within(value: float, lower: float, upper: float) -> float:
    return min(max(value, lower), upper)


def _meaning(kind: str, known: bool) -> str:
    if not known:
        return "–: no range could be computed."
    rises = " and ".join(f"{rise:.0%}" for rise in RISES)
    if kind == "misfit":
        return (
            f"Ranges: within them the forecast over one data interval gets worse by at most {rises} (linearised; "
            "learned terms compensate where they can). Not confidence intervals."
        )
    return (
        "Ranges: the learned terms can imitate this parameter, so the data do not fix it, only the norm does; within "
        f"them the smallest learned part that fits as well grows by at most {rises} in mean square (linearised). Not "
        "confidence intervals."
    )


def _bias(name: str, value: float, interval: Interval) -> str:
    best = value + interval.middle
    side = "above" if interval.middle > 0 else "below"
    change = f", {abs(interval.middle / value):.1%} {side} the fitted value" if value else ""
    text = (
        f"{name}: of all splits that fit equally well, the one with the smallest learned part has {name} = "
        f"{best:.4g}{change}"
    )
    if interval.excess > NOT_LEAST and math.isfinite(interval.excess):
        text += f"; the learned part of this fit is {interval.excess:.1%} larger in mean square"
    return text + ". That value is a projection: it is off the truth by what the learned part and this term share."


def is_at_bound(value: float, lower: float, upper: float) -> bool:
    """Whether a value lies at one of its bounds, to `NEAR_BOUND`."""
    size = upper - lower if math.isfinite(lower) and math.isfinite(upper) else max(abs(value), 1e-300)
    return value - lower <= NEAR_BOUND * size or upper - value <= NEAR_BOUND * size


def _field_row(parameter: Parameter, values: np.ndarray) -> ParameterReport:
    axes = ", ".join(parameter.axes)
    meaning = f"{parameter.name} is a field over ({axes}): value is its mean, low and high its extremes."
    low, high = float(values.min()), float(values.max())
    at_bound = is_at_bound(low, parameter.lower, parameter.upper) or is_at_bound(high, parameter.lower, parameter.upper)
    return ParameterReport(
        parameter.name,
        parameter.unit,
        float(values.mean()),
        parameter.value,
        parameter.lower,
        parameter.upper,
        at_bound,
        low,
        high,
        None,
        meaning,
    )


def _own_row(parameter: Parameter, values: np.ndarray, labels: tuple[int, ...]) -> ParameterReport:
    """A parameter with a value for each environment or trajectory, shape (N,) or (N, *S), or one for all."""
    row = _field_row(parameter, values)
    if not labels:
        said = (
            f"{parameter.name}: the data of the fit did not tell one {parameter.per} from another: one value for all."
        )
        return replace(row, low=None, high=None, meaning=said)
    own = values.reshape(len(values), -1).mean(axis=1)
    meaning = f"{parameter.name} is another one per {parameter.per}: value is their mean, low and high their extremes."
    return replace(row, meaning=meaning, own=dict(zip(labels, map(float, own), strict=True)))
