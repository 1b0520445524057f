"""How long a person waits before anything happens: commands that compute nothing, and first training steps.

    python -m benchmarks.startup

prints the processor time of fresh processes, compilers included, runs taking turns: the least and the median, with its
goal; and the ratio to a Python that does nothing but load Lark. A new model finds no kernel on the disk, a known one
its own.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
MODEL = EXAMPLES / "fitzhugh_nagumo" / "model.eq"
REPEATS = 11
COMMANDS = {
    "python -c 'import lark'": (["-c", "import lark"], None),
    "eqdsl --help": (["-m", "eqdsl", "--help"], 0.5),
    "eqdsl check model.eq": (["-m", "eqdsl", "check", str(MODEL)], 0.5),
    "eqdsl show model.eq": (["-m", "eqdsl", "show", str(MODEL)], None),
}
STEP_REPEATS = 3
FIRST_STEPS = ("fitzhugh_nagumo", "pendulum")
NEW, KNOWN = 15.0, 3.0
"""Goals for the first training step, seconds."""


def main() -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(REPEATS):
        for name, (arguments, _) in COMMANDS.items():
            seconds[name].append(cpu_seconds(arguments))
    goals = {name: goal for name, (_, goal) in COMMANDS.items()}
    for _ in range(STEP_REPEATS):
        for example in FIRST_STEPS:
            with tempfile.TemporaryDirectory() as cache:
                for which, goal in (("new", NEW), ("known", KNOWN)):
                    name = f"first training step, {which} model, {example}"
                    goals[name] = goal
                    arguments = ["-m", "benchmarks.startup", example]
                    seconds.setdefault(name, []).append(cpu_seconds(arguments, {"EQDSL_CACHE": cache}))
    base = statistics.median(next(iter(seconds.values())))
    print("| what | CPU s (least, median) | over the first | goal, s |")
    print("|---|---|---|---|")
    for name, times in seconds.items():
        median, goal = statistics.median(times), goals[name]
        print(f"| `{name}` | {min(times):.3f}, {median:.3f} | {median / base:.1f} | {goal or ''} |")


def cpu_seconds(arguments: list[str], environment: dict[str, str] | None = None) -> float:
    """Processor time of one fresh Python and of the compilers that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    alone = {"OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=True,
        env={**os.environ, **alone, **(environment or {})},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def first_step(example: str) -> None:
    """A rollout of ten frames, its gradient, and a step of Adam."""
    # Loaded here: the process that measures has no use for it.
    import torch

    import eqdsl
    from eqdsl.numerics.integrators.integrate import integrate

    field = eqdsl.compile_model(eqdsl.load(EXAMPLES / example / "model.eq"))
    start = 0.5 * torch.randn(16, len(field.model.channels), *field.grid.shape, dtype=field.dtype)
    optimiser = torch.optim.Adam(field.parameters())
    integrate(field, start, 0.01 * torch.arange(10, dtype=torch.float64)).square().mean().backward()
    optimiser.step()


if __name__ == "__main__":
    if sys.argv[1:]:
        first_step(sys.argv[1])
    else:
        main()
