"""The table as Markdown, from the results that are there."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from benchmarks.aphynity.files import RESULTS, result_file
from benchmarks.aphynity.paper import PAPER
from benchmarks.aphynity.problems import NEVER_FITTED, PROBLEMS, VARIANTS, Problem

Result = dict[str, Any]

HEAD = (
    "variant", "seeds", "log10 MSE", "without frame 0", "exact equation", "parameters, error", "exact projection",
    "mean square of learned terms", "paper", "minutes (CPU)",
)  # fmt: skip

NOTES = """\
*log10 MSE*: decimal logarithm of the mean squared error over all test sequences, frames, channels and points, of
rollouts from the first frame; *without frame 0*, where the error is zero. Means ± standard deviations over seeds, which
draw the weights and what is held out of the training sequences. *Exact equation*: what the equation of the data scores
with the same integrator and step (rk4). *Parameters*: mean relative error, ± its standard deviation; `friction` and `k`
of restricted terms are least-squares slopes of the term over the training states. *Exact projection*: the error of the
parameters when the norm of a learned term that can imitate the known ones is minimised exactly over the same states,
computed without training; a better solution of the paper's problem comes closer to it, not to the truth. In brackets,
its mean square of the learned part and that of the true missing term. *Mean square of learned terms*: over the training
states, in units of the data. *Paper*: its table 1, log MSE (base not stated) and mean parameter error, on its own data
and step."""


def unit_seeds(variant: str, seeds: int) -> range:
    """The true equation has nothing to draw."""
    return range(1 if variant in NEVER_FITTED else seeds)


def load(problem: Problem, variant: str, seed: int, folder: Path = RESULTS) -> Result | None:
    """A result; None where it is missing."""
    path = result_file(problem.name, variant, seed, folder)
    return json.loads(path.read_text()) if path.exists() else None


def up_to_date(result: Result | None, problem: Problem, variant: str, seed: int) -> bool:
    """Whether a result was measured with the settings of today."""
    wanted = {} if variant in NEVER_FITTED else problem.options(variant, seed)
    return result is not None and result["settings"] == wanted and result["substeps"] == problem.substeps


def table(folder: Path = RESULTS, seeds: int = 3) -> str:
    """One section a problem, then what is missing and where it was measured."""
    lines, missing, machines = [NOTES, ""], [], set()
    for problem in PROBLEMS.values():
        lines += [f"## {problem.title[0].upper()}{problem.title[1:]}", "", _row(HEAD), _row(["---"] * len(HEAD))]
        exact = load(problem, "true", 0, folder)
        for variant, title in VARIANTS.items():
            there = [(seed, load(problem, variant, seed, folder)) for seed in unit_seeds(variant, seeds)]
            results = [result for _, result in there if result is not None]
            lost = [str(seed) for seed, result in there if not up_to_date(result, problem, variant, seed)]
            if lost:
                missing.append(f"{problem.name} {variant}: seed {', '.join(lost)}")
            if results:
                lines.append(_row(_cells(title, problem, results, exact)))
            machines |= {_machine(result) for result in results}
        lines.append("")
    lines += [f"Not measured yet with the present settings: {'; '.join(missing)}.", ""] if missing else []
    return "\n".join([*lines, f"Measured on: {'; '.join(sorted(machines))}.", ""])


def _cells(title: str, problem: Problem, results: Sequence[Result], exact: Result | None) -> list[str]:
    paper = PAPER.get((problem.name, results[0]["variant"]))
    return [
        title,
        str(len(results)),
        _spread([r["log10_mse"] for r in results]),
        _spread([r["log10_mse_without_first"] for r in results]),
        "" if exact is None else f"{exact['log10_mse']:.2f}",
        _quantities(problem, results),
        _projection(results[0].get("projection")),
        ", ".join(
            f"`{name}` {_spread([r['learned_squares'][name] for r in results], '.3g')}"
            for name in results[0]["learned_squares"]
        ),
        "" if paper is None else f"{paper[0]:.2f}" + ("" if paper[1] is None else f", {paper[1]:g} %"),
        f"{mean(r['seconds'] for r in results) / 60:.1f} ({mean(r['cpu_seconds'] for r in results) / 60:.1f})",
    ]


def _quantities(problem: Problem, results: Sequence[Result]) -> str:
    if results[0]["variant"] in NEVER_FITTED:
        return ""
    return ", ".join(
        f"{quantity.name} {_percent([r['quantities'][quantity.name]['error'] for r in results])}"
        for quantity in problem.quantities
        if quantity.name in results[0]["quantities"]
    )


def _projection(projected: dict[str, Any] | None) -> str:
    if projected is None:
        return ""
    errors = ", ".join(f"{name} {100 * error:+.3g} %" for name, error in projected["errors"].items()) or "the truth"
    return f"{errors} ({projected['square']:.4g}; {projected['missing']:.4g})"


def _spread(values: Sequence[float], form: str = ".2f") -> str:
    if not all(map(math.isfinite, values)):
        return ", ".join(f"{value:{form}}" for value in values)
    return f"{mean(values):{form}}" + (f" ± {stdev(values):{form}}" if len(values) > 1 else "")


def _percent(errors: Sequence[float]) -> str:
    spread = f" ± {100 * stdev(errors):.2g}" if len(errors) > 1 else ""
    return f"{100 * mean(errors):+.2g}{spread} %"


def _machine(result: Result) -> str:
    machine = result["machine"]
    return f"{machine['cpu']}, {machine['cores']} cores, torch {machine['torch']}, commit {machine['commit']}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
