"""How large a step a fixed-step method can take: an estimate from the field itself, on any grid."""

from __future__ import annotations

import torch
from torch import Tensor

from eqdsl.numerics.integrators.base import Field, Method

ITERATIONS = 30
"""Power iterations; the largest rate of a diffusion is then known to about 10 %."""

MARGIN = 0.9
"""Share of the estimated limit that is recommended."""


@torch.no_grad()
def stable_step(field: Field, method: Method, t: Tensor, state: Tensor) -> float | None:
    """The step up to which fast decay, such as diffusion between neighbouring points, stays bounded near a state.

    ``MARGIN * reach / |lambda|`` with the largest eigenvalue lambda of the field's Jacobian by power iteration on
    difference quotients; None where it is not finite, there is no rate at all, or the method has no such limit.
    """
    if method.reach is None:
        return None
    rate = field(t, state)
    nudge = torch.finfo(state.dtype).eps ** 0.5 * (float(state.norm()) or 1.0)
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(state.shape, generator=generator, dtype=state.dtype).to(state.device)
    largest = before = 0.0
    for iteration in range(ITERATIONS):
        direction = direction / direction.norm()
        direction = (field(t, state + nudge * direction) - rate) / nudge
        size = float(direction.norm())
        if not 0.0 < size < float("inf"):
            return None
        # A complex pair makes the size swing, in a wave of value and velocity between 1 and the rate's square: two
        # steps together tell the rate. The largest of the later ones counts.
        largest = max(largest, (size * before) ** 0.5) if iteration >= ITERATIONS // 2 else 0.0
        before = size
    return MARGIN * method.reach / largest
