"""Units as declared: every factor must be known. They are kept as text."""

from __future__ import annotations

import re

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.core.units import is_unit, nearest_unit
from eqdsl.syntax import nodes

_POWER = re.compile(r"([^\W\d]+)(\d)")


def unit_text(unit: nodes.Unit | None, problems: list[Diagnostic]) -> str | None:
    """The unit as written, None when there is none; unknown names go to `problems`."""
    if unit is None:
        return None
    for name, _ in unit.factors:
        if not is_unit(name):
            power = _POWER.fullmatch(name)
            near = f"{power[1]}^{power[2]}" if power and is_unit(power[1]) else nearest_unit(name)
            problems.append(
                error(
                    "E0701",
                    f"`{name}` is not a unit",
                    unit.span,
                    "unknown unit",
                    help=f"did you mean `{near}`?" if near else "write SI units such as `m/s^2`, `1` for a pure number",
                )
            )
    return unit.text
