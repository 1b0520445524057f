"""The reconstructions, by the text of the scheme that asks for them."""

from __future__ import annotations

from eqdsl.numerics.reconstruction.base import Reconstruction
from eqdsl.numerics.reconstruction.bounded import BOUNDED_WENO5
from eqdsl.numerics.reconstruction.tvd import MC, MINMOD, SUPERBEE, VANLEER
from eqdsl.numerics.reconstruction.upwind import UPWIND1, UPWIND3, UPWIND5
from eqdsl.numerics.reconstruction.weno import WENO5

RECONSTRUCTIONS: dict[str, Reconstruction] = {
    "upwind(1)": UPWIND1,
    "upwind(3)": UPWIND3,
    "upwind(5)": UPWIND5,
    "weno(5)": WENO5,
    "weno(5, bounded)": BOUNDED_WENO5,
    "tvd(minmod)": MINMOD,
    "tvd(vanleer)": VANLEER,
    "tvd(superbee)": SUPERBEE,
    "tvd(mc)": MC,
}
