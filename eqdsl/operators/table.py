"""Every function and operator of the language by name."""

from __future__ import annotations

from eqdsl.operators.advection import Advection
from eqdsl.operators.base import Operator
from eqdsl.operators.biharmonic import Biharmonic
from eqdsl.operators.curl import Curl
from eqdsl.operators.divergence import Divergence
from eqdsl.operators.gradient import Gradient
from eqdsl.operators.laplacian import Laplacian
from eqdsl.operators.pointwise import ARITY, Pointwise
from eqdsl.operators.products import Cross, Dot, Norm
from eqdsl.operators.reductions import Reduce
from eqdsl.operators.sample import Sample

FUNCTIONS: dict[str, Operator] = {name: Pointwise(name) for name in ARITY}
"""Pointwise functions."""

OPERATORS: dict[str, Operator] = {
    "grad": Gradient(),
    "lap": Laplacian(),
    "div": Divergence(),
    "curl": Curl(),
    "dot": Dot(),
    "cross": Cross(),
    "norm": Norm(),
    "advect": Advection(),
    "biharm": Biharmonic(),
    "integral": Reduce("integral"),
    "mean": Reduce("mean"),
    "sample": Sample(),
    **FUNCTIONS,
}
"""All that may be called with fixed arity; ``dx`` … ``d`` ``dn`` ``dt`` depend on the model and stand elsewhere."""
