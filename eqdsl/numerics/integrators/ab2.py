"""The two-step Adams-Bashforth method, order 2."""

from __future__ import annotations

from eqdsl.numerics.integrators.adams_bashforth import AdamsBashforth
from eqdsl.numerics.integrators.heun import HEUN

AB2 = AdamsBashforth(name="ab2", order=2, b=(3 / 2, -1 / 2), starter=HEUN, reach=1.0)
