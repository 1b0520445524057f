"""What inspection needs of a run: `eqdsl.fitting` and `eqdsl.inspection` do not import each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from eqdsl.data.trajectories import Trajectories
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import Model


class FittedRun(Protocol):
    """What a fit leaves: `eqdsl.fitting.run_folder.Run` is one."""

    @property
    def path(self) -> Path:
        """The run folder."""

    @property
    def model(self) -> Model:
        """The checked model; parameters hold their start values."""

    @property
    def field(self) -> VectorField:
        """The vector field with the best weights and fitted parameters."""

    @property
    def config(self) -> object:
        """Settings of the fit (a pydantic model)."""

    @property
    def state(self) -> Mapping[str, object]:
        """The content of ``state.json``."""

    def history(self) -> list[dict[str, object]]:
        """One row per epoch."""

    def completed(self) -> Mapping[str, Trajectories]:
        """The sample with hidden states as the run has them."""

    def sample(self) -> Mapping[str, Trajectories]:
        """Stored trajectories under ``train`` and ``validation``."""
