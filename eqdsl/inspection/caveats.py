"""What the numbers of an inspection do not say, in words. Each sentence stands only where it applies."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.inspection.identifiability import listed
from eqdsl.inspection.ledger import Ledger
from eqdsl.inspection.parameters import ParameterReport
from eqdsl.model.model import Model

DOMINANT = 0.5
"""Learned over total mean square above which the known part hardly explains an equation."""


def caveats(
    model: Model,
    parameters: Sequence[ParameterReport],
    ledger: Ledger,
    trouble: Sequence[str],
    part: str,
) -> tuple[str, ...]:
    """Sentences for the reader of a report.

    Parameters
    ----------
    trouble : sequence of str
        That the fit stagnated, what kept rollouts from being compared, or pictures from being drawn.
    part : str
        Which stored trajectories the rollouts are compared on, a key of `eqdsl.inspection.wording.PARTS`.
    """
    found = []
    if model.acting:
        found.append(
            "The split into known and learned is a projection: the learned part is the smallest, in mean square over "
            "the states of these data, that fits them. Other data or another norm give another split."
        )
        found.append(
            "Learned functions are trustworthy only where data visited them; beyond that range their values are "
            "extrapolation. A distilled formula inherits this."
        )
    held = [p.name for p in parameters if p.at_bound]
    if held:
        found.append(f"{listed(held)}: at a bound of the model file. The bound, not the data, sets the value.")
    for equation in ledger.equations:
        if equation.learned_ratio > DOMINANT and any(not term.learned for term in equation.terms):
            found.append(
                f"d {equation.channel}/dt: the learned part's mean square is {equation.learned_ratio:.0%} of "
                "the right-hand side's; the known part explains little of it."
            )
    if ledger.skipped:
        found.append(f"{ledger.skipped} frames have missing values and were left out of the averages over states.")
    if part == "train":
        found.append("No trajectory was held out: the errors of rollouts are those on training data.")
    if part == "validation":
        found.append(
            "The errors of rollouts are those on validation trajectories, which chose the best weights. For an error "
            "that nothing was chosen by, fit with `--set data.test=0.1`."
        )
    return (*found, *trouble)
