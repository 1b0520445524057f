"""The methods by name."""

from __future__ import annotations

from difflib import get_close_matches

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.base import AdaptiveMethod, Method
from eqdsl.numerics.integrators.euler import EULER
from eqdsl.numerics.integrators.heun import HEUN
from eqdsl.numerics.integrators.midpoint import MIDPOINT
from eqdsl.numerics.integrators.rk4 import RK4
from eqdsl.numerics.integrators.ssprk3 import SSPRK3

METHODS: dict[str, Method] = {
    "euler": EULER,
    "midpoint": MIDPOINT,
    "heun": HEUN,
    "ssprk3": SSPRK3,
    "rk4": RK4,
    "adaptive_heun": AdaptiveMethod("adaptive_heun", 2),
    "bosh3": AdaptiveMethod("bosh3", 3),
    "dopri5": AdaptiveMethod("dopri5", 5),
    "dopri8": AdaptiveMethod("dopri8", 8),
}


def method_of(name: str) -> Method:
    """The method of that name.

    Raises
    ------
    UsageError
        There is none; the message lists them and names the nearest.
    """
    if name in METHODS:
        return METHODS[name]
    near = get_close_matches(name.lower(), METHODS, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    raise UsageError(f"there is no integrator `{name}`", help=f"{hint}The integrators are {', '.join(METHODS)}")
