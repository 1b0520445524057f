"""Physical parameters as trainable numbers of order one, within their bounds by construction."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from eqdsl.core.errors import UsageError
from eqdsl.learned.rows import MemberRows
from eqdsl.lowering.members import Members
from eqdsl.model.model import ENVIRONMENT, TRAJECTORY, Parameter
from eqdsl.model.text import number_text
from eqdsl.numerics.grid import Grid


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
        """The raw number of a physical value within the bounds; infinite on a bound, where no fit starts (E0802)."""
        below, above = math.isfinite(self.lower), math.isfinite(self.upper)
        if below and above:
            from_lower, from_upper = value - self.lower, self.upper - value
            if from_lower <= 0 or from_upper <= 0:
                return -math.inf if from_lower <= 0 else math.inf
            return math.log(from_lower) - math.log(from_upper)
        if below or above:
            distance = (value - self.lower if below else self.upper - value) / self.scale
            # Inverse of softplus, written so that large distances do not overflow.
            return distance + math.log(-math.expm1(-distance)) if distance > 0 else -math.inf
        return value / self.scale


MANY = {ENVIRONMENT: "environments", TRAJECTORY: "trajectories"}
"""What has values of its own, in words."""


class ParameterSet(nn.Module):
    """All parameters of a model: fixed ones as buffers, fitted ones as raw trainable numbers.

    Parameters
    ----------
    parameters : tuple of Parameter
    grid : Grid
        A coefficient field has one value per point, shape ``(1, *S)``.
    dtype : torch.dtype
    members : Members, optional
        A parameter with a value for each of N environments or trajectories is a table, shape ``(N,)`` or ``(N, *S)``.
    """

    def __init__(
        self, parameters: tuple[Parameter, ...], grid: Grid, dtype: torch.dtype, members: Members | None = None
    ) -> None:
        super().__init__()
        self._dimension = len(grid.axes)
        self._parameters_by_name = {p.name: p for p in parameters}
        self._transforms: dict[str, Transform] = {}
        self.raw = nn.ParameterDict()
        for parameter in parameters:
            _check_size(parameter.name, parameter.value, dtype)
            shape = [1, *(n if a.name in parameter.axes else 1 for n, a in zip(grid.shape, grid.axes, strict=True))]
            shape = shape if parameter.axes else []
            if parameter.per is not None:
                shape = [(members or Members()).count(parameter.per), *shape[1:]]
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
        value = transform.value(self.raw[_key(name)])
        rest = self._buffers.get(_rest(name))
        return value if rest is None else value + rest

    def rows(self, members: Mapping[str, MemberRows]) -> dict[str, Tensor]:
        """Physical values by name as steps read them: a table by the rows' own members, ``(B | 1, 1 …)`` or (…, *S).

        Raises
        ------
        UsageError
            There are several members, and whose value is meant is not said.
        """
        values = self.values()
        for name, value in values.items():
            parameter = self._parameters_by_name[name]
            if parameter.per is None:
                continue
            rows = members.get(parameter.per)
            if rows is None and len(value) > 1:
                raise UsageError(
                    f"`{name}` is another one in each of {len(value)} {MANY[parameter.per]}, and whose is not said",
                    help="drive the vector field: `field.driven(trajectories)`",
                )
            chosen = value if rows is None else value.index_select(0, rows.index)
            values[name] = chosen if parameter.axes else chosen.reshape(-1, *(1,) * self._dimension)
        return values

    def set_value(self, name: str, value: float) -> None:
        """Give a parameter exactly this number (a coefficient field the same one everywhere).

        A fit can go on from there, except on a bound, where the gradient is zero.

        Raises
        ------
        KeyError
            No parameter has that name.
        UsageError
            The number lies outside the bounds, or is too large for the precision.
        """
        parameter = self._parameters_by_name[name]
        if not parameter.lower <= value <= parameter.upper:
            raise UsageError(
                f"parameter `{name}`: {number_text(value)} lies outside its bounds, from "
                f"{number_text(parameter.lower)} to {number_text(parameter.upper)}",
                help="give a number within them, or write wider bounds in the model",
            )
        _check_size(name, value, self.value(name).dtype)
        with torch.no_grad():
            if name not in self._transforms:
                self.get_buffer(_key(name)).fill_(value)
                return
            transform, raw = self._transforms[name], self.raw[_key(name)]
            number = transform.raw(value)
            most = torch.finfo(raw.dtype).max
            raw.fill_(min(max(number, -most), most) if math.isfinite(number) else number)
            # What the way over the raw number rounds off: much, for a small number within wide bounds.
            self.register_buffer(_rest(name), torch.full_like(raw, value) - transform.value(raw), persistent=False)

    def begin_at(self, name: str, values: Tensor) -> None:
        """Let a fit go on from these numbers, inside the bounds; `values` is of the parameter's shape.

        Unlike `set_value` only up to rounding, so that the raw numbers say all.
        """
        transform, raw = self._transforms[name], self.raw[_key(name)]
        self._buffers.pop(_rest(name), None)
        numbers = [transform.raw(v) for v in values.double().flatten().tolist()]
        with torch.no_grad():
            raw.copy_(torch.tensor(numbers, dtype=torch.float64).reshape(raw.shape))


class GivenParameters(ParameterSet):
    """The parameters of another set at numbers that may be changed, bounds or not; none of them is trained."""

    def __init__(self, like: ParameterSet) -> None:
        nn.Module.__init__(self)
        self._dimension, self._parameters_by_name = like._dimension, like._parameters_by_name
        self._transforms = {}
        self.numbers = {name: value.detach() for name, value in like.values().items()}

    def value(self, name: str) -> Tensor:
        """The physical value of one parameter."""
        return self.numbers[name]


def _key(name: str) -> str:
    # A prefix keeps user names apart from the attributes of nn.Module.
    return f"value_{name}"


def _check_size(name: str, value: float, dtype: torch.dtype) -> None:
    if abs(value) > torch.finfo(dtype).max:
        raise UsageError(
            f"parameter `{name}`: {number_text(value)} is too large for {str(dtype).removeprefix('torch.')}",
            help="compute in float64, or take a larger unit",
        )


def _rest(name: str) -> str:
    return f"rest_{name}"
