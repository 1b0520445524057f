"""Whether constraints of a learned term can hold together."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.model.learned_terms import Constraint, Monotone, Parity, Pinned, Range
from eqdsl.model.text import number_text


def contradiction(
    pinned: Sequence[Pinned], before: int, ranges: dict[int, Range], others: Sequence[Constraint]
) -> str | None:
    """Why constraints cannot hold together, or None; the pinned values up to `before` agree among themselves."""
    parities = [c for c in others if isinstance(c, Parity)]
    some_odd = any(p.odd for p in parities)
    for r in ranges.values():
        if r.lower >= r.upper:
            return f"nothing lies between {number_text(r.lower)} and {number_text(r.upper)}"
        if some_odd and not r.lower < 0 < r.upper:
            return "an odd function has values of both signs"
    for index, p in enumerate(pinned):
        allowed = ranges.get(p.output)
        if allowed is not None and not allowed.lower <= p.value <= allowed.upper:
            return f"the value {number_text(p.value)} lies outside the range"
        if allowed is not None and some_odd and not allowed.lower <= -p.value <= allowed.upper:
            return f"an odd function that takes {number_text(p.value)} also takes {number_text(-p.value)}"
        if index >= before and any(q.output == p.output and q.value != p.value and _meet(p, q) for q in pinned):
            return "two values at one point"
        if p.value and any(parity.odd and (parity.input, 0.0) in p.at for parity in parities):
            return "an odd function is 0 at 0"
    odd, even = ({p.input for p in parities if p.odd is flag} for flag in (True, False))
    if odd & even:
        return "odd and even in the same input"
    return _of_monotone([c for c in others if isinstance(c, Monotone)], odd, even)


def _of_monotone(monotone: Sequence[Monotone], odd: set[int], even: set[int]) -> str | None:
    """Why a monotone function would have to be a constant."""
    rising, falling = ({m.input for m in monotone if m.increasing is flag} for flag in (True, False))
    if rising & falling:
        return "increasing and decreasing in the same input"
    if even & (rising | falling):
        return "what is even in an input rises on one side and falls on the other"
    if any(odd - {number} for number in rising | falling):
        return "what is odd in one input and increases in another decreases in it at the mirror image"
    return None


def _meet(left: Pinned, right: Pinned) -> bool:
    """Whether some point belongs to both: no input is given two values."""
    values = dict(right.at)
    return all(values.get(number, value) == value for number, value in left.at)
