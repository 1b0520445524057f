"""Spread over an ensemble: what of the result depends on the seed, of fits that are otherwise the same."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass

import numpy as np
import torch

from eqdsl.inspection.fitted_run import FittedRun
from eqdsl.inspection.visited import Visited, visited_states
from eqdsl.inspection.wording import percent, short, table
from eqdsl.lowering.vector_field import VectorField

WORSE = 10.0
"""Validation misfit over the best one above which a member has ended in another place; else optimisers scatter."""

WIDE = 0.02
"""Relative spread of a parameter among equally good fits above which it is called open."""


@dataclass(frozen=True)
class Spread:
    """A number over the members.

    Parameters
    ----------
    values : tuple of float
        In the order of the seeds; of a learned output its rms.
    mean, deviation : float
        The deviation of a learned output is that of its values at the same states, in the mean over states.
    """

    name: str
    values: tuple[float, ...]
    mean: float
    deviation: float

    @property
    def relative(self) -> float:
        """Deviation over mean."""
        return self.deviation / abs(self.mean) if self.mean else 0.0


@dataclass(frozen=True)
class Ensemble:
    """What an ensemble found.

    Parameters
    ----------
    seeds : tuple of int
    validation : tuple of float
        Smallest validation misfit of each.
    parameters, learned : tuple of Spread
        Over the members that fit as well as the best one does, to a factor of `WORSE`.
    """

    seeds: tuple[int, ...]
    validation: tuple[float, ...]
    parameters: tuple[Spread, ...]
    learned: tuple[Spread, ...]

    @property
    def good(self) -> tuple[int, ...]:
        """Seeds of the members that fit as well as the best one."""
        best = min(self.validation)
        return tuple(s for s, v in zip(self.seeds, self.validation, strict=True) if v <= WORSE * best)

    def as_json(self) -> dict[str, object]:
        """Numbers only."""
        return {
            "seeds": list(self.seeds), "validation": list(self.validation), "equally_good": list(self.good),
            "parameters": {s.name: asdict(s) for s in self.parameters},
            "learned": {s.name: asdict(s) for s in self.learned},
        }  # fmt: skip

    def as_text(self) -> str:
        """A table and sentences."""
        head = ("name", "mean", "spread", "relative", "lowest", "highest")
        rows = [
            (s.name, short(s.mean), short(s.deviation), percent(s.relative), short(min(s.values)), short(max(s.values)))
            for s in (*self.parameters, *self.learned)
        ]
        title = f"Ensemble of {len(self.seeds)} seeds (spread over the {len(self.good)} that fit best)"
        return "\n".join([table(title, head, rows), *(f"  {sentence}" for sentence in self.sentences())])

    def sentences(self) -> tuple[str, ...]:
        """What the spread means."""
        found = []
        left = [seed for seed in self.seeds if seed not in self.good]
        if left:
            best = self.seeds[self.validation.index(min(self.validation))]
            found.append(
                f"Seed{'s' if len(left) > 1 else ''} {', '.join(map(str, left))}: a misfit more than {WORSE:g} times "
                f"that of seed {best}. The fit can end in more than one place; the spread is that of the best seeds."
            )
        for spread in self.parameters:
            if len(self.good) > 1 and spread.relative > WIDE:
                found.append(
                    f"{spread.name} differs by {percent(spread.relative)} between seeds that fit equally well: these "
                    "data leave it open."
                )
        return tuple(found)


def ensemble(runs: Sequence[FittedRun], visited: Visited) -> Ensemble | None:
    """Compare runs that differ in their seed, at the same states; None for fewer than two.

    Parameters
    ----------
    runs : sequence of FittedRun
        Finished fits of one model to the same data.
    visited : Visited
    """
    if len(runs) < 2:
        return None
    seeds = tuple(int(run.config.run.seed) for run in runs)  # type: ignore[attr-defined]
    misfits = [run.state.get("validation") for run in runs]
    validation = tuple(float(v) if isinstance(v, int | float) else float("inf") for v in misfits)
    good = [run for run, misfit in zip(runs, validation, strict=True) if misfit <= WORSE * min(validation)]
    fields = [deepcopy(run.field).double().eval() for run in good]
    return Ensemble(seeds, validation, _parameters(fields), _learned(fields, visited))


def _parameters(fields: Sequence[VectorField]) -> tuple[Spread, ...]:
    found = []
    for parameter in fields[0].model.parameters:
        if parameter.fitted:
            values = [float(field.physical.value(parameter.name).detach().mean()) for field in fields]
            found.append(Spread(parameter.name, tuple(values), float(np.mean(values)), _deviation(values)))
    return tuple(found)


def _learned(fields: Sequence[VectorField], visited: Visited) -> tuple[Spread, ...]:
    """Each learned output at the same states, member by member."""
    found = []
    outputs = [_outputs(field, visited) for field in fields]
    for name in outputs[0]:
        values = np.stack([output[name] for output in outputs])
        sizes = tuple(float(size) for size in np.sqrt(np.mean(values**2, axis=1)))
        spread = float(np.sqrt(np.mean(values.var(axis=0, ddof=1)))) if len(values) > 1 else 0.0
        found.append(Spread(name, sizes, float(np.mean(sizes)), spread))
    return tuple(found)


def _outputs(field: VectorField, visited: Visited) -> dict[str, np.ndarray]:
    gathered: dict[str, list[np.ndarray]] = {}
    with torch.no_grad():
        for driven, times, state in visited.batches(field):
            for name, values in driven.learned_outputs(times, state).items():
                gathered.setdefault(name, []).append(values.reshape(-1).cpu().numpy())
    return {name: np.concatenate(parts) for name, parts in gathered.items()}


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def ensemble_of(runs: Sequence[FittedRun]) -> Ensemble | None:
    """As `ensemble`, at the states of the first run's training sample."""
    if len(runs) < 2:
        return None
    training = runs[0].completed()["train"]
    return ensemble(runs, visited_states(training, runs[0].field))
