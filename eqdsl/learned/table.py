"""The families a learned term can be built from, and the way from the model to the module."""

from __future__ import annotations

from collections.abc import Callable

from eqdsl.core.errors import UsageError
from eqdsl.learned.adapting import Adapting
from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.conv import Conv
from eqdsl.learned.fno import Fno
from eqdsl.learned.library import Library
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.monotone import MonotoneMlp
from eqdsl.learned.per_environment import per_environment
from eqdsl.learned.poly import Poly
from eqdsl.learned.term import LearnedTermModule
from eqdsl.learned.unet import Unet
from eqdsl.model.learned_terms import ADAPTS, PER, LearnedTerm, Monotone, Parity, Pinned, Range

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


def build_term(
    term: LearnedTerm, dimension: int, environments: int = 1, periodic: tuple[bool, ...] = ()
) -> LearnedTermModule:
    """The module of a learned term, weights drawn from torch's global generator.

    Parameters
    ----------
    term : LearnedTerm
    dimension : int
        Number of space axes of the model.
    periodic : tuple of bool
        Which of them are; all when left out.
    environments : int
        Functions of a term that has one for each, or contexts of one that adapts.

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
        family = _family(term, lambda: families[term.family](spec), environments)
        return LearnedTermModule(family, pointwise, spec.inputs, spec.outputs, declared)
    except UsageError as problem:
        raise UsageError(f"learned term `{term.name}`: {problem.message}", help=problem.help) from None


def _family(term: LearnedTerm, make: Callable[[], LearnedFamily], environments: int) -> LearnedFamily:
    """The family of a term, over all environments."""
    if term.scope == PER:
        return per_environment(make, environments)
    if term.scope != ADAPTS:
        return make()
    networks = [n for n in (make() for _ in range(1 + int(str(term.options["context"])))) if isinstance(n, Mlp | Conv)]
    return Adapting(networks[0], networks[1:], environments, first_only=term.options["adapt"] == "first")
