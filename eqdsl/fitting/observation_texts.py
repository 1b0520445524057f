"""What a fit announces about its data: what rollouts are compared with, what is missing, where they can start."""

from __future__ import annotations

import numpy as np

from eqdsl.fitting.problem import Problem


def observation_texts(problem: Problem) -> list[str]:
    """Sentences for the user; none where the data hold every state at every frame."""
    model, train = problem.model, problem.train
    texts = []
    if not model.observes_states:
        texts.append(
            f"compared with the data: {', '.join(f'`{name}`' for name in problem.observed)}; no warm start, which "
            "needs the states at every frame"
        )
    inside = np.arange(train.whole.shape[1]) < train.lengths[:, None]
    counted = train.present[:, : inside.shape[1]].cpu().numpy()
    columns = [i for i, name in enumerate(model.data_channel_names) if name in problem.observed]
    real = inside.sum() * counted[0, 0, columns].size
    missing = real - int(counted[:, :, columns].sum())
    if missing > 0 and not model.driven_walls:
        starts = int((train.whole & inside)[:, :-1].sum())
        texts.append(
            f"{missing} of {real} training values ({100 * missing / real:.2g} %) are missing: rollouts are compared "
            f"where there are values, and start at the {starts} frames without a missing one"
        )
    return texts
