"""Speed of eqdsl and of its peers, in one run.

    python -m benchmarks.speed                              all sections
    python -m benchmarks.speed forward --sizes 64 128 256   growth with the grid
    python -m benchmarks.speed rollout --steps 100 1000     with the number of steps

prints tables; only `--write` keeps them.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.speed.environment import load, machine
from benchmarks.speed.measure import Crew, measure
from benchmarks.speed.peers.table import PEERS
from benchmarks.speed.problems import PROBLEMS
from benchmarks.speed.regression import worse
from benchmarks.speed.report import Results, markdown
from benchmarks.speed.sections.section import Choice
from benchmarks.speed.sections.table import SECTIONS

RESULTS = Path(__file__).parents[1] / "results"
FACTOR = 1.5
"""By how much a ratio may grow before `--check` fails: short cases spread by a third on a shared machine."""


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__, formatter_class=shape)
    add = parser.add_argument
    add("sections", nargs="*", default=list(SECTIONS), help=f"of {', '.join(SECTIONS)}; all")
    add("--threads", type=int, nargs="+", default=[1], help="one table for each number of cores; 1")
    add("--repeats", type=int, default=11, help="of each case, fewer where they take long; 11")
    add("--peers", nargs="+", choices=list(PEERS), default=list(PEERS), help="eqdsl and the base are always there")
    add("--problems", nargs="+", choices=list(PROBLEMS))
    add("--sizes", type=int, nargs="+", help="points along each axis")
    add("--dtypes", nargs="+", choices=["float32", "float64"])
    add("--batch", type=int, nargs="+", help="trajectories")
    add("--steps", type=int, nargs="+")
    add("--hidden", nargs="+", help="widths of the network's layers, such as 16-16 32-32")
    add("--write", action="store_true", help=f"write {RESULTS.name}/speed.json and speed.md; on a quiet machine")
    add("--check", action="store_true", help="compare eqdsl's ratios with the committed ones; exit 1 where one grew")
    add("--factor", type=float, default=FACTOR, help=f"by how much a ratio may grow; {FACTOR}")
    chosen = parser.parse_args(given)
    unknown = set(chosen.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    return chosen


def choices(options: argparse.Namespace) -> list[Choice]:
    """Every combination of batch, steps and widths: how times grow with each."""
    hidden = [tuple(int(w) for w in text.split("-")) for text in options.hidden or ()]
    return [
        Choice(_tuple(options.sizes), batch, steps, widths, _tuple(options.dtypes), _tuple(options.problems))
        for batch in options.batch or [None]
        for steps in options.steps or [None]
        for widths in hidden or [None]
    ]


def run(options: argparse.Namespace) -> Results:
    if load() > 0.5:
        print(f"warning: the machine is busy (load {load():.1f}); these are no numbers to keep", file=sys.stderr)
    results: Results = {"machine": machine(), "threads": {}}
    for threads in options.threads:
        found: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder:
            crew = Crew(threads, Path(folder))
            try:
                for name in options.sections:
                    found[name] = rows(name, options, crew)
            finally:
                crew.close()
        results["threads"][str(threads)] = found
        if options.write:  # of what has been measured, should the next table be cut off
            (RESULTS / "speed.json").write_text(json.dumps(results, indent=1) + "\n")
            (RESULTS / "speed.md").write_text(markdown(results))
    return results


def rows(name: str, options: argparse.Namespace, crew: Crew) -> dict[str, Any]:
    section = SECTIONS[name]
    print(f"{name}: {section.title}", file=sys.stderr)
    peers = [p for p in section.peers if p in options.peers or p in ("eqdsl", section.base)]
    cases = [case for choice in choices(options) for case in section.cases(choice)]
    return {case.name: measure(section, case, crew, options.repeats, peers) for case in cases}


def main() -> None:
    options = arguments()
    results = run(options)
    print(markdown(results))
    if options.check:
        grown = worse(results, json.loads((RESULTS / "speed.json").read_text()), options.factor)
        print("\n".join(grown) or f"no ratio grew by more than {options.factor}")
        sys.exit(bool(grown))


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return tuple(values) if values else None


if __name__ == "__main__":
    main()
