"""The search for formulas: first drafts from the network's values, the choice and the coefficients from the data.

For each output: the drafts closest to the network are tried on the data; around the best of them the rollouts are
linearised in the coefficients of the *whole* library, and the best subsets of that linear problem are tried as well.
So a term that the network's own error has hidden or feigned is found or dropped by what the data say. Where there are
several outputs the search is repeated for each, with the formulas of the others in place of their networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from eqdsl.core.errors import ComputationError
from eqdsl.inspection.data_fit import DataFit, Place
from eqdsl.inspection.formula import (
    EXACT,
    FLOOR,
    PRICE,
    Draft,
    Formula,
    finished,
    formula_drafts,
    libraries,
    score,
    shortest,
    subset_drafts,
)
from eqdsl.inspection.library import Candidate
from eqdsl.inspection.response import Response

DEGREE = 3
"""Total degree of the polynomial library."""
TRIAL_STEPS, FINAL_STEPS = 1, 4
"""Gauss-Newton steps for each draft, and for the chosen ones together."""


def find_formulas(responses: Mapping[str, Response], data: DataFit | None) -> dict[str, tuple[Formula, ...]]:
    """A formula for each output of each pointwise term, by term.

    With data, each draft is tried in the network's place while the other outputs stay networks, and the chosen ones
    get their coefficients together. Without, or where rollouts fail, a formula is what is closest to the network.

    Parameters
    ----------
    responses : mapping
        Of pointwise terms, from `learned_responses`.
    data : DataFit or None
    """
    sought = [_Sought(r, index) for r in responses.values() for index in range(len(r.term.outputs))]
    drafts = [s.first(data) for s in sought]
    if data is not None and drafts:
        for number, s in enumerate(sought if len(sought) > 1 else []):
            drafts[number] = s.again(drafts[number], _given(sought, drafts, number, data))
        drafts = _together(sought, drafts, data)
    formulas: dict[str, tuple[Formula, ...]] = {}
    for s, draft in zip(sought, drafts, strict=True):
        formula = finished(draft, s.inputs, s.values, s.response.term.input_names)
        formulas[s.response.term.name] = (*formulas.get(s.response.term.name, ()), formula)
    return formulas


class _Sought:
    """One output for which a formula is sought."""

    def __init__(self, response: Response, output: int) -> None:
        self.response, self.output = response, output
        self.inputs, self.values = response.inputs, response.outputs[:, output]
        self.libraries = libraries(self.inputs, degree=DEGREE, constraints=response.term.constraints, output=output)

    def first(self, data: DataFit | None) -> Draft:
        """The shortest adequate draft while the other outputs are networks."""
        drafts = formula_drafts(self.inputs, self.values, self.libraries)
        tried = self._tried(drafts, data) if data is not None else []
        if data is None or not tried:
            return shortest(drafts, floor=FLOOR)
        return self.again(shortest(tried, floor=EXACT), data)

    def again(self, draft: Draft, data: DataFit) -> Draft:
        """The shortest adequate draft of those that the data themselves suggest around a good one."""
        tried = self._tried([draft], data) + self._tried(self._redrafted(draft, data), data)
        return shortest(tried, floor=EXACT) if tried else draft

    def place(self, candidates: tuple[Candidate, ...]) -> Place:
        """Where a formula stands; a coefficient is as large as the output is over its column."""
        sizes = [np.sqrt(np.mean(candidate.evaluate(self.inputs) ** 2)) or 1.0 for candidate in candidates]
        spread = float(np.sqrt(np.mean(self.values**2))) or 1.0
        return Place(self.response.term.name, self.output, candidates, spread / np.array(sizes))

    def _tried(self, drafts: list[Draft], data: DataFit) -> list[Draft]:
        """The drafts worth trying, with coefficients and unexplained shares from the data.

        The share is that of the misfit which is left when the output is zero. The search ends when a dearer draft
        could not win even if it left nothing.
        """
        nothing = _misfit_without(data, [self])
        found: list[Draft] = []
        for draft in _front(drafts) if nothing else []:
            if found and min(map(score, found)) < np.log10(EXACT) + PRICE * draft.cost:
                break
            try:
                result = data.best([self.place(draft.candidates)], draft.coefficients, iterations=TRIAL_STEPS)
            except ComputationError:
                continue
            if nothing and np.isfinite(result.misfit):
                slopes = result.slopes / np.sqrt(nothing)
                found.append(Draft(draft.candidates, result.coefficients, result.misfit / nothing, slopes))
        return found

    def _redrafted(self, draft: Draft, data: DataFit) -> list[Draft]:
        """Drafts from the data alone: subsets of the library in the rollouts linearised around a good draft."""
        library = self.libraries[-1]
        known = dict(zip(draft.candidates, draft.coefficients, strict=True))
        at = np.array([known.get(candidate, 0.0) for candidate in library])
        place = self.place(library)
        try:
            residual = data.residuals([place], at[None])[0]
            slopes = data.slopes([place], at, residual)
        except ComputationError:
            return []
        if not (np.isfinite(residual).all() and np.isfinite(slopes).all()):
            return []
        wanted = slopes @ at - residual
        columns = {part: slopes[:, [library.index(c) for c in part]] for part in self.libraries}
        return subset_drafts(columns, wanted, float(np.mean(wanted**2)) or 1.0)


def _front(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts that no cheaper one beats, the cheapest first."""
    front: list[Draft] = []
    for draft in drafts:
        if not front or draft.unexplained < front[-1].unexplained:
            front.append(draft)
    return front


def _given(sought: Sequence[_Sought], drafts: Sequence[Draft], number: int, data: DataFit) -> DataFit:
    """The data as judge of one output while all others are formulas: no network's error is in the way."""
    others = [(s, d) for i, (s, d) in enumerate(zip(sought, drafts, strict=True)) if i != number]
    places = [s.place(d.candidates) for s, d in others]
    return data.given(places, np.concatenate([d.coefficients for _, d in others]))


def _together(sought: Sequence[_Sought], drafts: list[Draft], data: DataFit) -> list[Draft]:
    """Coefficients of all formulas at once, none standing beside the network's errors any more."""
    nothing = _misfit_without(data, sought)
    places = [s.place(draft.candidates) for s, draft in zip(sought, drafts, strict=True)]
    start = np.concatenate([draft.coefficients for draft in drafts])
    try:
        result = data.best(places, start, iterations=FINAL_STEPS)
    except ComputationError:
        return drafts
    if nothing is None or not np.isfinite(result.misfit):
        return drafts
    ends = np.cumsum([len(p.candidates) for p in places])[:-1]
    coefficients, slopes = np.split(result.coefficients, ends), np.split(result.slopes / np.sqrt(nothing), ends)
    return [
        replace(draft, coefficients=c, unexplained=result.misfit / nothing, slopes=s)
        for draft, c, s in zip(drafts, coefficients, slopes, strict=True)
    ]


def _misfit_without(data: DataFit, sought: Sequence[_Sought]) -> float | None:
    """The misfit with these outputs at zero; None where that says nothing."""
    try:
        misfit = data.best([s.place(()) for s in sought], np.zeros(0), iterations=0).misfit
    except ComputationError:
        return None
    return misfit if 0 < misfit < np.inf else None
