"""The classic Runge-Kutta method: four stages, order 4."""

from __future__ import annotations

from eqdsl.numerics.integrators.explicit import ExplicitTableau

RK4 = ExplicitTableau(
    name="rk4",
    order=4,
    a=((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)),
    b=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
    c=(0.0, 0.5, 0.5, 1.0),
    reach=2.7853,
)
