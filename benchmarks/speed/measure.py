"""One case with all its peers: agreement, interleaved repeats, peak memory."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed import agreement
from benchmarks.speed.case import Case, PeerFailed, Unsupported
from benchmarks.speed.client import Worker
from benchmarks.speed.sections.section import Section

LEAST_SECONDS = 0.05
"""A repeat fills about this time, or is one run."""
SLOW_SECONDS = 20.0
"""A peer whose run takes longer is timed in the first repeat only."""
LONG_SECONDS, FEWEST_REPEATS = 45.0, 3
"""A case that has taken so long ends after so many repeats."""


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
        self.missing: dict[str, str] = {}

    def worker(self, peer: str) -> Worker:
        """
        Raises
        ------
        PeerFailed
            It cannot be started; this is tried once.
        """
        if peer in self.missing:
            raise PeerFailed(self.missing[peer])
        if peer not in self.workers:
            try:
                self.workers[peer] = self.fresh(peer)
            except PeerFailed as reason:
                self.missing[peer] = str(reason)
                raise
        return self.workers[peer]

    def drop(self, peer: str) -> None:
        """Its process has ended; the next case gets a new one."""
        worker = self.workers.pop(peer, None)
        if worker is not None:
            worker.close()

    def fresh(self, peer: str) -> Worker:
        return Worker(peer, self.threads, self.folder / f"{peer}.log")

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


def measure(section: Section, case: Case, crew: Crew, repeats: int, peers: Sequence[str]) -> dict[str, Any]:
    """A row of results: seconds, ratios, who refused and why, and peak memory where the section has a goal for it."""
    print(f"  {case.name}", file=sys.stderr, flush=True)
    ready, refused = prepared(case, crew, peers)
    samples = timed(crew, ready, refused, repeats)
    row: dict[str, Any] = {"seconds": {p: float(f"{statistics.median(s):.4g}") for p, s in samples.items()}}
    base = samples.get(section.base)
    row["ratios"] = {peer: paired(taken, base, section.times_base) for peer, taken in samples.items()} if base else {}
    row["eqdsl over"] = {
        peer: paired(samples["eqdsl"], samples[peer], section.factor(peer)) for peer in section.goals if peer in samples
    }
    if section.memory_goals:
        wanted = [peer for peer in ("eqdsl", *section.memory_goals) if peer in samples]
        row["peak MB"] = {peer: peak_megabytes(case, crew, peer) for peer in wanted}
    return {**row, "refused": refused}


def timed(crew: Crew, ready: list[str], refused: dict[str, str], repeats: int) -> dict[str, list[float]]:
    """Seconds of each peer's repeats; who ends meanwhile is noted in `refused`."""
    samples: dict[str, list[float]] = {peer: [] for peer in ready}
    begin = time.monotonic()
    for number in range(repeats):
        if number >= FEWEST_REPEATS and time.monotonic() - begin > LONG_SECONDS:
            break
        # The order turns, so that nobody always runs behind the same neighbour.
        shift = number % len(ready)
        for peer in ready[shift:] + ready[:shift]:
            if peer in refused or (samples[peer] and samples[peer][0] > SLOW_SECONDS):
                continue
            try:
                samples[peer].append(crew.worker(peer).seconds(LEAST_SECONDS))
            except PeerFailed as reason:
                if peer == "eqdsl":
                    raise
                refused[peer] = str(reason)
                crew.drop(peer)
    return {peer: taken for peer, taken in samples.items() if peer not in refused}


def prepared(case: Case, crew: Crew, peers: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Who can run the case, all in agreement with eqdsl, and why the others cannot: nobody ends the run but eqdsl.

    Raises
    ------
    PeerFailed
        eqdsl itself cannot.
    """
    ready, refused = [], {}
    with tempfile.TemporaryDirectory() as folder:
        ours = crew.worker("eqdsl").prepare(case, Path(folder))
        for peer in peers:
            try:
                theirs = ours if peer == "eqdsl" else crew.worker(peer).prepare(case, Path(folder))
                agreement.require(case, peer, ours, theirs)
            except (Unsupported, AssertionError) as reason:
                refused[peer] = str(reason)
            except PeerFailed as reason:
                refused[peer] = str(reason)
                crew.drop(peer)
            else:
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
