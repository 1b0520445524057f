"""The shortest formula that says what a learned term does on the data.

``unexplained = mean((y - formula)^2)/var(y)``, that is ``1 - R^2``. Of the best subsets of the library those count that
leave at most `ACCEPTED` times the least unexplained share, or less than `FLOOR`. Among them every unit of complexity
has to pay: the formula is taken that makes ``log10(unexplained) + PRICE*cost`` smallest. A network is never closer to
the truth than its training made it, and its own smooth error is not worth printing as more terms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from eqdsl.inspection.library import (
    Candidate,
    admissible,
    function_candidates,
    polynomial_candidates,
    representable,
)
from eqdsl.inspection.sparse import best_subsets
from eqdsl.model.learned_terms import Constraint
from eqdsl.model.text import number_text

FLOOR = 5e-4
"""Unexplained share that may be good enough: an rms error of two per cent of the output's spread."""

ACCEPTED = 2.0
"""Largest factor on the least unexplained share that a shorter formula may cost."""

PRICE = 0.35
"""Decades of unexplained share that a unit of complexity has to bring."""

EXACT = 1e-6
"""Unexplained share below which nothing more is gained."""

DIGITS = 6
"""Most digits of a coefficient."""

ROUNDING = 1e-5
"""Unexplained share that rounding the coefficients may always spend a quarter of."""


@dataclass(frozen=True)
class Formula:
    """A sum of coefficients times candidates, and how well it stands for the values it was fitted to.

    Parameters
    ----------
    terms : tuple of (float, Candidate)
        Rounded coefficients; the constant last. Empty for zero.
    r2 : float
        ``1 - unexplained``; 1 when values are constant and the formula says so.
    rms_error, max_error : float
        Of the rounded formula, in the output's unit.
    linear_r2 : float
        The same share for the best affine function of the inputs, to compare with.
    """

    terms: tuple[tuple[float, Candidate], ...]
    names: tuple[str, ...]
    r2: float
    rms_error: float
    max_error: float
    linear_r2: float

    @property
    def cost(self) -> int:
        """Complexity: the sum of the candidates' costs."""
        return sum(candidate.cost for _, candidate in self.terms)

    @property
    def text(self) -> str:
        """The formula in the language, over the inputs as the user wrote them."""
        return self.written(atoms(self.names))

    def written(self, names: Sequence[str], coefficients: Sequence[str | None] | None = None) -> str:
        """The formula over other input texts (atoms), with `coefficients` for the numbers' sizes where given."""
        parts: list[str] = []
        for index, (value, candidate) in enumerate(self.terms):
            product = candidate.text(names)
            size = (coefficients[index] if coefficients else None) or number_text(abs(value))
            if not product:
                body = size
            elif size == "1":
                body = product
            else:
                body = f"{size}*{product}"
            lead = ("-" if value < 0 else "") if not parts else (" - " if value < 0 else " + ")
            parts.append(lead + body)
        return "".join(parts) or "0"

    def evaluate(self, inputs: np.ndarray) -> np.ndarray:
        """Values at inputs of shape (N, inputs)."""
        total = np.zeros(inputs.shape[0])
        for value, candidate in self.terms:
            total = total + value * candidate.evaluate(inputs)
        return total


def atoms(names: Sequence[str]) -> tuple[str, ...]:
    """Texts that may stand as a factor or under a power: names and calls as they are, the rest in parentheses."""
    return tuple(name if _is_atom(name) else f"({name})" for name in names)


def _is_atom(text: str) -> bool:
    depth = 0
    for position, character in enumerate(text):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0 and position + 1 < len(text):
                return False
        elif depth == 0 and not (character.isalnum() or character in "_."):
            return False
    return bool(text) and not text[0].isdigit() and text[0] != "("


@dataclass(frozen=True)
class Draft:
    """A formula under trial.

    Parameters
    ----------
    candidates : tuple of Candidate
    coefficients : ndarray, shape (K,)
    unexplained : float
        Share of the spread that it leaves, of the network's output or of the data.
    slopes : ndarray, shape (K,)
        Rms of the change, in the units of that share's root, by a unit of each coefficient.
    """

    candidates: tuple[Candidate, ...]
    coefficients: np.ndarray
    unexplained: float
    slopes: np.ndarray

    @property
    def cost(self) -> int:
        """Complexity: the sum of the candidates' costs."""
        return sum(candidate.cost for candidate in self.candidates)


def find_formula(
    inputs: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
    *,
    degree: int = 3,
    constraints: Sequence[Constraint] = (),
    output: int = 0,
) -> Formula:
    """The shortest formula for `values` at `inputs`.

    Polynomials of total `degree` are tried first; functions of one input (``sin``, ``exp`` …) join them only where
    that makes the formula shorter at the same accuracy, or polynomials leave more than `FLOOR` unexplained.

    Parameters
    ----------
    inputs : ndarray, shape (N, n)
    values : ndarray, shape (N,)
    names : sequence of str
        The inputs' texts.
    constraints, output
        Of the learned term: candidates that break one are left out, as are those that overflow at `inputs`.
    """
    drafts = formula_drafts(inputs, values, libraries(inputs, degree=degree, constraints=constraints, output=output))
    return finished(shortest(drafts, floor=FLOOR), inputs, values, names)


Library = tuple[Candidate, ...]


def libraries(
    inputs: np.ndarray, *, degree: int, constraints: Sequence[Constraint], output: int
) -> tuple[Library, Library]:
    """The candidates that may stand in a formula: monomials alone, and with functions of one input."""
    count = inputs.shape[1]
    polynomial = representable(admissible(polynomial_candidates(count, degree), constraints, output, count), inputs)
    functions = admissible(function_candidates(count), constraints, output, count)
    return polynomial, (*polynomial, *representable(functions, inputs))


def formula_drafts(inputs: np.ndarray, values: np.ndarray, chosen: Sequence[Library]) -> list[Draft]:
    """The best subsets of each size of some libraries, the cheapest first."""
    columns = {library: _columns(library, inputs) for library in chosen}
    return subset_drafts(columns, values, _spread(values))


def subset_drafts(columns: Mapping[Library, np.ndarray], values: np.ndarray, spread: float) -> list[Draft]:
    """Drafts by least squares of `values` on `columns`, the cheapest first; `spread` is the share's unit."""
    found: dict[frozenset[Candidate], Draft] = {}
    for library, matrix in columns.items():
        slopes = np.sqrt(np.mean(matrix**2, axis=0) / spread)
        for subset in best_subsets(matrix, values):
            chosen, left = tuple(library[c] for c in subset.columns), subset.residual / spread
            draft = Draft(chosen, subset.coefficients, left, slopes[list(subset.columns)])
            found.setdefault(frozenset(chosen), draft)
    return sorted(found.values(), key=lambda draft: (draft.cost, draft.unexplained))


def shortest(drafts: Sequence[Draft], *, floor: float) -> Draft:
    """The draft whose every term pays, among those that leave little more than the best one, or less than `floor`."""
    allowed = max(floor, ACCEPTED * min(draft.unexplained for draft in drafts))
    return min((d for d in drafts if d.unexplained <= allowed), key=lambda d: (score(d), d.unexplained))


def score(draft: Draft) -> float:
    """Decades of unexplained share, plus the price of the formula's complexity."""
    return math.log10(max(draft.unexplained, EXACT)) + PRICE * draft.cost


def finished(draft: Draft, inputs: np.ndarray, values: np.ndarray, names: Sequence[str]) -> Formula:
    """The formula of a draft with rounded coefficients, and its errors beside `values`."""
    linear = _columns(polynomial_candidates(inputs.shape[1], 1), inputs)
    linear_left = best_subsets(linear, values)[-1].residual / _spread(values)
    budget = math.sqrt(max(draft.unexplained, ROUNDING)) / 2 / math.sqrt(max(len(draft.candidates), 1))
    terms = [
        (honest_digits(float(coefficient), budget / slope if slope else math.inf), candidate)
        for coefficient, candidate, slope in zip(draft.coefficients, draft.candidates, draft.slopes, strict=True)
    ]
    terms = sorted((t for t in terms if t[0] != 0.0), key=lambda term: _order(term[1]))
    formula = Formula(tuple(terms), tuple(names), 0.0, 0.0, 0.0, 1 - linear_left)
    error = values - formula.evaluate(inputs)
    mean_square = float(np.mean(error**2))
    return replace(
        formula, r2=1 - mean_square / _spread(values), rms_error=math.sqrt(mean_square),
        max_error=float(np.max(np.abs(error))),
    )  # fmt: skip


def _spread(values: np.ndarray) -> float:
    return float(np.var(values)) or float(np.mean(values**2)) or 1.0


def _columns(library: Sequence[Candidate], inputs: np.ndarray) -> np.ndarray:
    return np.column_stack([candidate.evaluate(inputs) for candidate in library])


def _order(candidate: Candidate) -> tuple[int, int, tuple[int, ...]]:
    degree = sum(candidate.powers)
    return (1 if degree == 0 else 0, candidate.cost, tuple(-p for p in candidate.powers))


def honest_digits(value: float, tolerance: float) -> float:
    """`value` with the fewest significant digits that change it by at most `tolerance`."""
    for digits in range(1, DIGITS):
        rounded = float(f"{value:.{digits - 1}e}")
        if abs(rounded - value) <= tolerance:
            return rounded
    return float(f"{value:.{DIGITS - 1}e}")
