"""All monomials of the inputs up to a total degree, as one differentiable layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from eqdsl.learned.polynomial import exponents_up_to


class Monomials(nn.Module):
    """``(..., inputs) -> (..., features)``, in the order of `exponents_up_to`.

    A monomial of degree k is one of degree k - 1 times one input, so each degree is one gather and one product.
    """

    def __init__(self, inputs: int, degree: int) -> None:
        super().__init__()
        self.degree = degree
        self.exponents = exponents_up_to(inputs, degree)
        position = {e: i for i, e in enumerate(self.exponents)}
        first = 0
        for total in range(1, degree + 1):
            parents, variables = [], []
            previous, first = first, sum(sum(e) < total for e in self.exponents)
            for exponents in (e for e in self.exponents if sum(e) == total):
                variable = max(i for i, power in enumerate(exponents) if power)
                parent = tuple(p - (i == variable) for i, p in enumerate(exponents))
                parents.append(position[parent] - previous)
                variables.append(variable)
            self.register_buffer(f"parent_{total}", torch.tensor(parents), persistent=False)
            self.register_buffer(f"variable_{total}", torch.tensor(variables), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        block = torch.ones_like(inputs[..., :1])
        blocks = [block]
        for total in range(1, self.degree + 1):
            parent, variable = self.get_buffer(f"parent_{total}"), self.get_buffer(f"variable_{total}")
            block = block.index_select(-1, parent) * inputs.index_select(-1, variable)
            blocks.append(block)
        return torch.cat(blocks, dim=-1)
