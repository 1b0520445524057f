"""Constraints of a learned term that could hold together, but not by the constructions that there are."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.model.learned_terms import Constraint, DivergenceFree, Monotone, Parity, Pinned, Range, ZeroMean
from eqdsl.model.text import number_text


def incompatible(
    pinned: Sequence[Pinned], ranges: dict[int, Range], others: Sequence[Constraint], names: Sequence[str]
) -> str | None:
    """Why constraints cannot be built in together, or None.

    Values at points are built in by subtracting the function at other inputs, ranges by an increasing map, parity by
    a mean over mirror images; what is monotone stays so only under some of these. Means are taken off last.
    """
    every: list[Constraint] = [*pinned, *ranges.values(), *others]
    if len(every) > 1 and any(isinstance(c, DivergenceFree) for c in every):
        return "`div(w) = 0` stands alone, for it mixes the values of neighbouring points"
    for mean in (c for c in others if isinstance(c, ZeroMean)):
        if any(isinstance(c, Pinned | Range) and c.output == mean.output for c in every):
            return "subtracting the mean shifts all values"
        if any(isinstance(c, Parity) and c.odd for c in others):
            return "subtracting the mean shifts all values, an odd function's too"
    for rule in (c for c in others if isinstance(c, Monotone)):
        reason = _of_monotone(rule.input, names[rule.input], pinned, ranges, others)
        if reason is not None:
            return reason
    return None


def _of_monotone(
    number: int, name: str, pinned: Sequence[Pinned], ranges: dict[int, Range], others: Sequence[Constraint]
) -> str | None:
    """Why a function of these values cannot be monotone in input `number` as well."""
    mirrored = any(isinstance(c, Parity) and c.input == number for c in others)
    places: dict[int, float] = {}
    for face in pinned:
        at = dict(face.at).get(number)
        if at is None:
            return f"in `{name}` it can be monotone only if each value at a point fixes `{name}`"
        if places.setdefault(face.output, at) != at or (mirrored and at):
            return f"in `{name}` it can be monotone only if all values are given at one `{name}`"
        limits = ranges.get(face.output)
        if limits is not None and face.value in (limits.lower, limits.upper):
            return f"monotone in `{name}`, it cannot be held at the end {number_text(face.value)} of its range"
    return None
