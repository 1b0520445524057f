"""Values at points and parity by construction, as a signed sum of the free function at other inputs.

A face ``A`` fixes some inputs, ``x_i = a_i``; ``pi_A x`` is x with these put in place. From a free function g,

- one face, value v:  ``f(x) = g(x) - (g(pi_A x) - v)``;
- face by face: ``f <- f - w (f o pi_A - v)``. The weight w is 1 where A meets the earlier faces (their values then
  agree on A too, which is inclusion and exclusion), and a product of ``(x_i - b_i)/(a_i - b_i)`` where it misses them
  (Lagrange interpolation);
- parity: ``f <- (f +- f o R)/2`` with R the reflection of one input, after the faces were mirrored too.

All of it is linear in g, so it is compiled once, into a list of `Contribution`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.core.errors import UsageError
from eqdsl.model.learned_terms import Constraint, Parity, Pinned, Range

MOST_CONTRIBUTIONS = 512
"""A sum of more terms than this costs more than any learned term is worth."""

Factor = tuple[int, float, float]
"""``(input, root, width)`` stands for ``(x_input - root)/width``."""

Factors = tuple[Factor, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the free function is evaluated: ``x_i * factor_i + offset_i``."""

    factor: tuple[float, ...]
    offset: tuple[float, ...]

    @property
    def constant(self) -> bool:
        """Whether it does not depend on x."""
        return not any(self.factor)


@dataclass(frozen=True, slots=True)
class Face:
    """Inputs with fixed values, in order, and the value of the function there."""

    at: tuple[tuple[int, float], ...]
    value: float


Source = Place | float
"""What a contribution multiplies: the free function at a place, or a pinned value."""

Sum = dict[tuple[Source, Factors], float]
"""Coefficient by source and factors."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """``coefficient * prod (x_i - root)/width * source``."""

    source: Source
    factors: Factors
    coefficient: float


def compile_output(inputs: int, output: int, constraints: Sequence[Constraint]) -> tuple[Contribution, ...]:
    """One output as a sum over the free function; values on the end of a range are left to the range.

    Raises
    ------
    UsageError
        The constraints contradict each other, or there are too many to build in.
    """
    parities = [c for c in constraints if isinstance(c, Parity)]
    limits = range_of(output, constraints)
    faces = [face for face in faces_of(output, constraints) if not on_end(face, limits)]
    for face in faces:
        if limits is not None and not limits.lower < face.value < limits.upper:
            raise UsageError(
                f"the pinned value {face.value:g} lies outside the range [{limits.lower:g}, {limits.upper:g}]",
                help="leave one of them out",
            )
    identity = Place((1.0,) * inputs, (0.0,) * inputs)
    total: Sum = {(identity, ()): 1.0}
    for number, face in enumerate(faces):
        total = _pin(total, face, faces[:number])
        _check_size(total)
    for parity in parities:
        total = _symmetrise(total, parity)
        _check_size(total)
    return tuple(Contribution(source, factors, c) for (source, factors), c in total.items())


def range_of(output: int, constraints: Sequence[Constraint]) -> Range | None:
    """The range of an output; an odd function has a range symmetric about zero."""
    found = next((c for c in constraints if isinstance(c, Range) and c.output == output), None)
    if found is None or not any(isinstance(c, Parity) and c.odd for c in constraints):
        return found
    bound = min(-found.lower, found.upper)
    if bound <= 0:
        raise UsageError("an odd function has values of both signs", help="leave out the range or `odd`")
    return Range(output, -bound, bound)


def faces_of(output: int, constraints: Sequence[Constraint]) -> list[Face]:
    """The faces of one output, mirrored by the parities, without those that others contain.

    Raises
    ------
    UsageError
        Two faces meet and have different values.
    """
    faces = [Face(tuple(sorted(c.at)), c.value) for c in constraints if isinstance(c, Pinned) and c.output == output]
    for parity in (c for c in constraints if isinstance(c, Parity)):
        faces += [_mirrored(face, parity) for face in faces]
    distinct = [f for f in dict.fromkeys(faces) if not any(_contains(g, f) for g in faces if g != f)]
    for number, face in enumerate(faces):
        for other in faces[:number]:
            if _meet(face, other) and face.value != other.value:
                raise UsageError(
                    f"a learned term cannot be {other.value:g} and {face.value:g} where two of its pinned faces meet",
                    help="leave one of them out",
                )
    return distinct


def on_end(face: Face, limits: Range | None) -> bool:
    """Whether the value of a face is an end of the range, which no smooth one-to-one map of the line reaches."""
    return limits is not None and face.value in (limits.lower, limits.upper)


def _mirrored(face: Face, parity: Parity) -> Face:
    touched = any(i == parity.input for i, _ in face.at)
    at = tuple((i, 0.0 - a if i == parity.input else a) for i, a in face.at)
    # A face that leaves the reflected input free is its own mirror image: an odd function on it is odd in that input,
    # hence constant only if zero.
    if not touched and parity.odd and face.value:
        raise UsageError("an odd function cannot have one value other than 0 on both sides", help="leave out `odd`")
    return Face(at, (0.0 - face.value) if parity.odd else face.value)


def _contains(larger: Face, smaller: Face) -> bool:
    return set(larger.at) < set(smaller.at)


def _meet(left: Face, right: Face) -> bool:
    fixed = dict(left.at)
    return all(fixed.get(i, a) == a for i, a in right.at)


def _pin(total: Sum, face: Face, earlier: Sequence[Face]) -> Sum:
    """``f - w * (f o pi - value)``."""
    weight: set[Factor] = set()
    fixed = dict(face.at)
    for other in earlier:
        if not _meet(face, other):
            i, root = next((i, a) for i, a in other.at if i in fixed and fixed[i] != a)
            weight.add((i, root, fixed[i] - root))
    slope = {i: 0.0 for i, _ in face.at}
    result = dict(total)
    for (source, factors), coefficient in _composed(total, slope, fixed).items():
        _add(result, source, (*factors, *weight), -coefficient)
    _add(result, face.value, tuple(weight), 1.0)
    return result


def _symmetrise(total: Sum, parity: Parity) -> Sum:
    """``(f + f o R)/2``, with a minus sign when odd."""
    sign = -0.5 if parity.odd else 0.5
    result: Sum = {key: 0.5 * c for key, c in total.items()}
    for (source, factors), coefficient in _composed(total, {parity.input: -1.0}, {}).items():
        _add(result, source, factors, sign * coefficient)
    return result


def _composed(total: Sum, slope: dict[int, float], shift: dict[int, float]) -> Sum:
    """``f o P`` for the map ``P x = slope * x + shift`` (1 and 0 where not listed)."""
    result: Sum = {}
    for (source, factors), coefficient in total.items():
        kept: list[Factor] = []
        for i, root, width in factors:
            m, b = slope.get(i, 1.0), shift.get(i, 0.0)
            if m == 0.0:
                coefficient *= (b - root) / width
            else:
                kept.append((i, 0.0 + (root - b) / m, width / m))
        _add(result, _moved(source, slope, shift), tuple(kept), coefficient)
    return result


def _moved(source: Source, slope: dict[int, float], shift: dict[int, float]) -> Source:
    if not isinstance(source, Place):
        return source
    pairs = list(enumerate(zip(source.factor, source.offset, strict=True)))
    return Place(
        tuple(0.0 + f * slope.get(i, 1.0) for i, (f, _) in pairs),
        tuple(0.0 + f * shift.get(i, 0.0) + o for i, (f, o) in pairs),
    )


def _add(total: Sum, source: Source, factors: Factors, coefficient: float) -> None:
    """Add one contribution; those that cancel, and pinned zeros, are left out."""
    if source == 0.0 and not isinstance(source, Place):
        return
    key = (source, tuple(sorted(factors)))
    value = total.pop(key, 0.0) + coefficient
    if value:
        total[key] = value


def _check_size(total: Sum) -> None:
    if len(total) > MOST_CONTRIBUTIONS:
        raise UsageError("too many constraints on one learned term", help="keep those that matter most")
