"""Fourier symbols of compiled operators against closed forms, to 1e-12; wave numbers up to the shortest wave.

With ``s = 4*sin(theta/2)^2``, central stencils of order p on the fewest points are the truncated series of

    theta = sin(theta) * sum_j (j!)^2/(2j+1)! * s^j,    theta^2 = 2 * sum_n s^n/(n^2*C(2n, n)),

and the flux form's differences across faces those of ``theta = sqrt(s) * sum_j C(2j, j)/(16^j*(2j+1)) * s^j``.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import compile_model

POINTS = 16
Series = np.polynomial.Polynomial


def first(terms: int) -> Series:
    """``theta/sin(theta)`` in s."""
    return Series([math.factorial(j) ** 2 / math.factorial(2 * j + 1) for j in range(terms)])


def second(terms: int) -> Series:
    """``theta^2`` in s."""
    return Series([0.0, *(2 / (n**2 * math.comb(2 * n, n)) for n in range(1, terms + 1))])


def across(terms: int) -> Series:
    """``theta/sqrt(s)`` in s."""
    return Series([math.comb(2 * j, j) / (16**j * (2 * j + 1)) for j in range(terms)])


def d1(theta: float, p: int) -> complex:
    return 1j * math.sin(theta) * first(p // 2)(4 * math.sin(theta / 2) ** 2)


def d2(theta: float, p: int) -> complex:
    return -second(p // 2)(4 * math.sin(theta / 2) ** 2)


def d3(theta: float, p: int) -> complex:
    series = (first(p // 2 + 1) * second(p // 2 + 1)).truncate(p // 2 + 1)
    return -1j * math.sin(theta) * series(4 * math.sin(theta / 2) ** 2)


def d4(theta: float, p: int) -> complex:
    return (second(p // 2 + 2) ** 2).truncate(p // 2 + 2)(4 * math.sin(theta / 2) ** 2)


def flux(theta: float, p: int) -> complex:
    s = 4 * math.sin(theta / 2) ** 2
    return -s * across(p // 2)(s) ** 2


LINE = {
    "dx(u)": d1, "dxx(u)": d2, "dxxx(u)": d3, "d(u, x, 4)": d4, "lap(u)": d2, "biharm(u)": d4, "advect(1, u)": d1,
    "div(3*grad(u))/3": flux, "dx(k*dx(u))": flux, "-dx(2*u)/2": lambda theta, p: -d1(theta, p),
}  # fmt: skip
PLANE = {
    "dxy(u)": lambda a, b, p: d1(a, p) * d1(b, p),
    "d(dxx(u), y, 2)": lambda a, b, p: d2(a, p) * d2(b, p),
    "lap(u)": lambda a, b, p: d2(a, p) + d2(b, p),
    "biharm(u)": lambda a, b, p: d4(a, p) + 2 * d2(a, p) * d2(b, p) + d4(b, p),
    "div(k*grad(u))": lambda a, b, p: flux(a, p) + flux(b, p),
    "advect((2, -1), u)": lambda a, b, p: 2 * d1(a, p) - d1(b, p),
    "div(grad(u))": lambda a, b, p: d2(a, p) + d2(b, p),
    "div((dy(u), -dx(u)))": lambda a, b, p: 0,
    "curl((u, 2*u))": lambda a, b, p: 2 * d1(a, p) - d1(b, p),
}


def response(operator: str, order: int, dimension: int, thetas: tuple[float, ...], phase: float) -> np.ndarray:
    """The operator at ``cos(theta.x + phase)``, on unit spacing."""
    names = "xy"[:dimension]
    space = ", ".join(f"{name} in [0, {POINTS}] periodic" for name in names)
    grid = ", ".join(f"{name} = {POINTS} nodes" for name in names)
    places = ", ".join(names)
    coefficient = f"param k({places}) = 1\n" if "k*" in operator else ""
    text = f"space {space}\ngrid {grid}\nscheme order = {order}\n{coefficient}state u({places})\ndt(u) = {operator}\n"
    field = compile_model(loads_model(text))
    return field(0.0, torch.as_tensor(wave(thetas, phase).real)[None, None])[0, 0].detach().numpy()


def wave(thetas: tuple[float, ...], phase: float) -> np.ndarray:
    angles = [theta * np.arange(POINTS) for theta in thetas]
    return np.exp(1j * (sum(np.meshgrid(*angles, indexing="ij")) + phase))


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("operator", LINE)
def test_symbols_on_a_line(operator: str, order: int) -> None:
    for number in range(POINTS // 2 + 1):
        theta = 2 * math.pi * number / POINTS
        expected = (LINE[operator](theta, order) * wave((theta,), 0.3)).real
        assert np.abs(response(operator, order, 1, (theta,), 0.3) - expected).max() <= 1e-12 * max(1.0, theta**4)


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("operator", PLANE)
def test_symbols_in_the_plane(operator: str, order: int) -> None:
    for a, b in ((0, 1), (1, 3), (5, 2), (8, 7), (8, 8)):
        thetas = 2 * math.pi * a / POINTS, 2 * math.pi * b / POINTS
        expected = (PLANE[operator](*thetas, order) * wave(thetas, 0.3)).real
        found = response(operator, order, 2, thetas, 0.3)
        assert np.abs(found - expected).max() <= 1e-12 * max(1.0, *thetas) ** 4
