"""Activations by the name a model file uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from eqdsl.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Activation:
    """A pointwise function and the gain that keeps the variance of unit-variance inputs through a layer."""

    function: Callable[[Tensor], Tensor]
    gain: float


ACTIVATIONS: dict[str, Activation] = {
    "silu": Activation(functional.silu, 1.68),
    "tanh": Activation(torch.tanh, 1.6),
    "gelu": Activation(functional.gelu, 1.53),
    "softplus": Activation(functional.softplus, 1.0),
    "sin": Activation(torch.sin, 1.5),
    "relu": Activation(functional.relu, 1.41),
}
"""Gains are ``1/sqrt(E[a(z)^2])`` for standard normal z, except for `softplus`, whose mean is not zero."""

DEFAULT_ACTIVATION = "silu"
"""Smooth like `tanh`, so that a learned term has derivatives of any order, and as accurate for the same number of Adam
steps; but it does not saturate: outside the range of the data the term goes on about linearly instead of flat."""


def activation(name: object) -> Activation:
    """The activation of that name.

    Raises
    ------
    UsageError
        There is none.
    """
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise UsageError(f"there is no activation `{name}`", help=f"write one of {', '.join(ACTIVATIONS)}")
    return ACTIVATIONS[name]
