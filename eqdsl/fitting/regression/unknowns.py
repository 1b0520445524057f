"""The numbers that a regression finds, as one vector, and a vector field that takes them from it."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor

from eqdsl.core.errors import UsageError
from eqdsl.fitting.penalty import learned_modules
from eqdsl.learned.library import Library
from eqdsl.learned.poly import Poly
from eqdsl.learned.ranges import Unbounded
from eqdsl.lowering.parameters import GivenParameters
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import LearnedTerm

MOST = 2000
"""Unknowns that a regression takes: it solves for all of them at once."""
LINEAR = ("library", "poly")
"""Families that are linear in their weights."""
INSTEAD = "take another objective, such as `--objective derivative,rollout`"


@dataclass(frozen=True)
class Block:
    """A fitted parameter, or the weights of a learned term.

    Parameters
    ----------
    name : str
    first, size : int
        Its place in the vector.
    shape : tuple of int
    sparse : bool
        Whether numbers of it may be left out.
    unit : float
        Size of a typical number.
    """

    name: str
    first: int
    size: int
    shape: tuple[int, ...]
    sparse: bool
    unit: float

    def of(self, vector: Tensor) -> Tensor:
        """Its numbers."""
        return vector[self.first : self.first + self.size].reshape(self.shape)


class Unknowns:
    """All fitted parameters and all weights of ``poly`` and ``library`` terms of a vector field.

    Parameters
    ----------
    field : VectorField

    Raises
    ------
    UsageError
        A learned term is not linear in its weights, or there are too many unknowns.
    """

    def __init__(self, field: VectorField) -> None:
        self.field = field
        blocks: list[Block] = []
        total = 0
        for name in field.physical.fitted:
            value = field.physical.value(name).detach()
            unit = float(value.abs().max()) or 1.0
            blocks.append(Block(name, total, value.numel(), tuple(value.shape), False, unit))
            total += value.numel()
        for name, module in learned_modules(field).items():
            family = module.family
            if not isinstance(family, Poly):
                _refuse(next(term for term in field.model.learned if term.name == name))
            if not all(isinstance(limits, Unbounded) for limits in module.ranges):
                raise UsageError(
                    f"objective `regression`: a range is declared for `{name}`, so it is not linear in its weights",
                    help=f"leave the range out, or {INSTEAD}",
                )
            weight = family.weight
            blocks.append(
                Block(name, total, weight.numel(), tuple(weight.shape), isinstance(family, Library), 1.0)
            )  # fmt: skip
            total += weight.numel()
        if total > MOST:
            raise UsageError(
                f"objective `regression`: {total} unknowns are more than the {MOST} it solves for",
                help=INSTEAD,
            )
        self.blocks, self.size = tuple(blocks), total

    def probe(self) -> Probe:
        """A copy of the vector field in float64 that takes its unknowns from a vector."""
        return Probe(self)

    def units(self) -> Tensor:
        """Typical size of each unknown."""
        return torch.cat([torch.full((b.size,), b.unit, dtype=torch.float64) for b in self.blocks])

    def sparse(self) -> Tensor:
        """Which unknowns may be left out."""
        return torch.cat([torch.full((b.size,), b.sparse) for b in self.blocks])

    def names(self) -> list[str]:
        """The block of each unknown."""
        return [b.name for b in self.blocks for _ in range(b.size)]

    @torch.no_grad()
    def put(self, vector: Tensor, kept: Tensor) -> None:
        """Give the vector field these numbers; those not `kept` are out of sparse terms for good."""
        modules = learned_modules(self.field)
        for block in self.blocks:
            numbers = block.of(vector)
            if block.name not in modules:
                self.field.physical.begin_at(block.name, numbers)
                continue
            family = modules[block.name].family
            assert isinstance(family, Poly)
            family.weight.copy_(numbers)
            if isinstance(family, Library):
                family.mask.copy_(block.of(kept))

    def bounds(self) -> tuple[Tensor, Tensor]:
        """Lower and upper bound of each unknown."""
        declared = {p.name: (p.lower, p.upper) for p in self.field.model.parameters}
        free = (float("-inf"), float("inf"))
        pairs = [declared.get(b.name, free) for b in self.blocks for _ in range(b.size)]
        lower, upper = torch.tensor(pairs, dtype=torch.float64).T
        return lower, upper


class Probe:
    """A copy of a vector field in float64, whose parameters and weights are parts of a vector."""

    def __init__(self, unknowns: Unknowns) -> None:
        self.unknowns = unknowns
        self.field = copy.deepcopy(unknowns.field).to(torch.float64)
        self.given = GivenParameters(self.field.physical)
        self.field.physical = self.given
        self.modules = learned_modules(self.field)
        for module in self.modules.values():
            if isinstance(module.family, Library):
                module.family.mask.fill_(1.0)

    @torch.no_grad()
    def at(self, vector: Tensor) -> VectorField:
        """The vector field at these numbers."""
        for block in self.unknowns.blocks:
            numbers = block.of(vector).to(self.field.device)
            if block.name in self.modules:
                family = self.modules[block.name].family
                assert isinstance(family, Poly)
                family.weight.copy_(numbers)
            else:
                self.given.numbers[block.name] = numbers
        return self.field


def _refuse(term: LearnedTerm) -> NoReturn:
    """Raise `UsageError` for a learned term that a regression does not solve for."""
    if term.family in LINEAR:
        raise UsageError(
            f"objective `regression`: `{term.name}` is another one in each environment, and it solves for shared terms",
            help=f"leave out `per environment`, or {INSTEAD}",
        )
    raise UsageError(
        f"objective `regression`: `{term.name}` is learned by `{term.family}`, which is not linear in its weights",
        help=f"write `by library(3)`, or {INSTEAD}",
    )
