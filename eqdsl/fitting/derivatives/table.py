"""The methods by name."""

from __future__ import annotations

from eqdsl.fitting.derivatives.base import DerivativeMethod, Measured
from eqdsl.fitting.derivatives.differences import Differences
from eqdsl.fitting.derivatives.polynomials import Polynomials
from eqdsl.fitting.derivatives.weak import WeakForm

METHODS: dict[str, type[DerivativeMethod]] = {
    "differences": Differences,
    "polynomials": Polynomials,
    "weak": WeakForm,
}


def derivative_method(name: str, measured: Measured) -> DerivativeMethod:
    """The method of that name; ``auto`` is the weak form where the data show noise, else differences."""
    if name == "auto":
        name = "weak" if measured.noise.shows else "differences"
    return METHODS[name](measured)
