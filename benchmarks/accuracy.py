"""Fits every problem with the command line, as a user would, and measures what came out.

    python -m benchmarks.accuracy [--only pendulum] [--minutes-scale 1.0]

writes ``benchmarks/results/accuracy.md`` (the table of the README) and ``accuracy.json``. Needs about 45 minutes on
two cores for all rows. Data are made by the examples' own makers first.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import torch

from benchmarks.problems import PROBLEMS, Problem
from eqdsl.data.reading import read_data
from eqdsl.fitting.run_folder import Run, load_run

RESULTS = Path(__file__).parent / "results"
HELD_OUT_YEARS = 4


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="rows whose name contains this text")
    options.add_argument("--minutes-scale", type=float, default=1.0, help="factor on every time budget")
    chosen = options.parse_args()
    RESULTS.mkdir(exist_ok=True)
    stored = RESULTS / "accuracy.json"
    rows = json.loads(stored.read_text()) if stored.exists() else {}
    for problem in PROBLEMS:
        if chosen.only in problem.name:
            rows[problem.name] = measure(problem, problem.minutes * chosen.minutes_scale)
            stored.write_text(json.dumps(rows, indent=1) + "\n")
            (RESULTS / "accuracy.md").write_text(table(rows))
    print(table(rows))


def measure(problem: Problem, minutes: float) -> dict[str, Any]:
    """Make the data, fit, evaluate on the test file, distil."""
    if not problem.path(problem.data).exists():
        subprocess.run([sys.executable, str(problem.path("make_data.py"))], check=True)
    out = RESULTS / f"{problem.folder}-{Path(problem.model).stem}"
    settings = [part for key, value in problem.options.items() for part in ("--set", f"{key}={value}")]
    began, cpu = time.monotonic(), _children_seconds()
    command(
        "fit", problem.path(problem.model), problem.path(problem.data), "-o", out, "--force", "--quiet",
        "--minutes", f"{minutes:g}", *settings,
    )  # fmt: skip
    seconds, cpu = time.monotonic() - began, _children_seconds() - cpu
    scores = json.loads(command("evaluate", out, problem.path(problem.test), "--json"))
    inspected = json.loads(
        command("inspect", out, "--json", "--report", out / "report.html", "--force",
                *(["--distil"] if problem.distil else []))
    )  # fmt: skip
    run = load_run(out)
    values = {name: entry["value"] for name, entry in inspected["parameters"].items()}
    row: dict[str, Any] = {
        "minutes": seconds / 60,
        "cpu_minutes": cpu / 60,
        "log10_mse": scores["log10_mse"],
        "log10_mse_without_first": scores["log10_mse_without_first"],
        "per_state": scores["per_state"],
        "parameters": values,
        "errors": {name: values[name] / true - 1 for name, true in problem.truth.items()},
        "formulas": {name: entry["formula"] for name, entry in inspected["learned"].items()},
        "threads": torch.get_num_threads(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, torch {torch.__version__}",
        "date": date.today().isoformat(),
    }
    if problem.slope is not None:
        row["slope"] = fitted_slope(run, problem)
    if problem.test == "all.h5":
        row["held_out"] = held_out(run, problem)
    return row


def fitted_slope(run: Run, problem: Problem) -> float:
    """Least-squares slope of a learned term against one channel over the test states."""
    assert problem.slope is not None
    output, channel, _ = problem.slope
    data = read_data(problem.path(problem.test), run.model)
    state = torch.as_tensor(data.state, dtype=torch.float64).flatten(0, 1)
    field = run.field_as(torch.float64)
    with torch.no_grad():
        values = field.learned_outputs(0.0, state)[output]
    x = state[:, run.model.channel_names.index(channel)]
    return float((values * x).sum() / (x * x).sum())


def held_out(run: Run, problem: Problem) -> dict[str, float]:
    """Rms error of the years that the fit did not see, rolled out from the first year and from the last one seen."""
    from eqdsl.simulation import simulate

    data = read_data(problem.path(problem.test), run.model)
    field = run.field_as(torch.float64)
    errors = {}
    last_seen = data.frames - HELD_OUT_YEARS - 1
    for name, start in (("from the first year", 0), ("from the last year seen", last_seen)):
        initial = torch.as_tensor(data.state[:, start], dtype=torch.float64)
        solved = simulate(field, data.times[0, start:], initial=initial).trajectories.state
        difference = (solved - data.state[:, start:])[:, -HELD_OUT_YEARS:]
        errors[name] = float((difference**2).mean() ** 0.5)
    return errors


def command(*arguments: object) -> str:
    """Run ``eqdsl`` and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "eqdsl", *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as Markdown."""
    lines = [
        "| problem | log10 MSE, test | parameters (error) | learned term | minutes (CPU) |",
        "|---|---|---|---|---|",
    ]
    for problem in PROBLEMS:
        row = rows.get(problem.name)
        if row is None:
            continue
        parameters = ", ".join(f"{n} = {v:.5g}{_error(row['errors'].get(n))}" for n, v in row["parameters"].items())
        found = [f"`{name} = {text}`" for name, text in row["formulas"].items() if text]
        if "slope" in row:
            found.insert(0, f"slope {row['slope']:.5g}")
        if "held_out" in row:
            found.append("held-out rms " + ", ".join(f"{v:.3g} {k}" for k, v in row["held_out"].items()))
        lines.append(
            f"| {problem.name} | {row['log10_mse']:.2f} | {parameters} | {'; '.join(found)} "
            f"| {row['minutes']:.1f} ({row['cpu_minutes']:.1f}) |"
        )
    machines = sorted({f"{row['machine']}, {row['date']}" for row in rows.values()})
    return "\n".join([*lines, "", f"Measured on: {'; '.join(machines)}.", ""])


def _error(error: float | None) -> str:
    return "" if error is None else f" ({100 * error:+.2g} %)"


if __name__ == "__main__":
    main()
