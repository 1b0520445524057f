"""Backward Euler for the linear part, forward Euler for the rest: order 1."""

from __future__ import annotations

from eqdsl.numerics.integrators.imex import ImexTableau

IMEX_EULER = ImexTableau(name="imex_euler", order=1, gamma=1.0, implicit=((),), explicit=((1.0,),), c=(1.0,))
