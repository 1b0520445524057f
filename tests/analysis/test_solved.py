"""``0 = … for p`` as the language half understands it: its operator, its order, what is announced and shown."""

from __future__ import annotations

import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.cli.describe import model_in_words, model_json
from eqdsl.model.latex import latex
from eqdsl.model.model import Model
from eqdsl.model.symbolic import equations_sympy
from eqdsl.model.text import expr_text

SPACE = "space x in [0, 1], y in [0, 1] periodic\n"
STATES = "state u(x, y), p(x, y)\nparam k = 2\ndt(u) = -dx(p)\n"


def solved(equation: str, more: str = "") -> Model:
    return loads_model(f"{SPACE}{STATES}{more}0 = {equation} for p\n")


@pytest.mark.parametrize(
    ("equation", "terms", "exact", "symmetric"),
    [
        ("lap(p) - u", {"xx": "1", "yy": "1"}, True, True),
        ("2*(lap(p) - k*p)/k + dx(p)", {"xx": "1/k*2", "yy": "1/k*2", "": None, "x": "1"}, True, False),
        ("div(k*grad(p)) - u", {"Fx": "k", "Fy": "k"}, True, True),
        ("div((1 + u^2)*grad(p))", {"Fx": "1 + u^2", "Fy": "1 + u^2"}, False, True),
        ("dx(x*p) + u*p", {"x": "x", "": "u"}, False, False),
        ("y*dxx(p) - p", {"xx": "y", "": "-1"}, True, False),
        ("div(p*grad(u)) + p", {"": "1"}, False, False),
        ("lap(p) - mean(p) - u", {"xx": "1", "yy": "1"}, False, False),
        ("lap(p) + p - p + dx(p) - dx(p)", {"xx": "1", "yy": "1"}, True, False),
    ],
)
def test_the_operator_is_read_term_by_term(
    equation: str, terms: dict[str, str | None], exact: bool, symmetric: bool
) -> None:
    form = solved(equation).solved[0].form
    found = {
        "".join(f"F{d.axis}" if d.flux else d.axis * d.order for d in t.derivations): expr_text(t.coefficient)
        for t in form.terms
    }
    assert set(found) == set(terms)
    assert all(found[name] == text for name, text in terms.items() if text is not None)
    assert (form.exact, form.symmetric) == (exact, symmetric)


@pytest.mark.parametrize(
    ("equation", "walls", "open_constant"),
    [
        ("lap(p) - u", "", True),
        ("lap(p) - u", "bc dn(p) = u0 at boundary\n", True),
        ("lap(p) - u", "bc p = 0 at x = 0\n", False),
        ("lap(p) - u", "bc dn(p) + p = 0 at x = 1\n", False),
        ("lap(p) - k*p - u", "", False),
        ("lap(p) - mean(p) - u", "", False),
        ("lap(p) - dx(mean(p)*u)", "", False),
        ("div((1 + u)*grad(p)) - u", "", True),
        ("dx(u*p) + lap(p)", "", False),
    ],
)
def test_whether_a_constant_is_left_open(equation: str, walls: str, open_constant: bool) -> None:
    model = solved(equation, f"param u0 = 1\n{walls}")
    assert model.solved[0].up_to_constant == open_constant
    assert any("leave a constant open" in sentence for sentence in model.defaults) == open_constant


def test_a_solved_state_is_announced_and_shown_but_is_no_channel() -> None:
    model = solved("lap(p) - u")
    assert model.channel_names == ("u",)
    assert [f.time_order for f in model.fields] == [1, 0]
    assert {w.channel for w in model.walls} == {"u", "p"}
    assert "`p` is solved for at every evaluation: it is neither started nor in the data" in model.defaults
    words = model_in_words(model)
    assert "  p(x, y), solved for" in words and "  0 = lap(p) - u for p" in words
    assert model_json(model)["solved"] == {"p": "0 = lap(p) - u for p"}


def test_formulas_hold_the_equation_and_the_state() -> None:
    model = solved("lap(p) - k*u")
    assert r"0 &= \nabla^2 p - k\, u" in latex(model)
    assert "Derivative(p(t, x, y), x)" in str(equations_sympy(model)[0])


def test_equations_are_put_in_the_order_in_which_they_can_be_solved() -> None:
    text = "state u, a, b, c\ndt(u) = a\n0 = a - b - c for a\n0 = b - c*u for b\n0 = 2*c - u for c\n"
    assert [s.channel.name for s in loads_model(text).solved] == ["c", "b", "a"]
