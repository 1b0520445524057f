"""``library(3)``: a sparse polynomial of the inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from eqdsl.learned.base import FamilySpec
from eqdsl.learned.poly import Poly

ROUNDING = 1e-3
"""Width of the rounded corner of the L1 cost at zero, in units of the output scale."""


class Library(Poly):
    """A polynomial that asks for few terms: an L1 cost while it is fitted, a mask at the end.

    Inputs are scaled but never shifted, so that each weight belongs to one monomial of the physical inputs.
    """

    centred = False
    mask: Tensor

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__(spec)
        self.register_buffer("mask", torch.ones_like(self.weight))

    def weights(self) -> Tensor:
        """The weights in force: those masked are zero."""
        return self.weight * self.mask

    def complexity(self) -> Tensor:
        """``sum_e (sqrt(w_e^2 + r^2) - r)``: the L1 norm with a rounded corner."""
        return (torch.sqrt(self.weights() ** 2 + ROUNDING**2) - ROUNDING).sum()

    @torch.no_grad()
    def sparsify(self, threshold: float) -> tuple[int, int]:
        """Mask the weights below `threshold` times the largest of their output, for good.

        Fit again afterwards: the weights that remain were shrunk by the cost.

        Returns
        -------
        tuple of int
            Weights that remain, and those there were.
        """
        before = int(self.mask.sum())
        size = self.weights().abs()
        keep = (size >= threshold * size.amax(dim=1, keepdim=True)) & (size > 0)
        self.mask.copy_(keep.to(self.mask))
        return int(keep.sum()), before
