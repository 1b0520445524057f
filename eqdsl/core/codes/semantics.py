"""Names, ranks, equations, walls, units, parameters and learned terms (E03xx to E08xx, W10xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

SEMANTICS: dict[str, Explanation] = {}
