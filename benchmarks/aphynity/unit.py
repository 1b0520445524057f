"""One unit: a problem, a variant and a seed, from the fit to its result.

    python -m benchmarks.aphynity.unit pendulum restricted 0

A fit that was cut off goes on where it was; its processor time is counted over all sessions.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import torch

from benchmarks.aphynity.files import WORK, data_file, result_file, write_result
from benchmarks.aphynity.problems import NEVER_FITTED, PROBLEMS, VARIANTS, Problem
from benchmarks.aphynity.projection import projection
from benchmarks.aphynity.scores import learned_squares, log10, mean_square_errors, quantities
from benchmarks.speed.environment import machine
from eqdsl.analysis.check import load_model
from eqdsl.core.errors import EqdslError
from eqdsl.data.reading import read_data
from eqdsl.data.split import split_trajectories
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import with_overrides
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.numerics.grid import grid_from_coordinates

METHOD = "rk4"
MACHINE = ("cpu", "cores", "torch", "commit")
NOTED_EVERY = 5.0
"""Seconds between two notes of the processor time of a fit that is under way."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("problem", choices=PROBLEMS)
    options.add_argument("variant", choices=VARIANTS)
    options.add_argument("seed", type=int)
    chosen = options.parse_args()
    result = measure(PROBLEMS[chosen.problem], chosen.variant, chosen.seed)
    write_result(result_file(chosen.problem, chosen.variant, chosen.seed), result)
    print(said(result))


def measure(problem: Problem, variant: str, seed: int, *, work: Path = WORK) -> dict[str, Any]:
    """Fit a variant, unless it has nothing to fit, and measure it on the test file."""
    train, test = (data_file(problem, part, work) for part in ("train", "test"))
    model = load_model(problem.model(variant))
    held_out = read_data(test, model)
    result: dict[str, Any] = {
        "problem": problem.name, "variant": variant, "seed": seed, "date": date.today().isoformat(),
        "machine": {key: value for key, value in machine().items() if key in MACHINE},
        "threads": torch.get_num_threads(), "method": METHOD, "substeps": problem.substeps,
    }  # fmt: skip
    if variant in NEVER_FITTED:
        field = compile_model(model, grid=grid_from_coordinates(model, held_out.axes))
        result |= {"settings": {}, "weights": 0, "seconds": 0.0, "cpu_seconds": 0.0}
    else:
        run, cpu = fitted(problem, variant, seed, train, work / f"{problem.name}-{variant}-{seed}")
        field = run.field_as(torch.float64)
        result |= {
            "settings": problem.options(variant, seed),
            "weights": sum(p.numel() for p in field.learned.parameters()),
            "seconds": float(run.state["seconds"]), "cpu_seconds": cpu, "validation": run.state["validation"],
        }  # fmt: skip
    result |= scored(problem, field, seen(problem, variant, seed, train), held_out)
    if variant in COMPARED:
        known = COMPARED[variant]
        result["projection"] = projection(problem, known, seen(problem, known, seed, train))
    return result


def seen(problem: Problem, variant: str, seed: int, train: Path) -> Trajectories:
    """The training trajectories that a fit sees: those it does not hold out."""
    config = settings(problem, variant, seed)
    data = read_data(train, load_model(problem.model(variant)))
    return split_trajectories(data, validation=config.data.validation, test=0.0, seed=config.run.seed).train


def settings(problem: Problem, variant: str, seed: int) -> FitConfig:
    """The options of a fit."""
    return with_overrides(FitConfig(), [f"{key}={value}" for key, value in problem.options(variant, seed).items()])


COMPARED = {"all_seeing": "physics", "complete_learned": "complete"}
"""Variants whose learned term can imitate all known ones, and the variant that has the same known terms."""


def fitted(problem: Problem, variant: str, seed: int, train: Path, place: Path) -> tuple[Run, float]:
    """The finished run in `place`, gone on with where it was begun, and the processor time of all sessions."""
    sidecar = place.with_suffix(".cpu.json")
    before = json.loads(sidecar.read_text()) if sidecar.exists() else 0.0
    began = noted = time.process_time()

    def note(event: dict[str, Any]) -> None:
        nonlocal noted
        if time.process_time() - noted > NOTED_EVERY:
            noted = time.process_time()
            _write(sidecar, before + noted - began)

    model, config = load_model(problem.model(variant)), settings(problem, variant, seed)
    run = _started(place)
    if run is None or run.config != config or run.model.source.text != model.source.text:
        before = 0.0
        run = fit(model, train, out=place, config=config, events=note, force=True)
    elif run.state["status"] != "done":
        run = fit(model, train, out=place, config=config, events=note, resume=True)
    cpu = before + time.process_time() - began
    _write(sidecar, cpu)
    return run, cpu


def _started(place: Path) -> Run | None:
    try:
        return load_run(place)
    except EqdslError:
        return None


def _write(path: Path, seconds: float) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(f"{seconds}\n")
    partial.replace(path)


def scored(problem: Problem, field: VectorField, training: Trajectories, held_out: Trajectories) -> dict[str, Any]:
    """Errors on the test file, quantities, and the size of learned terms over the training states."""
    errors = mean_square_errors(field, held_out, method=METHOD, substeps=problem.substeps)
    return {
        "log10_mse": log10(errors["mse"]),
        "log10_mse_without_first": log10(errors["mse_without_first"]),
        "log10_per_sequence": errors["log10_per_sequence"],
        "quantities": quantities(problem, field, training),
        "learned_squares": learned_squares(field, training),
    }


def said(result: dict[str, Any]) -> str:
    """A result in a line."""
    errors = ", ".join(f"{name} {100 * q['error']:+.3g} %" for name, q in result["quantities"].items())
    return (
        f"{result['problem']}, {result['variant']}, seed {result['seed']}: log10 MSE {result['log10_mse']:.2f}"
        f"{', ' + errors if errors else ''}; {result['cpu_seconds'] / 60:.1f} CPU minutes"
    )


if __name__ == "__main__":
    main()
