"""What a section of the results is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from benchmarks.speed.case import Case


@dataclass(frozen=True)
class Choice:
    """What the command line chose; None leaves a section its own."""

    sizes: tuple[int, ...] | None = None
    batch: int | None = None
    steps: int | None = None
    hidden: tuple[int, ...] | None = None
    dtypes: tuple[str, ...] | None = None
    problems: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Section:
    """A table of results.

    Attributes
    ----------
    peers, base, times_base
        Ratios are seconds over `times_base` times those of `base`.
    goals, memory_goals : dict of str to float
        Peer, and the largest ratio of eqdsl to it that is good.
    """

    title: str
    cases: Callable[[Choice], Sequence[Case]]
    peers: tuple[str, ...]
    base: str
    goals: dict[str, float]
    times_base: float = 1.0
    memory_goals: dict[str, float] = field(default_factory=dict)

    def factor(self, peer: str) -> float:
        """What a goal multiplies the peer's seconds with."""
        return self.times_base if peer == self.base else 1.0
