"""The misfit: a mean squared error in which every channel counts alike."""

from __future__ import annotations

import torch
from torch import Tensor


def channel_means(error: Tensor, present: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared error of each channel over present values, in units of its channel, and how many there are.

    Parameters
    ----------
    error : Tensor, shape (W, H, C, *S)
        Finite or not where `present` is False: it is masked here, after the arithmetic.
    present : Tensor of bool, shape (W, H, C, *S)
    scale : Tensor, shape (C,)
        Squared unit of each channel.
    """
    others = (0, 1, *range(3, error.ndim))
    square = torch.where(present, error, 0.0).square().sum(others)
    count = present.sum(others)
    return square / count.clamp(min=1) / scale, count


def channel_mean(error: Tensor, present: Tensor, scale: Tensor) -> Tensor:
    """Mean over channels of `channel_means`.

    A uniform channel counts once like any other, because every channel is a mean over the grid; one without present
    values does not count.
    """
    means, count = channel_means(error, present, scale)
    return means.sum() / (count > 0).sum().clamp(min=1)
