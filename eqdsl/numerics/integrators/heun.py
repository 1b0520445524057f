"""Heun's method, the explicit trapezoidal rule: two stages, order 2."""

from __future__ import annotations

from eqdsl.numerics.integrators.explicit import ExplicitTableau

HEUN = ExplicitTableau(name="heun", order=2, a=((), (1.0,)), b=(0.5, 0.5), c=(0.0, 1.0), reach=2.0)
