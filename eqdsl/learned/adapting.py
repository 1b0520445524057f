"""``learned f(u) adapts environment``: one network whose weights follow a few numbers of each environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from eqdsl.learned.conv import Conv
from eqdsl.learned.grouped import Networks
from eqdsl.learned.mlp import Mlp


class Adapting(Networks):
    """``z, e -> g(z; theta + W xi_e)``: weights linear in the context xi_e (CoDA; Kirchmeyer et al. 2022).

    Contexts start at zero, where all environments have the same function; the directions W start as large as fresh
    weights are, so that contexts have gradients at once.

    Parameters
    ----------
    base : Mlp or Conv
        Gives theta.
    directions : sequence of Mlp or Conv
        Fresh networks whose weights are the first directions; as many as a context has numbers.
    count : int
        Environments.
    first_only : bool
        Whether only the first layer follows the context.
    """

    def __init__(self, base: Mlp | Conv, directions: Sequence[Mlp | Conv], count: int, *, first_only: bool) -> None:
        super().__init__(base)
        self.base = base
        self.context = nn.Parameter(torch.zeros(count, len(directions)))
        fresh = [dict(d.named_parameters()) for d in directions]
        names = [name for name, _ in base.named_parameters()]
        self.adapted = tuple(names[:2] if first_only else names)
        self.directions = nn.ParameterList(torch.stack([own[n].detach() for own in fresh]) for n in self.adapted)

    @property
    def count(self) -> int:
        return len(self.context)

    def weights(self, members: tuple[int, ...]) -> Mapping[str, Tensor]:
        context = self.context if members == tuple(range(self.count)) else self.context[list(members)]
        directions = dict(zip(self.adapted, self.directions, strict=True))
        return {
            name: weight + torch.tensordot(context, directions[name], dims=1)
            if name in directions
            else weight.expand(len(members), *weight.shape)
            for name, weight in self.base.named_parameters()
        }

    def tables_by_name(self) -> dict[str, nn.Parameter]:
        return {"context": self.context}

    def complexity(self) -> Tensor:
        """``mean_e |xi_e|^2 + mean W^2``: without the second part contexts would shrink and W grow."""
        sizes = torch.cat([d.reshape(-1) for d in self.directions])
        return self.context.square().sum(1).mean() + sizes.square().mean()

    def amplify_start(self, factor: float) -> None:
        self.base.amplify_start(factor)
