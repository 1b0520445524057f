"""Embedded pairs: every order condition up to the order (a wrong digit breaks one), and the order as observed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from eqdsl.numerics.integrators.embedded import EmbeddedTableau
from eqdsl.numerics.integrators.table import METHODS

PAIRS = {name: m for name, m in METHODS.items() if isinstance(m, EmbeddedTableau)}

Tree = tuple["Tree", ...]


def trees(order: int) -> set[Tree]:
    """Rooted trees with so many nodes; a tree is the sorted tuple of its branches."""
    if order == 1:
        return {()}
    found: set[Tree] = set()
    for parts in partitions(order - 1, order - 1):
        for branches in itertools.product(*(sorted(trees(n)) for n in parts)):
            found.add(tuple(sorted(branches)))
    return found


def partitions(total: int, largest: int) -> list[tuple[int, ...]]:
    if total == 0:
        return [()]
    return [(n, *rest) for n in range(min(total, largest), 0, -1) for rest in partitions(total - n, n)]


def nodes(tree: Tree) -> int:
    return 1 + sum(nodes(branch) for branch in tree)


def density(tree: Tree) -> int:
    return nodes(tree) * math.prod(density(branch) for branch in tree)


def weight(tree: Tree, a: np.ndarray) -> np.ndarray:
    """The elementary weight of each stage (Hairer, Norsett & Wanner, section II.2)."""
    product = np.ones(len(a))
    for branch in tree:
        product = product * (a @ weight(branch, a))
    return product


def test_there_are_as_many_trees_as_in_the_book() -> None:
    assert [len(trees(n)) for n in range(1, 6)] == [1, 1, 2, 4, 9]


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_order_conditions(name: str) -> None:
    """Both members of the pair; the lower one fails beyond its order, else the estimate would be blind."""
    tableau = PAIRS[name]
    stages = len(tableau.a)
    a = np.array([[*row, *(0.0,) * (stages - len(row))] for row in tableau.a])
    b, lower = a[-1], a[-1] - np.array(tableau.error)
    assert a.sum(1) == pytest.approx(np.array(tableau.c), abs=2e-15)
    for order in range(1, tableau.order + 1):
        for tree in trees(order):
            assert b @ weight(tree, a) == pytest.approx(1 / density(tree), abs=3e-14), tree
            if order < tableau.estimate_order:
                assert lower @ weight(tree, a) == pytest.approx(1 / density(tree), abs=3e-14), tree
    beyond = [abs(lower @ weight(tree, a) - 1 / density(tree)) for tree in trees(tableau.estimate_order)]
    assert max(beyond) > 1e-4


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_observed_order_of_the_step_and_of_its_estimate(name: str) -> None:
    """Riccati's equation ``u' = -u^2 cos t``. Errors may fall faster: leading terms are small by design."""
    method = PAIRS[name]
    t, state = torch.full((1,), 0.7, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    lengths = np.array([0.2, 0.1, 0.05])
    errors, estimates = [], []
    for h in lengths:
        trial = method.attempt(riccati, t, state, torch.tensor([h], dtype=torch.float64), riccati(t, state))
        errors.append(abs(trial.state.item() - 1 / (1 + math.sin(0.7 + h) - math.sin(0.7))))
        estimates.append(abs(trial.error.item()))
    assert np.polyfit(np.log(lengths), np.log(errors), 1)[0] > method.order + 0.5
    assert np.polyfit(np.log(lengths), np.log(estimates), 1)[0] > method.estimate_order - 0.5


def riccati(t: Tensor, u: Tensor) -> Tensor:
    return -(u**2) * torch.cos(t)[:, None]
