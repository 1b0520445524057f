"""Statements that parse but have no meaning yet (E09xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

NOT_BUILT: dict[str, Explanation] = {}
