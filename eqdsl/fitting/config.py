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

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class RunSection(Section):
    """The computation as a whole."""

    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    """Seed of the weights, the split and the order of windows."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto: the GPU when there is one."""
    dtype: Literal["float32", "float64"] = "float32"
    """Precision of states and weights in training."""
    precision: Literal["full", "tf32", "bf16"] = "full"
    """Shorter numbers within float32 training: tf32, in the products of a GPU; bf16, in the networks."""
    minutes: Positive | None = None
    """Time budget of a session in minutes: horizon and rates follow it, and the fit stops cleanly at its end."""
    checkpoint_seconds: Annotated[float, Field(ge=0)] = 20.0
    """Least time in seconds between two checkpoints; 0 writes one after every epoch."""


class DataSection(Section):
    """What is held out, and where names stand in the file."""

    validation: Share = 0.2
    """Share held out to choose the best weights; 0 uses the training data."""
    test: Share = 0.0
    """Share held out and never looked at but for the final score."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    """Seed of the split; without it `run.seed`."""
    map: dict[str, str] = {}
    """Dataset of a name, as in `--map u=tensor[...,0]`."""


class IntegratorSection(Section):
    """How rollouts are integrated."""

    method: str = "auto"
    """Integrator; auto: from the model, of fixed step where that will do. `substeps` are those of fixed-step ones."""
    substeps: Literal["auto"] | AtLeastOne = "auto"
    """Steps between two frames of the data."""
    tolerance: Positive = 1e-4
    """Error over one data interval that `auto` substeps allow, in standard deviations of the data."""
    memory: Literal["auto", "stored", "checkpoint", "reversible", "adjoint"] = "auto"
    """What rollouts keep for gradients; auto: every step within `optimizer.memory`, then checkpoints."""


class ObjectiveSection(Section):
    """What is minimised."""

    chain: str = "auto"
    """Objectives in order, as in `derivative,rollout`; auto: the warm start, then rollouts."""
    shares: Literal["auto"] | list[Positive] = "auto"
    """Shares of `optimizer.steps` and of Adam's time, one for each objective; auto: equal, after `warm_start.steps`."""
    derivative: Literal["auto", "differences", "polynomials", "weak"] = "auto"
    """How `derivative` reads rates off the data; auto: the weak form where the data show noise, else differences."""
    segment: Literal["auto"] | AtLeastOne = "auto"
    """Frames of a segment of `shooting`; auto: a tenth of a trajectory, at least 2."""
    continuity: Annotated[float, Field(ge=1)] = 100.0
    """Weight at the end, from 1 on, with which segments of `shooting` have to join."""


class WarmStartSection(Section):
    """Derivative matching before the first rollout."""

    enabled: bool = True
    """Fit the vector field to time differences of the data first."""
    steps: Count = 400
    """Number of optimiser steps."""


class CurriculumSection(Section):
    """Rollouts that grow."""

    enabled: bool = True
    """Start with short rollouts; otherwise all steps use the final horizon."""
    start: AtLeastOne = 1
    """First horizon, in frames."""
    growth: Annotated[float, Field(gt=1)] = 2.0
    """Factor from one horizon to the next."""
    share: Share = 0.3
    """Share of `optimizer.steps` spent before the final horizon."""
    horizon: Literal["full"] | AtLeastOne = "full"
    """Final horizon in frames; full: whole trajectories."""


class OptimizerSection(Section):
    """Adam, then L-BFGS."""

    steps: Count = 4000
    """Adam steps on rollouts."""
    epoch_steps: AtLeastOne = 25
    """Steps of an epoch; after each the multiplier and the best weights are set."""
    windows: Literal["auto"] | AtLeastOne = "auto"
    """Windows of a batch; auto: up to 512 within `memory`."""
    memory: Positive = 1.0
    """Memory in GiB that `auto` windows, and stored steps, may keep for the backward pass."""
    start_gain: Positive = 1e-2
    """First output of a network, in units of its scale; 1 starts as large as the known part."""
    learning_rate: Positive = 3e-3
    """Adam step of the weights."""
    parameter_learning_rate: Positive = 1e-2
    """Adam step of the physical parameters (unconstrained scale)."""
    decay: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Share of the rates left at the end (cosine)."""
    clip: Annotated[float, Field(ge=0)] = 1.0
    """Largest gradient norm of each parameter group; 0 is off."""
    polish: Count = 500
    """L-BFGS iterations after Adam, in float64; 0 is off."""


class MultiplierSection(Section):
    """Weight of the misfit against the norm of the learned terms: loss = misfit + penalty/multiplier."""

    rule: Literal["auto", "aphynity", "fixed"] = "auto"
    """auto: rises while the misfit exceeds the tolerance, falls below it; aphynity: grows by rate*misfit; fixed."""
    start: Literal["auto"] | Positive = "auto"
    """Value before the first epoch; auto: 100, under aphynity 1."""
    tolerance: Literal["auto"] | Positive = "auto"
    """Misfit aimed at, in variances of the data; auto: from `noise` of the model, else none, and `share` rules."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Without a tolerance: what the norm keeps of the loss, whatever the misfit has fallen to."""
    rate: Positive = 1.0
    """Largest change of its natural logarithm in an epoch (aphynity: tau_2)."""
    minimum: Positive = 1e-2
    """Smallest value."""
    maximum: Positive = 1e12
    """Largest value."""
    norm: Literal["l2", "relative"] = "l2"
    """Norm of a learned term; l2: mean square; relative: each value over the size of the state it belongs to."""
    weights: dict[str, Positive] = {}
    """Factor on the norm of a learned term, by its name, as in `multiplier.weights.f=10`; 1 for the others."""


class InvarianceSection(Section):
    """Penalty on misfits that differ between the environments of the data, for predictions outside of them."""

    kind: Literal["off", "irm", "vrex"] = "off"
    """irm: squared slope of the misfit of each environment in a scale of the prediction; vrex: their variance."""
    weight: Positive = 1.0
    """Weight beside the misfit."""


class SafetySection(Section):
    """What happens when a rollout or gradient is not finite."""

    skip: bool = True
    """Skip the step and leave the optimiser as it was; otherwise the fit fails at once."""
    max_bad_steps: AtLeastOne = 20
    """Bad steps in a row before the fit fails."""
    rollback: bool = True
    """Go back to the weights at the end of the last good epoch; L-BFGS always does."""
    lr_reduction: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Factor on the rates per bad step; 1 is off."""
    shorten: bool = True
    """Halve the horizon from the fourth bad step in a row on."""
    patience: Count = 80
    """Epochs at the final horizon without 1 % less validation misfit that end Adam; 0 is off."""


class FitConfig(Section):
    """All options of a fit."""

    run: RunSection = RunSection()
    data: DataSection = DataSection()
    integrator: IntegratorSection = IntegratorSection()
    objective: ObjectiveSection = ObjectiveSection()
    warm_start: WarmStartSection = WarmStartSection()
    curriculum: CurriculumSection = CurriculumSection()
    optimizer: OptimizerSection = OptimizerSection()
    multiplier: MultiplierSection = MultiplierSection()
    invariance: InvarianceSection = InvarianceSection()
    safety: SafetySection = SafetySection()
