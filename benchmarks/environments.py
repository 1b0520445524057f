"""Lotka-Volterra in several environments: LEADS' and CoDA's data, and what each way of treating them scores.

    python -m benchmarks.environments [--only known] [--again]

fits by the command line on one thread, keeps a JSON file for each row in ``benchmarks/results/environments/`` and the
table in ``benchmarks/results/environments.md``, and runs only what is missing there. Scores are mean squared errors of
32 test trajectories in each environment, the first frame included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "examples" / "lotka_volterra_environments"
RESULTS = Path(__file__).parent / "results" / "environments"
ALL: Mapping[str, object] = {"data.validation": 0, "curriculum.horizon": 4, "warm_start.steps": 300}
"""Options of every fit: nothing is held out of one trajectory each, and exact data need no long rollouts."""
NETWORKS: Mapping[str, object] = {
    "multiplier.rule": "fixed", "multiplier.start": 3000, "optimizer.steps": 1500, "optimizer.polish": 1000,
    "safety.patience": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    name, words : str
        Of its file, and in the table.
    model, data, test : str
        Files of the example.
    options : mapping
        Of the fit, as in ``--set``.
    new, new_test : str
        Data of new environments to adapt to, and to score that on; empty for none.
    goal : float
        Largest score aimed at; of the new environments where there are some. 0 for none.
    """

    name: str
    words: str
    model: str
    goal: float
    data: str = "train.h5"
    test: str = "test.h5"
    options: Mapping[str, object] = field(default_factory=dict)
    new: str = ""
    new_test: str = ""


KNOWN: Mapping[str, object] = {"optimizer.steps": 300, "optimizer.polish": 200, "run.dtype": "float64"}
CONTACT: Mapping[str, str] = {
    "data": "contact_train.h5", "test": "contact_test.h5", "new": "new.h5", "new_test": "new_test.h5",
}  # fmt: skip
OWN: Mapping[str, object] = {"multiplier.weights.f": 0.001, "multiplier.weights.own_f": 0.1}

ROWS = (
    Row("one_for_all", "one network for all", "one_for_all.eq", 0.0, options=NETWORKS),
    Row("shared_and_own", "shared network + one per environment", "model.eq", 1.2e-3, options={**NETWORKS, **OWN}),
    Row("known", "known law, rates `per environment`", "known.eq", 1e-6, options=KNOWN),
    Row("contact", "network that `adapts environment`", "contact.eq", 1e-4, options=NETWORKS, **CONTACT),
    Row("contact_known", "known law, contact rates `per environment`", "contact_known.eq", 1e-4, options=KNOWN,
        **CONTACT),
)  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", default="", help="rows whose name contains this text")
    options.add_argument("--again", action="store_true", help="also rows that have a result")
    chosen = options.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "new_test.h5").exists():
        subprocess.run([sys.executable, str(FOLDER / "make_data.py")], check=True)
    for row in ROWS:
        stored = RESULTS / f"{row.name}.json"
        if chosen.only in row.name and (chosen.again or not stored.exists()):
            stored.write_text(json.dumps(measure(row), indent=1) + "\n")
    text = table()
    RESULTS.with_suffix(".md").write_text(text)
    print(text)


def measure(row: Row) -> dict[str, Any]:
    """Fit, adapt where there are new environments, and score."""
    run, adapted = RESULTS / f"run_{row.name}", RESULTS / f"run_{row.name}_new"
    settings = [part for key, value in {**ALL, **row.options}.items() for part in ("--set", f"{key}={value}")]
    began, cpu = time.monotonic(), _children_seconds()
    command("fit", FOLDER / row.model, FOLDER / row.data, "-o", run, "--force", "--quiet", *settings)
    found: dict[str, Any] = {"scores": json.loads(command("evaluate", run, FOLDER / row.test, "--json"))}
    if row.new:
        command("adapt", run, FOLDER / row.new, "-o", adapted, "--force", "--quiet")
        found["new"] = json.loads(command("evaluate", adapted, FOLDER / row.new_test, "--json"))
    return {**found, "seconds": time.monotonic() - began, "cpu_seconds": _children_seconds() - cpu}


def command(*arguments: object) -> str:
    """What a command of eqdsl prints, on one thread."""
    line = [sys.executable, "-m", "eqdsl", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def table() -> str:
    """The results as a table in markdown."""
    lines = [
        "| model | data | test MSE | worst environment | new environments, MSE | goal | CPU minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        stored = RESULTS / f"{row.name}.json"
        if stored.exists():
            found = json.loads(stored.read_text())
            new = f"{found['new']['mse']:.2g}" if "new" in found else ""
            scores = found["scores"]
            kind = "CoDA" if row.new else "LEADS"
            worst = max(scores["environments"].values())
            goal = f"{row.goal:.2g}" if row.goal else ""
            scored = f"{scores['mse']:.2g} | {worst:.2g} | {new} | {goal}"
            lines.append(f"| {row.words} | {kind} | {scored} | {found['cpu_seconds'] / 60:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
