"""What the values of one dataset must satisfy to be of use."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.core.unit_sizes import Size, size_of
from eqdsl.data.inventory import DatasetInfo
from eqdsl.data.mapping import map_option
from eqdsl.data.placement import Need


def value_problems(
    need: Need, dataset: str, values: np.ndarray, file: str, *, constant: bool = True
) -> Iterator[DataError]:
    """Errors in the values of a dataset: infinite, nothing but NaN, or one number everywhere.

    Parameters
    ----------
    values : ndarray, shape (B, T, ...)
    constant : bool
        Whether to look for a state that never changes; of no use on single frames.
    """
    infinite = np.isinf(values)
    if infinite.any():
        row, frame = np.argwhere(infinite)[0][:2]
        yield DataError(
            f"{int(infinite.sum())} of {values.size} values are infinite, the first in trajectory {row}, frame {frame}",
            file=file,
            dataset=dataset,
            help="write NaN where a value is missing, or end the trajectory before it diverges",
        )
        return
    if np.isnan(values).all():
        yield DataError(
            "all values are NaN",
            file=file,
            dataset=dataset,
            help=f"map `{need.name}` to another dataset: {map_option(need.name, 'DATASET')}",
        )
        return
    lowest, highest = float(np.nanmin(values)), float(np.nanmax(values))
    if constant and not need.velocity and lowest == highest:
        yield DataError(
            f"every value is {lowest:.6g}: a state that never changes says nothing about its equation",
            file=file,
            dataset=dataset,
            help=f"declare it as `param {need.field.name} = {lowest:.6g}`, or map `{need.name}` to another dataset",
        )


def bound_note(need: Need, dataset: str, values: np.ndarray) -> str | None:
    """A sentence when values lie outside the state's declared bounds, with how many."""
    if need.velocity:
        return None
    lower, upper = need.field.lower, need.field.upper
    if lower == -np.inf and upper == np.inf:
        return None
    below, above = int(np.sum(values < lower)), int(np.sum(values > upper))
    if not below + above:
        return None
    worst = float(np.nanmin(values)) if below else float(np.nanmax(values))
    return (
        f"`{dataset}`: {below + above} of {values.size} values lie outside the bounds [{lower:g}, {upper:g}] of "
        f"`{need.field.name}` (for example {worst:.6g})"
    )


def compared_units(info: DatasetInfo, declared: str, file: str) -> tuple[DataError | None, str | None]:
    """What is wrong with the unit of a dataset, or a sentence where that cannot be told."""
    units = str(info.units)
    if units.replace(" ", "") == declared.replace(" ", ""):
        return None, None
    theirs, ours = size_of(units), size_of(declared)
    if theirs is None or ours is None:
        note = f"`{info.name}` is in `{units}` in the file and `{declared}` in the model; its numbers are not converted"
        return None, note
    if theirs.dimensions != ours.dimensions:
        why = "which measure different things"
        help = f"map another dataset, or declare `: {units}` in the model"
    elif np.isclose(theirs.factor, ours.factor, rtol=1e-12) and theirs.offset == ours.offset:
        return None, None
    else:
        why = f"and numbers are not converted: {_conversion(theirs, ours, units, declared)}"
        help = f"declare `: {units}` in the model, or convert the numbers and the attribute `units`"
    message = f"is in `{units}` in the file and `{declared}` in the model, {why}"
    return DataError(message, file=file, dataset=info.name, help=help), None


def _conversion(theirs: Size, ours: Size, units: str, declared: str) -> str:
    """``1 km = 1000 m``, ``0 degC = 273.15 K``."""
    if theirs.offset != ours.offset:
        return f"0 {units} = {(theirs.offset - ours.offset) / ours.factor:.10g} {declared}"
    return f"1 {units} = {theirs.factor / ours.factor:.10g} {declared}"
