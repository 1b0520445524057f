"""Which channels of a program are positions, and which their velocities."""

from __future__ import annotations

from eqdsl.lowering.program import Program

_CHANNELS = ("channel", "uniform_channel")


def position_velocity_pairs(program: Program) -> tuple[tuple[int, int], ...] | None:
    """``(position, velocity)`` for each equation ``d(position)/dt = velocity``; None unless that covers all channels.

    An equation is one whose right-hand side is another channel and nothing else: what ``dtt(x) = …`` stands for, and
    ``dt(q) = p`` as well. At points on Dirichlet walls the rate is the wall's; there is then no such equation.
    """
    channel_of_step = {n: s.attributes[0] for n, s in enumerate(program.steps) if s.operation in _CHANNELS}
    pairs = []
    for equation in program.equations:
        velocity = channel_of_step.get(equation.total)
        if isinstance(velocity, int) and velocity != equation.channel:
            pairs.append((equation.channel, velocity))
    covered = sorted(channel for pair in pairs for channel in pair)
    return tuple(pairs) if covered == list(range(len(program.equations))) else None


def velocity_forces(program: Program) -> bool:
    """Whether the rate of a velocity depends on a velocity."""
    velocities = {velocity for _, velocity in position_velocity_pairs(program) or ()}
    waiting = [equation.total for equation in program.equations if equation.channel in velocities]
    seen = set(waiting)
    while waiting:
        step = program.steps[waiting.pop()]
        if step.operation in _CHANNELS and step.attributes[0] in velocities:
            return True
        new = [n for n in step.inputs if n not in seen]
        seen.update(new)
        waiting += new
    return False
