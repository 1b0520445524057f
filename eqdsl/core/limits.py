"""How much text the language accepts. Chosen so that the worst file is answered within two seconds and 300 MB, and so
that every later stage may recurse over an expression without meeting Python's own limit."""

from __future__ import annotations

MAX_TEXT_BYTES = 1_000_000
"""Size of a model file. The largest honest models are a few kilobytes."""

MAX_TOKENS = 30_000
"""Names, numbers, signs and strings in one file."""

MAX_STATEMENT_TOKENS = 20_000
"""The same in one statement."""

MAX_EXPRESSION_NODES = 10_000
"""Nodes of one expression's tree."""

MAX_DEPTH = 200
"""Nesting of parentheses, and depth of an expression's tree (a sum of n terms is n deep)."""

MAX_NAME_LENGTH = 100
"""Characters of one name."""

MAX_NUMBER_LENGTH = 60
"""Characters of one number; 17 digits are all that float64 can tell apart."""

MAX_TEXT_LENGTH = 2_000
"""Characters between two quotes."""

MAX_LOOK_ALIKES = 10
"""Warnings about letters that look alike, each for another name."""

MAX_CONSTRAINTS = 100
"""Constraints of one learned term."""

MAX_FILE_NODES = 40_000
"""Nodes of all expressions of a file together, operators written out."""

MAX_COMPARISONS = 10_000
"""Pairs of a term and a learned term that are looked at for warnings."""

MAX_ERRORS = 100
"""Errors reported for one file; the rest is counted out."""
