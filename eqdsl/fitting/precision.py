"""Arithmetic below the precision of the numbers, on request only: TF32 in products, bfloat16 in learned terms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.lowering.vector_field import VectorField


def check_precision(config: FitConfig) -> None:
    """Refuse bfloat16 where it would do nothing.

    Raises
    ------
    UsageError
        Training is in float64.
    """
    if config.run.precision != "full" and config.run.dtype == "float64":
        raise UsageError(
            f"`run.precision={config.run.precision}` shortens numbers of float32, and `run.dtype` is float64",
            help="leave out one of the two",
        )


def shorten(field: VectorField, config: FitConfig) -> None:
    """Have the networks of a field compute as the settings say; in float64, as in the polish, they stay exact."""
    for term in field.terms_by_name.values():
        term.bf16 = config.run.precision == "bf16"


@contextmanager
def arithmetic(*, tf32: bool) -> Iterator[None]:
    """TF32 in the products of a GPU, or nowhere: in convolutions torch would use it without being asked."""
    products, convolutions = torch.backends.cuda.matmul, torch.backends.cudnn
    before = products.allow_tf32, convolutions.allow_tf32
    products.allow_tf32 = convolutions.allow_tf32 = tf32
    try:
        yield
    finally:
        products.allow_tf32, convolutions.allow_tf32 = before
