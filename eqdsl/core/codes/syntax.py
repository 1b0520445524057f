"""Statements and expressions that cannot be read (E02xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

SYNTAX: dict[str, Explanation] = {}
