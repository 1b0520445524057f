"""What to say when rollouts or gradients are not finite."""

from __future__ import annotations

import torch

from eqdsl.core.errors import ComputationError
from eqdsl.fitting.problem import Problem
from eqdsl.fitting.progress import Progress
from eqdsl.fitting.training_data import Batch

ADVICE = (
    "check units and start values; narrow the bounds of fitted parameters; take more substeps "
    "(`integrator.substeps`), a smaller `optimizer.learning_rate`, or a longer `warm_start.steps`"
)


def blow_up(problem: Problem, batch: Batch, progress: Progress) -> ComputationError:
    """The error that ends a fit after too many bad steps in a row: what left the finite numbers, where and when."""
    what = _diverged(problem, batch, progress.substeps) or _bad_gradient(problem) or "the loss is not finite"
    place = f"stage {progress.stage}, epoch {progress.epoch + 1}, horizon {progress.horizon}"
    count = "a step" if progress.bad == 1 else f"{progress.bad} steps in a row"
    return ComputationError(f"{count} failed ({place}): {what}", help=ADVICE)


def _diverged(problem: Problem, batch: Batch, substeps: int) -> str | None:
    """The first value of a rollout that is not finite, in words."""
    with torch.no_grad():
        try:
            rollout = problem.rollout(problem.start(batch), batch, substeps)
        except ComputationError as error:
            return error.message
    bad = ~torch.isfinite(rollout.reshape(*rollout.shape[:3], -1)).all(-1)
    if not bad.any():
        return None
    frame = int(bad.any(2).any(0).float().argmax())
    window = int(bad[:, frame].any(1).float().argmax())
    channel = problem.model.channel_names[int(bad[window, frame].float().argmax())]
    first, last = float(batch.times[window, 0]), float(batch.times[window, frame])
    return (
        f"the rollout of training trajectory {int(batch.rows[window])} from t = {first:.6g} "
        f"is not finite in `{channel}` at t = {last:.6g}"
    )


def _bad_gradient(problem: Problem) -> str | None:
    for prefix, module in problem.modules().items():
        for name, parameter in module.named_parameters():
            if parameter.grad is not None and not torch.isfinite(parameter.grad).all():
                return f"the gradient with respect to `{prefix}.{name}` is not finite"
    return None
