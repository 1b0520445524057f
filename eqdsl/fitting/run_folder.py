"""The run folder: what a fit leaves, complete enough to be loaded at any time, also after ``kill -9``.

==========================  ==========================================================================
``model.eq``                the model's text
``config.toml``             every option, with comments
``weights.safetensors``     the vector field with the smallest validation misfit
``starts.safetensors``      fitted starts of its trajectories, (B, F, *S), where starts are fitted
``checkpoint.safetensors``  everything to go on: weights, optimiser, generator, counters, history
``state.json``              status, scores, parameters, grid, data fingerprint, versions
``history.csv``             one row per epoch, up to the checkpoint
``sample_train.h5``,        trajectories in the native layout, so that a run can be inspected without its data
``sample_validation.h5``,
``sample_test.h5``
==========================  ==========================================================================

The folder is filled beside its place under a hidden name and then renamed (`run_place`): it is there whole or not at
all. Later every file is replaced in one step.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from eqdsl.analysis.check import load_model
from eqdsl.core.errors import DataError
from eqdsl.data.reading import read_data
from eqdsl.data.trajectories import Trajectories
from eqdsl.data.velocities import with_velocities
from eqdsl.data.writing import write_trajectories
from eqdsl.fitting.checkpoint import (
    read_checkpoint,
    read_tensors,
    write_atomically,
    write_checkpoint,
    write_tensors,
)
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import config_text, load_config
from eqdsl.fitting.run_place import (
    CHECKPOINT,
    CONFIG,
    HISTORY,
    MODEL,
    SAMPLES,
    STARTS,
    STATE,
    WEIGHTS,
    beside,
    put_in_place,
    run_place,
    set_aside,
)
from eqdsl.fitting.trial import with_hidden
from eqdsl.lowering.members import Members
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.model import TRAJECTORY, Model
from eqdsl.numerics.grid import Grid, GridAxis
from eqdsl.simulation.seen import Seen, seen_ranges

SEEN = "seen"
"""Key of ``state.json`` for what learned terms have seen."""

SAMPLE_BYTES = 16 << 20
"""Size up to which trajectories are stored as a sample."""


@dataclass(frozen=True)
class Run:
    """A fitted model on disk.

    Parameters
    ----------
    path : Path
        The folder.
    model : Model
        From the folder's own text.
    config : FitConfig
    state : dict
        Content of ``state.json``.
    """

    path: Path
    model: Model
    config: FitConfig
    state: dict[str, Any]
    keep: object = field(default=None, repr=False)

    @cached_property
    def field(self) -> VectorField:
        """The vector field with the best weights, on the grid and in the precision of the fit."""
        return self.field_as(getattr(torch, self.config.run.dtype))

    def field_as(self, dtype: torch.dtype, grid: Grid | None = None) -> VectorField:
        """The fitted vector field in another precision or on another grid.

        Raises
        ------
        DataError
            The weights are damaged, or belong to another grid.
        """
        members = Members.of_state(self.state)
        built = compile_model(self.model, grid=grid or stored_grid(self.state), dtype=dtype, members=members)
        path = self.path / WEIGHTS
        tensors, _ = read_tensors(path)
        try:
            built.load_state_dict({name: t.to(dtype) if t.is_floating_point() else t for name, t in tensors.items()})
        except RuntimeError as error:
            reason = str(error).splitlines()[-1].strip()
            raise DataError(f"does not fit the model: {reason}", file=str(path)) from None
        return built.eval()

    @property
    def method(self) -> str:
        """The integrator of the fit."""
        return str(self.state["integrator"]["method"])

    @property
    def substeps(self) -> int:
        """Integrator steps between two frames of the training data."""
        return int(self.state["integrator"]["substeps"])

    def history(self) -> list[dict[str, Any]]:
        """One row per epoch: numbers where they are, None where a value was not finite, texts elsewhere."""
        try:
            with (self.path / HISTORY).open(newline="", encoding="utf-8") as file:
                return [{name: _cell(text) for name, text in row.items()} for row in csv.DictReader(file)]
        except FileNotFoundError:
            return []

    def sample(self) -> dict[str, Trajectories]:
        """Stored trajectories under ``train`` and, when some were held out, ``validation`` and ``test``.

        Raises
        ------
        DataError
            A file is damaged, or the training sample, which every fit stores, is gone.
        """
        training = self.path / SAMPLES["train"]
        if not training.exists():
            raise DataError(
                "is missing: it holds the training data that a run is inspected on",
                file=str(training),
                help="put the file back, or fit again with `eqdsl fit … --force`",
            )
        found = {
            part: read_data(self.path / name, self.model, minimum_frames=1)
            for part, name in SAMPLES.items() if (self.path / name).exists()
        }  # fmt: skip
        if TRAJECTORY in self.model.scopes:
            # Every part holds all trajectories of the fit, divided by time, or the first of them.
            found = {part: replace(data, number=np.arange(len(data))) for part, data in found.items()}
        return found

    def seen(self) -> Seen:
        """What its learned terms have seen: of the whole training data once the fit has ended, before of the sample.

        Raises
        ------
        DataError
            As `sample`.
        """
        stored = self.state.get(SEEN)
        if isinstance(stored, dict):
            return stored
        if not self.model.learned:
            return {}
        return seen_ranges(self.field, with_velocities(self.completed()["train"], self.model))

    def completed(self) -> dict[str, Trajectories]:
        """The `sample` with hidden states as the run has them."""
        return {part: with_hidden(self, found, self.starts(part)) for part, found in self.sample().items()}

    def starts(self, part: str) -> torch.Tensor | None:
        """Fitted starts of the trajectories of a part, (B, F, *S); None where none are kept."""
        path = self.path / STARTS
        return read_tensors(path)[0].get(part) if path.exists() else None

    def checkpoint(self) -> dict[str, Any]:
        """Everything to resume from."""
        return read_checkpoint(self.path / CHECKPOINT)


def load_run(path: str | Path) -> Run:
    """Load a run folder; neither the original model nor the data are needed.

    Raises
    ------
    DataError
        The folder is missing, is not a run, or is damaged.
    """
    folder = Path(path)
    if not (folder / STATE).is_file():
        what = "is not a run folder" if folder.is_dir() else "there is no such run folder"
        help = "make one with `eqdsl fit MODEL DATA.h5 -o RUN`"
        for old in set_aside(folder):
            help = f"a replacement was cut off: the run is in {old}; `mv {old} {folder}` brings it back"
        raise DataError(what, file=str(path), help=help)
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DataError(f"is damaged: {error}", file=str(folder / STATE)) from None
    missing = [
        key for key in ("model", "grid", "integrator", "data") if not isinstance(state, dict) or key not in state
    ]
    if missing:
        raise DataError(f"is not the state of a fit: it has no `{missing[0]}`", file=str(folder / STATE))
    for name in (MODEL, CONFIG):
        if not (folder / name).is_file():
            raise DataError("is missing", file=str(folder / name), help="copy the run folder anew, or fit again")
    # The name of a model that does not name itself was that of its file.
    model = replace(load_model(folder / MODEL), name=state["model"])
    return Run(folder, model, load_config(folder / CONFIG), state)


def own_values(run: Run) -> dict[str, dict[str, float]]:
    """The numbers that each environment or trajectory has of its own: by parameter, then by label.

    Of a coefficient field the mean over the grid.
    """
    members, found = Members.of_state(run.state), {}
    for parameter in run.model.parameters:
        labels = members.labels(parameter.per) if parameter.per is not None else ()
        if labels:
            values = run.field.physical.value(parameter.name).detach().double().flatten(1 if parameter.axes else 0)
            means = values.mean(1) if parameter.axes else values
            found[parameter.name] = dict(zip(map(str, labels), means.tolist(), strict=True))
    return found


def stored_grid(state: Mapping[str, Any]) -> Grid:
    """The grid of a run."""
    return Grid(tuple(GridAxis(**axis) for axis in state["grid"]))


class RunWriter:
    """Writes a run folder while its fit goes on.

    Parameters
    ----------
    path : Path
        The folder; it exists after `create`.
    state : dict
        Content of ``state.json``, kept up to date here.
    """

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self.path, self.state = path, state

    @classmethod
    def create(
        cls, path: Path, model: Model, config: FitConfig, state: dict[str, Any], sample: Mapping[str, Trajectories],
        snapshot: Mapping[str, Any], *, force: bool,
    ) -> RunWriter:  # fmt: skip
        """Make the folder with a first checkpoint in it.

        Raises
        ------
        UsageError
            It exists and may not be replaced.
        """
        path = run_place(path, force=force)
        partial = beside(path, "partial")
        partial.mkdir()
        try:
            write_atomically(partial / MODEL, model.source.text)
            write_atomically(partial / CONFIG, config_text(config))
            for part, trajectories in sample.items():
                if len(trajectories):
                    write_trajectories(partial / SAMPLES[part], _bounded(trajectories), model=model)
            cls(partial, state).save(snapshot)
            put_in_place(partial, path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return cls(path, state)

    def save(self, snapshot: Mapping[str, Any]) -> None:
        """Write a snapshot; the checkpoint first, because the other files can be made from it."""
        write_checkpoint(self.path / CHECKPOINT, snapshot)
        write_tensors(self.path / WEIGHTS, snapshot["best"])
        if snapshot["best_starts"]:
            write_tensors(self.path / STARTS, snapshot["best_starts"])
        write_atomically(self.path / HISTORY, _csv(snapshot["history"]))
        progress = snapshot["progress"]
        self.state["integrator"]["substeps"] = progress["best_substeps"]
        self.update(
            epochs=progress["epoch"], best_epoch=progress["best_epoch"], seconds=progress["seconds"],
            validation=_plain(progress["best"]), multiplier=progress["multiplier"],
            parameters=snapshot["best_values"],
        )  # fmt: skip

    def save_config(self, config: FitConfig) -> None:
        """Write the options anew: those of a resumed run may differ in its budget."""
        write_atomically(self.path / CONFIG, config_text(config))

    def update(self, **entries: Any) -> None:
        """Set entries of ``state.json``."""
        self.state.update(entries)
        write_atomically(self.path / STATE, json.dumps(self.state, indent=2, ensure_ascii=False) + "\n")


def _bounded(trajectories: Trajectories) -> Trajectories:
    """As many trajectories as fit into `SAMPLE_BYTES`; if not one does, its first frames."""
    each = max(1, trajectories.state[0].nbytes)
    if each > SAMPLE_BYTES:
        frames = max(2, SAMPLE_BYTES * trajectories.frames // each)
        return trajectories.select([0]).window(0, frames)
    return trajectories.select(list(range(min(len(trajectories), SAMPLE_BYTES // each))))


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    # `repr` of a float reads back as the same number.
    writer.writerows([{n: repr(v) if isinstance(v, float) else v for n, v in row.items()} for row in rows])
    return text.getvalue()


def _cell(text: str | None) -> Any:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if text.lstrip("-").isdigit() else _plain(number)


def _plain(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
