"""What the numbers of an inspection do not say, in words. Each sentence stands only where it applies."""

from __future__ import annotations

from collections.abc import Sequence

from eqdsl.inspection.ledger import Ledger
from eqdsl.inspection.parameters import IMITATED, ParameterReport
from eqdsl.model.model import Model

DOMINANT = 0.5
"""Learned over total mean square above which the known part hardly explains an equation."""


def caveats(
    model: Model,
    parameters: Sequence[ParameterReport],
    undetermined: Sequence[str],
    ledger: Ledger,
    trouble: Sequence[str],
    part: str,
) -> tuple[str, ...]:
    """Sentences for the reader of a report.

    Parameters
    ----------
    undetermined : sequence of str
        Parameters of which some combination has no effect on the data's states.
    trouble : sequence of str
        What kept rollouts from being compared, or pictures from being drawn.
    part : str
        Which stored trajectories the rollouts are compared on, a key of `eqdsl.inspection.wording.PARTS`.
    """
    found = []
    if model.learned:
        found.append(
            "The split into known and learned is a projection: the learned part is the smallest, in mean square over "
            "the states of these data, that fits them. Other data or another norm give another split."
        )
        found.append(
            "Learned functions are trustworthy only where data visited them; beyond that range their values are "
            "extrapolation. A distilled formula inherits this."
        )
    imitated = [p.name for p in parameters if p.absorbed is not None and p.absorbed >= IMITATED]
    if imitated:
        found.append(
            f"{_listed(imitated)}: a learned term sees enough to imitate what {_does(imitated)}. "
            "Only the norm fixes the value, and a perfect fit would be biased. Let the term see less (a pointwise term "
            "cannot imitate a derivative, a term of the velocity no force of the position) to determine it."
        )
    held = [p.name for p in parameters if p.at_bound]
    # On its bound a parameter stands still whatever the data say, which is what the next sentence tells.
    loose = [name for name in undetermined if name not in held]
    if loose:
        found.append(
            f"{_listed(loose)}: some combination has no effect on the data's states, so they do not determine it."
        )
    if held:
        found.append(f"{_listed(held)}: at a bound of the model file. The bound, not the data, sets the value.")
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


def _does(names: Sequence[str]) -> str:
    return "this parameter does" if len(names) == 1 else "these parameters do"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
