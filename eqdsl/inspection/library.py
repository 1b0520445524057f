"""Candidate functions for distillation: monomials of the inputs, and a few functions of one input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from types import MappingProxyType

import numpy as np

from eqdsl.model.learned_terms import Constraint, Parity, Pinned

FUNCTIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "sin({bare})": np.sin,
        "cos({bare})": np.cos,
        "exp({bare})": np.exp,
        "tanh({bare})": np.tanh,
        "abs({bare})": np.abs,
        "{atom}*abs({bare})": lambda x: x * np.abs(x),
    }
)
"""Functions of one input by the text they are written with (`bare`: without the parentheses a factor needs)."""

FUNCTION_COST = 4
"""What a function counts in the complexity of a formula; a monomial counts one more than its degree."""

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Candidate:
    """One column of the library.

    Parameters
    ----------
    powers : tuple of int
        Exponent of each input; all zero for the constant.
    function : str, optional
        A key of `FUNCTIONS`, applied to the one input whose power is 1.
    """

    powers: tuple[int, ...]
    function: str | None = None

    @property
    def cost(self) -> int:
        """Share in the complexity of a formula."""
        return FUNCTION_COST if self.function else 1 + sum(self.powers)

    def evaluate(self, inputs: np.ndarray) -> np.ndarray:
        """Values at inputs of shape (..., inputs); shape (...)."""
        column = np.ones(inputs.shape[:-1])
        for index, power in enumerate(self.powers):
            if power:
                column = column * inputs[..., index] ** power
        return FUNCTIONS[self.function](column) if self.function else column

    def text(self, names: Sequence[str]) -> str:
        """Text in the language with the inputs written as `names` (atoms: in parentheses where they need them)."""
        if self.function:
            atom = names[self.powers.index(1)]
            return self.function.format(atom=atom, bare=atom[1:-1] if atom.startswith("(") else atom)
        factors = [
            name if power == 1 else f"{name}^{power}" for name, power in zip(names, self.powers, strict=True) if power
        ]
        return "*".join(factors)


def polynomial_candidates(inputs: int, degree: int) -> tuple[Candidate, ...]:
    """All monomials of `inputs` variables up to total `degree`, the constant first."""
    found = []
    for total in range(degree + 1):
        for chosen in combinations_with_replacement(range(inputs), total):
            found.append(Candidate(tuple(chosen.count(i) for i in range(inputs))))
    return tuple(found)


def function_candidates(inputs: int) -> tuple[Candidate, ...]:
    """Every function of `FUNCTIONS` of every single input."""
    units = [tuple(int(i == j) for j in range(inputs)) for i in range(inputs)]
    return tuple(Candidate(unit, name) for unit in units for name in FUNCTIONS)


def admissible(
    candidates: Sequence[Candidate], constraints: Sequence[Constraint], output: int, inputs: int
) -> tuple[Candidate, ...]:
    """The candidates that cannot break a constraint of the learned term, whatever their coefficient.

    ``f(0, v) = 0`` leaves only functions that vanish there; ``odd(u)`` only odd ones. Pins elsewhere than at zero, and
    ranges, are not properties of single columns and are left to the least squares.
    """
    rng = np.random.default_rng(0)
    probe = rng.uniform(0.3, 1.7, size=(8, inputs))
    return tuple(c for c in candidates if all(_keeps(c, rule, output, probe) for rule in constraints))


def representable(candidates: Sequence[Candidate], inputs: np.ndarray) -> tuple[Candidate, ...]:
    """The candidates whose values at `inputs`, shape (N, n), float32 can hold.

    ``exp(p)`` of a pressure in pascals is infinite, and no formula with it could be run in the precision of a fit.
    What float32 holds has a finite square in float64, which the least squares need.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        sizes = [np.max(np.abs(candidate.evaluate(inputs)), initial=0.0) for candidate in candidates]
    # A comparison with NaN is false, so a column that is not a number goes too.
    return tuple(c for c, size in zip(candidates, sizes, strict=True) if size <= LARGEST)


def _keeps(candidate: Candidate, rule: Constraint, output: int, probe: np.ndarray) -> bool:
    if isinstance(rule, Pinned):
        if rule.output != output or rule.value != 0.0 or any(value != 0.0 for _, value in rule.at):
            return True
        pinned = probe.copy()
        pinned[:, [index for index, _ in rule.at]] = 0.0
        return bool(np.allclose(candidate.evaluate(pinned), 0.0, atol=1e-12))
    if isinstance(rule, Parity):
        mirrored = probe.copy()
        mirrored[:, rule.input] *= -1
        sign = -1.0 if rule.odd else 1.0
        return bool(np.allclose(candidate.evaluate(mirrored), sign * candidate.evaluate(probe), atol=1e-12))
    return True
