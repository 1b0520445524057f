"""How large units are: SI base dimensions and factors, to compare the unit of a file with that of a model."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from eqdsl.core.units import PLAIN, PREFIXED

_PREFIX = {
    "Q": 30, "R": 27, "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1, "d": -1,
    "c": -2, "m": -3, "u": -6, "µ": -6, "μ": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24, "r": -27,
    "q": -30,
}  # fmt: skip

_BASE = ("m", "kg", "s", "A", "K", "mol", "cd")

_DERIVED: dict[str, tuple[float, str]] = {
    "g": (1e-3, "kg"), "Hz": (1, "1/s"), "N": (1, "kg*m/s^2"), "Pa": (1, "kg/m/s^2"), "J": (1, "kg*m^2/s^2"),
    "W": (1, "kg*m^2/s^3"), "C": (1, "A*s"), "V": (1, "kg*m^2/s^3/A"), "F": (1, "s^4*A^2/kg/m^2"),
    "ohm": (1, "kg*m^2/s^3/A^2"), "Ω": (1, "kg*m^2/s^3/A^2"), "S": (1, "s^3*A^2/kg/m^2"), "Wb": (1, "kg*m^2/s^2/A"),
    "T": (1, "kg/s^2/A"), "H": (1, "kg*m^2/s^2/A^2"), "lm": (1, "cd"), "lx": (1, "cd/m^2"), "Bq": (1, "1/s"),
    "Gy": (1, "m^2/s^2"), "Sv": (1, "m^2/s^2"), "kat": (1, "mol/s"), "L": (1e-3, "m^3"), "l": (1e-3, "m^3"),
    "eV": (1.602176634e-19, "kg*m^2/s^2"), "bar": (1e5, "kg/m/s^2"), "cal": (4.184, "kg*m^2/s^2"), "t": (1e3, "kg"),
    "M": (1e3, "mol/m^3"), "1": (1, ""), "rad": (1, ""), "sr": (1, ""), "min": (60, "s"), "h": (3600, "s"),
    "hour": (3600, "s"), "d": (86400, "s"), "day": (86400, "s"), "week": (604800, "s"), "deg": (math.pi / 180, ""),
    "ppm": (1e-6, ""), "ppb": (1e-9, ""), "percent": (1e-2, ""), "ha": (1e4, "m^2"), "atm": (101325, "kg/m/s^2"),
    "u": (1.66053906660e-27, "kg"), "Da": (1.66053906660e-27, "kg"), "au": (1.495978707e11, "m"),
    "rpm": (2 * math.pi / 60, "1/s"), "degC": (1, "K"),
}  # fmt: skip
"""Units by their factor and what they are made of. Years and months have several lengths, and counts are their own."""

_FACTOR = re.compile(r"([^\W\d]+|1)(?:\^|\*\*)?([-+]?\d+)?")
_WORDS = {"seconds": "s", "minutes": "min", "hours": "h", "days": "day", "meters": "m", "metres": "m", "%": "percent"}


@dataclass(frozen=True)
class Size:
    """A unit: `factor` times SI base units to the powers `dimensions`; `offset` in base units, of ``degC``."""

    factor: float
    dimensions: tuple[tuple[str, int], ...]
    offset: float = 0.0


def size_of(text: str) -> Size | None:
    """The size of a unit as models or files write it (``m/s^2``, ``m s-2``); None where it is not understood."""
    text = _WORDS.get(text.strip(), text.strip())
    if text == "degC":
        return Size(1.0, (("K", 1),), 273.15)
    factor, powers = 1.0, dict.fromkeys(_BASE, 0)
    for sign, part in _parts(text):
        found = _FACTOR.fullmatch(part)
        known = _single(found[1]) if found else None
        if found is None or known is None:
            return None
        power = sign * int(found[2] or 1)
        factor *= known[0] ** power
        for name, count in known[1].items():
            powers[name] += power * count
    return Size(factor, tuple((n, p) for n, p in powers.items() if p))


def _parts(text: str) -> list[tuple[int, str]]:
    """Factors with the sign of their power: ``*``, ``.`` and blanks multiply, ``/`` divides by the next one."""
    signed, sign = [], 1
    for token in re.split(r"([*·.\s/]+)", text.replace("**", "^")):
        if not token.strip(" *·."):
            continue
        if token.strip() == "/":
            sign = -1
            continue
        signed.append((sign, token))
        sign = 1
    return signed


def _single(name: str) -> tuple[float, dict[str, int]] | None:
    """Factor and base units of one name, prefix included."""
    plain = _unprefixed(name)
    if plain is not None:
        return plain
    for prefix, exponent in _PREFIX.items():
        rest = name.removeprefix(prefix)
        inner = _unprefixed(rest) if rest != name and rest in PREFIXED else None
        if inner is not None:
            return 10.0**exponent * inner[0], inner[1]
    return None


def _unprefixed(name: str) -> tuple[float, dict[str, int]] | None:
    if name in _BASE:
        return 1.0, {name: 1}
    if name not in _DERIVED or (name not in PLAIN and name not in PREFIXED):
        return None
    factor, made_of = _DERIVED[name]
    powers: dict[str, int] = {}
    for sign, part in _parts(made_of):
        base, _, power = part.partition("^")
        if base != "1":
            powers[base] = powers.get(base, 0) + sign * int(power or 1)
    return factor, powers
