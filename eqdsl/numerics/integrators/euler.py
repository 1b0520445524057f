"""Euler's method: one stage, order 1."""

from __future__ import annotations

from eqdsl.numerics.integrators.explicit import ExplicitTableau

EULER = ExplicitTableau(name="euler", order=1, a=((),), b=(1.0,), c=(0.0,), reach=2.0)
