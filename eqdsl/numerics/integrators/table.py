"""The methods by name."""

from __future__ import annotations

from difflib import get_close_matches

from eqdsl.core.errors import UsageError
from eqdsl.numerics.integrators.ab2 import AB2
from eqdsl.numerics.integrators.ab3 import AB3
from eqdsl.numerics.integrators.ars222 import ARS222
from eqdsl.numerics.integrators.ars443 import ARS443
from eqdsl.numerics.integrators.base import Method
from eqdsl.numerics.integrators.bosh3 import BOSH3
from eqdsl.numerics.integrators.dopri5 import DOPRI5
from eqdsl.numerics.integrators.etdrk4 import ETDRK4
from eqdsl.numerics.integrators.euler import EULER
from eqdsl.numerics.integrators.heun import HEUN
from eqdsl.numerics.integrators.imex_euler import IMEX_EULER
from eqdsl.numerics.integrators.implicit_midpoint import IMPLICIT_MIDPOINT
from eqdsl.numerics.integrators.leapfrog import LEAPFROG
from eqdsl.numerics.integrators.midpoint import MIDPOINT
from eqdsl.numerics.integrators.rk4 import RK4
from eqdsl.numerics.integrators.rodas4 import RODAS4
from eqdsl.numerics.integrators.ssprk3 import SSPRK3
from eqdsl.numerics.integrators.torchdiffeq_method import TorchdiffeqMethod
from eqdsl.numerics.integrators.tsit5 import TSIT5
from eqdsl.numerics.integrators.verlet import VERLET

METHODS: dict[str, Method] = {
    "euler": EULER,
    "midpoint": MIDPOINT,
    "heun": HEUN,
    "ssprk3": SSPRK3,
    "rk4": RK4,
    "imex_euler": IMEX_EULER,
    "ars222": ARS222,
    "ars443": ARS443,
    "etdrk4": ETDRK4,
    "ab2": AB2,
    "ab3": AB3,
    "verlet": VERLET,
    "leapfrog": LEAPFROG,
    "implicit_midpoint": IMPLICIT_MIDPOINT,
    "bosh3": BOSH3,
    "dopri5": DOPRI5,
    "tsit5": TSIT5,
    "rodas4": RODAS4,
    "adaptive_heun": TorchdiffeqMethod("adaptive_heun", 2, "adaptive_heun"),
    "torchdiffeq_bosh3": TorchdiffeqMethod("torchdiffeq_bosh3", 3, "bosh3"),
    "torchdiffeq_dopri5": TorchdiffeqMethod("torchdiffeq_dopri5", 5, "dopri5"),
    "dopri8": TorchdiffeqMethod("dopri8", 8, "dopri8"),
}

REVERSIBLE = tuple(name for name, method in METHODS.items() if method.reversible)
"""Methods whose steps can be undone."""


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
