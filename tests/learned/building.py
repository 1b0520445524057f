"""Learned terms with random weights, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from eqdsl.learned.base import FamilySpec
from eqdsl.learned.table import FAMILIES
from eqdsl.learned.term import LearnedTermModule
from eqdsl.model.learned_terms import Constraint


def term(
    family: str, inputs: int, outputs: int = 1, constraints: Sequence[Constraint] = (), *, dimension: int = 0,
    seed: int = 0, dtype: torch.dtype = torch.float64, **options: object,
) -> LearnedTermModule:  # fmt: skip
    """A term with weights of order one and scales that are not 1."""
    torch.manual_seed(seed)
    spec = FamilySpec(inputs, outputs, dimension, options, tuple(f"x{i}" for i in range(inputs)))
    module = LearnedTermModule(FAMILIES[family](spec), constraints, inputs, outputs).to(dtype)
    with torch.no_grad():
        for weight in module.parameters():
            weight.normal_(std=0.7)
    module.calibrate([0.3 * (i + 1) for i in range(inputs)], [1.7] * inputs, [2.5 + o for o in range(outputs)])
    return module
