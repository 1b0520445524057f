"""The walls of learned velocities without divergence: nothing flows through a wall."""

from __future__ import annotations

from eqdsl.model.expr import Const
from eqdsl.model.learned_terms import LearnedTerm
from eqdsl.model.model import Model
from eqdsl.model.walls import WallCondition


def flow_walls(model: Model) -> tuple[WallCondition, ...]:
    """The conditions of the stream functions, under their term's name, and of projected velocities, by component.

    A stream function is 0 on all walls, so that nothing flows through. Of a projected velocity the component across a
    wall is 0 there, and the others are mirrored.
    """
    found: list[WallCondition] = []
    for term in model.learned:
        flow = term.divergence_free
        if flow is None:
            continue
        for axis in (a for a in model.axes if not a.periodic):
            if flow.stream:
                found += _pair(term.name, axis.name, True)
                continue
            found += [w for name in term.outputs for w in _pair(name, axis.name, _across(term, name, axis.name))]
    return tuple(found)


def _across(term: LearnedTerm, output: str, axis: str) -> bool:
    return output == f"{term.name}.{axis}"


def _pair(channel: str, axis: str, given: bool) -> list[WallCondition]:
    """Value 0, or slope 0, at both ends of an axis."""
    value, slope, zero = Const(float(given)), Const(float(not given)), Const(0.0)
    text = f"{channel} = 0" if given else f"dn({channel}) = 0"
    return [WallCondition(channel, axis, side, value, slope, zero, None, False, text) for side in (0, 1)]
