"""Canonical layout."""

from __future__ import annotations

import pytest

from eqdsl.core.errors import ModelError
from eqdsl.syntax.formatter import MAX_COLUMNS, format_source
from eqdsl.syntax.reading import source_from_text


def formatted(text: str) -> str:
    return format_source(source_from_text(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("state   u( x,y ) ,v: K  in[ 0,inf )", "state u(x, y), v: K in [0, inf)"),
        ("∂²u/∂t²=-u**2", "dtt(u) = -u^2"),
        ("dt(u)=a*∂v / ∂t+b", "dt(u) = a*dt(v) + b"),
        ("let a=b-(-c)+ - d*-e^-f", "let a = b - (-c) + -d*-e^-f"),
        ("let a = ((b))", "let a = ((b))"),
        (
            "learned f( u )->vector : m / s^-1 by mlp( 8,act=tanh )",
            "learned f(u) -> vector: m/s^-1 by mlp(8, act = tanh)",
        ),
        ("param k=fit .5 in( 0,2. )~normal(0,1)", "param k = fit .5 in (0, 2.) ~ normal(0, 1)"),
        ("bc  u=0 at x=0 ,boundary", "bc u = 0 at x = 0, boundary"),
        ("when u>1 : u=0,v=v+1", "when u > 1: u = 0, v = v + 1"),
        ("init  w=( a,-b )", "init w = (a, -b)"),
        ('model m"one\ttext"', 'model m "one\ttext"'),
        ("0=lap( p ) - q for p", "0 = lap(p) - q for p"),
    ],
)
def test_one_statement(text: str, expected: str) -> None:
    assert formatted(text) == expected + "\n"


def test_comments_and_single_blank_lines_stay() -> None:
    text = "\n\n# head  \n\n\n\nstate u   # tail\n# next\ndt(u) = -u\n\n    # end"
    assert formatted(text) == "# head\n\nstate u # tail\n# next\ndt(u) = -u\n\n# end\n"


def test_comments_inside_a_statement_stay_where_they_are() -> None:
    text = "let a = b # first\n      # own line\n + c   # last\n"
    assert formatted(text) == "let a = b # first\n    # own line\n    + c # last\n"


def test_a_long_learned_statement_is_cut_before_with() -> None:
    text = (
        "learned predation(hare, lynx) by mlp(16, 16, act = tanh) with predation >= 0, predation(0, lynx) = 0, "
        "predation(hare, 0) = 0"
    )
    assert formatted(text) == (
        "learned predation(hare, lynx) by mlp(16, 16, act = tanh)\n"
        "    with predation >= 0, predation(0, lynx) = 0, predation(hare, 0) = 0\n"
    )


def test_a_long_sum_is_cut_before_its_signs() -> None:
    text = "dt(u) = " + " - ".join(f"coefficient{i}*u^{i}" for i in range(20))
    lines = formatted(text).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= MAX_COLUMNS
    assert all(line.startswith("    - ") for line in lines[1:])


def test_a_text_that_does_not_parse_is_not_touched() -> None:
    with pytest.raises(ModelError) as failure:
        formatted("state u\ndt(u) = 2u\n")
    assert failure.value.diagnostics[0].code == "E0205"
