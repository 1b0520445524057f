"""`FitConfig`: every option of a fit, in sections, with its meaning. Reading and writing TOML is in `config_file`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """Base of the sections: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class RunSection(Section):
    """The computation as a whole."""

    seed: Count = Field(default=0, description="Seed of the weights, the split and the order of windows.")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto: the GPU when there is one.")
    dtype: Literal["float32", "float64"] = Field(default="float32", description="Precision of states and weights in training.")
    minutes: Positive | None = Field(default=None, description="Time budget in minutes: horizon and rates follow it, and the fit stops cleanly at its end."
    )
    checkpoint_seconds: Annotated[float, Field(ge=0)] = Field(default=20.0, description="Least time in seconds between two checkpoints; 0 writes one after every epoch."
    )


class DataSection(Section):
    """What is held out, and where names stand in the file."""

    validation: Share = Field(default=0.2, description="Share held out to choose the best weights; 0 uses the training data.")
    test: Share = Field(default=0.0, description="Share held out and never looked at but for the final score.")
    map: dict[str, str] = Field(default=default_factory=dict, description="Dataset of a name, as in `--map u=tensor[...,0]`.")


class IntegratorSection(Section):
    """How rollouts are integrated."""

    method: str = Field(default="rk4", description="Fixed-step integrator.")
    substeps: Literal["auto"] | AtLeastOne = Field(default="auto", description="Steps between two frames of the data.")
    tolerance: Positive = Field(default=1e-4, description="Error over one data interval that `auto` substeps allow, in standard deviations of the data."
    )


class WarmStartSection(Section):
    """Derivative matching before the first rollout."""

    enabled: bool = Field(default=True, description="Fit the vector field to time differences of the data first.")
    steps: Count = Field(default=400, description="Number of optimiser steps.")


class CurriculumSection(Section):
    """Rollouts that grow."""

    enabled: bool = Field(default=True, description="Start with short rollouts; otherwise all steps use the final horizon.")
    start: AtLeastOne = Field(default=1, description="First horizon, in frames.")
    growth: Annotated[float, Field(gt=1)] = Field(default=2.0, description="Factor from one horizon to the next.")
    share: Share = Field(default=0.3, description="Share of `optimizer.steps` spent before the final horizon.")
    horizon: Literal["full"] | AtLeastOne = Field(default="full", description="Final horizon in frames; full: whole trajectories.")


class OptimizerSection(Section):
    """Adam, then L-BFGS."""

    steps: Count = Field(default=4000, description="Adam steps on rollouts.")
    epoch_steps: AtLeastOne = Field(default=25, description="Steps of an epoch; after each the multiplier and the best weights are set.")
    windows: Literal["auto"] | AtLeastOne = Field(default="auto", description="Windows of a batch; auto: up to 512 within `memory`.")
    memory: Positive = Field(default=1.0, description="Memory in GiB that `auto` windows may keep for the backward pass.")
    learning_rate: Positive = Field(default=3e-3, description="Adam step of the weights.")
    parameter_learning_rate: Positive = Field(default=1e-2, description="Adam step of the physical parameters (unconstrained scale).")
    decay: Annotated[float, Field(gt=0, le=1)] = Field(default=0.01, description="Share of the rates left at the end (cosine).")
    clip: Annotated[float, Field(ge=0)] = Field(default=1.0, description="Largest gradient norm of each parameter group; 0 is off.")
    polish: Count = Field(default=200, description="L-BFGS iterations after Adam; 0 is off.")


class MultiplierSection(Section):
    """Weight of the misfit against the norm of the learned terms: loss = misfit + penalty/multiplier."""

    rule: Literal["adaptive", "fixed", "aphynity"] = Field(default="adaptive", description="adaptive: rises while the misfit exceeds the tolerance, falls below it; aphynity: grows by rate*misfit.",
    )
    start: Positive = Field(default=10.0, description="Value before the first epoch.")
    tolerance: Literal["auto"] | Positive = Field(default="auto", description="Misfit aimed at, in variances of the data; auto: from `noise` of the model, else half of the best so far.",
    )
    rate: Positive = Field(default=0.5, description="Largest change of its natural logarithm in an epoch (aphynity: tau_2).")
    minimum: Positive = Field(default=1e-2, description="Smallest value.")
    maximum: Positive = Field(default=1e8, description="Largest value.")


class SafetySection(Section):
    """What happens when a rollout or gradient is not finite."""

    skip: bool = Field(default=True, description="Skip the step and leave the optimiser as it was; otherwise the fit fails at once.")
    max_bad_steps: AtLeastOne = Field(default=20, description="Bad steps in a row before the fit fails.")
    rollback: bool = Field(default=True, description="Go back to the weights at the end of the last good epoch.")
    lr_reduction: Annotated[float, Field(gt=0, le=1)] = Field(default=0.5, description="Factor on the rates per bad step; 1 is off.")
    shorten: bool = Field(default=True, description="Halve the horizon from the fourth bad step in a row on.")
    patience: Count = Field(default=80, description="Epochs at the final horizon without 1 % less validation misfit that end Adam; 0 is off."
    )


class FitConfig(Section):
    """All options of a fit."""

    run: RunSection = RunSection()
    data: DataSection = DataSection()
    integrator: IntegratorSection = IntegratorSection()
    warm_start: WarmStartSection = WarmStartSection()
    curriculum: CurriculumSection = CurriculumSection()
    optimizer: OptimizerSection = OptimizerSection()
    multiplier: MultiplierSection = MultiplierSection()
    safety: SafetySection = SafetySection()
