"""One case with all its peers: agreement, interleaved repeats, peak memory."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed import agreement
from benchmarks.speed.case import Case, Unsupported
from benchmarks.speed.client import Worker
from benchmarks.speed.sections.section import Section

LEAST_SECONDS = 0.05
"""A repeat fills about this time, or is one run."""
SLOW_SECONDS = 20.0
"""A peer whose run takes longer is timed in the first repeat only."""


@dataclass(frozen=True)
class Spread:
    """Median and quartiles of a ratio over the repeats."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> Spread:
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(median, low, high)

    def to_json(self) -> list[float]:
        return [float(f"{v:.4g}") for v in (self.median, self.low, self.high)]


class Crew:
    """Workers by peer, started when first needed and kept: loading a library takes seconds."""

    def __init__(self, threads: int, folder: Path) -> None:
        self.threads, self.folder = threads, folder
        self.workers: dict[str, Worker] = {}

    def worker(self, peer: str) -> Worker:
        if peer not in self.workers:
            self.workers[peer] = self.fresh(peer)
        return self.workers[peer]

    def fresh(self, peer: str) -> Worker:
        return Worker(peer, self.threads, self.folder / f"{peer}.log")

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def measure(section: Section, case: Case, crew: Crew, repeats: int, peers: Sequence[str]) -> dict[str, Any]:
    """A row of results: seconds, ratios, who refused and why, and peak memory where the section has a goal for it."""
    print(f"  {case.name}", file=sys.stderr, flush=True)
    ready, refused = prepared(case, crew, peers)
    samples: dict[str, list[float]] = {peer: [] for peer in ready}
    for number in range(repeats):
        # The order turns, so that nobody always runs behind the same neighbour.
        shift = number % len(ready)
        for peer in ready[shift:] + ready[:shift]:
            if samples[peer] and samples[peer][0] > SLOW_SECONDS:
                continue
            samples[peer].append(crew.worker(peer).seconds(LEAST_SECONDS))
    row: dict[str, Any] = {"seconds": {p: float(f"{statistics.median(s):.4g}") for p, s in samples.items()}}
    base = samples[section.base]
    row["ratios"] = {peer: paired(taken, base, section.times_base) for peer, taken in samples.items()}
    row["eqdsl over"] = {
        peer: paired(samples["eqdsl"], samples[peer], section.factor(peer)) for peer in section.goals if peer in samples
    }
    if section.memory_goals:
        row["peak MB"] = {peer: peak_megabytes(case, crew, peer) for peer in ready}
    return {**row, "refused": refused}


def prepared(case: Case, crew: Crew, peers: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Who can run the case, all in agreement with eqdsl, and why the others cannot."""
    ready, refused = [], {}
    with tempfile.TemporaryDirectory() as folder:
        ours = crew.worker("eqdsl").prepare(case, Path(folder))
        for peer in peers:
            try:
                theirs = ours if peer == "eqdsl" else crew.worker(peer).prepare(case, Path(folder))
            except Unsupported as reason:
                refused[peer] = str(reason)
                continue
            agreement.require(case, peer, ours, theirs)
            ready.append(peer)
    return ready, refused


def paired(samples: Sequence[float], base: Sequence[float], times: float) -> list[float]:
    """Ratios within each repeat: what disturbs the machine disturbs both. A slow peer has the first repeat only."""
    return Spread.of([a / (times * b) for a, b in zip(samples, base, strict=False)]).to_json()


def peak_megabytes(case: Case, crew: Crew, peer: str) -> float:
    """Growth of resident memory in a run, in a process that did nothing before."""
    worker = crew.fresh(peer)
    try:
        with tempfile.TemporaryDirectory() as folder:
            worker.prepare(case, Path(folder))
        return round(worker.peak_bytes() / 1e6, 1)
    finally:
        worker.close()
