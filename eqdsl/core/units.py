"""Names of units: SI base and derived units, the usual prefixes, and what the field writes beside them."""

from __future__ import annotations

from difflib import get_close_matches

PREFIXES = (
    "Q",
    "R",
    "Y",
    "Z",
    "E",
    "P",
    "T",
    "G",
    "M",
    "k",
    "h",
    "da",
    "d",
    "c",
    "m",
    "u",
    "µ",
    "μ",
    "n",
    "p",
    "f",
    "a",
    "z",
    "y",
    "r",
    "q",
)
"""SI prefixes; ``u``, the micro sign and the Greek letter all mean 1e-6."""

PREFIXED = (
    "m",
    "g",
    "s",
    "A",
    "K",
    "mol",
    "cd",
    "Hz",
    "N",
    "Pa",
    "J",
    "W",
    "C",
    "V",
    "F",
    "ohm",
    "Ω",
    "S",
    "Wb",
    "T",
    "H",
    "lm",
    "lx",
    "Bq",
    "Gy",
    "Sv",
    "kat",
    "rad",
    "sr",
    "L",
    "l",
    "eV",
    "bar",
    "cal",
    "t",
    "M",
)
"""Units that take a prefix (``M`` is mol/L)."""

PLAIN = (
    "1",
    "min",
    "h",
    "hour",
    "d",
    "day",
    "week",
    "month",
    "yr",
    "year",
    "deg",
    "degC",
    "ppm",
    "ppb",
    "percent",
    "ha",
    "atm",
    "u",
    "Da",
    "au",
    "rpm",
    "ind",
    "cell",
    "person",
    "count",
)
"""Units that stand without a prefix; the last four count things."""

NAMES = frozenset(PLAIN) | frozenset(PREFIXED) | frozenset(p + u for p in PREFIXES for u in PREFIXED)
"""Every accepted unit name."""


def is_unit(name: str) -> bool:
    """Whether a name is a unit."""
    return name in NAMES


def nearest_unit(name: str) -> str | None:
    """The unit one could have meant, or None."""
    common = [*PLAIN, *PREFIXED, "km", "cm", "mm", "kg", "mg", "ms", "kPa", "kJ", "kW", "mL", "mmol"]
    words = {
        "second": "s",
        "sec": "s",
        "metre": "m",
        "meter": "m",
        "kelvin": "K",
        "celsius": "degC",
        "minute": "min",
        "days": "day",
        "years": "year",
        "hours": "hour",
        "kilogram": "kg",
        "gram": "g",
        "newton": "N",
        "watt": "W",
        "joule": "J",
        "pascal": "Pa",
        "litre": "L",
        "liter": "L",
        "volt": "V",
        "hertz": "Hz",
        "mole": "mol",
    }
    lowered = name.lower()
    word = words.get(lowered) or words.get(lowered.removesuffix("s"))
    if word is not None:
        return word
    same = [u for u in common if u.lower() == lowered]
    close = same or get_close_matches(name, common, n=1, cutoff=0.5)
    return close[0] if close else None
