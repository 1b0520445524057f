"""`adapt`: what a run has found, taken to new environments or trajectories, by fitting what is theirs alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import torch

from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.adoption import adopt, freeze_shared
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.fingerprint import fingerprint
from eqdsl.fitting.fit import Session, check_config, few_threads, read_for_fit, split_for_fit
from eqdsl.fitting.invariance import check_invariance
from eqdsl.fitting.problem import make_problem
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.run_place import run_place
from eqdsl.fitting.stages import REGRESSION, objectives_of
from eqdsl.fitting.suited import suited
from eqdsl.fitting.trainer import Event
from eqdsl.lowering.members import Members
from eqdsl.model.model import ENVIRONMENT, TRAJECTORY

STEPS = 500
"""Adam steps at most, without other options: few numbers are fitted, and L-BFGS follows."""


def config_for_adapting(run: Run) -> FitConfig:
    """The options of a run, with fewer steps and without penalties over environments.

    Derivative matching, which holds fast what is shared, minimises what a regression solved for.
    """
    config = run.config
    steps = min(config.optimizer.steps, STEPS)
    objective = config.objective
    if REGRESSION in objectives_of(config):
        names = dict.fromkeys("derivative" if name == REGRESSION else name for name in objectives_of(config))
        objective = objective.model_copy(update={"chain": ",".join(names), "shares": "auto"})
    return config.model_copy(
        update={
            "optimizer": config.optimizer.model_copy(update={"steps": steps}),
            "objective": objective,
            "invariance": config.invariance.model_copy(update={"kind": "off"}),
            "run": config.run.model_copy(update={"minutes": None}),
        }
    )


def _exact(config: FitConfig) -> FitConfig:
    """The options in float64, in which L-BFGS left the weights: what is shared keeps its bits."""
    return config.model_copy(update={"run": config.run.model_copy(update={"dtype": "float64", "precision": "full"})})


def adapt(
    run: Run,
    data: Trajectories | str | Path,
    *,
    out: str | Path,
    config: FitConfig | None = None,
    mapping: Mapping[str, str] | None = None,
    events: Callable[[Event], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    force: bool = False,
) -> Run:
    """Fit the numbers, functions and contexts of the environments (or trajectories) of new data; the rest stays.

    The run returned knows the environments of the old one too; one that is in both is fitted again, from where it was.
    Of trajectories it knows the new ones. What is shared, and what belongs to other environments, keeps its bits.

    Parameters
    ----------
    run : Run
        Of a model with something ``per environment``, ``per trajectory`` or that ``adapts environment``.
    data : Trajectories or path
        A path is read with `mapping`, else as the run's data were.
    out : path
        Run folder to make.
    config : FitConfig, optional
        Default: `config_for_adapting`.
    events, should_stop, force
        As `eqdsl.fit`.

    Raises
    ------
    DataError
        The data do not suit the model, or do not tell their environments.
    UsageError
        The model has nothing of its own in an environment, `out` is taken, or the options do not go with adapting.
    ComputationError
        Rollouts or gradients stayed not finite.
    """
    model = run.model
    if not model.scopes:
        raise UsageError(
            f"{run.path}: nothing in `{model.name}` is `per environment`, `per trajectory` or `adapts environment`",
            help="fit it again with all data: `eqdsl fit`",
        )
    config = _exact(suited(config_for_adapting(run) if config is None else config, model))
    check_config(model, config)
    if REGRESSION in objectives_of(config):
        raise UsageError(
            f"objective `{REGRESSION}` solves for everything, also for what is shared, which stays as it is",
            help="take `--set objective.chain=derivative,rollout`",
        )
    if mapping:
        config = config.model_copy(update={"data": config.data.model_copy(update={"map": dict(mapping)})})
    run_place(Path(out), force=force)
    trajectories, file = read_for_fit(model, data, config)
    check_invariance(config, trajectories)
    known, given = Members.of_state(run.state), Members.of_data(model, trajectories)
    if known.environments and trajectories.environment is None and ENVIRONMENT in model.scopes:
        known.places(model, ENVIRONMENT, trajectories)
    # Values shared by all environments become the start of each; those of the trajectories before belong to others.
    members = replace(known, trajectories=()).joined(given)
    identity = fingerprint(trajectories, file)
    split = split_for_fit(model, trajectories, config, file)
    problem = make_problem(model, split, config, file=str(file) if file is not None else None, members=members)
    problem = replace(problem, integrator=replace(problem.integrator, method=run.method))
    source = run.field_as(getattr(torch, config.run.dtype))
    adopt(problem.field, source)
    freeze_shared(problem.field, given)
    session = Session(
        problem, split, config, events or (lambda event: None), should_stop or (lambda: False), adapted=run.path
    )
    session.start(trajectories)
    session.events({"event": "announce", "text": _sentence(known, given)})
    with few_threads(problem):
        return session.perform(out, identity, None, force=force)


def _sentence(known: Members, given: Members) -> str:
    parts = []
    for scope in (ENVIRONMENT, TRAJECTORY):
        labels = given.labels(scope)
        old = set(known.labels(scope)) if scope == ENVIRONMENT else set()
        new, again = [n for n in labels if n not in old], [n for n in labels if n in old]
        parts += [f"{scope} {', '.join(map(str, new))}: new"] if new else []
        parts += [f"{scope} {', '.join(map(str, again))}: known, fitted again"] if again else []
    return "; ".join([*parts, "what is shared stays as it is"])
