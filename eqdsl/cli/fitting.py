"""The work of `eqdsl fit`: settings, model and data in, events out, a run folder left. Loads torch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from eqdsl.cli.console import result, say
from eqdsl.cli.ensemble import fit_members
from eqdsl.cli.failures import FAILED_COMPUTATION, INTERRUPTED
from eqdsl.cli.fit_display import choose_display, duration, json_line, member_text, number
from eqdsl.cli.interruption import StopRequest
from eqdsl.core.errors import EqdslError, UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import load_config, with_overrides
from eqdsl.fitting.ensemble import load_members
from eqdsl.fitting.fit import fit
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.inspection.ensemble import ensemble_of
from eqdsl.inspection.inspect import identify_run
from eqdsl.inspection.parameters import RISES
from eqdsl.inspection.wording import edge
from eqdsl.model.model import Model

LARGEST = 1 << 13
"""Grid points beyond which the ranges of parameters are left to `eqdsl inspect`: they take seconds to minutes."""
SHOWN = 8
"""Environments whose numbers a summary lists."""


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
    precision: str | None
    memory: str | None
    multiplier: str | None
    objective: str | None
    invariance: str | None
    minutes: float | None
    resume: bool
    mapping: tuple[tuple[str, str], ...]
    quiet: bool
    as_json: bool
    force: bool
    ensemble: int | None
    jobs: int | None


def perform(request: Request) -> None:
    """Fit, show the way, and say on stdout what came out.

    Leaves with status 130 when it was interrupted, 3 when a member of an ensemble failed.
    """
    if request.jobs is not None and request.ensemble is None:
        raise UsageError("--jobs is for the members of an ensemble", help="give `--ensemble 5` too, or leave it out")
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
    interrupted = run.state["status"] == "interrupted"
    if not request.as_json:
        result(summary(run))
    if interrupted:
        raise click.exceptions.Exit(INTERRUPTED)
    if request.ensemble is not None:
        _fit_members(request, run)


def _fit_members(request: Request, run: Run) -> None:
    """The other runs of an ensemble, and what they have in common."""

    def tell(event: Mapping[str, Any]) -> None:
        if request.as_json:
            json_line(event)
        elif not request.quiet:
            say(member_text(event))

    assert request.ensemble is not None
    ends = fit_members(run, request.data, request.ensemble, request.jobs or 1, request.minutes, tell)
    found = ensemble_of((run, *load_members(run)))
    if request.as_json:
        json_line({"event": "ensemble", "run": str(run.path), **(found.as_json() if found is not None else {})})
    elif found is not None:
        result(found.as_text())
    if "interrupted" in ends:
        raise click.exceptions.Exit(INTERRUPTED)
    if "failed" in ends:
        raise click.exceptions.Exit(FAILED_COMPUTATION)


def summary(run: Run) -> str:
    """A few lines about a run: how it ended, parameters with ranges, what is not determined, and its scores."""
    state = run.state
    ended = f"{state['status']}, {state['reason']}" if state["reason"] else state["status"]
    lines = [f"{run.path}: {state['epochs']} epochs in {duration(state['seconds'])}; {ended}"]
    if state.get("stagnation"):
        lines.append(f"  stagnation: {state['stagnation']}")
    ranges, sentences = _identified(run)
    own = state.get("own", {})
    for name, value in state["parameters"].items():
        listed = ", ".join(f"{label}: {number(v)}" for label, v in list(own.get(name, {}).items())[:SHOWN])
        more = ", …" if len(own.get(name, {})) > SHOWN else ""
        among = f" in the mean; {listed}{more}" if listed else ""
        lines.append(f"  {name} = {number(value)}{ranges.get(name, '')}{among}")
    lines += [f"  {sentence}" for sentence in sentences]
    lines += [f"  noise of {name} = {number(value)}" for name, value in state.get("noise", {}).items()]
    for part, scores in state["scores"].items():
        logarithm = number(scores["log10_mse"])
        lines.append(
            f"  {part}: mse {number(scores['mse'])} (log10 {logarithm}), {scores['trajectories']} trajectories"
        )
    return "\n".join(lines)


def _identified(run: Run) -> tuple[dict[str, str], tuple[str, ...]]:
    """The widest range of each parameter in words, and what is not determined; nothing for a run that was cut off."""
    if run.state["status"] == "interrupted" or math.prod(run.field.grid.shape) > LARGEST:
        return {}, ()
    try:
        parameters, found = identify_run(run)
    except EqdslError as failure:
        # The run is whole: what is missing is only the sentence about it.
        return {}, (f"no ranges of the parameters: {failure.message}",)
    rise = f"{RISES[-1]:.0%}"
    what = {"norm": f"at +{rise} of the learned part", "misfit": f"at +{rise} of the misfit"}
    ranges = {p.name: f"   {edge(p.low, p)} … {edge(p.high, p)} {what[p.decided]}" for p in parameters if p.ranges}
    return ranges, found.sentences


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
        "precision": request.precision,
        "minutes": request.minutes,
    }
    overrides = [f"run.{key}={value}" for key, value in short.items() if value is not None]
    overrides += [f"integrator.memory={request.memory}"] if request.memory is not None else []
    overrides += [f"multiplier.rule={request.multiplier}"] if request.multiplier is not None else []
    overrides += [f"objective.chain={request.objective}"] if request.objective is not None else []
    overrides += [f"invariance.kind={request.invariance}"] if request.invariance is not None else []
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
