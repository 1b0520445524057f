"""One fit as its user meets it: what is announced, the run folder that grows, scores at the end."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from eqdsl.core.errors import ComputationError, DataError
from eqdsl.data.split import Split
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.fitting.clock import Outcome
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.evaluate import Scores, evaluate
from eqdsl.fitting.hidden import hidden_scales
from eqdsl.fitting.integrator import ADJOINT_WARNING, diffusive
from eqdsl.fitting.objectives.table import objectives_text
from eqdsl.fitting.observation_texts import observation_texts
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.run_folder import SEEN, Run, RunWriter, load_run, own_values
from eqdsl.fitting.stagnation import stagnation
from eqdsl.fitting.trainer import Event, Trainer
from eqdsl.fitting.trial import frame_spacing, with_hidden
from eqdsl.simulation.choice import AUTO
from eqdsl.simulation.seen import seen_ranges

SMALL_SYSTEM = 1 << 16
"""Values in a batch of states below which one thread is faster than several."""


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
