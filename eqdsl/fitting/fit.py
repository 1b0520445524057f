"""`fit`: from a model and data to a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.inputs import check_inputs, with_wall_series
from eqdsl.data.reading import read_data
from eqdsl.data.split import Split, split_trajectories
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.collocation.frames import with_frames
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import changed_keys
from eqdsl.fitting.fingerprint import fingerprint
from eqdsl.fitting.hidden import check_hidden
from eqdsl.fitting.invariance import check_invariance
from eqdsl.fitting.making import make_problem
from eqdsl.fitting.noise import check_noise
from eqdsl.fitting.objectives.table import check_objectives
from eqdsl.fitting.penalty import check_weights
from eqdsl.fitting.precision import arithmetic, check_precision, shorten
from eqdsl.fitting.problem import check_something_to_fit
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.fitting.run_place import run_place
from eqdsl.fitting.session import Session, few_threads
from eqdsl.fitting.suited import suited
from eqdsl.fitting.trainer import Event
from eqdsl.lowering.members import Members
from eqdsl.model.model import ENVIRONMENT, TRAJECTORY, Model

RESUME_MAY_CHANGE = ("run.minutes", "run.checkpoint_seconds", "run.device")
"""Options that may differ from those of the run when it is resumed."""


def fit(
    model: Model,
    data: Trajectories | str | Path,
    *,
    out: str | Path | None = None,
    config: FitConfig | None = None,
    mapping: Mapping[str, str] | None = None,
    events: Callable[[Event], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    resume: bool = False,
    force: bool = False,
) -> Run:
    """Fit parameters and learned terms to trajectories.

    Parameters
    ----------
    model : Model
        With a learned term or a fitted parameter.
    data : Trajectories or path
        A path is read with `mapping`, else with the options' ``data.map``.
    out : path, optional
        Run folder to make; without it a temporary one, which lives as long as the `Run` returned.
    config : FitConfig, optional
        Default options, or with `resume` those of the run. A resumed run may change only `RESUME_MAY_CHANGE`.
    events : callable, optional
        Receives plain dicts: ``start``, ``announce``, ``stage``, ``epoch``, and ``done`` or ``interrupted``.
    should_stop : callable, optional
        Looked at before every step; the fit then ends with a usable run whose state says ``interrupted``.
    resume : bool
        Go on with the run in `out`. On the CPU it continues bit for bit.
    force : bool
        Replace the run in `out`.

    Raises
    ------
    DataError
        The data do not suit the model, or are not those of the run that is resumed.
    UsageError
        Nothing to fit, `out` is taken, or options that a resumed run may not change.
    ComputationError
        Rollouts or gradients stayed not finite; `out` holds the run up to there.
    """
    check_something_to_fit(model)
    config = suited(config, model) if config is not None else None
    previous = _run_to_resume(model, out, config) if resume else None
    config = config or (previous.config if previous is not None else suited(FitConfig(), model))
    check_config(model, config)
    if out is not None and previous is None:
        run_place(Path(out), force=force)
    if mapping:
        config = config.model_copy(update={"data": config.data.model_copy(update={"map": dict(mapping)})})
    trajectories, file = read_for_fit(model, data, config)
    check_invariance(config, trajectories)
    identity = fingerprint(trajectories, file)
    if previous is not None:
        _check_same_data(previous, identity, file)
    split = split_for_fit(model, trajectories, config, file)
    problem = make_problem(model, split, config, file=str(file) if file is not None else None)
    if previous is not None:
        problem = replace(problem, integrator=replace(problem.integrator, method=previous.method))
    session = Session(problem, split, config, events or (lambda event: None), should_stop or (lambda: False))
    session.start(trajectories)
    shorten(problem.field, config)
    with few_threads(problem), arithmetic(tf32=config.run.precision == "tf32"):
        return session.perform(out, identity, previous, force=force)


def check_config(model: Model, config: FitConfig) -> None:
    """Refuse options that do not exist or do not go with the model, before any data are read.

    Raises
    ------
    UsageError
        With what to take instead.
    """
    check_weights(model, config.multiplier)
    check_objectives(config)
    check_hidden(model, config)
    check_noise(model, config)
    check_precision(config)


def read_for_fit(model: Model, data: Trajectories | str | Path, config: FitConfig) -> tuple[Trajectories, Path | None]:
    """The trajectories to fit, numbered where each has numbers of its own, and the file they come from.

    Raises
    ------
    DataError
        They do not suit the model.
    """
    trajectories, file = _read(model, data, config)
    if TRAJECTORY in model.scopes:
        trajectories = replace(trajectories, number=np.arange(len(trajectories)))
    if ENVIRONMENT in model.scopes and trajectories.environment is None:
        names = " and ".join(f"`{name}`" for name in model.of_scope(ENVIRONMENT))
        note = f"the data hold no dataset `environment`: {names} is the same for all trajectories"
        trajectories = replace(trajectories, notes=(*trajectories.notes, note))
    return trajectories, file


def _read(model: Model, data: Trajectories | str | Path, config: FitConfig) -> tuple[Trajectories, Path | None]:
    if isinstance(data, Trajectories):
        if data.channels != model.data_channel_names:
            raise DataError(
                f"the trajectories have the channels {', '.join(data.channels)}, the data of the model "
                f"{', '.join(model.data_channel_names)}"
            )
        check_inputs(data, model)
        return with_wall_series(data, model), None
    found = read_data(data, model, mapping=config.data.map or None, scattered=True)
    return (found if found.points is None else with_frames(found, model, str(data))), Path(data)


def split_for_fit(model: Model, trajectories: Trajectories, config: FitConfig, file: Path | None) -> Split:
    """The parts of the data by the options; every environment with something of its own is in the first.

    Raises
    ------
    DataError
        There is nothing to fit to, or too little to hold out.
    """
    if trajectories.frames < 2 or not len(trajectories):
        raise DataError("a fit needs at least one trajectory of 2 frames", file=str(file) if file else None)
    seed = config.run.seed if config.data.seed is None else config.data.seed
    return split_trajectories(
        trajectories, validation=config.data.validation, test=config.data.test, seed=seed,
        groups=_groups(model, trajectories, config), first_frames=max(model.memory, 1) if model.unobserved else 0,
    )  # fmt: skip


def _groups(model: Model, trajectories: Trajectories, config: FitConfig) -> np.ndarray | None:
    """What each trajectory belongs to, of which every one is to be trained on; None where all are alike."""
    compared = trajectories.environment if config.invariance.kind != "off" else None
    own = Members.groups(model, trajectories)
    return compared if own is None else own


def _run_to_resume(model: Model, out: str | Path | None, config: FitConfig | None) -> Run:
    if out is None:
        raise UsageError("resuming needs the run folder", help="give `-o RUN` together with `--resume`")
    run = load_run(out)
    if "adapted" in run.state:
        raise UsageError(
            f"{out}: an adapted run is not resumed: a fit would move what is shared",
            help=f"adapt again: `eqdsl adapt {run.state['adapted']} DATA.h5 -o {out} --force`",
        )
    if run.model.source.text != model.source.text:
        raise DataError(
            f"was fitted with another model than {model.source.name}",
            file=str(out),
            help=f"resume with {Path(out) / 'model.eq'}, or fit into another folder",
        )
    changed = [key for key in changed_keys(run.config, config) if key not in RESUME_MAY_CHANGE] if config else []
    if changed:
        raise UsageError(
            f"{out}: a resumed run keeps its options, but these differ: {', '.join(changed)}",
            help="leave them out, or fit into another folder",
        )
    return run


def _check_same_data(run: Run, identity: Mapping[str, Any], file: Path | None) -> None:
    if run.state["data"]["sha256"] != identity["sha256"]:
        before = run.state["data"]["path"] or "the trajectories given then"
        raise DataError(
            f"is not the data that {run.path} was fitted to ({before})",
            file=str(file) if file else "the data",
            help="resume with the same data, or fit into another folder",
        )
