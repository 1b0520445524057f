"""Names that are another notation for something the language has."""

from __future__ import annotations

import re

from eqdsl.analysis.scope import Kind, Scope
from eqdsl.operators.axis_derivative import axes_of
from eqdsl.syntax import words

_ALONG = re.compile(r"d([2-4])([^\W\d]\w*)")
_POWER = re.compile(r"(d[^\W\d]\w*?)([2-4])")


def other_notation(name: str, scope: Scope) -> str | None:
    """What to write for ``u_xx``, ``uxx``, ``d2u``, ``Δu``, ``ku``, ``mlp``, ``e``; None for just any name."""
    if name in words.FAMILIES:
        return f"a family stands behind `by`: declare `learned f(u) by {name}(…)` and write `f`"
    if name == "dn":
        return "the derivative along the outward normal is written `dn(u)`"
    return _space_derivative(name, scope) or _product(name, scope) or _constant(name)


def _space_derivative(name: str, scope: Scope) -> str | None:
    states = [s.name for s in scope.of(Kind.STATE)]
    for state in states:
        if name.startswith(state) and (rest := name[len(state) :].lstrip("_")):
            if axes_of(f"d{rest}", scope.axes or ("x", "y", "z")) is not None:
                return f"a derivative in space is written `d{rest}({state})`"
            if set(rest) == {"t"} and len(name) > len(state) + len(rest):
                return f"a derivative in time is written `d{rest}({state})`"
        if name in (f"Δ{state}", f"∆{state}"):
            return f"write `lap({state})`"
        if name in (f"d{state}", *(f"d{n}{state}" for n in "234")):
            along = scope.axes[0] if scope.axes else "x"
            inside = f"a derivative in space is written `d{along}({state})` or `d{along * 2}({state})`"
            return f"{inside}, along the normal in `bc` `dn({state})`"
    shape = _POWER.fullmatch(name)
    if axes_of(shape[1] if shape else name, scope.axes) is not None and states:
        axis = (shape[1] if shape else name)[1:]
        return f"a derivative in space is written `d{axis * int(shape[2] if shape else 1)}({states[0]})`"
    return None


def repeated_derivative(name: str, scope: Scope) -> str | None:
    """``dxx`` for ``d2x``."""
    match = _ALONG.fullmatch(name)
    if match is None or match[2] not in scope.axes:
        return None
    return f"d{match[2] * int(match[1])}"


def _product(name: str, scope: Scope) -> str | None:
    """``γI`` between two declared names."""
    for cut in range(1, len(name)):
        left, right = name[:cut], name[cut:]
        if left != right and left in scope.symbols and right in scope.symbols:
            return f"a product is written `{left}*{right}`"
    return None


def _constant(name: str) -> str | None:
    if name == "e":
        return "the exponential function is `exp(…)`; another `e` is declared, for example `param e = 1`"
    return None
