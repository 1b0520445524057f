"""The explicit midpoint rule: two stages, order 2."""

from __future__ import annotations

from eqdsl.numerics.integrators.explicit import ExplicitTableau

MIDPOINT = ExplicitTableau(name="midpoint", order=2, a=((), (0.5,)), b=(0.0, 1.0), c=(0.0, 0.5), reach=2.0)
