"""What `--search` draws: settings that decide most about a fit, in ranges around their defaults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eqdsl.model.model import Model


@dataclass(frozen=True)
class Range:
    """An interval from which a setting is drawn.

    Parameters
    ----------
    key : str
        ``section.key``.
    low, high : float
        Both can be drawn.
    first : float
        Its value in the first trial, the default of a fit.
    needs : str
        What the model has to have for the setting to matter: ``learned``, ``parameters`` or nothing.
    whole : bool
        Integers, all alike; otherwise numbers that are uniform in their logarithm.
    """

    key: str
    low: float
    high: float
    first: float
    needs: str = ""
    whole: bool = False

    def in_words(self) -> str:
        """For the help."""
        matter = {"learned": ", where there are learned terms", "parameters": ", where parameters are fitted"}
        kind = "an integer" if self.whole else "a number"
        spread = "" if self.whole else " (uniform in its logarithm)"
        return f"{kind} from {self.low:g} to {self.high:g}{spread}{matter.get(self.needs, '')}; first {self.first:g}"


SPACE = (
    Range("optimizer.learning_rate", 3e-4, 3e-2, 3e-3, needs="learned"),
    Range("optimizer.parameter_learning_rate", 1e-3, 1e-1, 1e-2, needs="parameters"),
    Range("multiplier.start", 1.0, 1e4, 100.0, needs="learned"),
    Range("run.seed", 0, 9, 0, whole=True),
)


def space_of(model: Model, fixed: Iterable[str]) -> tuple[Range, ...]:
    """The ranges that matter for a model, without settings that are fixed already."""
    has = {"": True, "learned": bool(model.learned), "parameters": any(p.fitted for p in model.parameters)}
    taken = set(fixed)
    return tuple(part for part in SPACE if has[part.needs] and part.key not in taken)
