"""``poly(3)``: a polynomial of the inputs with one weight per monomial."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqdsl.learned.base import FamilySpec, LearnedFamily
from eqdsl.learned.monomials import Monomials
from eqdsl.learned.polynomial import Polynomial

DEFAULT_SIZES = (3,)


class Poly(LearnedFamily):
    """``z -> sum_e w_e z^e`` over all monomials up to a total degree (default 3).

    The output is linear in the weights: starting from zero, every weight has a gradient.
    """

    def __init__(self, spec: FamilySpec) -> None:
        super().__init__()
        (degree,) = spec.sizes(DEFAULT_SIZES)
        self.monomials = Monomials(spec.inputs, degree)
        self.weight = nn.Parameter(torch.zeros(spec.outputs, len(self.monomials.exponents)))

    def features(self, inputs: Tensor) -> Tensor:
        """The monomials at dimensionless inputs, ``(..., inputs) -> (..., features)``."""
        return self.monomials(inputs)  # type: ignore[no-any-return]

    def weights(self) -> Tensor:
        """The weights in force, shape (outputs, features)."""
        return self.weight

    def forward(self, inputs: Tensor) -> Tensor:
        return nn.functional.linear(self.features(inputs), self.weights())

    def polynomial(self, output: int) -> Polynomial:
        """One output as a polynomial of the dimensionless inputs; weights that are exactly zero are left out."""
        row = self.weights()[output].tolist()
        return {e: w for e, w in zip(self.monomials.exponents, row, strict=True) if w}
