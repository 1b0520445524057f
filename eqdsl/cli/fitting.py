"""The work of `eqdsl fit`: settings, model and data in, events out, a run folder left. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from eqdsl.cli.console import result
from eqdsl.cli.failures import INTERRUPTED
from eqdsl.cli.fit_display import choose_display, duration, number
from eqdsl.cli.interruption import StopRequest
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import load_config, with_overrides
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.model.model import Model


@dataclass(frozen=True)
class Request:
    """The options of `eqdsl fit`."""

    model: Model
    data: str
    out: Path
    config_path: Path | None
    sets: tuple[str, ...]
    seed: int | None
    device: str | None
    dtype: str | None
    memory: str | None
    multiplier: str | None
    objective: str | None
    minutes: float | None
    resume: bool
    mapping: tuple[tuple[str, str], ...]
    quiet: bool
    as_json: bool
    force: bool


def perform(request: Request) -> None:
    """Fit, show the way, and say on stdout what came out; leaves with status 130 when it was interrupted."""
    config = configure(request)
    display = choose_display(as_json=request.as_json, quiet=request.quiet)
    with StopRequest() as should_stop, display as show:
        run = fit(
            request.model,
            request.data,
            out=request.out,
            config=config,
            events=show,
            should_stop=should_stop,
            resume=request.resume,
            force=request.force,
        )
    if not request.as_json:
        result(summary(run))
    if run.state["status"] == "interrupted":
        raise click.exceptions.Exit(INTERRUPTED)


def summary(run: Run) -> str:
    """A few lines about a run: how it ended, its parameters and its scores."""
    state = run.state
    ended = f"{state['status']}, {state['reason']}" if state["reason"] else state["status"]
    lines = [f"{run.path}: {state['epochs']} epochs in {duration(state['seconds'])}; {ended}"]
    lines += [f"  {name} = {number(value)}" for name, value in state["parameters"].items()]
    for part, scores in state["scores"].items():
        logarithm = number(scores["log10_mse"])
        lines.append(
            f"  {part}: mse {number(scores['mse'])} (log10 {logarithm}), {scores['trajectories']} trajectories"
        )
    return "\n".join(lines)


def configure(request: Request) -> FitConfig:
    """The settings: those of the TOML file or of a run to resume, then `--set`, the short options and `--map`.

    Raises
    ------
    UsageError
        The file cannot be read, or a key or value is wrong.
    DataError
        There is no run to resume.
    """
    short: Mapping[str, object] = {
        "seed": request.seed,
        "device": request.device,
        "dtype": request.dtype,
        "minutes": request.minutes,
    }
    overrides = [f"run.{key}={value}" for key, value in short.items() if value is not None]
    overrides += [f"integrator.memory={request.memory}"] if request.memory is not None else []
    overrides += [f"multiplier.rule={request.multiplier}"] if request.multiplier is not None else []
    overrides += [f"objective.chain={request.objective}"] if request.objective is not None else []
    otherwise = load_run(request.out).config if request.resume and request.config_path is None else FitConfig()
    return base_config(request.config_path, [*request.sets, *overrides], request.mapping, otherwise)


def base_config(
    path: Path | None, sets: Sequence[str], mapping: Sequence[tuple[str, str]], otherwise: FitConfig
) -> FitConfig:
    """The settings of a TOML file, or `otherwise` without one, with some of them set, and the names of `--map`.

    Raises
    ------
    UsageError
        The file cannot be read, or a key or value is wrong.
    """
    config = with_overrides(load_config(path) if path is not None else otherwise, sets)
    if not mapping:
        return config
    # Not through `with_overrides`: names such as `w.x` and datasets such as `3` would be taken for TOML.
    names = {**config.data.map, **dict(mapping)}
    return config.model_copy(update={"data": config.data.model_copy(update={"map": names})})
