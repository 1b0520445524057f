"""Regression: what enters the equations linearly, by one least-squares solution."""

from __future__ import annotations

from collections.abc import Callable

from eqdsl.fitting.objectives.derivative import DerivativeObjective
from eqdsl.fitting.regression.solve import solve_by_regression
from eqdsl.fitting.regression.system import check_system
from eqdsl.fitting.regression.unknowns import Unknowns


class RegressionObjective(DerivativeObjective):
    """The misfit of `DerivativeObjective`, brought to its least value at once, with few terms of ``library``.

    For models that are linear in their parameters and whose learned terms are ``library`` or ``poly``.
    """

    rolled = False
    solves = True

    def verify(self) -> None:
        """Refuse a model that is not linear in what is fitted.

        Raises
        ------
        UsageError
            With the names of what is not.
        """
        check_system(Unknowns(self.problem.field), self.method)

    def solve(self, announce: Callable[[str], None]) -> float:
        """Find all unknowns; returns the misfit."""
        problem = self.problem
        return solve_by_regression(problem.field, self.method, problem.rate, announce, self.check)
