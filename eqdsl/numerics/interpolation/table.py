"""The kernels, by the word in ``semilagrangian(…)``."""

from __future__ import annotations

from eqdsl.numerics.interpolation.base import Kernel
from eqdsl.numerics.interpolation.cubic import CUBIC
from eqdsl.numerics.interpolation.gaussian import GAUSSIAN
from eqdsl.numerics.interpolation.linear import LINEAR

INTERPOLATIONS: dict[str, Kernel] = {"bicubic": CUBIC, "bilinear": LINEAR, "gaussian": GAUSSIAN}

FLOW: dict[str, Kernel] = {"bicubic": CUBIC, "bilinear": LINEAR, "gaussian": CUBIC}
"""What the velocity between points is read off by."""
