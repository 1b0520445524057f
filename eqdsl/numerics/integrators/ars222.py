"""ARS(2,2,2) of Ascher, Ruuth & Spiteri, Appl. Numer. Math. 25 (1997), section 2.6: L-stable, order 2."""

from __future__ import annotations

import math

from eqdsl.numerics.integrators.imex import ImexTableau

_GAMMA = 1 - math.sqrt(0.5)
_DELTA = 1 - 1 / (2 * _GAMMA)

ARS222 = ImexTableau(
    name="ars222",
    order=2,
    gamma=_GAMMA,
    implicit=((), (1 - _GAMMA,)),
    explicit=((_GAMMA,), (_DELTA, 1 - _DELTA)),
    c=(_GAMMA, 1.0),
)
