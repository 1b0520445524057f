r"""Fitted parameters: values, whether a bound holds them, and how far each could move.

Two kinds of interval, and the words say which one stands there:

* The learned terms can imitate what the parameter does (`absorbed` >= `IMITATED`). Then data cannot tell the two apart
  and only the norm decides: with ``theta -> theta + d`` they have to become ``a - B d``, of mean square
  ``N(d) = <a,a> - 2 d.c + d.G d`` with ``G = <B,B>``, ``c = <B,a>``. The interval is where ``N <= (1 + RISE) N(0)``,
  the other imitated parameters moving along; it is centred on the projection ``d* = G^-1 c``, whose distance from the
  fitted value is the bias of a norm-minimal fit.
* They cannot. Then the interval is where the forecast error over one data interval rises by at most `RISE`:
  ``mean(e d)^2 <= RISE*sigma^2``, with ``e`` the part of the effect that the learned terms cannot absorb, ``sigma^2``
  the mean square of (data - forecast)/interval, the other parameters moving along.

Neither is a confidence interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from eqdsl.inspection.sensitivity import Sensitivity
from eqdsl.lowering.members import Members
from eqdsl.model.model import Model, Parameter

IMITATED = 0.95
RISE = 0.05
NEAR_BOUND = 1e-3
"""Distance to a bound, relative to the bounds' distance (or the value's size), that counts as being there."""

CONFUSED = 1e-6
"""Ratio of eigenvalues of the parameters' scaled Gram matrix below which some combination is not determined."""


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
        The interval that `meaning` explains; None when none could be computed.
    absorbed : float or None
        Share of the parameter's effect on the data's states that learned terms can imitate.
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
    own: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Interval:
    """Changes of a parameter; `best` is that of the norm-minimal split (None where the misfit decides)."""

    below: float
    above: float
    best: float | None = None
    saved: float = 0.0


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
    norm = norm_intervals(found)
    misfit = misfit_intervals(found, forecast_error) if forecast_error is not None else {}
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
        interval = norm.get(parameter.name) or misfit.get(parameter.name)
        rows.append(_row(parameter, float(values[parameter.name]), interval, found))
    return tuple(rows)


def norm_intervals(found: Sensitivity) -> dict[str, Interval]:
    """Intervals of the parameters that learned terms can imitate."""
    chosen = [i for i, share in enumerate(found.absorbed) if share >= IMITATED]
    norm = float(np.mean(found.learned**2))
    if not chosen or norm == 0.0:
        return {}
    effects = found.effects[:, chosen]
    gram = effects.T @ effects / len(effects)
    inverse = np.linalg.pinv(gram, hermitian=True)
    best = inverse @ (effects.T @ found.learned / len(effects))
    least = norm - float(best @ gram @ best)
    widths = np.sqrt(np.maximum(np.diag(inverse) * ((1 + RISE) * norm - least), 0))
    return {
        found.names[index]: Interval(float(b - w), float(b + w), float(b), 1 - least / norm)
        for index, b, w in zip(chosen, best, widths, strict=True)
    }


def misfit_intervals(found: Sensitivity, forecast_error: float) -> dict[str, Interval]:
    """Intervals of the parameters whose effect the learned terms cannot imitate."""
    chosen = [i for i, share in enumerate(found.absorbed) if share < IMITATED and np.any(found.left[:, i])]
    if not chosen:
        return {}
    left = found.left[:, chosen]
    inverse = np.linalg.pinv(left.T @ left / len(left), hermitian=True)
    widths = np.sqrt(np.maximum(RISE * forecast_error * np.diag(inverse), 0))
    return {found.names[i]: Interval(-float(w), float(w)) for i, w in zip(chosen, widths, strict=True)}


def confused(found: Sensitivity) -> tuple[str, ...]:
    """Parameters of which some combination has no effect of its own, or none."""
    size = np.linalg.norm(found.effects, axis=0)
    silent = [name for name, norm in zip(found.names, size, strict=True) if norm == 0]
    seen = np.flatnonzero(size > 0)
    if seen.size > 1:
        scaled = found.effects[:, seen] / size[seen]
        eigenvalues, vectors = np.linalg.eigh(scaled.T @ scaled)
        if eigenvalues[0] < CONFUSED * eigenvalues[-1]:
            silent += [found.names[i] for i, part in zip(seen, vectors[:, 0], strict=True) if abs(part) > 0.1]
    return tuple(silent)


def _row(parameter: Parameter, value: float, interval: Interval | None, found: Sensitivity) -> ParameterReport:
    absorbed = float(found.absorbed[found.names.index(parameter.name)])
    low = high = None
    if interval is not None and math.isfinite(interval.below) and math.isfinite(interval.above):
        low = max(value + interval.below, parameter.lower)
        high = min(value + interval.above, parameter.upper)
    return ParameterReport(
        parameter.name,
        parameter.unit,
        value,
        parameter.value,
        parameter.lower,
        parameter.upper,
        is_at_bound(value, parameter.lower, parameter.upper),
        low,
        high,
        absorbed,
        _meaning(low, interval),
        _bias(parameter.name, value, interval),
    )


def _meaning(low: float | None, interval: Interval | None) -> str:
    if low is None or interval is None:
        return "low, high: no interval could be computed."
    if interval.best is None:
        return (
            f"low, high: within them the forecast over one data interval gets worse by at most {RISE:.0%} "
            "(linearised; learned terms compensate where they can). Not a confidence interval."
        )
    return (
        f"low, high: the learned terms can imitate this parameter, so the fit does not fix it; within them the "
        f"learned terms would grow by at most {RISE:.0%} in mean square on the data's states (linearised) at the "
        "same fit. Not a confidence interval."
    )


def _bias(name: str, value: float, interval: Interval | None) -> str:
    if interval is None or interval.best is None:
        return ""
    best = value + interval.best
    side = "above" if interval.best > 0 else "below"
    change = f", {abs(interval.best / value):.1%} {side} the fitted value" if value else ""
    return (
        f"{name}: of all splits that fit equally well, the one with the smallest learned part has {name} = "
        f"{best:.4g}{change}; its learned part is {interval.saved:.1%} smaller in mean square."
    )


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
