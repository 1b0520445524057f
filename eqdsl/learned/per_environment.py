"""``learned f(u) per environment``: a function of the same family for each environment.

Beside a shared term this is LEADS (Yin, Ayed, de Bezenac, Baskiotis and Gallinari 2021): the norm penalty keeps the
functions of the environments small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from eqdsl.learned.base import LearnedFamily
from eqdsl.learned.conv import Conv
from eqdsl.learned.grouped import GroupedFamily, Networks
from eqdsl.learned.mlp import Mlp
from eqdsl.learned.polynomial import Polynomial


def per_environment(make: Callable[[], LearnedFamily], count: int) -> GroupedFamily:
    """The family of a term that has a function in each of `count` environments; `make` gives a fresh one."""
    functions = [make() for _ in range(count)]
    networks = [f for f in functions if isinstance(f, Mlp | Conv)]
    return OwnNetworks(networks) if networks else OwnFunctions(functions)


class OwnNetworks(Networks):
    """``z, e -> g(z; theta_e)``; the weights of all environments are one table.

    Parameters
    ----------
    networks : list of Mlp or Conv
        With their first weights.
    """

    def __init__(self, networks: list[Mlp] | list[Conv] | list[Mlp | Conv]) -> None:
        super().__init__(networks[0])
        self.names = [name for name, _ in networks[0].named_parameters()]
        own = [dict(network.named_parameters()) for network in networks]
        self.tables = nn.ParameterList(torch.stack([w[name].detach() for w in own]) for name in self.names)
        self.last = sum(name.startswith("last.") for name in self.names)

    @property
    def count(self) -> int:
        return len(self.tables[0])

    def weights(self, members: tuple[int, ...]) -> Mapping[str, Tensor]:
        whole = members == tuple(range(self.count))
        return {n: t if whole else t[list(members)] for n, t in zip(self.names, self.tables, strict=True)}

    def tables_by_name(self) -> dict[str, nn.Parameter]:
        return {f"tables.{number}": table for number, table in enumerate(self.tables)}

    @torch.no_grad()
    def amplify_start(self, factor: float) -> None:
        for table in list(self.tables)[-self.last :]:
            table.mul_(factor)


class OwnFunctions(GroupedFamily):
    """``z, e -> g_e(z)`` for any family.

    Parameters
    ----------
    functions : list of LearnedFamily
    """

    def __init__(self, functions: list[LearnedFamily]) -> None:
        super().__init__()
        self.functions = nn.ModuleList(functions)
        self.radius, self.centred = functions[0].radius, functions[0].centred
        self.whole = functions[0].whole

    @property
    def count(self) -> int:
        return len(self.functions)

    def members(self) -> list[LearnedFamily]:
        """The functions, in order."""
        return [cast(LearnedFamily, f) for f in self.functions]

    def of_member(self, number: int, inputs: Tensor) -> Tensor:
        return self.members()[number](inputs)  # type: ignore[no-any-return]

    def complexity(self) -> Tensor | None:
        costs = [c for c in (f.complexity() for f in self.members()) if c is not None]
        return torch.stack(costs).mean() if costs else None

    def sparsify(self, threshold: float) -> tuple[int, int] | None:
        found = [f for f in (f.sparsify(threshold) for f in self.members()) if f is not None]
        return (sum(left for left, _ in found), sum(were for _, were in found)) if found else None

    def amplify_start(self, factor: float) -> None:
        for function in self.members():
            function.amplify_start(factor)

    def polynomial(self, output: int) -> Polynomial | None:
        return self.members()[0].polynomial(output) if self.count == 1 else None
