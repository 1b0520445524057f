"""Physical parameters as trainable numbers of order one, within their bounds by construction."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from eqdsl.model.model import Parameter
from eqdsl.numerics.grid import Grid

EDGE = 1e-6
"""A start on a bound is moved inward by this share, since no raw number maps onto the bound itself."""


class Transform:
    """``value = f(raw)`` with f smooth, increasing, and onto the interior of the bounds.

    ===============  =========================================  =======================================
    bounds           value                                      why
    ===============  =========================================  =======================================
    none             ``scale*raw``                              steps relative to the start
    ``lower`` only   ``lower + scale*softplus(raw)``            straight above, logarithmic near the bound
    ``upper`` only   mirrored
    both             ``lower + (upper - lower)*sigmoid(raw)``   logarithmic near both
    ===============  =========================================  =======================================
    """

    def __init__(self, lower: float, upper: float, start: float) -> None:
        self.lower, self.upper = lower, upper
        if math.isfinite(lower):
            self.scale = abs(start - lower) or 1.0
        elif math.isfinite(upper):
            self.scale = abs(upper - start) or 1.0
        else:
            self.scale = abs(start) or 1.0

    def value(self, raw: Tensor) -> Tensor:
        """The physical value."""
        below, above = math.isfinite(self.lower), math.isfinite(self.upper)
        if below and above:
            return self.lower + (self.upper - self.lower) * torch.sigmoid(raw)
        if below:
            return self.lower + self.scale * nn.functional.softplus(raw)
        if above:
            return self.upper - self.scale * nn.functional.softplus(raw)
        return self.scale * raw

    def raw(self, value: float) -> float:
        """The raw number of a physical value, moved off a bound if it lies on one."""
        below, above = math.isfinite(self.lower), math.isfinite(self.upper)
        if below and above:
            share = (value - self.lower) / (self.upper - self.lower)
            share = min(max(share, EDGE), 1.0 - EDGE)
            return math.log(share / (1.0 - share))
        if below or above:
            distance = (value - self.lower if below else self.upper - value) / self.scale
            distance = max(distance, EDGE)
            # Inverse of softplus, written so that large distances do not overflow.
            return distance + math.log(-math.expm1(-distance))
        return value / self.scale


class ParameterSet(nn.Module):
    """All parameters of a model: fixed ones as buffers, fitted ones as raw trainable numbers.

    Parameters
    ----------
    parameters : tuple of Parameter
    grid : Grid
        A coefficient field has one value per point, shape ``(1, *S)``.
    dtype : torch.dtype
    """

    def __init__(self, parameters: tuple[Parameter, ...], grid: Grid, dtype: torch.dtype) -> None:
        super().__init__()
        self._parameters_by_name = {p.name: p for p in parameters}
        self._transforms: dict[str, Transform] = {}
        self.raw = nn.ParameterDict()
        for parameter in parameters:
            shape = [1, *(n if a.name in parameter.axes else 1 for n, a in zip(grid.shape, grid.axes, strict=True))]
            shape = shape if parameter.axes else []
            if parameter.fitted:
                transform = Transform(parameter.lower, parameter.upper, parameter.value)
                self._transforms[parameter.name] = transform
                self.raw[_key(parameter.name)] = torch.full(shape, transform.raw(parameter.value), dtype=dtype)
            else:
                self.register_buffer(_key(parameter.name), torch.full(shape, parameter.value, dtype=dtype))

    @property
    def fitted(self) -> tuple[str, ...]:
        """Names of the fitted parameters."""
        return tuple(self._transforms)

    def values(self) -> dict[str, Tensor]:
        """Physical values by name, differentiable with respect to the raw ones."""
        return {name: self.value(name) for name in self._parameters_by_name}

    def value(self, name: str) -> Tensor:
        """The physical value of one parameter."""
        transform = self._transforms.get(name)
        if transform is None:
            return self.get_buffer(_key(name))
        return transform.value(self.raw[_key(name)])

    def set_value(self, name: str, value: float) -> None:
        """Give a parameter a number (a coefficient field the same one everywhere).

        Raises
        ------
        KeyError
            No parameter has that name.
        """
        if name not in self._parameters_by_name:
            raise KeyError(name)
        with torch.no_grad():
            if name in self._transforms:
                self.raw[_key(name)].fill_(self._transforms[name].raw(value))
            else:
                self.get_buffer(_key(name)).fill_(value)


def _key(name: str) -> str:
    # A prefix keeps user names apart from the attributes of nn.Module.
    return f"value_{name}"
