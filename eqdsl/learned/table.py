"""The families a learned term can be built from, and the way from the model to the module."""

from __future__ import annotations

from eqdsl.core.errors import UsageError
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.conv import Conv
from eqdsl.learned.library import Library
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.poly import Poly
from eqdsl.learned.term import LearnedTermModule
from eqdsl.model.model import LearnedTerm

FAMILIES: dict[str, type[LearnedFamily]] = {
    "mlp": Mlp,
    "poly": Poly,
    "library": Library,
    "conv": Conv,
}


def build_term(term: LearnedTerm, dimension: int) -> LearnedTermModule:
    """The module of a learned term, weights drawn from torch's global generator.

    Parameters
    ----------
    term : LearnedTerm
    dimension : int
        Number of space axes of the model.

    Raises
    ------
    UsageError
        The family is unknown, or its options or the constraints cannot be used.
    """
    if term.family not in FAMILIES:
        raise UsageError(f"there is no family `{term.family}`", help=f"write one of {', '.join(FAMILIES)}")
    spec = FamilySpec(len(term.inputs), len(term.outputs), dimension, term.options, term.input_names)
    try:
        return LearnedTermModule(FAMILIES[term.family](spec), term.constraints, spec.inputs, spec.outputs)
    except UsageError as problem:
        raise UsageError(f"learned term `{term.name}`: {problem.message}", help=problem.help) from None
