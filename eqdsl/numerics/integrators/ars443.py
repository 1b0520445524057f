"""ARS(4,4,3) of Ascher, Ruuth & Spiteri, Appl. Numer. Math. 25 (1997), section 2.8: L-stable, order 3."""

from __future__ import annotations

from eqdsl.numerics.integrators.imex import ImexTableau

ARS443 = ImexTableau(
    name="ars443",
    order=3,
    gamma=1 / 2,
    implicit=((), (1 / 6,), (-1 / 2, 1 / 2), (3 / 2, -3 / 2, 1 / 2)),
    explicit=((1 / 2,), (11 / 18, 1 / 18), (5 / 6, -5 / 6, 1 / 2), (1 / 4, 7 / 4, 3 / 4, -7 / 4)),
    c=(1 / 2, 2 / 3, 1 / 2, 1.0),
)
