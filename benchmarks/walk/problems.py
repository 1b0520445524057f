"""Texts of models that the exact solutions solve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from benchmarks.walk.operators import DECAY, DIFFUSION, Operator
from benchmarks.walk.spaces import EXTENTS, MOMENT, TIME, Space
from benchmarks.walk.walls import KINDS, Walls


@dataclass(frozen=True, eq=False)
class Problem:
    """An operator between walls, with the source that makes the exact solution solve it."""

    operator: Operator
    walls: Walls
    dimension: int

    @cached_property
    def space(self) -> Space:
        """The box."""
        return Space(self.dimension, self.walls.periodic(self.dimension))

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(self.operator.meaning(self.space))

    def text(self, order: int, position: str, *, carried: bool) -> str:
        """The model; with the carrier, so that its steady state can be solved for, or the operator alone."""
        equations = self._carried if carried else self._alone
        head = self._head(order, position, dict.fromkeys(self.space.names, sp.Integer(0)))
        return "\n".join([*head, *equations, *self._conditions, ""])

    def wider_text(self, order: int, position: str, margins: Mapping[str, Any]) -> str:
        """The carried model on a box that reaches beyond the walls: what its stencils make at them without closures."""
        return "\n".join([*self._head(order, position, margins), *self._carried, ""])

    @cached_property
    def _carried(self) -> list[str]:
        return self._equations(True)

    @cached_property
    def _alone(self) -> list[str]:
        return self._equations(False)

    def _head(self, order: int, position: str, margins: Mapping[str, Any]) -> list[str]:
        spaces, grids = [], []
        for number, (name, closed) in enumerate(zip(self.space.names, self.space.periodic, strict=True)):
            low, high = EXTENTS[name]
            spaces.append(f"{name} in [{low - margins[name]}, {high + margins[name]}]" + " periodic" * closed)
            own = ("nodes", "cells")[number % 2] if position == "alternating" else position
            grids.append(f"{name} = 64 {own}")
        inside = ", ".join(self.space.names)
        states = [f"{'vector state' if name == 'w' else 'state'} {name}({inside})" for name in self.operator.texts]
        return [f"space {', '.join(spaces)}", f"grid {', '.join(grids)}", f"scheme order = {order}", *states]

    def _equations(self, carried: bool) -> list[str]:
        lines = []
        for channel in self.channels:
            exact = self.space.exact[channel]
            name = channel.replace(".", "")
            lines.append(f"known rate_{name} = {_written(sp.diff(exact, TIME))}")
            lines.append(f"known source_{name} = {_written(self._source(channel, carried))}")
        for state, text in self.operator.texts.items():
            extra = f"{DIFFUSION}*lap({state}) - {DECAY}*{state}" if self.operator.carried else f"-{DECAY}*{state}"
            right = self._filled(text) + (f" + {extra}" if carried else "")
            source = (
                "(" + ", ".join(f"source_w{n}" for n in self.space.names) + ")" if state == "w" else f"source_{state}"
            )
            lines.append(f"dt({state}) = {right} + {source}")
            values = [
                _written(self.space.exact[c].subs(TIME, MOMENT)) for c in self.channels if c.split(".")[0] == state
            ]
            lines.append(f"init {state} = " + (f"({', '.join(values)})" if state == "w" else values[0]))
        return lines

    def _source(self, channel: str, carried: bool) -> Any:
        exact = self.space.exact[channel]
        right = self.operator.meaning(self.space)[channel]
        if carried:
            right += (DIFFUSION * self.space.lap(exact) if self.operator.carried else 0) - DECAY * exact
        return sp.diff(exact, TIME) - right

    def _filled(self, text: str) -> str:
        wind = ", ".join(f"1 + t*{name}" for name in self.space.names)
        return text.format(a=self.space.names[0], b=self.space.names[-1], V=wind)

    @cached_property
    def _conditions(self) -> list[str]:
        return [
            self._condition(channel, number, side)
            for channel in self.channels
            for number, kinds in enumerate(self.walls.sides[: self.dimension])
            if kinds is not None
            for side in (0, 1)
        ]

    def _condition(self, channel: str, number: int, side: int) -> str:
        kinds, axis, name = self.walls.sides[number], self.space.axes[number], self.space.names[number]
        assert kinds is not None
        a, b = KINDS[kinds[side]](sp.Add(*(other for other in self.space.axes if other is not axis)))
        exact, place = self.space.exact[channel], EXTENTS[name][side]
        value = (a * exact + b * (2 * side - 1) * sp.diff(exact, axis)).subs(axis, place)
        parts = [
            what if factor == 1 else f"({_written(factor)})*{what}"
            for factor, what in ((a, channel), (b, f"dn({channel})"))
            if factor != 0
        ]
        return f"bc {' + '.join(parts)} = {_written(value)} at {name} = {place}"


def _written(expression: Any) -> str:
    return str(sp.sstr(expression))
