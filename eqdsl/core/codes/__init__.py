"""What every diagnostic code means; `eqdsl explain CODE` prints it."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation
from eqdsl.core.codes.not_built import NOT_BUILT
from eqdsl.core.codes.reading import READING
from eqdsl.core.codes.semantics import SEMANTICS
from eqdsl.core.codes.syntax import SYNTAX

CODES: dict[str, Explanation] = {**READING, **SYNTAX, **SEMANTICS, **NOT_BUILT}
"""E01xx text and limits, E02xx syntax, E03xx names, E04xx arity and rank, E05xx equations and states, E06xx walls and
initial values, E07xx units, E08xx parameters and learned terms, E09xx not built yet, W10xx warnings."""

__all__ = ["CODES", "Explanation"]
