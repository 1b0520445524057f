"""Frames on a grid from scattered points: those of networks fitted to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from eqdsl.core.errors import DataError
from eqdsl.data.trajectories import Points, Trajectories
from eqdsl.fitting.collocation.cloud import Cloud, cloud_of
from eqdsl.fitting.collocation.states import StateNetworks
from eqdsl.model.model import Model
from eqdsl.numerics.grid import grid_from_model

FRAMES = 33
"""Frames of a trajectory, evenly from its first point to its last one."""
STEPS = 600
"""Adam steps that the networks are fitted with."""
RATE = 1e-2
POINTS = 1024
"""Points of a step."""


def cloud_of_points(points: Points, model: Model, like: torch.Tensor) -> Cloud:
    """Scattered points as tensors."""
    positions = [i for i, c in enumerate(model.channels) if not c.velocity]
    begin, end = points.times()
    at = np.where(np.isfinite(points.at), points.at, 0.0)
    return cloud_of(at, points.values[..., positions], points.known[..., positions], begin, end, like)


def with_frames(trajectories: Trajectories, model: Model, file: str | None) -> Trajectories:
    """The same data with frames on the model's grid, which rollouts, validation and scores work with.

    Raises
    ------
    DataError
        The model names no grid.
    """
    points = trajectories.points
    assert points is not None
    if any(axis.points is None for axis in model.axes):
        sizes = ", ".join(f"{axis.name} = 64" for axis in model.axes)
        raise DataError(
            "holds scattered points, and the model has no grid to roll out on",
            file=file, help=f"add `grid {sizes}` to the model",
        )  # fmt: skip
    grid = grid_from_model(model)
    cloud = cloud_of_points(points, model, torch.zeros((), dtype=torch.float32))
    networks = StateNetworks(model, cloud, seed=0)
    distance = _fit(networks, cloud)
    times = np.stack([np.linspace(b, e, FRAMES) for b, e in zip(*points.times(), strict=True)])
    axes = [axis.coordinates() for axis in grid.axes]
    where = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    state = np.full((len(times), FRAMES, len(model.channels), *grid.shape), np.nan)
    position = [i for i, c in enumerate(model.channels) if not c.velocity]
    for row, own in enumerate(times):
        at = np.broadcast_to(where, (FRAMES, *where.shape)).reshape(1, -1, len(axes))
        when = np.repeat(own, int(np.prod(grid.shape)))[None, :, None]
        whole = torch.as_tensor(np.concatenate([when, at], axis=-1)).float()
        rows = torch.tensor([row])
        for along, channels in (((), position), ((0,), _velocities(model))):
            if not channels:
                continue
            with torch.no_grad():
                found = networks.fields(rows).derivative(whole, along)[0]
            names = [model.channels[i] for i in position]
            for channel in channels:
                wanted = model.channels[channel]
                column = next(
                    k for k, c in enumerate(names) if (c.field, c.component) == (wanted.field, wanted.component)
                )
                state[row, :, channel] = found[:, column].reshape(FRAMES, *grid.shape).numpy()
    note = (
        f"scattered points: frames on the grid are those of networks fitted to them, {100 * distance:.2g} % of the "
        "deviation away from the data"
    )
    lengths = np.full(len(times), FRAMES)
    return replace(
        trajectories, times=times, state=state, lengths=lengths, notes=(*trajectories.notes, note),
        axes={a.name: x for a, x in zip(grid.axes, axes, strict=True)},
    )  # fmt: skip


def _velocities(model: Model) -> list[int]:
    return [i for i, c in enumerate(model.channels) if c.velocity]


def _fit(networks: StateNetworks, cloud: Cloud) -> float:
    """Fit networks to the data alone; returns the rms distance, in deviations."""
    optimizer = torch.optim.Adam(networks.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    generator, rows = torch.Generator().manual_seed(0), torch.arange(len(cloud.at))
    each, last = max(POINTS // len(rows), 1), 0.0
    for _ in range(STEPS):
        index = (torch.rand(len(rows), each, generator=generator) * cloud.counts[:, None]).long()
        at, values, known = (v[rows[:, None], index] for v in (cloud.at, cloud.values, cloud.known))
        error = torch.where(known, (networks.at(rows, at.float()) - values) / networks.scale, 0.0)
        loss = error.square().sum() / known.sum().clamp(min=1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        last = 0.9 * last + 0.1 * float(loss.detach())
    return float(last**0.5)
