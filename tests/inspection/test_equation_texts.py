"""Equations with numbers in the parameters' places: text in, text out."""

from __future__ import annotations

import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.inspection.equations import equation_texts, expanded, with_values

NAMES = {"gravity": "-omega0^2*sin(theta)", "k": "a + b", "k2": "2*k"}
VALUES = {"omega0": 1.0471975, "a": -2.0, "b": 1e-3, "e": 5.0, "x": 7.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gravity + friction", "-1.0472^2*sin(theta) + friction"),
        ("2*gravity", "2*(-1.0472^2*sin(theta))"),
        ("k*u + k2", "(-2 + 0.001)*u + 2*(-2 + 0.001)"),
        ("f(k)", "f(-2 + 0.001)"),
        ("u - a", "u - (-2)"),
        ("1e-3*b^2", "1e-3*0.001^2"),
        ("w.x + a(u)", "w.x + a(u)"),
        ("a^2", "(-2)^2"),
    ],
)
def test_names_become_what_they_stand_for(text: str, expected: str) -> None:
    assert with_values(expanded(text, NAMES), VALUES) == expected


def test_the_equation_of_a_solved_state_stands_last_with_its_numbers() -> None:
    head = "space x in [0, 1]\nstate u(x), p(x)\nparam a = fit 1\nknown s = u - 1\n"
    texts = equation_texts(loads_model(f"{head}0 = dxx(p) - a*p\n  - s for p\ndt(u) = p\n"), {"a": 2.5})
    assert list(texts.items()) == [("u", "dt(u) = p"), ("p", "0 = dxx(p) - 2.5*p - (u - 1) for p")]
