"""Reading a file: encoding, characters, limits (E01xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

READING: dict[str, Explanation] = {}
