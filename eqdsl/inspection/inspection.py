"""`Inspection`: everything an inspection finds, as data, as JSON and as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from eqdsl.inspection.distil import Distillation
from eqdsl.inspection.ensemble import Ensemble
from eqdsl.inspection.environments import EnvironmentReport, environments_table, worst
from eqdsl.inspection.half_step import HalfStep
from eqdsl.inspection.horizon import HorizonError
from eqdsl.inspection.identifiability import Identifiability
from eqdsl.inspection.laws import LawDrift
from eqdsl.inspection.ledger import Ledger
from eqdsl.inspection.multiplier_path import MultiplierPath
from eqdsl.inspection.parameters import RISES, ParameterReport
from eqdsl.inspection.wording import PARTS, block, finite, log10_text, percent, ranges, short, table
from eqdsl.model.model import Model
from eqdsl.simulation.seen import Departure

SHOWN_FRAMES = 5
"""Frames at which the text gives the error against the horizon."""


@dataclass(frozen=True)
class Picture:
    """A drawn figure.

    Parameters
    ----------
    file : str
        Name of its file, without ``.png``.
    section : str
        Where the report shows it: ``parameters``, ``learned``, ``ledger``, ``errors`` or ``training``.
    """

    file: str
    section: str
    title: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Inspection:
    """What an inspection of a run finds.

    Parameters
    ----------
    name : str
        Name of the run folder.
    model : Model
    equations : mapping of str to str
        By channel, fitted numbers in place; formulas in place too after distillation.
    latex : str or None
        The equations for a paper.
    parameters : tuple of ParameterReport
    identifiability : Identifiability
    ensemble : Ensemble or None
        When there are other seeds.
    half_step : HalfStep or None
        None when no rollout could be compared.
    ledger : Ledger
    distillation : Distillation or None
        When asked for.
    horizon : HorizonError or None
        None when no rollout could be compared; `caveats` says why.
    part : str
        Which stored trajectories `horizon`, `laws` and `distillation` were compared on, a key of `wording.PARTS`.
    laws : tuple of LawDrift
    outside : tuple of Departure
        Where the rollouts leave what the learned terms have seen.
    multiplier : MultiplierPath or None
        None when the run has no history of it, or no learned term acts, which leaves it nothing to weigh.
    history : list of dict
        Rows of ``history.csv``.
    settings, facts : mapping
        Settings of the fit; where the numbers come from (data, split, versions).
    caveats : tuple of str
        What the numbers do not say, in words.
    pictures : tuple of Picture
    environments : tuple of EnvironmentReport
        Where the data tell them apart.
    """

    name: str
    model: Model
    equations: Mapping[str, str]
    latex: str | None
    parameters: tuple[ParameterReport, ...]
    identifiability: Identifiability
    ensemble: Ensemble | None
    half_step: HalfStep | None
    ledger: Ledger
    distillation: Distillation | None
    horizon: HorizonError | None
    part: str
    laws: tuple[LawDrift, ...]
    outside: tuple[Departure, ...]
    multiplier: MultiplierPath | None
    history: Sequence[Mapping[str, object]]
    settings: Mapping[str, object]
    facts: Mapping[str, object]
    caveats: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()
    environments: tuple[EnvironmentReport, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The object that ``eqdsl inspect --json`` prints; numbers that are not finite are null."""
        return {
            "parameters": {
                p.name: {
                    "value": p.value,
                    "low": finite(p.low),
                    "high": finite(p.high),
                    "ranges": {f"{rise:.0%}": list(ends) for rise, ends in zip(RISES, p.ranges, strict=False)},
                    "decided": p.decided,
                    "at_bound": p.at_bound,
                    "meaning": p.meaning,
                    **({"own": {str(label): value for label, value in p.own.items()}} if p.own else {}),
                }
                for p in self.parameters
            },
            "identifiability": self.identifiability.as_json(),
            "half_step": self.half_step.as_json() if self.half_step else None,
            "ensemble": self.ensemble.as_json() if self.ensemble else None,
            "learned": {output.name: self._learned(output.name) for output in self.ledger.outputs},
            "equations": dict(self.equations),
            "ledger": {
                e.channel: {
                    "rms": e.rms,
                    "learned_ratio": e.learned_ratio,
                    "learned_over_rhs": e.learned_over_rhs,
                    "learned_over_known": finite(e.learned_over_known),
                    "terms": [asdict(t) for t in e.terms],
                }
                for e in self.ledger.equations
            },
            "errors": {"part": self.part, **self.horizon.as_json()} if self.horizon else None,
            "outside": [departure.as_json() for departure in self.outside],
            "environments": {str(e.label): e.as_json() for e in self.environments},
            "worst_environment": worst(self.environments),
            "laws": {law.name: asdict(law) for law in self.laws},
            "distilled": self.distillation.as_json() if self.distillation else None,
            "multiplier": self.multiplier.as_json() if self.multiplier else None,
            "caveats": list(self.caveats),
        }

    def _learned(self, name: str) -> dict[str, object]:
        entry = self.ledger.output(name)
        formula = self.distillation.formula(name) if self.distillation else None
        return {
            "rms": entry.rms,
            "share": entry.share,
            "formula": formula.text if formula else None,
            "r2": formula.r2 if formula else None,
            "lowest": finite(entry.lowest),
            "highest": finite(entry.highest),
        }

    def as_text(self) -> str:
        """Several short tables for a terminal."""
        blocks = [
            self._title(),
            block("Equations", list(self.equations.values())),
            table(
                "Parameters",
                ("name", "value", "unit", "start", *(f"range at +{rise:.0%}" for rise in RISES), ""),
                self._parameter_rows(),
            ),
            *self._parameter_words(),
            block("Identifiability", self.identified_lines()),
            self.ensemble.as_text() if self.ensemble else "",
            table(
                "Ledger of terms",
                ("equation", "term", "rms", "share", "correlation", "projection", "||learned||/||rhs||"),
                self._ledger_rows(),
            ),
            self._distilled(),
            self._errors(),
            self._horizon_table(),
            block("Outside the training data", [f"{departure}" for departure in self.outside]),
            environments_table(self.environments),
            table(
                "Laws (changes over the rollouts, of the largest magnitude)",
                ("law", "said", "last - first", "against the law"),
                [(law.name, law.trend, percent(law.drift), percent(law.violation)) for law in self.laws],
            ),
            block("Multiplier", [self.multiplier.as_sentence()] if self.multiplier else []),
            block("Keep in mind", [f"- {sentence}" for sentence in self.caveats]),
        ]
        return "\n\n".join(text for text in blocks if text)

    def __str__(self) -> str:
        return self.as_text()

    def identified_lines(self) -> list[str]:
        """What is determined, how much is learned, and whether the step counts."""
        ratios = [
            f"learned/known in d {e.channel}/dt: {short(e.learned_over_known)} (rms)"
            for e in self.ledger.equations
            if e.learned_over_known
        ]
        half = [self.half_step.as_sentence()] if self.half_step else []
        return [*self.identifiability.as_lines(), *ratios, *half]

    def _title(self) -> str:
        doc = f" ({self.model.doc})" if self.model.doc else ""
        return f"{self.model.name}{doc}, run {self.name}"

    def _parameter_rows(self) -> list[tuple[str, ...]]:
        return [
            (
                p.name,
                f"{p.value:.6g}",
                p.unit or "",
                short(p.start),
                *ranges(p),
                "at its bound" if p.at_bound else "",
            )
            for p in self.parameters
        ]

    def _parameter_words(self) -> list[str]:
        meanings = dict.fromkeys(p.meaning for p in self.parameters if p.meaning)
        sentences = [*meanings, *(p.bias for p in self.parameters if p.bias)]
        return ["\n".join(f"  {sentence}" for sentence in sentences)] if sentences else []

    def _ledger_rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for equation in self.ledger.equations:
            for number, term in enumerate(equation.terms):
                ratio = f"{equation.learned_over_rhs:.4f}" if number == 0 else ""
                name = f"{term.name} (learned)" if term.learned else term.name
                rows.append(
                    (
                        f"d {equation.channel}/dt",
                        name,
                        short(term.rms),
                        percent(term.share),
                        f"{term.correlation:+.2f}",
                        f"{term.projection:+.3f}",
                        ratio,
                    )
                )
        return rows

    def _distilled(self) -> str:
        return block("Distilled", self.distillation.as_lines()) if self.distillation else ""

    def _errors(self) -> str:
        if self.horizon is None:
            return ""
        error = self.horizon
        lines = [
            f"mean square error {short(error.overall)} (log10 {log10_text(error.overall)}), "
            f"variance of the data {short(error.variance)}",
            *(f"{name}: {short(value)}" for name, value in error.per_channel.items()),
        ]
        return block(f"Rollouts of {error.trajectories} {PARTS[self.part]}, {error.frames} frames", lines)

    def _horizon_table(self) -> str:
        """The error at a few frames, the last one included."""
        if self.horizon is None:
            return ""
        error, unit = self.horizon, self.model.time_unit
        since = f"{self.model.time} since the first frame" + (f" [{unit}]" if unit else "")
        rows = [(short(float(error.times[f])), short(float(error.mse[f]))) for f in error.shown_frames(SHOWN_FRAMES)]
        return table("Error against horizon", (since, "mean square error"), rows)
