"""Bogacki and Shampine's pair of orders 3 and 2 (Appl. Math. Lett. 2, 1989): four stages, three calls a step."""

from __future__ import annotations

from eqdsl.numerics.integrators.embedded import EmbeddedTableau

BOSH3 = EmbeddedTableau(
    name="bosh3",
    order=3,
    a=((), (1 / 2,), (0.0, 3 / 4), (2 / 9, 1 / 3, 4 / 9)),
    c=(0.0, 1 / 2, 3 / 4, 1.0),
    error=(2 / 9 - 7 / 24, 1 / 3 - 1 / 4, 4 / 9 - 1 / 3, -1 / 8),
    estimate_order=3,
)
