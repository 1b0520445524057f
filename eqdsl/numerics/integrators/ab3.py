"""The three-step Adams-Bashforth method, order 3."""

from __future__ import annotations

from eqdsl.numerics.integrators.adams_bashforth import AdamsBashforth
from eqdsl.numerics.integrators.ssprk3 import SSPRK3

AB3 = AdamsBashforth(name="ab3", order=3, b=(23 / 12, -16 / 12, 5 / 12), starter=SSPRK3, reach=6 / 11)
