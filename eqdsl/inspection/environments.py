"""What a run says of each environment: its numbers, the size of its learned terms, the error of its rollouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from eqdsl.inspection.horizon import Rollouts, horizon_error
from eqdsl.inspection.visited import Visited
from eqdsl.inspection.wording import short, table
from eqdsl.learned.adapting import Adapting
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import ENVIRONMENT


@dataclass(frozen=True)
class EnvironmentReport:
    """One environment of the stored sample.

    Parameters
    ----------
    label : int
        As in the data.
    error : float or None
        Mean squared error of the compared rollouts; None where none of them is its own.
    parameters : mapping of str to float
        Numbers of its own; of a coefficient field the mean.
    contexts : mapping of str to tuple of float
        By learned term that adapts.
    learned : mapping of str to float
        Rms of every learned output over its frames of the training data.
    """

    label: int
    error: float | None
    parameters: Mapping[str, float]
    contexts: Mapping[str, tuple[float, ...]]
    learned: Mapping[str, float]

    def as_json(self) -> dict[str, object]:
        """What ``eqdsl inspect --json`` prints of it."""
        return {
            "error": self.error, "parameters": dict(self.parameters),
            "contexts": {name: list(values) for name, values in self.contexts.items()}, "learned": dict(self.learned),
        }  # fmt: skip


def environment_reports(
    field: VectorField, visited: Visited, compared: Rollouts | None
) -> tuple[EnvironmentReport, ...]:
    """A report of each environment of the training data, in order; none where these do not tell them apart."""
    trajectories = visited.trajectories
    if trajectories is None or trajectories.environment is None or visited.rows is None:
        return ()
    own = trajectories.environment[visited.rows]
    return tuple(
        EnvironmentReport(
            int(label), _error(compared, int(label)), _parameters(field, int(label)), _contexts(field, int(label)),
            _learned(field, visited, own == label),
        )
        for label in np.unique(own)
    )  # fmt: skip


def worst(reports: Sequence[EnvironmentReport]) -> int | None:
    """The environment whose rollouts are furthest off; None where no error is known."""
    known = {r.label: r.error for r in reports if r.error is not None}
    return max(known, key=lambda label: known[label], default=None)


def environments_table(reports: Sequence[EnvironmentReport]) -> str:
    """The reports as a table for a terminal; nothing for fewer than two."""
    return table("Environments", environment_head(reports), environment_rows(reports)) if len(reports) > 1 else ""


def environment_head(reports: Sequence[EnvironmentReport]) -> tuple[str, ...]:
    """Names of the columns."""
    first = reports[0]
    contexts = [f"context of {name}" for name in first.contexts]
    learned = [f"rms of {name}" for name in first.learned]
    return ("environment", "error", *first.parameters, *contexts, *learned, "")


def environment_rows(reports: Sequence[EnvironmentReport]) -> list[tuple[str, ...]]:
    """One row each, as texts."""
    last = worst(reports)
    return [
        (
            str(r.label), short(r.error), *(short(v) for v in r.parameters.values()),
            *(", ".join(f"{x:.3g}" for x in values) for values in r.contexts.values()),
            *(short(v) for v in r.learned.values()), "the worst" if r.label == last else "",
        )
        for r in reports
    ]  # fmt: skip


def _error(compared: Rollouts | None, label: int) -> float | None:
    own = None if compared is None else compared.data.environment
    if compared is None or own is None or not (own == label).any():
        return None
    chosen = np.flatnonzero(own == label)
    data, model = compared.data.select(chosen), compared.model.select(chosen)
    return horizon_error(data, model, compared.observed, compared.counted).overall


def _place(field: VectorField, label: int) -> int | None:
    known = field.members.environments
    return known.index(label) if label in known else None


def _parameters(field: VectorField, label: int) -> dict[str, float]:
    place = _place(field, label)
    names = [p.name for p in field.model.parameters if p.per == ENVIRONMENT]
    return {} if place is None else {n: float(field.physical.value(n)[place].detach().mean()) for n in names}


def _contexts(field: VectorField, label: int) -> dict[str, tuple[float, ...]]:
    place, terms = _place(field, label), field.terms_by_name
    families = {name: term.family for name, term in terms.items() if isinstance(term.family, Adapting)}
    return {} if place is None else {n: tuple(f.context[place].detach().tolist()) for n, f in families.items()}


@torch.no_grad()
def _learned(field: VectorField, visited: Visited, chosen: np.ndarray) -> dict[str, float]:
    assert visited.rows is not None
    own = replace(
        visited, times=visited.times[chosen], state=visited.state[chosen], rows=visited.rows[chosen], skipped=0,
        past=None if visited.past is None else visited.past[chosen],
    )  # fmt: skip
    squares: dict[str, float] = {}
    count: dict[str, int] = {}
    for driven, times, state in own.batches(field):
        for name, values in driven.learned_outputs(times, state).items():
            squares[name] = squares.get(name, 0.0) + float(values.double().square().sum())
            count[name] = count.get(name, 0) + values.numel()
    return {name: (square / count[name]) ** 0.5 for name, square in squares.items()}
