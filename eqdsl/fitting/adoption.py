"""Fitted numbers and weights put into a vector field with other environments, and all but the new ones held fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from eqdsl.learned.grouped import GroupedFamily
from eqdsl.lowering.members import Members
from eqdsl.lowering.vector_field import VectorField
from eqdsl.model.model import ENVIRONMENT

FUNCTION = re.compile(r"(.*\.family\.functions\.)(\d+)(\..*)")
"""Names of tensors that belong to one environment's function, where each has a module of its own."""


@torch.no_grad()
def adopt(field: VectorField, source: VectorField) -> None:
    """Give a vector field the tensors of another one of the same model.

    Shared ones are copied. Of tables with a row for each environment or trajectory known rows are copied; new ones
    start from the mean of the parameters, from contexts of zero, and from the fresh weights of their own functions.
    """
    tables = {name: scope for name, scope, _ in own_tables(field)}
    old, new = source.state_dict(), field.state_dict()
    for name, tensor in new.items():
        found = FUNCTION.fullmatch(name)
        if found is not None:
            before = _place(source.members, field.members, ENVIRONMENT, int(found[2]))
            if before is not None:
                tensor.copy_(old[f"{found[1]}{before}{found[3]}"])
        elif name in tables:
            _adopt_rows(tensor, old[name], tables[name], source.members, field.members, name)
        else:
            tensor.copy_(old[name])


def _adopt_rows(tensor: Tensor, old: Tensor, scope: str, before: Members, after: Members, name: str) -> None:
    for row in range(len(tensor)):
        place = _place(before, after, scope, row)
        if place is not None:
            tensor[row] = old[place]
        elif name.startswith("physical."):
            tensor[row] = old.mean(0)


def _place(before: Members, after: Members, scope: str, row: int) -> int | None:
    """Where a row of a table was, None for a new one; a value that all shared is that of each."""
    known = before.labels(scope)
    if not known:
        return 0
    label = after.labels(scope)[row]
    return known.index(label) if label in known else None


def own_tables(field: VectorField) -> Iterator[tuple[str, str, nn.Parameter]]:
    """Name, scope and tensor of every table with a row for each environment or trajectory."""
    for parameter in field.model.parameters:
        if parameter.per is not None:
            name = f"physical.raw.value_{parameter.name}"
            yield name, parameter.per, field.get_parameter(name)
    for term in field.model.learned:
        family = field.terms_by_name[term.name].family
        if isinstance(family, GroupedFamily):
            for name, tensor in family.tables_by_name().items():
                yield f"learned.term_{term.name}.family.{name}", ENVIRONMENT, tensor


def freeze_shared(field: VectorField, given: Members) -> None:
    """Let only what belongs to some environments and trajectories be fitted, for good."""
    tables = {name: (scope, tensor) for name, scope, tensor in own_tables(field)}
    for name, parameter in field.named_parameters():
        found = FUNCTION.fullmatch(name)
        if found is not None:
            labels = field.members.environments
            parameter.requires_grad_(not labels or labels[int(found[2])] in given.environments)
        elif name in tables:
            _hold_rows(parameter, [n in given.labels(tables[name][0]) for n in field.members.labels(tables[name][0])])
        else:
            parameter.requires_grad_(False)


def _hold_rows(parameter: nn.Parameter, free: list[bool]) -> None:
    """Keep the gradients of the other rows at zero: neither Adam nor L-BFGS moves what never had one."""
    if all(free):
        return
    mask = torch.tensor(free, device=parameter.device).reshape(-1, *[1] * (parameter.ndim - 1))
    parameter.register_hook(_masked(mask))


def _masked(mask: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda gradient: torch.where(mask, gradient, 0.0)
