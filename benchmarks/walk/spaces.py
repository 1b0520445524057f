"""A box in one to three dimensions, exact solutions on it, and vector calculus by SymPy.

Everything here is written down from textbooks, not taken from `eqdsl.operators`: what an operator means is checked too.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

NAMES = "xyz"
EXTENTS = {
    "x": (sp.Integer(0), sp.Integer(1)),
    "y": (sp.Rational(1, 5), sp.Rational(7, 5)),
    "z": (-sp.Rational(1, 2), sp.Rational(1, 3)),
}
TIME = sp.Symbol("t", real=True)
MOMENT = sp.Rational(2, 5)
"""The time at which errors are taken."""

WAVE = sp.Rational(11, 8)
"""Phase from wall to wall: no period, so nothing fits the walls by chance."""

PHASES = {"u": (2, 5, 11), "w.x": (5, 3, 7), "w.y": (9, 13, 4), "w.z": (3, 8, 12)}
"""Tenths, along each axis."""


class Space:
    """The symbols and exact solutions of a box.

    Parameters
    ----------
    dimension : int
    periodic : tuple of bool
        Of each axis.

    Attributes
    ----------
    names : str
        Of the axes.
    axes : tuple of Symbol
    u : expression
        The exact scalar state, a function of time and place.
    w : tuple of expressions
        The exact vector state.
    """

    def __init__(self, dimension: int, periodic: tuple[bool, ...]) -> None:
        self.dimension, self.periodic = dimension, periodic
        self.names = NAMES[:dimension]
        self.axes = tuple(sp.Symbol(name, real=True) for name in self.names)
        self.exact = {
            channel: self._waves(phases)
            for channel, phases in PHASES.items()
            if channel == "u" or channel[2] in self.names
        }
        self.u = self.exact["u"]
        self.w = tuple(self.exact[f"w.{name}"] for name in self.names)

    @property
    def first(self) -> Any:
        """The first axis."""
        return self.axes[0]

    @property
    def last(self) -> Any:
        """The last axis."""
        return self.axes[-1]

    def _waves(self, phases: tuple[int, ...]) -> Any:
        factors = []
        for axis, name, closed, phase in zip(self.axes, self.names, self.periodic, phases, strict=False):
            low, high = EXTENTS[name]
            turn = 2 * sp.pi if closed else WAVE
            moving = TIME if axis is self.axes[0] else 0
            factors.append(sp.sin(turn * (axis - low) / (high - low) + sp.Rational(phase, 10) - moving))
        return sp.Rational(1, 5) + sp.Mul(*factors)

    def grad(self, f: Any) -> tuple[Any, ...]:
        """Derivatives along each axis."""
        return tuple(sp.diff(f, axis) for axis in self.axes)

    def div(self, f: tuple[Any, ...]) -> Any:
        """Sum of each component's derivative along its axis."""
        return sp.Add(*(sp.diff(c, axis) for c, axis in zip(f, self.axes, strict=True)))

    def lap(self, f: Any) -> Any:
        """Divergence of the gradient."""
        return self.div(self.grad(f))

    def flux(self, k: Any, f: Any) -> Any:
        """``div(k*grad(f))``."""
        return self.div(tuple(k * c for c in self.grad(f)))

    def curl(self, f: tuple[Any, ...]) -> tuple[Any, ...]:
        """The usual vector; of two components, one number."""
        if self.dimension == 2:
            return (sp.diff(f[1], self.axes[0]) - sp.diff(f[0], self.axes[1]),)
        pairs = ((1, 2), (2, 0), (0, 1))
        return tuple(sp.diff(f[j], self.axes[i]) - sp.diff(f[i], self.axes[j]) for i, j in pairs)
