"""The rules of the multiplier by name."""

from __future__ import annotations

from eqdsl.fitting.multiplier.aphynity import aphynity
from eqdsl.fitting.multiplier.auto import auto
from eqdsl.fitting.multiplier.base import Rule
from eqdsl.fitting.multiplier.fixed import fixed

RULES: dict[str, Rule] = {
    "auto": auto,
    "aphynity": aphynity,
    "fixed": fixed,
}
