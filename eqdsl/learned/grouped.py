"""A family with a function of its own in each environment."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor, nn

from eqdsl.core.errors import UsageError
from eqdsl.learned.activations import ACTIVATIONS
from eqdsl.learned.base import LearnedFamily
from eqdsl.learned.conv import Conv
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.native.operator import FEWEST_POINTS, network
from eqdsl.learned.rows import MemberRows


class GroupedFamily(LearnedFamily):
    """One function for each of `count` members, which are counted from 0."""

    @property
    @abstractmethod
    def count(self) -> int:
        """How many members there are."""

    @abstractmethod
    def of_member(self, number: int, inputs: Tensor) -> Tensor:
        """Outputs of one member's function."""

    def tables_by_name(self) -> dict[str, nn.Parameter]:
        """Its tensors with the members in front; nothing where each member is a module."""
        return {}

    def forward(self, inputs: Tensor) -> Tensor:
        """Outputs of the only member.

        Raises
        ------
        UsageError
            There are several.
        """
        if self.count > 1:
            raise UsageError(
                f"a learned term has {self.count} functions, one for each environment, and which one is not said",
                help="drive the vector field: `field.driven(trajectories)`",
            )
        return self.of_member(0, inputs)

    def by_rows(self, inputs: Tensor, rows: MemberRows) -> Tensor:
        """Outputs of each row's own function.

        Parameters
        ----------
        inputs : Tensor, shape (B | 1, *S, inputs), or (B | 1, inputs, *S') for a neighbourhood
        rows : MemberRows
            Of B rows, or one for all.
        """
        if len(rows) == 1:
            return self.of_member(rows.numbers[0], inputs)
        return self.of_rows(inputs.expand(len(rows), *inputs.shape[1:]), rows)

    def of_rows(self, inputs: Tensor, rows: MemberRows) -> Tensor:
        """`by_rows` for as many inputs as rows: member by member."""
        parts = [self.of_member(m, inputs[own]) for m, own in zip(rows.present, rows.blocks, strict=True)]
        return torch.cat(parts)[torch.argsort(torch.cat(rows.blocks))]


class Networks(GroupedFamily):
    """Networks of one architecture whose weights are tables with the members in front.

    Small perceptrons of all members are evaluated at once, as batched products.

    Parameters
    ----------
    template : Mlp or Conv
        The architecture.
    """

    def __init__(self, template: Mlp | Conv) -> None:
        super().__init__()
        # In a tuple it is no part of the module: its own weights are never read.
        self._template = (template,)
        self.radius, self.activation = template.radius, template.activation

    @property
    def template(self) -> Mlp | Conv:
        """The architecture."""
        return self._template[0]

    @abstractmethod
    def weights(self, members: tuple[int, ...]) -> Mapping[str, Tensor]:
        """Weights and biases of some members by name, in the order of the layers."""

    def of_member(self, number: int, inputs: Tensor) -> Tensor:
        # Put into the template instead, they would be those of another thread's call.
        return network(inputs, [table[0] for table in self.weights((number,)).values()], self.activation)

    def of_rows(self, inputs: Tensor, rows: MemberRows) -> Tensor:
        if isinstance(self.template, Conv) or prod(inputs.shape[1:-1]) >= FEWEST_POINTS:
            return super().of_rows(inputs, rows)
        chosen = inputs if rows.slots is None else inputs.index_select(0, rows.slots.reshape(-1))
        values = chosen.reshape(len(rows.present), -1, inputs.shape[-1])
        function, tables = ACTIVATIONS[self.activation].function, list(self.weights(rows.present).values())
        for k in range(0, len(tables), 2):
            values = torch.baddbmm(tables[k + 1][:, None], values, tables[k].transpose(1, 2))
            values = function(values) if k + 2 < len(tables) else values
        outputs = values.reshape(*chosen.shape[:-1], values.shape[-1])
        return outputs if rows.slots is None else outputs.index_select(0, rows.back)
