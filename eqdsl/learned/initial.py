"""Starting weights: hidden layers that keep the variance, a last layer that starts the output near zero."""

from __future__ import annotations

import math

import torch
from torch import nn

LAST_GAIN = 1e-2
"""Start of the output in units of the output scale. Zero would stop the gradients of all layers below; one would
make the unknown part as large as the known one before anything is learned."""

FIRST_BIAS = 1.0
"""Spread of hidden biases: with one or two inputs they decide where along the input the units bend."""


def start_hidden(layer: nn.Module, gain: float) -> None:
    """Normal weights with variance ``gain^2/fan_in``, biases spread over the range of inputs of order one."""
    weight, bias = _tensors(layer)
    with torch.no_grad():
        weight.normal_(0.0, gain / math.sqrt(weight[0].numel()))
        bias.uniform_(-FIRST_BIAS, FIRST_BIAS)


def start_last(layer: nn.Module) -> None:
    """Weights with gain `LAST_GAIN`, no bias."""
    weight, bias = _tensors(layer)
    with torch.no_grad():
        weight.normal_(0.0, LAST_GAIN / math.sqrt(weight[0].numel()))
        bias.zero_()


def amplify(layer: nn.Module, factor: float) -> None:
    """Multiply a layer's output."""
    with torch.no_grad():
        for parameter in _tensors(layer):
            parameter.mul_(factor)


def _tensors(layer: nn.Module) -> tuple[nn.Parameter, nn.Parameter]:
    return layer.get_parameter("weight"), layer.get_parameter("bias")
