"""Names of units: SI base and derived units, the usual prefixes, and what the field writes beside them."""

from __future__ import annotations

from difflib import get_close_matches

PREFIXES = (
    "Q", "R", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "da",
    "d", "c", "m", "u", "µ", "μ", "n", "p", "f", "a", "z", "y", "r", "q",
)  # fmt: skip
"""SI prefixes; ``u``, the micro sign and the Greek letter all mean 1e-6."""

PREFIXED = (
    "m", "g", "s", "A", "K", "mol", "cd", "rad", "sr", "Hz", "N", "Pa", "J", "W", "C", "V", "F", "ohm", "Ω", "S", "Wb",
    "T", "H", "lm", "lx", "Bq", "Gy", "Sv", "kat", "L", "l", "eV", "bar", "cal", "t", "M",
)  # fmt: skip
"""Units that take a prefix (``M`` is mol/L)."""

PLAIN = (
    "1", "min", "h", "hour", "d", "day", "week", "month", "yr", "year", "deg", "degC", "ppm", "ppb", "percent", "ha",
    "atm", "u", "Da", "au", "rpm", "ind", "cell", "person", "count",
)  # fmt: skip
"""Units that stand without a prefix; the last four count things."""

WORDS = {
    "second": "s", "sec": "s", "minute": "min", "hr": "h", "metre": "m", "meter": "m", "kelvin": "K", "celsius": "degC",
    "kilogram": "kg", "gram": "g", "newton": "N", "watt": "W", "joule": "J", "pascal": "Pa", "litre": "L", "liter": "L",
    "volt": "V", "hertz": "Hz", "mole": "mol", "radian": "rad", "degree": "deg",
}  # fmt: skip
"""Units written out, and what to write."""

COMPOSED = ("km", "cm", "mm", "kg", "mg", "ms", "kPa", "kJ", "kW", "mL", "mmol")
"""Units with a prefix that are worth proposing."""

NAMES = frozenset(PLAIN) | frozenset(PREFIXED) | frozenset(p + u for p in PREFIXES for u in PREFIXED)
"""Every accepted unit name."""


def is_unit(name: str) -> bool:
    """Whether a name is a unit."""
    return name in NAMES


def nearest_unit(name: str) -> str | None:
    """The unit one could have meant, or None."""
    lowered = name.lower()
    for word in (lowered, lowered.removesuffix("s")):
        if word in WORDS:
            return WORDS[word]
        if word in PLAIN:
            return word
    common = [*PLAIN, *PREFIXED, *COMPOSED]
    same = [u for u in common if u.lower() == lowered]
    close = same or get_close_matches(name, common, n=1, cutoff=0.5)
    return close[0] if close else None
