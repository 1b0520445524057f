"""Everything about meaning (E03xx to E08xx, W10xx), one file for each subject."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation
from eqdsl.core.codes.meaning_equations import EQUATIONS
from eqdsl.core.codes.meaning_hidden import HIDDEN
from eqdsl.core.codes.meaning_names import NAMES
from eqdsl.core.codes.meaning_parameters import PARAMETERS
from eqdsl.core.codes.meaning_ranks import RANKS
from eqdsl.core.codes.meaning_walls import WALLS
from eqdsl.core.codes.warnings import WARNINGS

SEMANTICS: dict[str, Explanation] = {**NAMES, **RANKS, **EQUATIONS, **WALLS, **HIDDEN, **PARAMETERS, **WARNINGS}
