"""How long commands take that compute nothing: what a person waits for at each call.

    python -m benchmarks.startup

prints the median processor time of fresh processes, and its ratio to a Python that does nothing but load Lark, in the
same run, interleaved. The goal: under 0.5 s.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

MODEL = Path(__file__).parents[1] / "examples" / "fitzhugh_nagumo" / "model.eq"
REPEATS = 11
COMMANDS = {
    "python -c 'import lark'": ["-c", "import lark"],
    "eqdsl --help": ["-m", "eqdsl", "--help"],
    "eqdsl check model.eq": ["-m", "eqdsl", "check", str(MODEL)],
    "eqdsl show model.eq": ["-m", "eqdsl", "show", str(MODEL)],
}


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(REPEATS):
        for name, arguments in COMMANDS.items():
            seconds[name].append(cpu_seconds(arguments))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    base = next(iter(medians.values()))
    print("| command | CPU s (least, median) | over the first |")
    print("|---|---|---|")
    for name, median in medians.items():
        print(f"| `{name}` | {min(seconds[name]):.3f}, {median:.3f} | {median / base:.1f} |")


def cpu_seconds(arguments: list[str]) -> float:
    """Processor time of one fresh Python."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
