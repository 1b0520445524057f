"""The families a learned term can be built from, and the way from the model to the module."""

from __future__ import annotations

from eqdsl.core.errors import UsageError
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.conv import Conv
from eqdsl.learned.fno import Fno
from eqdsl.learned.library import Library
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.monotone import MonotoneMlp
from eqdsl.learned.poly import Poly
from eqdsl.learned.term import LearnedTermModule
from eqdsl.learned.unet import Unet
from eqdsl.model.model import LearnedTerm, Monotone, Parity, Pinned, Range

FAMILIES: dict[str, type[LearnedFamily]] = {
    "mlp": Mlp,
    "poly": Poly,
    "library": Library,
    "conv": Conv,
    "unet": Unet,
    "fno": Fno,
}

MONOTONE: dict[str, type[LearnedFamily]] = {"mlp": MonotoneMlp}
"""Those that can be built monotone in some inputs, by the family they are a form of."""


def build_term(term: LearnedTerm, dimension: int, periodic: tuple[bool, ...] = ()) -> LearnedTermModule:
    """The module of a learned term, weights drawn from torch's global generator.

    Parameters
    ----------
    term : LearnedTerm
    dimension : int
        Number of space axes of the model.
    periodic : tuple of bool
        Which of them are; all when left out.

    Raises
    ------
    UsageError
        The family is unknown, or its options or the constraints cannot be used.
    """
    if term.family not in FAMILIES:
        raise UsageError(f"there is no family `{term.family}`", help=f"write one of {', '.join(FAMILIES)}")
    monotone = {c.input: 1 if c.increasing else -1 for c in term.constraints if isinstance(c, Monotone)}
    families = MONOTONE if monotone else FAMILIES
    if term.family not in families:
        raise UsageError(f"a `{term.family}` cannot be monotone", help="take `by mlp(64, 64)`")
    spec = FamilySpec(
        len(term.inputs),
        term.free_outputs,
        dimension,
        term.options,
        term.input_names,
        monotone,
        periodic or (True,) * dimension,
    )
    # A mean or a divergence of zero is made from the module's outputs over the whole grid: `lowering/constrained.py`.
    declared = len(term.outputs) if term.of_stream_function else None
    pointwise = tuple(c for c in term.constraints if isinstance(c, Pinned | Range | Parity))
    try:
        family = families[term.family](spec)
        return LearnedTermModule(family, pointwise, spec.inputs, spec.outputs, declared)
    except UsageError as problem:
        raise UsageError(f"learned term `{term.name}`: {problem.message}", help=problem.help) from None
