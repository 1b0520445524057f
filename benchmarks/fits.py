"""Runs every benchmark of fits, and says what each of its rows cost.

    python -m benchmarks.fits            (make bench-fit)

Each module keeps its results in a folder of ``benchmarks/results/`` that has its name, a JSON file for each row with
the processor time of its fit under ``cpu_seconds``, and runs only what is missing there.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
MODULES = (
    "benchmarks.aphynity",
    "benchmarks.noise",
    "benchmarks.environments",
    "benchmarks.hidden",
    "benchmarks.images",
)
"""In the order in which they run; those that are not there are left out."""
LIMIT = 30.0
"""CPU minutes that a row may take."""


def main() -> None:
    present = [module for module in MODULES if importlib.util.find_spec(module) is not None]
    failed = [module for module in present if subprocess.run([sys.executable, "-m", module], check=False).returncode]
    for module in present:
        print("\n".join(costs(RESULTS / module.rpartition(".")[2])))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def costs(folder: Path) -> list[str]:
    """CPU minutes of every row with a result in a folder; rows beyond the limit say so."""
    lines = []
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text())
        if "cpu_seconds" in result:
            minutes = result["cpu_seconds"] / 60
            beyond = f"  more than {LIMIT:g}" if minutes > LIMIT else ""
            lines.append(f"{folder.name}/{path.stem}: {minutes:.1f} CPU minutes{beyond}")
    return lines


if __name__ == "__main__":
    main()
