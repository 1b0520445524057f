"""The ledger of terms: who does how much of the work in each equation, along the data.

For an equation ``du/dt = sum_i a_i``, over all visited states and grid points:

* ``rms_i = sqrt(mean(a_i^2))`` and ``share_i = rms_i/sum_j rms_j``;
* ``projection_i = <a_i, rhs>/<rhs, rhs>`` (these sum to one) and the correlation of ``a_i`` with the right-hand side;
* ``learned_ratio = mean(learned^2)/mean(rhs^2)``, the quantity whose smallness the fit asks for;
* ``learned_over_known``, the rms of the sum of the learned terms over that of the sum of the known ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from eqdsl.inspection.visited import Visited
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import Equation


@dataclass(frozen=True)
class TermEntry:
    """One term of one equation; `learned` says whether a learned function stands in it."""

    name: str
    learned: bool
    rms: float
    share: float
    correlation: float
    projection: float


@dataclass(frozen=True)
class EquationEntry:
    """One equation: its terms, the rms of the right-hand side, learned over total mean square, and over known rms."""

    channel: str
    terms: tuple[TermEntry, ...]
    rms: float
    learned_ratio: float
    learned_over_known: float

    @property
    def learned_over_rhs(self) -> float:
        """``||learned||/||rhs||``, the root of `learned_ratio`."""
        return math.sqrt(max(self.learned_ratio, 0.0))


@dataclass(frozen=True)
class OutputEntry:
    """One output of a learned term: rms, extremes, and the share of the equation where it weighs most."""

    name: str
    rms: float
    lowest: float
    highest: float
    share: float


@dataclass(frozen=True)
class Ledger:
    """All equations and learned outputs, over `frames` frames (`skipped` had missing values).

    `inputs` maps a learned term's name to the lowest and highest value of each of its inputs.
    """

    equations: tuple[EquationEntry, ...]
    outputs: tuple[OutputEntry, ...]
    inputs: Mapping[str, tuple[tuple[float, float], ...]]
    frames: int
    skipped: int

    def equation(self, channel: str) -> EquationEntry:
        """The entry of one equation."""
        return next(e for e in self.equations if e.channel == channel)

    def output(self, name: str) -> OutputEntry:
        """The entry of one learned output."""
        return next(o for o in self.outputs if o.name == name)


@dataclass
class _Sums:
    """Running sums over points of the terms of one equation: ``gram[i, j] = sum a_i a_j``, ``total[i] = sum a_i``."""

    gram: np.ndarray
    total: np.ndarray
    count: int = 0


@dataclass
class _Extremes:
    """Running square sum and range."""

    square: float = 0.0
    count: int = 0
    lowest: float = math.inf
    highest: float = -math.inf

    def add(self, values: torch.Tensor) -> None:
        self.square += float((values.double() ** 2).sum())
        self.count += values.numel()
        self.lowest = min(self.lowest, float(values.min()))
        self.highest = max(self.highest, float(values.max()))


@dataclass
class _Tally:
    """Everything that is added up in one pass."""

    equations: dict[str, _Sums] = field(default_factory=dict)
    outputs: dict[str, _Extremes] = field(default_factory=dict)
    inputs: dict[str, list[_Extremes]] = field(default_factory=dict)


def make_ledger(vector_field: VectorField, visited: Visited) -> Ledger:
    """Average every term of every equation over the visited states.

    Parameters
    ----------
    vector_field : VectorField
    visited : Visited

    Returns
    -------
    Ledger
    """
    tally = _Tally()
    with torch.no_grad():
        for driven, times, state in visited.batches(vector_field):
            _add_equations(tally, driven.terms(times, state), state[:, 0])
            for name, values in driven.learned_outputs(times, state).items():
                tally.outputs.setdefault(name, _Extremes()).add(values)
            for name, values in driven.learned_inputs(times, state).items():
                columns = tally.inputs.setdefault(name, [_Extremes() for _ in range(values.shape[-1])])
                for index, column in enumerate(columns):
                    column.add(values[..., index])
    equations = tuple(_entry(e, tally.equations[e.channel]) for e in vector_field.model.equations)
    return Ledger(
        equations,
        tuple(_output(name, sums, vector_field, equations) for name, sums in tally.outputs.items()),
        {name: tuple((c.lowest, c.highest) for c in columns) for name, columns in tally.inputs.items()},
        len(visited),
        visited.skipped,
    )


def _add_equations(tally: _Tally, terms: Mapping[str, Mapping[str, torch.Tensor]], example: torch.Tensor) -> None:
    for channel, values in terms.items():
        if not values:
            continue
        table = torch.stack([v.expand_as(example).reshape(-1) for v in values.values()]).double().cpu().numpy()
        count = table.shape[0]
        sums = tally.equations.setdefault(channel, _Sums(np.zeros((count, count)), np.zeros(count)))
        sums.gram += table @ table.T
        sums.total += table.sum(axis=1)
        sums.count += table.shape[1]


def _entry(equation: Equation, sums: _Sums) -> EquationEntry:
    count = sums.count
    squares = np.diag(sums.gram) / count
    rms = np.sqrt(squares)
    means, rhs_mean = sums.total / count, float(sums.total.sum()) / count
    products = sums.gram.sum(axis=1) / count
    rhs_square = float(sums.gram.sum()) / count
    spread = np.sqrt(np.maximum(squares - means**2, 0) * max(rhs_square - rhs_mean**2, 0))
    learned = np.array([bool(term.learned) for term in equation.terms])
    learned_square = float(sums.gram[np.ix_(learned, learned)].sum()) / count
    known_square = float(sums.gram[np.ix_(~learned, ~learned)].sum()) / count
    entries = []
    for index, term in enumerate(equation.terms):
        entries.append(
            TermEntry(
                term.name,
                bool(term.learned),
                float(rms[index]),
                _ratio(rms[index], rms.sum()),
                _ratio(products[index] - means[index] * rhs_mean, spread[index]),
                _ratio(products[index], rhs_square),
            )
        )
    over_known = math.sqrt(max(learned_square, 0.0) / known_square) if known_square > 0 else math.inf
    return EquationEntry(
        equation.channel, tuple(entries), math.sqrt(max(rhs_square, 0.0)), _ratio(learned_square, rhs_square),
        over_known if learned.any() else 0.0,
    )  # fmt: skip


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0


def _output(name: str, sums: _Extremes, vector_field: VectorField, equations: tuple[EquationEntry, ...]) -> OutputEntry:
    shares = [
        entry.share
        for equation, found in zip(vector_field.model.equations, equations, strict=True)
        for term, entry in zip(equation.terms, found.terms, strict=True)
        if name in term.learned
    ]
    return OutputEntry(
        name, math.sqrt(sums.square / max(sums.count, 1)), sums.lowest, sums.highest, max(shares, default=0.0)
    )
