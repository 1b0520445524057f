"""`LinearSolver`: what the step of ``0 = expr for p`` does with tensors."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from eqdsl.core.errors import ComputationError, EqdslWarning
from eqdsl.lowering.axis_modes import given_points, modes_of, periodic_symbol
from eqdsl.lowering.program import Program
from eqdsl.lowering.solving import Problem
from eqdsl.numerics.implicit import differentiable, transpose_of
from eqdsl.numerics.krylov import MOST_ITERATIONS, Map, conjugate_gradients, gmres
from eqdsl.numerics.mode_bases import ModeBasis
from eqdsl.numerics.separable import SINGULAR, SeparableInverse, Symbol

TOLERANCES = {torch.float64: 1e-10, torch.float32: 1e-5}
"""Relative residuals at which an iteration ends."""

INCOMPATIBLE = 1e-2
"""Share of a right-hand side that may be the same everywhere before a warning; discretisation leaves less."""

ROUGH = 1.5
"""Mean square of the difference of log(k) between neighbours from which on a factor k does not count as smooth."""

Residual = Callable[[Tensor, bool], Tensor]
"""``r(p)`` on the grid; with True, everything but p is held constant for derivatives."""


class LinearSolver(nn.Module):
    """Solves one `Problem`; differentiable in all that its residual reads.

    Operators with the same coefficients everywhere are inverted in the modes of their axes; others by conjugate
    gradients or GMRES, preconditioned by the inverse with averaged coefficients.

    Attributes
    ----------
    direct : bool
        Whether it needs no iteration.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self._checked = self._warned = False
        grid = problem.grid
        bases: dict[int, ModeBasis] = {}
        self.direct = problem.direct
        for number, (axis, walls) in enumerate(zip(grid.axes, problem.walls, strict=True)):
            if walls is not None:
                bases[number], exact = modes_of(axis, walls, problem.order)
                self.direct = self.direct and exact
        symbols = [_symbol(problem, number, bases) for number in range(len(problem.terms))]
        self.inverse = SeparableInverse(grid.shape, bases, symbols, problem.up_to_constant)
        self.register_buffer("free", _free(problem), persistent=False)
        self.register_buffer("share", _share(problem), persistent=False)

    def forward(self, residual: Residual, coefficients: Sequence[Tensor], like: Tensor) -> Tensor:
        """The solution, ``(B | 1, *S)``.

        Parameters
        ----------
        residual : callable
        coefficients : sequence of Tensor
            Of the problem's terms.
        like : Tensor
            Tells type and device.

        Raises
        ------
        ComputationError
            The equation has no single solution, or the iteration does not converge.
        """
        free = self.get_buffer("free")

        def masked(values: Tensor, frozen: bool) -> Tensor:
            return residual(values, frozen) * free

        # A look at a value waits for the device: there, once is enough.
        look = not self._checked or like.device.type == "cpu"
        zero = torch.zeros((1, *self.problem.grid.shape), dtype=like.dtype, device=like.device)
        right = -masked(zero, False)
        if self.direct:
            factor, smallest = self.inverse.factors(coefficients)
            if look:
                self._check_single(smallest)
            # Where nobody looks, no solution is no number: the rollout that asks for it ends as one that blows up.
            solution: Tensor = self.inverse(right, torch.where(_shaped(smallest > SINGULAR, factor), factor, torch.nan))
        else:
            solution = self._iterated(masked, right, [c.detach() for c in coefficients])
        if self.problem.up_to_constant:
            if look and not self._warned:
                left = right if self.direct else -masked(solution.detach(), True)
                self._check_balance(right.detach(), left.detach())
            dims = tuple(range(1, solution.dim()))
            solution = solution - (solution * self.get_buffer("share")).sum(dim=dims, keepdim=True)
        self._checked = True
        return solution

    # ------------------------------------------------------------ iteration

    def _iterated(self, masked: Residual, right: Tensor, coefficients: Sequence[Tensor]) -> Tensor:
        free, at_zero = self.get_buffer("free"), -right.detach()
        scale = self._scale(coefficients)
        factor, _ = self.inverse.factors([c * scale.square() for c in coefficients])

        def product(values: Tensor) -> Tensor:
            return masked(values, True) - at_zero

        def inverse(values: Tensor) -> Tensor:
            found: Tensor = self.inverse(values * scale, factor) * scale
            return found

        def solve(values: Tensor) -> Tensor:
            with torch.no_grad():
                return self._krylov(product, inverse, values * free)

        def transposed(values: Tensor) -> Tensor:
            values = values * free
            if self.problem.symmetric:
                return solve(values)
            forth, back = transpose_of(product, values), transpose_of(inverse, values)
            with torch.no_grad():
                return self._krylov(forth, back, values)

        solution = solve(-at_zero)
        if not torch.is_grad_enabled():
            return solution
        return differentiable(solution, masked(solution, False), solve, transposed)

    def _scale(self, coefficients: Sequence[Tensor]) -> Tensor:
        """``1/sqrt(k)`` for a positive and smooth factor k of the fluxes, otherwise 1.

        ``div(k*grad(p))`` is ``sqrt(k)*lap(sqrt(k)*p)`` but for a factor of p that is small where k is smooth (Concus
        and Golub 1973). Where a constant is open it must stay the first mode, and nothing is scaled.
        """
        leading = [c for c, t in zip(coefficients, self.problem.terms, strict=True) if any(d.flux for d in t)]
        one = torch.ones((), dtype=self.get_buffer("free").dtype, device=self.get_buffer("free").device)
        if self.problem.up_to_constant or not leading:
            return one
        total = torch.stack(torch.broadcast_tensors(*leading)).mean(dim=0)
        total = total * total.mean().sign()
        if not bool((total > 0).all()):
            return one
        steps = [total.log().diff(dim=axis).square().mean() for axis in range(1, total.dim()) if total.shape[axis] > 1]
        return total.rsqrt() if all(float(step) < ROUGH for step in steps) else one

    def _krylov(self, product: Map, inverse: Map, right: Tensor) -> Tensor:
        tolerance = TOLERANCES.get(right.dtype, TOLERANCES[torch.float32])
        if not bool(torch.isfinite(right).all()):
            return torch.full_like(right, float("nan"))
        if self.problem.symmetric:
            outcome = conjugate_gradients(product, inverse, right, tolerance, MOST_ITERATIONS)
            if outcome.residual <= tolerance:
                return outcome.solution
        outcome = gmres(product, inverse, right, tolerance, MOST_ITERATIONS)
        if outcome.residual <= tolerance:
            return outcome.solution
        raise ComputationError(
            f"the equation `{self.problem.text}` was not solved: after {outcome.iterations} iterations its relative "
            f"residual is {outcome.residual:.1e}, {tolerance:g} is wanted",
            help=f"look for a factor of `{self.problem.name}` or of its derivatives that changes its sign, or varies "
            "over many orders of magnitude",
        )

    # ------------------------------------------------------------- warnings

    def _check_single(self, smallest: Tensor) -> None:
        if bool((smallest <= SINGULAR).any()):
            raise ComputationError(
                f"the equation `{self.problem.text}` has no single solution: its operator takes some "
                f"`{self.problem.name}` to 0",
                help="first derivatives alone leave a constant and the shortest wave of the grid open: add `lap` or a "
                f"multiple of `{self.problem.name}`, or give its value on a wall",
            )

    def _check_balance(self, right: Tensor, left: Tensor) -> None:
        """Warn once about a part of the right-hand side that no p can balance: the constant in what is `left`."""
        dims = tuple(range(1, right.dim()))
        constant = self.inverse.constant_part(left).abs().flatten()
        if bool((constant > INCOMPATIBLE * right.square().mean(dim=dims).sqrt()).any()):
            self._warned = True
            name = self.problem.name
            warnings.warn(
                f"no `{name}` solves `{self.problem.text}` on this domain: the rest of the equation has a mean, up "
                f"to {float(constant.max()):.3g}, that nothing balances; it is taken off",
                EqdslWarning,
                stacklevel=2,
            )


def _shaped(verdict: Tensor, factor: Tensor) -> Tensor:
    """A verdict for each row, in the shape of what it is about."""
    return verdict.reshape(-1, *(1,) * (factor.dim() - 1))


def solvers_of(program: Program) -> nn.ModuleDict:
    """A solver for each problem of a program."""
    problems = [s.attributes[0] for s in program.steps if s.operation == "solve"]
    # A prefix keeps user names apart from the attributes of nn.ModuleDict.
    return nn.ModuleDict({f"solver_{p.name}": LinearSolver(p) for p in problems if isinstance(p, Problem)})


def _symbol(problem: Problem, number: int, bases: dict[int, ModeBasis]) -> Symbol:
    """What one term does to the modes of each axis."""
    found: dict[int, Tensor] = {}
    for derivation in problem.terms[number]:
        axis = problem.grid.axis(derivation.axis)
        own = problem.grid.axes[axis]
        values = (
            bases[axis].eigenvalues.to(torch.complex128)
            if axis in bases
            else periodic_symbol(own, derivation, problem.order)
        )
        found[axis] = found[axis] * values if axis in found else values
    return found


def _free(problem: Problem) -> Tensor:
    """1 where the equation holds, 0 on points whose values the walls give."""
    free = torch.ones(1, *problem.grid.shape, dtype=torch.float64)
    for number, (axis, walls) in enumerate(zip(problem.grid.axes, problem.walls, strict=True)):
        lower, upper = (0, 0) if walls is None else given_points(axis, walls.kinds)
        free.narrow(number + 1, 0, lower).zero_()
        free.narrow(number + 1, axis.points - upper, upper).zero_()
    return free


def _share(problem: Problem) -> Tensor:
    """Of each point in the mean over the domain."""
    share = torch.ones(1, *problem.grid.shape, dtype=torch.float64)
    for number, axis in enumerate(problem.grid.axes):
        if axis.position == "nodes" and not axis.periodic:
            share.narrow(number + 1, 0, 1).mul_(0.5)
            share.narrow(number + 1, axis.points - 1, 1).mul_(0.5)
    return share / share.sum()
