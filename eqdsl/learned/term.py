"""`LearnedTermModule`: a family with physical inputs and outputs, and with its constraints built in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.module import _has_any_global_hook

from eqdsl.core.errors import UsageError
from eqdsl.learned.base import LearnedFamily
from eqdsl.learned.combination import Combination
from eqdsl.learned.constraints import Face, Place, compile_output, faces_of, on_end, range_of
from eqdsl.learned.gates import gate
from eqdsl.learned.grouped import GroupedFamily
from eqdsl.learned.polynomial import Exponents, Polynomial, added, multiplied, scaled, substituted
from eqdsl.learned.ranges import Unbounded, output_range
from eqdsl.learned.rows import MemberRows
from eqdsl.model.learned_terms import Constraint

POOLS = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}

Numbers = Tensor | Sequence[float] | float


class LearnedTermModule(nn.Module):
    """``f(x) = range(constraints(family((x - center)/scale)))`` in physical units.

    Pointwise (`radius` 0): ``(..., n_inputs) -> (..., n_outputs)``. Neighbourhood:
    ``(B, n_inputs, *S + 2*radius) -> (B, n_outputs, *S)``.

    Parameters
    ----------
    family : LearnedFamily
    constraints : sequence of Constraint
        Hold exactly, whatever the weights are. Points are physical; for a neighbourhood family they mean that all
        points it sees have these values.
    n_inputs, n_outputs : int
    n_declared : int, optional
        Outputs that the model declares, where a constraint makes them from these.

    Attributes
    ----------
    input_center, input_scale : Tensor, shape (n_inputs,)
        Physical inputs become ``(x - input_center)/input_scale``, of order one.
    output_scale : Tensor, shape (n_outputs,)
        Physical size of an output of order one.
    bf16 : bool
        Whether a network of float32 computes in bfloat16; what comes in and goes out stays as it is.

    Raises
    ------
    UsageError
        The constraints contradict each other.
    """

    input_center: Tensor
    input_scale: Tensor
    output_scale: Tensor

    def __init__(
        self,
        family: LearnedFamily,
        constraints: Sequence[Constraint],
        n_inputs: int,
        n_outputs: int,
        n_declared: int | None = None,
    ) -> None:
        super().__init__()
        self.family = family
        self.constraints = tuple(constraints)
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self.channel_axis = 1 if family.radius or family.whole else -1
        self.bf16 = False
        self.register_buffer("input_center", torch.zeros(n_inputs))
        self.register_buffer("input_scale", torch.ones(n_inputs))
        self.register_buffer("output_scale", torch.ones(n_outputs))
        if n_declared is not None:
            self.register_buffer("declared_scale", torch.ones(n_declared))
        limits = [range_of(o, self.constraints) for o in range(n_outputs)]
        self.ranges = tuple(output_range(r) for r in limits)
        faces = [faces_of(o, self.constraints) for o in range(n_outputs)]
        self.low_faces = tuple(_at_end(f, r.lower) if r else () for f, r in zip(faces, limits, strict=True))
        self.high_faces = tuple(_at_end(f, r.upper) if r else () for f, r in zip(faces, limits, strict=True))
        self.inner_faces = tuple(
            tuple(f for f in of_output if not on_end(f, r)) for of_output, r in zip(faces, limits, strict=True)
        )
        self.combination = Combination(
            n_inputs, [compile_output(n_inputs, o, self.constraints) for o in range(n_outputs)], self.channel_axis
        )

    @property
    def radius(self) -> int:
        """Cells seen in each direction."""
        return self.family.radius

    @property
    def norm_scale(self) -> Tensor:
        """Physical size of each output that the model declares, in whose units its norm is penalised."""
        return dict(self.named_buffers(recurse=False)).get("declared_scale", self.output_scale)

    @property
    def by_environment(self) -> bool:
        """Whether the function is another one in each environment."""
        return isinstance(self.family, GroupedFamily)

    def forward(self, inputs: Tensor, rows: MemberRows | None = None) -> Tensor:
        """Physical outputs at physical inputs.

        `rows` says which environment each row of the inputs, ``(B | 1, …)``, belongs to.
        """
        family = self.family
        if rows is None or not isinstance(family, GroupedFamily):
            return self._physical(inputs, family)
        if not self.constraints:
            return self._physical(inputs, lambda values: family.by_rows(values, rows))
        members = [partial(family.of_member, member) for member in rows.present]
        if len(members) == 1:
            return self._physical(inputs, members[0])
        inputs = inputs.expand(len(rows), *inputs.shape[1:])
        parts = [self._physical(inputs[own], f) for own, f in zip(rows.blocks, members, strict=True)]
        return torch.cat(parts)[torch.argsort(torch.cat(rows.blocks))]

    def _physical(self, inputs: Tensor, family: Callable[[Tensor], Tensor]) -> Tensor:
        def dimensionless(values: Tensor) -> Tensor:
            return self._free(values, family)

        if not self.constraints:
            return dimensionless(inputs) * self._along_channels(self.output_scale, inputs)
        free = self.combination(
            inputs, dimensionless, lambda o, v: self.ranges[o].free(v, self.output_scale[o]),
            lambda i: self._centre(inputs, i), 2 * self.radius + 1,
        )  # fmt: skip
        outputs = [self._ranged(o, value, inputs) for o, value in enumerate(free)]
        return torch.stack(outputs, self.channel_axis)

    def components(self, inputs: Sequence[Tensor]) -> tuple[Tensor, ...] | None:
        """The same for inputs of one shape that are tensors of their own, and so the outputs; None where only a call
        gives them."""
        if self.constraints or self.radius or not self.plain:
            return None
        return self.family.components(inputs, torch.cat([self.input_center, self.input_scale, self.output_scale]))

    @property
    def plain(self) -> bool:
        """Whether its values follow from its weights alone, in their precision: nobody listens or stands in."""
        heard = _has_any_global_hook() or any(map(_changed, self.modules()))
        return type(self) is LearnedTermModule and not self.bf16 and not heard

    @torch.no_grad()
    def calibrate(
        self, center: Numbers, scale: Numbers, output_scale: Numbers, norm_scale: Numbers | None = None
    ) -> None:
        """Set the scales, from data or units; a scale that is zero or not finite becomes 1.

        Parameters
        ----------
        center, scale : shape (n_inputs,) or a number
            Typical value and spread of each physical input. A family that must not be shifted gets
            center 0 and the root mean square as its scale.
        output_scale : shape (n_outputs,) or a number
            Typical size of each physical output.
        norm_scale : shape (n_declared,) or a number, optional
            The same for the declared outputs, where they are others.

        Raises
        ------
        UsageError
            A shape does not fit.
        """
        centers = self._numbers(center, self.input_center, "center")
        scales = self._numbers(scale, self.input_scale, "scale")
        if not self.family.centred:
            centers, scales = torch.zeros_like(centers), torch.hypot(centers, scales)
        self.input_center.copy_(centers)
        self.input_scale.copy_(_positive(scales))
        self.output_scale.copy_(_positive(self._numbers(output_scale, self.output_scale, "output_scale")))
        if norm_scale is not None and self.norm_scale is not self.output_scale:
            self.norm_scale.copy_(_positive(self._numbers(norm_scale, self.norm_scale, "norm_scale")))

    def coefficients(self, output: int = 0) -> list[tuple[Exponents, float]] | None:
        """One output as a polynomial of the *physical* inputs, exactly; None where it is not one.

        Returns
        -------
        list of (exponents, value)
            By total degree; ``((2, 1), 3.0)`` is ``3 x^2 y``.
        """
        plain = self.family.polynomial(output)
        if plain is None or not isinstance(self.ranges[output], Unbounded):
            return None
        scale = self.output_scale[output].item()
        total: Polynomial = {}
        for c in self.combination.sums[output]:
            if isinstance(c.source, Place):
                part = scaled(self._at_place(plain, c.source), scale * c.coefficient)
            else:
                part = {(0,) * self.n_inputs: c.coefficient * c.source}
            for number, root, width in c.factors:
                unit = tuple(int(i == number) for i in range(self.n_inputs))
                part = multiplied(part, {unit: 1 / width, (0,) * self.n_inputs: -root / width})
            total = added(total, part)
        return sorted(((e, v) for e, v in total.items() if v), key=lambda item: (sum(item[0]), [-p for p in item[0]]))

    def _at_place(self, polynomial: Polynomial, place: Place) -> Polynomial:
        center, scale = self.input_center.tolist(), self.input_scale.tolist()
        slope = [f / s for f, s in zip(place.factor, scale, strict=True)]
        shift = [(o - c) / s for o, c, s in zip(place.offset, center, scale, strict=True)]
        return substituted(polynomial, slope, shift)

    def _free(self, inputs: Tensor, family: Callable[[Tensor], Tensor]) -> Tensor:
        center, scale = (self._along_channels(b, inputs) for b in (self.input_center, self.input_scale))
        values = (inputs - center) / scale
        if not self.bf16:
            return family(values)
        with torch.autocast(values.device.type, torch.bfloat16):
            outputs = family(values)
        return outputs.to(inputs.dtype)

    def _along_channels(self, values: Tensor, inputs: Tensor) -> Tensor:
        return values if self.channel_axis == -1 else values.view(-1, *(1,) * (inputs.ndim - 2))

    def _centre(self, inputs: Tensor, number: int) -> Tensor:
        """One physical input at the points of the result."""
        values = inputs.select(self.channel_axis, number)
        for axis in range(1, values.ndim if self.radius else 0):
            values = values.narrow(axis, self.radius, values.shape[axis] - 2 * self.radius)
        return values

    def _ranged(self, output: int, free: Tensor, inputs: Tensor) -> Tensor:
        def squared(face: Face) -> Tensor:
            return self._squared_distance(face, inputs)

        inner = self.inner_faces[output]
        low = gate(self.low_faces[output], inner, squared)
        high = gate(self.high_faces[output], inner, squared)
        return self.ranges[output].physical(free, self.output_scale[output], low, high)

    def _squared_distance(self, face: Face, inputs: Tensor) -> Tensor:
        """Squared distance from a face in input scales, averaged over the neighbourhood."""
        parts = [((inputs.select(self.channel_axis, i) - a) / self.input_scale[i]) ** 2 for i, a in face.at]
        total = torch.stack(parts).sum(0)
        if not self.radius:
            return total
        return POOLS[inputs.ndim - 2](total.unsqueeze(1), 2 * self.radius + 1, stride=1).squeeze(1)

    def _numbers(self, values: Numbers, like: Tensor, name: str) -> Tensor:
        given = torch.as_tensor(values, dtype=like.dtype, device=like.device)
        if given.ndim and given.shape != like.shape:
            raise UsageError(f"`{name}` has shape {tuple(given.shape)}, the learned term needs {tuple(like.shape)}")
        return given.expand(like.shape)


def _changed(module: nn.Module) -> bool:
    hooks = module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
    return bool(hooks) or "forward" in vars(module) or hasattr(module, "parametrizations")


def _at_end(faces: Sequence[Face], end: float) -> tuple[Face, ...]:
    return tuple(f for f in faces if f.value == end)


def _positive(scale: Tensor) -> Tensor:
    size = scale.abs()
    return torch.where(torch.isfinite(size) & (size > 0), size, torch.ones_like(size))
