"""What the data and the learned terms together leave open about the parameters, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch

from eqdsl.inspection.combinations import Change, determined
from eqdsl.inspection.directions import IMITATED, Directions, directions
from eqdsl.inspection.parameters import is_at_bound
from eqdsl.inspection.sensitivity import Sensitivity
from eqdsl.inspection.visited import Visited
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.expr import Diff, FluxDiff, ParamRef
from eqdsl.model.facts import facts_of, nodes_of
from eqdsl.model.model import NEIGHBOURHOOD, LearnedTerm, Model

FRAMES = 256
"""Frames on which a product is told from a sum."""

PART = 0.05
"""Share of a parameter's effect from which on a learned term has a part in imitating it."""


@dataclass(frozen=True)
class Identifiability:
    """Rank and reasons.

    Parameters
    ----------
    parameters : tuple of str
        The fitted numbers.
    rank : int
        How many combinations of them the data decide, learned terms given.
    combinations : tuple of str
        What is determined where single parameters are not.
    sentences : tuple of str
        What is not determined, why, and what to do.
    """

    parameters: tuple[str, ...]
    rank: int
    combinations: tuple[str, ...]
    sentences: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Numbers and sentences."""
        return {
            "rank": self.rank, "of": len(self.parameters), "combinations": list(self.combinations),
            "undetermined": list(self.sentences),
        }  # fmt: skip

    def as_lines(self) -> list[str]:
        """The rank, then the sentences."""
        if not self.parameters:
            return []
        count = len(self.parameters)
        decided = {0: "none of them", 1: "one number"}.get(self.rank, f"{self.rank} combinations")
        if count == 1:
            decided = self.parameters[0]
        if self.rank == count:
            decided = "each of them" if count > 1 else decided
        verb = "do not decide" if count == 1 and not self.rank else "decide"
        return [f"rank {self.rank} of {count}: the data {verb} {decided}", *self.sentences]


def identifiability(
    field: VectorField, visited: Visited, found: Sensitivity, values: Mapping[str, float]
) -> Identifiability:
    """Name what is determined and what is not.

    Parameters
    ----------
    field : VectorField
    visited : Visited
    found : Sensitivity
        Of both.
    values : mapping of str to float
        The fitted numbers.
    """
    sorted_out = directions(found)
    change = _change(field, visited, sorted_out)
    silent = _groups(sorted_out.names, values, sorted_out.no_effect, sorted_out.involved[0], change)
    # What learned terms take over changes the equations before they do: sums are named.
    imitated = _groups(sorted_out.names, values, sorted_out.imitated, sorted_out.involved[1], lambda moved: 1.0)
    bounds = {p.name: (p.lower, p.upper) for p in field.model.parameters}
    # On its bound a parameter stands still whatever the data say; that it is there is said elsewhere.
    silent = [g for g in silent if len(g[0]) > 1 or not is_at_bound(values[g[0][0]], *bounds[g[0][0]])]
    sentences = [*_without_effect(silent, _outside_equations(field.model)), *_taken_over(imitated, field.model, found)]
    combinations = [text for _, texts in (*silent, *imitated) for text in texts]
    return Identifiability(sorted_out.names, sorted_out.rank, tuple(combinations), tuple(sentences))


Group = tuple[tuple[str, ...], tuple[str, ...]]
"""Parameters that may move together, and the combinations of them that are determined."""


def _groups(
    names: Sequence[str], values: Mapping[str, float], free: np.ndarray, involved: np.ndarray, change: Change
) -> list[Group]:
    """Each parameter about which nothing is known alone, the others with what is known."""
    if not free.shape[1]:
        return []
    texts = determined(names, values, free, involved, change)
    group = tuple(name for name, part in zip(names, involved, strict=True) if part)
    return [(group, texts)] if texts else [((name,), ()) for name in group]


def _outside_equations(model: Model) -> frozenset[str]:
    """Parameters that initial values or what is observed depend on: the effects looked at here are on the equations."""
    table = facts_of(model)
    starts = [value.expr for value in model.initial if value.expr is not None]
    expressions = [*starts, *(part for seen in model.observations for part in seen.components)]
    return frozenset(node.name for expr in expressions for node in nodes_of(expr, table) if isinstance(node, ParamRef))


def _without_effect(groups: Sequence[Group], outside: frozenset[str]) -> Iterator[str]:
    for names, texts in groups:
        if texts:
            yield (
                f"{listed(names)}: these data determine only {listed(texts)}. Fix {_others(names, texts)} in the "
                "model file, or add data in which they act apart."
            )
        elif names[0] in outside:
            yield (
                f"{names[0]} acts on initial values or on what is observed, not on the equations, which alone are "
                "looked at here: whether the data decide it is not known."
            )
        else:
            yield f"{names[0]} has no effect on these data. Fix it, or add data in which it acts."


def _taken_over(groups: Sequence[Group], model: Model, found: Sensitivity) -> Iterator[str]:
    for names, texts in groups:
        terms = _blamed(names, found, model)
        what, remedy = _sight(names, terms, model)
        if texts:
            subject, fixed = f"of {listed(names)} only {listed(texts)} is determined by these data", "one of them"
        else:
            subject, fixed = f"{names[0]} is not determined by these data", names[0]
        yield f"{subject} together with {what}; {remedy} or fix {fixed}."


def _blamed(names: Sequence[str], found: Sensitivity, model: Model) -> list[LearnedTerm]:
    """The learned terms that imitate a parameter alone, else all that take part."""
    index = [found.names.index(name) for name in names]
    alone = [t for t in model.learned if t.name in found.by_term and max(found.by_term[t.name][index]) >= IMITATED]
    return alone[:1] or [
        t for t in model.learned if t.name in found.by_term and any(found.by_term[t.name][index] > 0.05)
    ]


def _sight(names: Sequence[str], terms: Sequence[LearnedTerm], model: Model) -> tuple[str, str]:
    """What the learned terms see of the parameters' effect, and what they should rather see."""
    if len(terms) != 1:
        calls = [f"`{_call(term)}`" for term in terms]
        return f"the learned terms {listed(calls)}", "let them see less"
    (term,) = terms
    channels, differentiated = _read_beside(names, model)
    facts = facts_of(model)
    seen = [
        text for text, expr in zip(term.input_names, term.inputs, strict=True) if facts.of(expr).channels & channels
    ]
    if term.family in NEIGHBOURHOOD and differentiated:
        return "a learned term that sees neighbours", f"declare `{_call(term)}` pointwise (`by mlp(32, 32)`)"
    if seen and len(seen) < len(term.inputs):
        rest = f"{term.name}({', '.join(text for text in term.input_names if text not in seen)})"
        return f"a learned term that sees {listed(seen)}", f"declare `{rest}` without {listed(seen)}"
    return f"the learned term `{_call(term)}`", "let it see less"


def _read_beside(names: Sequence[str], model: Model) -> tuple[frozenset[str], bool]:
    """Channels that stand in the terms of some parameters, and whether a derivative does."""
    facts = facts_of(model)
    exprs = [t.expr for e in model.equations for t in e.terms if facts.of(t.expr).parameters & set(names)]
    channels = frozenset[str]().union(*(facts.of(expr).channels for expr in exprs))
    return channels, any(isinstance(node, Diff | FluxDiff) for expr in exprs for node in nodes_of(expr, facts))


def _change(field: VectorField, visited: Visited, sorted_out: Directions) -> Change:
    """How much moved parameters change the right-hand sides, relative to their size; infinite outside the bounds."""
    if not sorted_out.no_effect.shape[1]:
        return lambda moved: 0.0
    sample = visited.thinned(FRAMES)
    ((driven, times, state),) = sample.batches(deepcopy(field), points=len(sample) * sample.cells)
    with torch.no_grad():
        before = driven(times, state)
    size = float(before.square().mean().sqrt()) or 1.0
    bounds = {p.name: (p.lower, p.upper) for p in field.model.parameters}
    start = {
        name: float(value.detach()) for name, value in driven.physical.values().items() if name in sorted_out.names
    }

    def change(moved: Mapping[str, float]) -> float:
        if any(not bounds[name][0] <= value <= bounds[name][1] for name, value in moved.items()):
            return float("inf")
        for name, value in {**start, **moved}.items():
            driven.physical.set_value(name, value)
        with torch.no_grad():
            return float((driven(times, state) - before).square().mean().sqrt()) / size

    return change


def _call(term: LearnedTerm) -> str:
    return f"{term.name}({', '.join(term.input_names)})"


def _others(names: Sequence[str], texts: Sequence[str]) -> str:
    count = len(names) - len(texts)
    return "one of them" if count == 1 else f"{count} of them"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
