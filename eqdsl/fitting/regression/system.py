"""The equations at the data as a linear system in the unknowns, or a message that says why they are none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from eqdsl.core.errors import ComputationError, UsageError
from eqdsl.fitting.derivatives.base import DerivativeMethod
from eqdsl.fitting.regression.unknowns import INSTEAD, Probe, Unknowns
from eqdsl.fitting.training_data import Batch

VALUES = 1 << 22
"""States times unknowns of a piece of data."""
LARGEST = 1 << 26
"""States times unknowns of all pieces; of more data evenly chosen windows are taken."""
LOOKED_AT = 4
"""Windows at which it is tested whether the unknowns enter linearly."""
LINEAR = 1e-8
"""Deviation from a linear residual, relative to its size, that counts as rounding."""

Residual = Callable[[Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class System:
    """``minimise |matrix z - wanted|^2``, reduced to as many rows as it has columns.

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
    wanted : ndarray, shape (n,)
    rest : float
        Part of the sum of squares that no z changes.
    rows : float
        Equations at independent pieces of data.
    """

    matrix: np.ndarray
    wanted: np.ndarray
    rest: float
    rows: float


def check_system(unknowns: Unknowns, method: DerivativeMethod) -> None:
    """Look at a few windows, before anything is fitted.

    Raises
    ------
    UsageError
        The unknowns do not enter linearly; the message names them.
    ComputationError
        The equations are not finite at the data.
    """
    method = method.to(torch.float64)
    starts = torch.as_tensor(method.starts()[:LOOKED_AT], device=method.slopes.device)
    batch = method.batch(starts[:, 0], starts[:, 1], method.horizon)
    residual = partial(_residual, method, unknowns.probe(), batch)
    table, known = _columns(residual, unknowns)
    _check_linear(residual, table, known, unknowns)


def linear_system(
    unknowns: Unknowns, method: DerivativeMethod, rate: Tensor, check: Callable[[], None]
) -> System:  # fmt: skip
    """All windows of the data as one system, each channel with the weight that it has in the misfit.

    Pieces are reduced by QR, one after the other, so that memory does not grow with the data and nothing is squared.

    Raises
    ------
    ComputationError
        The equations are not finite at the data.
    """
    method = method.to(torch.float64)
    probe, horizon = unknowns.probe(), method.horizon
    starts = method.starts()
    width = method.data.state[0, 0].numel() * (horizon + 1) * (unknowns.size + 1)
    most = max(LARGEST // width, 1)
    if len(starts) > most:
        starts = starts[np.linspace(0, len(starts) - 1, most).astype(int)]
    size = max(VALUES // width, 1)
    channels = len(rate)
    reduced = [torch.zeros(0, unknowns.size + 1, dtype=torch.float64, device=rate.device) for _ in range(channels)]
    counts = np.zeros(channels)
    for first in range(0, len(starts), size):
        check()
        chosen = torch.as_tensor(starts[first : first + size], device=rate.device)
        batch = method.batch(chosen[:, 0], chosen[:, 1], horizon)
        residual = partial(_residual, method, probe, batch)
        table, known = _columns(residual, unknowns)
        for channel in range(channels):
            part = table[:, :, channel][known[:, :, channel]]
            counts[channel] += len(part)
            _, reduced[channel] = torch.linalg.qr(torch.cat([reduced[channel], part]), mode="r")
    seen = counts > 0
    if not seen.any():
        raise ComputationError("no slope of the data is known", help="give longer trajectories")
    scale = np.sqrt(counts) * rate.double().cpu().numpy() * np.sqrt(seen.sum())
    whole = np.concatenate([reduced[c].cpu().numpy() / scale[c] for c in np.flatnonzero(seen)])
    triangle = np.asarray(np.linalg.qr(whole, mode="r"))
    n = unknowns.size
    rest = float(np.sum(triangle[n:, n] ** 2))
    return System(triangle[:n, :n], -triangle[:n, n], rest, max(counts.sum() / method.overlap, 1.0))


@torch.no_grad()
def _residual(method: DerivativeMethod, probe: Probe, batch: Batch, vector: Tensor) -> tuple[Tensor, Tensor]:
    return method.residual(probe.at(vector), batch)


def _columns(residual: Residual, unknowns: Unknowns) -> tuple[Tensor, Tensor]:
    """Derivative of the residual by each unknown, then the residual at zero, along a new last axis."""
    zero, units = torch.zeros(unknowns.size, dtype=torch.float64), unknowns.units()
    at_zero, known = residual(zero)
    columns = []
    for k in range(unknowns.size):
        one = zero.clone()
        one[k] = units[k]
        columns.append((residual(one)[0] - at_zero) / float(units[k]))
    table = torch.stack([*columns, at_zero], dim=-1)
    if not bool(torch.isfinite(table[known]).all()):
        _refuse_infinite(residual, unknowns)
    return table, known


def _refuse_infinite(residual: Residual, unknowns: Unknowns) -> None:
    value, known = residual(unknowns.units())
    if bool(torch.isfinite(value[known]).all()):
        raise UsageError(
            "objective `regression`: the equations are not finite where a parameter is 0, so they are not linear in it",
            help=INSTEAD,
        )
    raise ComputationError(
        "the equations are not finite at the data", help="check the units of the data and the known terms"
    )


def _check_linear(residual: Residual, table: Tensor, known: Tensor, unknowns: Unknowns) -> None:
    """Compare with the residual at some other numbers.

    Raises
    ------
    UsageError
        It is not linear.
    """
    generator = torch.Generator().manual_seed(0)
    units = unknowns.units()

    def differs(vector: Tensor) -> bool:
        value = residual(vector)[0][known]
        parts = table[known] * torch.cat([vector, torch.ones(1, dtype=torch.float64)]).to(table)
        return float((value - parts.sum(-1)).norm()) > LINEAR * float(parts.norm())

    def drawn(*blocks: int) -> Tensor:
        vector = torch.zeros_like(units)
        for number in blocks:
            block = unknowns.blocks[number]
            part = slice(block.first, block.first + block.size)
            vector[part] = units[part] * (0.5 + torch.rand(block.size, generator=generator, dtype=torch.float64))
        return vector

    if not differs(drawn(*range(len(unknowns.blocks)))):
        return
    names = [block.name for block in unknowns.blocks]
    for number, name in enumerate(names):
        if differs(drawn(number)):
            raise UsageError(
                f"objective `regression`: the equations are not linear in `{name}`",
                help=f"write them so that they are (`param w2 = fit 1` and `w2*x` for `w^2*x`), or {INSTEAD}",
            )
    for one, other in combinations(range(len(names)), 2):
        if differs(drawn(one, other)):
            raise UsageError(
                f"objective `regression`: `{names[one]}` and `{names[other]}` multiply each other",
                help=f"fix one of them, or {INSTEAD}",
            )
    raise UsageError("objective `regression`: the equations are not linear in what is fitted", help=INSTEAD)
