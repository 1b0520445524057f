"""The inverse of an operator with constant coefficients, in the modes of its axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from eqdsl.numerics.mode_bases import ModeBasis

SINGULAR = 1e-12
"""Share of the largest eigenvalue below which one counts as zero, in float64 and in float32 alike: it is computed from
the closed form of each axis, not from the operator."""

Symbol = Mapping[int, Tensor]
"""What one term of the operator does to the modes of each axis it differentiates along, complex, one value a mode."""


class SeparableInverse(nn.Module):
    """``sum_t c_t * prod_axes symbol[t][axis]`` inverted: Fourier modes on periodic axes, those of `bases` elsewhere.

    Parameters
    ----------
    shape : sequence of int
        Points of the grid.
    bases : mapping of int to ModeBasis
        The modes along each walled axis.
    symbols : sequence of Symbol
        One for each term.
    up_to_constant : bool
        Whether the first mode of all axes, the constant, stays open; it is left out then.
    """

    def __init__(
        self, shape: Sequence[int], bases: Mapping[int, ModeBasis], symbols: Sequence[Symbol], up_to_constant: bool
    ) -> None:
        super().__init__()
        self.up_to_constant = up_to_constant
        self._shape = tuple(shape)
        self.bases = nn.ModuleDict({str(axis): basis for axis, basis in bases.items()})
        self._periodic = [axis for axis in range(len(shape)) if axis not in bases]
        halved = self._periodic[-1] if self._periodic else None
        self._terms: list[list[tuple[str, bool]]] = []
        for number, symbol in enumerate(symbols):
            names = []
            for axis, values in symbol.items():
                kept = values[: len(values) // 2 + 1] if axis == halved else values
                placed = kept.reshape([1] * (axis + 1) + [-1] + [1] * (len(shape) - axis - 1))
                turning = bool(placed.imag.abs().max() > 0)
                name = f"symbol_{number}_{axis}"
                self.register_buffer(name, torch.view_as_real(placed) if turning else placed.real, persistent=False)
                names.append((name, turning))
            self._terms.append(names)
        self.register_buffer("weights", self._constant_weights(), persistent=False)

    def eigenvalues(self, coefficients: Sequence[Tensor]) -> Tensor:
        """One for each mode, ``(B | 1, *modes)``; coefficients that vary in space count by their mean."""
        total: Tensor = torch.zeros((), device=self.get_buffer("weights").device)
        for coefficient, names in zip(coefficients, self._terms, strict=True):
            dims = tuple(range(1, coefficient.dim()))
            part = coefficient.mean(dim=dims, keepdim=True) if dims else coefficient
            for name, turning in names:
                symbol = self.get_buffer(name)
                part = part * (torch.view_as_complex(symbol) if turning else symbol)
            total = total + part
        return total

    def constant_part(self, values: Tensor) -> Tensor:
        """How much of a field ``(B, *S)`` is the constant mode, ``(B, 1, ...)``."""
        return (values * self.get_buffer("weights")).sum(dim=tuple(range(1, values.dim())), keepdim=True)

    def _constant_weights(self) -> Tensor:
        weights = torch.ones(1, *self._shape, dtype=torch.float64)
        bases = dict(self._walled())
        for axis, points in enumerate(self._shape):
            own = torch.full((points,), 1 / points, dtype=torch.float64)
            if axis in bases:
                own = bases[axis].to_modes(torch.eye(points, dtype=torch.float64), 1)[:, 0]
                own = own / own.sum()
            weights = weights * own.reshape([-1 if a == axis + 1 else 1 for a in range(len(self._shape) + 1)])
        return weights

    def factors(self, coefficients: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """What divides the modes, and the smallest eigenvalue in size against the largest, ``(B | 1,)``.

        An eigenvalue that is zero counts as one; that of an open constant as infinite.
        """
        eigenvalues = self._full(self.eigenvalues(coefficients))
        sizes = eigenvalues.detach().abs()
        largest = sizes.flatten(1).amax(dim=1).reshape(-1, *(1,) * (sizes.dim() - 1))
        usable = sizes > SINGULAR * largest
        factor = 1 / torch.where(usable, eigenvalues, torch.ones_like(eigenvalues))
        if self.up_to_constant:
            constant = self._constant(factor)
            factor = torch.where(constant, torch.zeros_like(factor), factor)
            sizes = torch.where(constant, largest, sizes)
        return factor, (sizes / largest).flatten(1).amin(dim=1)

    def forward(self, values: Tensor, factor: Tensor) -> Tensor:
        """The solution for right-hand sides ``(B, *S)``."""
        modes = values
        for axis, basis in self._walled():
            modes = basis.to_modes(modes, axis + 1)
        dims = [axis + 1 for axis in self._periodic]
        if dims:
            modes = torch.fft.rfftn(modes, dim=dims) * factor
            modes = torch.fft.irfftn(modes, s=[self._shape[a] for a in self._periodic], dim=dims)
        else:
            modes = modes * factor
        for axis, basis in self._walled():
            modes = basis.to_values(modes, axis + 1)
        return modes

    def _walled(self) -> list[tuple[int, ModeBasis]]:
        return [(int(axis), basis) for axis, basis in self.bases.items() if isinstance(basis, ModeBasis)]

    def _full(self, eigenvalues: Tensor) -> Tensor:
        """Eigenvalues of all modes, also along axes that no term differentiates along."""
        sizes = list(self._shape)
        if self._periodic:
            sizes[self._periodic[-1]] = sizes[self._periodic[-1]] // 2 + 1
        return eigenvalues.expand(eigenvalues.shape[0] if eigenvalues.dim() else 1, *sizes)

    def _constant(self, like: Tensor) -> Tensor:
        place = torch.zeros(like.shape[1:], dtype=torch.bool, device=like.device)
        place[(0,) * place.dim()] = True
        return place
