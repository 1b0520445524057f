"""`space`, `grid` and `scheme` as other languages write them."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.syntax.mistakes.base import Failure, shortened


def interval_without_in(failure: Failure) -> Diagnostic | None:
    """``space x = [0, 1]``, ``space x: [0, 1]``, ``space (x, y) in ...``"""
    if failure.keyword != "space" or failure.text(0) not in ("=", "[", "("):
        return None
    if failure.text(0) == "(" and failure.index == 1:
        help_text = "write `space x in [0, 1], y in [0, 1]`"
        return error("E0210", "each axis has an interval of its own", failure.span, help=help_text)
    if failure.index not in (2, 3):
        return None
    name = shortened(failure.tokens[1].text)
    return error("E0210", "the interval of an axis follows `in`", failure.span, help=f"write `{name} in [0, 1]`")


def counted_points(failure: Failure) -> Diagnostic | None:
    """``grid x = 64 points``"""
    if failure.keyword != "grid" or failure.text(0) not in ("points", "point", "cell", "node", "steps"):
        return None
    help_text = f"leave out `{failure.text(0)}`, or write `cells` or `nodes`"
    return error("E0219", f"`{failure.text(0)}` is no word that can stand here", failure.span, help=help_text)


def integrator(failure: Failure) -> Diagnostic | None:
    """``scheme rk4``"""
    if failure.keyword != "scheme" or failure.index != 2 or "EQUAL" not in failure.expected:
        return None
    help_text = "write `scheme order = 4`; the integrator is an option of the run, `--method rk4`"
    return error("E0210", "a scheme is given by its order", failure.span, help=help_text)
