"""`fit`: from a model and data to a run."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eqdsl.core.errors import ComputationError, DataError, UsageError
from eqdsl.data.inputs import check_inputs, with_wall_series
from eqdsl.data.reading import read_data
from eqdsl.data.split import Split, split_trajectories
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.fitting.clock import Outcome
from eqdsl.fitting.collocation.frames import with_frames
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import changed_keys
from eqdsl.fitting.evaluate import Scores, evaluate
from eqdsl.fitting.fingerprint import fingerprint
from eqdsl.fitting.hidden import check_hidden, hidden_scales
from eqdsl.fitting.integrator import ADJOINT_WARNING, diffusive
from eqdsl.fitting.invariance import check_invariance
from eqdsl.fitting.noise import check_noise
from eqdsl.fitting.objectives.table import check_objectives, objectives_text
from eqdsl.fitting.observation_texts import observation_texts
from eqdsl.fitting.penalty import check_weights
from eqdsl.fitting.precision import arithmetic, check_precision, shorten
from eqdsl.fitting.problem import Problem, check_something_to_fit, make_problem
from eqdsl.fitting.run_folder import SEEN, Run, RunWriter, load_run, own_values
from eqdsl.fitting.run_place import run_place
from eqdsl.fitting.stagnation import stagnation
from eqdsl.fitting.suited import suited
from eqdsl.fitting.trainer import Event, Trainer
from eqdsl.fitting.trial import frame_spacing, with_hidden
from eqdsl.lowering.members import Members
from eqdsl.model.model import ENVIRONMENT, TRAJECTORY, Model
from eqdsl.simulation.choice import AUTO
from eqdsl.simulation.seen import seen_ranges

RESUME_MAY_CHANGE = ("run.minutes", "run.checkpoint_seconds", "run.device")
"""Options that may differ from those of the run when it is resumed."""

SMALL_SYSTEM = 1 << 16
"""Values in a batch of states below which one thread is faster than several."""


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


class Session:
    """One call of `fit` or `adapt`, after its input is checked; `adapted` is the run that is adapted, if one is."""

    def __init__(
        self, problem: Problem, split: Split, config: FitConfig, events: Callable[[Event], None],
        should_stop: Callable[[], bool], adapted: Path | None = None,
    ) -> None:  # fmt: skip
        self.adapted = adapted
        self.problem, self.split, self.config = problem, split, config
        self.events, self.should_stop = events, should_stop
        self.writer: RunWriter | None = None

    def start(self, trajectories: Trajectories) -> None:
        """Tell what is about to be done."""
        field, problem = self.problem.field, self.problem
        self.events({
            "event": "start", "model": problem.model.name, "trajectories": len(trajectories),
            "train": len(self.split.train), "validation": len(self.split.validation), "test": len(self.split.test),
            "frames": int(trajectories.lengths.sum()), "grid": list(trajectories.shape),
            "parameters": list(field.physical.fitted), "learned": [t.name for t in problem.model.learned],
            "weights": sum(p.numel() for p in field.learned.parameters()),
            "device": str(problem.variance.device), "dtype": self.config.run.dtype,
        })  # fmt: skip
        texts = [*problem.model.defaults, *trajectories.notes, f"split {self.split.rule}"]
        texts.append(objectives_text(problem, self.config))
        texts += [f"integrator: {problem.integrator}"] if self.config.integrator.method == AUTO else []
        if self.config.integrator.memory == "adjoint" and diffusive(problem.model):
            texts.append(ADJOINT_WARNING)
        if problem.initial is not None:
            chosen = [problem.model.channels[i] for i in problem.initial.channels.tolist()]
            kept = problem.model.unobserved
            texts += [
                f"init {c.name} = fit: the data hold no velocity" for c in chosen if c.velocity and c.name not in kept
            ]
        texts += observation_texts(problem)
        if not len(self.split.validation):
            texts.append("nothing is held out: the best weights are chosen by the training data")
        for text in texts:
            self.events({"event": "announce", "text": text})

    def perform(self, out: str | Path | None, identity: Mapping[str, Any], previous: Run | None, *, force: bool) -> Run:
        """Train, write the run, score it."""
        temporary = tempfile.TemporaryDirectory(prefix="eqdsl-") if out is None else None
        path = Path(out) if out is not None else Path(temporary.name) / "run" if temporary else Path()
        state = previous.state if previous is not None else self._first_state(identity)
        state.update(status="running", reason="")

        def save(snapshot: dict[str, Any]) -> None:
            if self.writer is None and previous is None:
                parts = self.split
                sample = {"train": parts.train, "validation": parts.validation, "test": parts.test}
                self.writer = RunWriter.create(
                    path, self.problem.model, self.config, state, sample, snapshot, force=force
                )
                return
            if self.writer is None:
                self.writer = RunWriter(path, state)
                self.writer.save_config(self.config)
            self.writer.save(snapshot)

        trainer = Trainer(
            self.problem, self.config, events=self.events, should_stop=self.should_stop,
            save=save, calibrated=self.adapted is not None,
        )  # fmt: skip
        try:
            outcome = trainer.run(previous.checkpoint() if previous is not None else None)
        except ComputationError as error:
            if self.writer is not None:
                self.writer.update(status="failed", reason=error.message)
            raise
        assert self.writer is not None
        stated = self.problem.noise
        # Rollouts start from a noisy frame and are compared with noisy ones.
        noise = None if stated is None else stated.tolerance(2 * stated.deviation.square())
        found = stagnation(trainer.history, self.problem.model, self.config, trainer.best_values, noise)
        stuck = str(found) if found is not None and outcome.status == "done" else ""
        if stuck:
            self.events({"event": "announce", "text": stuck})
        self.writer.update(status=outcome.status, reason=outcome.reason, stagnation=stuck)
        return self._finish(replace(load_run(path), keep=temporary), outcome)

    def _finish(self, run: Run, outcome: Outcome) -> Run:
        assert self.writer is not None
        noise = self.problem.noise.values() if self.problem.noise is not None else {}
        states = with_velocities(with_hidden(run, self.split.train, run.starts("train")), run.model)
        self.writer.update(**{SEEN: seen_ranges(run.field, states)})
        run = replace(run, state=dict(self.writer.state))
        scores = {} if outcome.status == "interrupted" else self._scores(run)
        told = {part: score.as_json() for part, score in scores.items()}
        self.writer.update(scores=told, own=own_values(run), noise=noise)
        state = self.writer.state
        self.events({
            "event": "interrupted" if outcome.status == "interrupted" else "done", "reason": outcome.reason,
            "run": str(run.path), "epochs": state["epochs"], "seconds": state["seconds"],
            "validation": state["validation"], "parameters": state["parameters"], "noise": noise,
            "scores": state["scores"], "stagnation": state["stagnation"],
        })  # fmt: skip
        return replace(run, state=dict(state))

    def _scores(self, run: Run) -> dict[str, Scores]:
        """Scores on held-out parts; on the training data when nothing is held out."""
        parts = {"validation": self.split.validation, "test": self.split.test}
        parts = {name: part for name, part in parts.items() if len(part)} or {"train": self.split.train}
        scores = {}
        for name, part in parts.items():
            try:
                scores[name] = evaluate(run, part)
            except (ComputationError, DataError) as error:
                self.events({"event": "announce", "text": f"no {name} score: {error.message}"})
        return scores

    def _first_state(self, identity: Mapping[str, Any]) -> dict[str, Any]:
        problem = self.problem
        return {
            "model": problem.model.name,
            "status": "running",
            "reason": "",
            "scores": {},
            "stagnation": "",
            "noise": {},
            "data": dict(identity),
            "split": self.split.rule,
            "grid": [asdict(axis) for axis in problem.field.grid.axes],
            "integrator": {
                "method": self.problem.method, "substeps": 1, "spacing": frame_spacing(self.split.train),
            },
            **({"scales": hidden_scales(problem)} if problem.model.hidden else {}),
            "members": problem.field.members.as_json(),
            **({} if self.adapted is None else {"adapted": str(self.adapted)}),
            "device": str(problem.variance.device),
            "versions": {
                "eqdsl": version("eqdsl"), "torch": torch.__version__, "python": platform.python_version(),
            },
        }  # fmt: skip


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
        groups=_groups(model, trajectories, config), from_start=bool(model.unobserved),
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


@contextmanager
def few_threads(problem: Problem) -> Iterator[None]:
    """One thread for small systems, whose steps are too short to share; the number before is put back."""
    before = torch.get_num_threads()
    small = problem.train.state[0, 0].numel() * 512 < SMALL_SYSTEM
    torch.set_num_threads(1 if small else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
