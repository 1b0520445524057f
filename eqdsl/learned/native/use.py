"""When kernels are used at all, by learned terms and by the known part alike."""

from __future__ import annotations

import os
import warnings
from functools import cache

import torch
from torch import Tensor

from eqdsl.core.errors import EqdslWarning
from eqdsl.core.native import CompilationFailed, compiler
from eqdsl.learned.native.functions import PRECISIONS

SWITCH = "EQDSL_KERNELS"
"""Environment variable: ``off`` for plain torch throughout."""


def switched_off() -> bool:
    """Whether the environment asks for plain torch."""
    return os.environ.get(SWITCH, "").lower() == "off"


def usable(inputs: Tensor, weight: Tensor) -> bool:
    """Whether a kernel can take these, and there is a compiler to make it."""
    return (
        inputs.dtype in PRECISIONS
        and inputs.dtype == weight.dtype
        and inputs.device.type == "cpu"
        and weight.device.type == "cpu"
        and not transformed()
        and not torch.is_autocast_enabled("cpu")
        and wanted()
    )


def transformed() -> bool:
    """Whether a transform of `torch.func` or forward-mode differentiation is at work, which kernels do not know."""
    return torch._C._functorch.maybe_current_level() is not None or torch.autograd.forward_ad._current_level >= 0


def batched(cotangent: Tensor) -> bool:
    """Whether it stands for many cotangents, as with ``is_grads_batched=True``."""
    return torch._C._functorch.is_legacy_batchedtensor(cotangent)


def wanted() -> bool:
    """Whether kernels are on and can be compiled; a missing compiler is told once."""
    return _wanted()


# What `torch.compiler.assume_constant_result` does, which loads all of torch's compiler: more than a second.
wanted._dynamo_marked_constant = True  # type: ignore[attr-defined]


@cache
def _wanted() -> bool:
    if switched_off():
        return False
    try:
        compiler()
    except CompilationFailed as reason:
        give_up(reason)
        return False
    return True


@cache
def _tell(message: str) -> None:
    warnings.warn(message, EqdslWarning, stacklevel=2)


def give_up(reason: CompilationFailed) -> None:
    """One line, once, that says why models are slow."""
    _tell(f"{reason}: models run in plain torch, several times slower; `eqdsl doctor` says more")
