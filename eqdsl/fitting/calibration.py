"""Scales of learned terms, read off the data before training: inputs and outputs of a network are of order one."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.data.frames import past_frames
from eqdsl.fitting.penalty import learned_modules
from eqdsl.fitting.problem import Problem
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.expr import LearnedCall
from eqdsl.model.facts import facts_of, nodes_of
from eqdsl.model.learned_terms import LearnedTerm

FRAMES = 512
"""Data frames looked at."""
VALUES = 1 << 20
"""Values of state they may hold together."""
ROUNDS = 4
"""Corrections of an output scale; a term that enters linearly needs one."""


def calibrate(problem: Problem, seed: int) -> None:
    """Set center and scale of the inputs, and the scale of the outputs, of every learned term.

    An output of one, in units of its scale, changes the rate of the state by as much as the data change: the largest
    over the equations of ``rms(change of the right-hand side)/rms(dX/dt)`` is one. Works in float64, because a small
    change of a large right-hand side would drown in float32.
    """
    if not problem.model.learned:
        return
    probing = compile_model(
        problem.model, grid=problem.field.grid, dtype=torch.float64, seed=seed, members=problem.field.members
    )
    times, states, rows, past = sample_frames(problem)
    probing = probing.driven(problem.train.driving).of_rows(rows).with_past(past)
    with torch.no_grad():
        inputs = probing.learned_inputs(times, states)
        for term in problem.model.learned:
            center, scale = input_scales(inputs[term.name])
            generator = torch.Generator().manual_seed(seed)
            if term.name in problem.model.encoders:
                outputs = torch.tensor(start_scales(problem, term), dtype=torch.float64)
                for field in (probing, problem.field):
                    learned_modules(field)[term.name].calibrate(center, scale, outputs)
                continue
            outputs = torch.tensor(
                [
                    output_scale(probing, term, Probe(probing, term, i, center, scale, generator), problem.rate.cpu(),
                                 times, states)
                    for i in range(term.free_outputs)
                ],
                dtype=torch.float64,
            )  # fmt: skip
            norms = outputs
            if term.of_stream_function:
                probe = Probe(probing, term, 0, center, scale, generator, float(outputs[0]))
                norms = sizes(probing, term, probe, times, states)
                # A uniform flow weighs as much as the one that the stream function makes.
                outputs[1:] = norms.mean()
            for field in (probing, problem.field):
                learned_modules(field)[term.name].calibrate(center, scale, outputs, norms)


def start_scales(problem: Problem, term: LearnedTerm) -> list[float]:
    """Size of each output of an encoder: that of the state it starts."""
    model, names = problem.model, problem.model.channel_names
    scales = [1.0] * term.free_outputs
    for value in model.starts("encode"):
        assert value.expr is not None
        for node in nodes_of(value.expr, facts_of(model)):
            if isinstance(node, LearnedCall) and node.term == term.name and node.output < len(scales):
                scales[node.output] = float(problem.variance[names.index(value.channel)].sqrt())
    return scales


def sample_frames(problem: Problem) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Evenly chosen complete frames of the training data, float64 on the CPU.

    Returns times (N,), states (N, C, *S), the trajectories that they belong to (N,), and the frames that the model
    looks back on, (N, frames, C, *S), if it does.
    """
    train = problem.train
    inside = np.arange(problem.filled.frames) < problem.filled.lengths[:, None]
    known = np.isfinite(problem.filled.state).all(axis=tuple(range(2, problem.filled.state.ndim))) & inside
    frames = np.argwhere(known)
    most = max(1, min(FRAMES, VALUES // train.state[0, 0].numel()))
    row, frame = frames[np.linspace(0, len(frames) - 1, min(most, len(frames))).astype(int)].T
    state = torch.as_tensor(problem.filled.state[row, frame], dtype=torch.float64)
    times = torch.as_tensor(problem.filled.times[row, frame], dtype=torch.float64)
    past = past_frames(problem.filled, row, frame, train.memory)
    return times, state, torch.as_tensor(row), None if past is None else torch.as_tensor(past, dtype=torch.float64)


def input_scales(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each input ``(N, *S, n)``; a constant one is divided by its size, or by 1."""
    values = inputs.reshape(-1, inputs.shape[-1]).double()
    center = values.mean(0)
    deviation = (values - center).square().mean(0).sqrt()
    size = values.square().mean(0).sqrt()
    constant = deviation <= 1e-9 * size
    fallback = torch.where(size > 0, size, torch.ones_like(size))
    return center, torch.where(constant | (deviation == 0), fallback, deviation)


def output_scale(
    field: VectorField, term: LearnedTerm, probe: Probe, rate: Tensor, times: Tensor, states: Tensor
) -> float:
    """Size of one output at which it changes the right-hand side by the data's own rate; 1 if it changes nothing."""
    name = f"term_{term.name}"
    original = field.learned[name]
    field.learned[name] = probe
    try:
        probe.amplitude = 0.0
        without = field(times, states)
        probe.amplitude = 1.0
        for _ in range(ROUNDS):
            change = (field(times, states) - without).transpose(0, 1).flatten(1)
            ratio = float((change.square().mean(1).sqrt() / rate.double()).max())
            if ratio == 0:
                return 1.0
            # Not finite: the probe overshot a nonlinear equation.
            probe.amplitude /= ratio if math.isfinite(ratio) else 1e3
        return probe.amplitude
    finally:
        field.learned[name] = original


def sizes(field: VectorField, term: LearnedTerm, probe: Probe, times: Tensor, states: Tensor) -> Tensor:
    """Root mean square of each declared output with a probe in the place of the network; 1 where it is zero."""
    name = f"term_{term.name}"
    original = field.learned[name]
    field.learned[name] = probe
    try:
        outputs = field.learned_outputs(times, states)
    finally:
        field.learned[name] = original
    found = torch.stack([outputs[output].square().mean().sqrt() for output in term.outputs])
    return torch.where(found > 0, found, torch.ones_like(found))


class Probe(nn.Module):
    """A smooth random function of order `amplitude` in place of one output of a learned term; zero in the others."""

    def __init__(
        self, field: VectorField, term: LearnedTerm, output: int, center: Tensor, scale: Tensor,
        generator: torch.Generator, amplitude: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        module = learned_modules(field)[term.name]
        self.radius, self.channel_axis = module.radius, module.channel_axis
        self.amplitude = amplitude
        self.outputs, self.output = term.free_outputs, output
        self.center, self.scale = center, scale
        self.direction = torch.randn(len(term.inputs), generator=generator, dtype=torch.float64)
        self.phase = math.pi / 4

    def forward(self, inputs: Tensor) -> Tensor:
        """As `LearnedTermModule`: ``(..., n)``, or ``(B, n, *S')`` with ghost cells when the radius is not 0."""
        if self.channel_axis != 1:
            return self._values(inputs)
        if self.radius == 0:
            return self._values(inputs.movedim(1, -1)).movedim(-1, 1)
        inner = (slice(None), slice(None), *[slice(self.radius, -self.radius)] * (inputs.ndim - 2))
        return self._values(inputs[inner].movedim(1, -1)).movedim(-1, 1)

    def _values(self, inputs: Tensor) -> Tensor:
        wave = math.sqrt(2) * torch.sin(((inputs - self.center) / self.scale) @ self.direction + self.phase)
        return torch.stack([self.amplitude * wave * (i == self.output) for i in range(self.outputs)], dim=-1)
