"""Runs what is missing of the table, and publishes what is there.

    python -m benchmarks.aphynity [pendulum reaction-diffusion wave] [--variants restricted] [--seeds 3] [--jobs 2]
    python -m benchmarks.aphynity --publish

Every problem, variant and seed is a unit of its own, with its result in ``benchmarks/results/aphynity/``. A unit that
was measured with the present settings is not run again, and one that was cut off goes on, so the table can be made in
any number of sittings. ``--publish`` only writes ``benchmarks/results/aphynity.md``, and names the units that are
missing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.aphynity.files import RESULTS, ROOT, data_file
from benchmarks.aphynity.problems import PROBLEMS, VARIANTS
from benchmarks.aphynity.table import load, table, unit_seeds, up_to_date

Unit = tuple[str, str, int]


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(prog="python -m benchmarks.aphynity", description=__doc__)
    options.add_argument(
        "problems", nargs="*", metavar="problem", help=f"{', '.join(PROBLEMS)}; all when none is named"
    )
    options.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--jobs", type=int, default=1, help="units at a time, one thread each")
    options.add_argument("--publish", action="store_true", help="only write the table of what is there")
    chosen = options.parse_args(arguments)
    unknown = [name for name in chosen.problems if name not in PROBLEMS]
    if unknown:
        options.error(f"there is no problem {unknown[0]}; there are {', '.join(PROBLEMS)}")
    if not chosen.publish:
        units = missing_units(chosen.problems or list(PROBLEMS), chosen.variants, chosen.seeds)
        for problem in {unit[0] for unit in units}:
            for part in ("train", "test"):
                data_file(PROBLEMS[problem], part)
        with ThreadPoolExecutor(chosen.jobs) as pool:
            list(pool.map(run_unit, units))
    RESULTS.with_suffix(".md").write_text(table(seeds=chosen.seeds))
    if chosen.publish:
        print(table(seeds=chosen.seeds))


def missing_units(problems: Sequence[str], variants: Sequence[str], seeds: int) -> list[Unit]:
    """Units without a result that was measured with the present settings; first seeds first."""
    units = [(p, v, s) for s in range(seeds) for p in problems for v in variants if s in unit_seeds(v, seeds)]
    return [u for u in units if not up_to_date(load(PROBLEMS[u[0]], *u[1:]), PROBLEMS[u[0]], *u[1:])]


def run_unit(unit: Unit) -> None:
    """Run a unit in a process of its own: its processor time is its own, and a failure is not that of the others."""
    command = [sys.executable, "-m", "benchmarks.aphynity.unit", *map(str, unit)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    if done.returncode:
        print(f"{' '.join(map(str, unit))}: failed", file=sys.stderr)


if __name__ == "__main__":
    main()
