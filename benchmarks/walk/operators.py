"""The operators of the walk: a text, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from benchmarks.walk.spaces import TIME, Space

Meaning = Callable[[Space], Mapping[str, Any]]
EVERY = (1, 2, 3)
DIFFUSION, DECAY = 2, 4
"""Factors of the Laplacian and of the state in what carries an operator, ``2*lap(u) - 4*u``."""


@dataclass(frozen=True, eq=False)
class Operator:
    """One row of the walk.

    Parameters
    ----------
    name : str
    texts : mapping of str to str
        Right-hand sides by state; ``{a}`` stands for the first axis, ``{b}`` for the last.
    meaning : callable
        Exact right-hand sides of every channel, from the exact solutions of a `Space`.
    dimensions : tuple of int
    walled : bool
        Whether the operator may stand at walls.
    carried : bool
        Whether diffusion is added to make the steady problem at walls well posed; decay always is. The error of its
        solution is what counts there, since closures may lose two orders at single points.
    symbol : callable
        About what operator and carrier are where second derivatives are numbers, one along each axis; a preconditioner.
    orders : tuple of int
        Orders of accuracy on periodic axes; with walls those of them that walls have.
    """

    name: str
    texts: Mapping[str, str]
    meaning: Meaning
    dimensions: tuple[int, ...] = EVERY
    walled: bool = True
    carried: bool = True
    symbol: Callable[..., Any] = lambda *second: DIFFUSION * sum(second) - DECAY
    orders: tuple[int, ...] = (2, 4, 6)


def _u(meaning: Callable[[Space], Any]) -> Meaning:
    return lambda space: {"u": meaning(space)}


def _w(meaning: Callable[[Space], tuple[Any, ...]]) -> Meaning:
    return lambda space: {f"w.{n}": c for n, c in zip(space.names, meaning(space), strict=True)}


def _scalar(name: str, text: str, meaning: Callable[[Space], Any], **options: Any) -> Operator:
    return Operator(name, {"u": text}, _u(meaning), **options)


def _dot(w: tuple[Any, ...], v: tuple[Any, ...]) -> Any:
    return sp.Add(*(p * q for p, q in zip(w, v, strict=True)))


def _grad_div(space: Space) -> Mapping[str, Any]:
    gradient = {f"w.{n}": c for n, c in zip(space.names, space.grad(space.u), strict=True)}
    return {"u": space.div(space.w), **gradient}


OPERATORS = (
    # One axis: first to fourth derivatives, and derivatives of functions of the state.
    _scalar("dx(u)", "d{b}(u)", lambda s: sp.diff(s.u, s.last)),
    _scalar("dxx(u)", "d{b}{b}(u)", lambda s: sp.diff(s.u, s.last, 2)),
    _scalar("dxxx(u)", "d{b}{b}{b}(u)", lambda s: sp.diff(s.u, s.last, 3), walled=False),
    _scalar("d(u, x, 4)", "d(u, {b}, 4)", lambda s: sp.diff(s.u, s.last, 4), walled=False),
    _scalar("-dx(u^2/2)", "-d{b}(u^2/2)", lambda s: -s.u * sp.diff(s.u, s.last)),
    _scalar("-dx(sin(u))", "-d{b}(sin(u))", lambda s: -sp.diff(sp.sin(s.u), s.last)),
    _scalar("u*dx(u)", "u*d{b}(u)", lambda s: s.u * sp.diff(s.u, s.last)),
    _scalar("dx(u)^2", "d{b}(u)^2/2", lambda s: sp.diff(s.u, s.last) ** 2 / 2),
    _scalar("dxx(u^2)", "d{b}{b}(u + u^2/4)", lambda s: sp.diff(s.u + s.u**2 / 4, s.last, 2)),
    # Diffusion.
    _scalar("lap(u)", "lap(u)", lambda s: s.lap(s.u)),
    _scalar(
        "div(k(x)*grad(u))", "div((1 + {b}^2)*grad(u))", lambda s: s.flux(1 + s.last**2, s.u), carried=False,
    ),
    _scalar(
        "div(k(u)*grad(u))", "div((1 + u^2)*grad(u))", lambda s: s.flux(1 + s.u**2, s.u), carried=False,
    ),
    _scalar(
        "div(k(x,u,t)*grad(u))", "div(exp(t*{a}*u/2)*grad(u))", lambda s: s.flux(sp.exp(TIME * s.first * s.u / 2), s.u),
        carried=False,
    ),
    # Mixed derivatives: corners.
    _scalar("dxy(u)", "d{a}{b}(u)", lambda s: sp.diff(s.u, s.first, s.last), dimensions=(2, 3)),
    _scalar(
        "dx(k(u)*dy(u))", "d{a}((1 + u^2)*d{b}(u))/2",
        lambda s: sp.diff((1 + s.u**2) * sp.diff(s.u, s.last), s.first) / 2, dimensions=(2, 3),
    ),
    _scalar(
        "dxxyy(u)", "-d(d{a}{a}(u), {b}, 2)/8", lambda s: -sp.diff(s.u, s.first, 2, s.last, 2) / 8, dimensions=(2, 3),
        symbol=lambda *second: DIFFUSION * sum(second) - DECAY - second[0] * second[-1] / 8,
    ),
    _scalar("biharm(u)", "biharm(u)", lambda s: s.lap(s.lap(s.u)), walled=False),
    # Transport.
    _scalar(
        "advect(w(x,t), u)", "advect(({V}), u)",
        lambda s: _dot(tuple(1 + TIME * a for a in s.axes), s.grad(s.u)), dimensions=(2, 3),
    ),
    # Vectors.
    Operator("grad(u), div(w)", {"u": "div(w)", "w": "grad(u)"}, _grad_div, dimensions=(2, 3)),
    Operator("lap(w)", {"w": "lap(w)"}, _w(lambda s: tuple(s.lap(c) for c in s.w)), dimensions=(2, 3)),
    Operator("grad(div(w))", {"w": "grad(div(w))"}, _w(lambda s: s.grad(s.div(s.w))), dimensions=(2, 3)),
    Operator(
        "advect(w, w)", {"w": "advect(w, w)"}, _w(lambda s: tuple(_dot(s.w, s.grad(c)) for c in s.w)),
        dimensions=(2, 3),
    ),
    Operator(
        "curl(w), 2-D", {"u": "curl(w)", "w": "(d{b}(u), -d{a}(u))"},
        lambda s: {"u": s.curl(s.w)[0], "w.x": sp.diff(s.u, s.last), "w.y": -sp.diff(s.u, s.first)}, dimensions=(2,),
    ),
    Operator("curl(w), 3-D", {"w": "curl(w)"}, _w(lambda s: s.curl(s.w)), dimensions=(3,)),
    Operator(
        "-curl(curl(w))/2", {"w": "-curl(curl(w))/2"}, _w(lambda s: tuple(-c / 2 for c in s.curl(s.curl(s.w)))),
        dimensions=(3,),
    ),
)  # fmt: skip
