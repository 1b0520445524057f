"""Whatever the text, the parser answers; whatever the expression, it comes back as it was printed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eqdsl.core.diagnostics import has_errors
from eqdsl.core.rendering import render_all
from eqdsl.syntax import nodes
from eqdsl.syntax.formatter import format_source
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import source_from_text
from tests.trees import shape

MODELS = Path(__file__).parents[1] / "models"
PIECES = (
    *"()[]+-*/^=<>,.:~#\"'\n\t \x00\\;%&|²−а",
    "dt(", "du/dt", "∂u/∂t", " in ", " fit ", " at ", " by ", " with ", "state ",
    "\n  ", "1e999", "2u", "->", "**", "==",
)  # fmt: skip
STARTS = ("u", "x", "2", "0 = ", "let a = ", "learned f(u)", "bc ", "param k")
relaxed = settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.too_slow])


@cache
def programs() -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8") for path in sorted(MODELS.glob("good*/*.eq")))


def answered(text: str) -> None:
    """Parses and renders; formats what has no errors, without changing its meaning."""
    source = source_from_text(text)
    tree, problems = parse(source)
    assert render_all(problems, source)
    if has_errors(problems):
        return
    formatted = source_from_text(format_source(source))
    again, _ = parse(formatted)
    assert shape(again) == shape(tree)
    assert format_source(formatted) == formatted.text


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(programs()))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 8)))
        text = text[:start] + draw(st.sampled_from(("", *PIECES))) + text[end:]
    return text


@relaxed
@given(mutated())
def test_mutated_programs_are_answered(text: str) -> None:
    answered(text)


@relaxed
@given(st.lists(st.sampled_from((*PIECES, *STARTS)), max_size=40))
def test_loose_pieces_are_answered(pieces: list[str]) -> None:
    answered("".join(pieces))


@relaxed
@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    answered(text)


# ------------------------------------------------------------------------------------------- print, then parse again

names = st.sampled_from(["u", "v", "omega0", "α", "state", "data", "fit", "in", "dt"])
numbers = st.floats(0, allow_nan=False, allow_infinity=False).map(repr)


def expressions() -> st.SearchStrategy[str]:
    """Fully parenthesised text of random expressions."""
    leaves = names | numbers

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.tuples(inner, st.sampled_from("+-*/^"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
            st.tuples(st.sampled_from("+-"), inner).map(lambda p: f"({p[0]}{p[1]})"),
            st.tuples(st.sampled_from(["sin", "grad", "f"]), st.lists(inner, min_size=1, max_size=3)).map(
                lambda p: f"{p[0]}({', '.join(p[1])})"
            ),
            st.tuples(inner, inner).map(lambda p: f"ifelse({p[0]} <= {p[1]}, {p[0]}, {p[1]})"),
            inner.map(lambda e: f"dt({e})"),
            st.tuples(inner, inner).map(lambda p: f"({p[0]}, {p[1]})"),
            names.map(lambda n: f"{n}.x"),
        )

    return st.recursive(leaves, grow, max_leaves=25)


def printed(e: nodes.Node) -> str:
    """The text `expressions` makes of a tree."""
    match e:
        case nodes.Number():
            return e.text
        case nodes.Name():
            return e.name
        case nodes.Binary():
            return f"({printed(e.left)} {e.operator} {printed(e.right)})"
        case nodes.Unary():
            return f"({e.operator}{printed(e.operand)})"
        case nodes.Comparison():
            return f"{printed(e.left)} {e.operator} {printed(e.right)}"
        case nodes.Call():
            return f"{e.name}({', '.join(printed(a) for a in e.arguments)})"
        case nodes.TimeDerivative():
            return f"d{'t' * e.order}({printed(e.operand)})"
        case nodes.Tuple():
            return f"({', '.join(printed(i) for i in e.items)})"
        case nodes.Component():
            return f"{printed(e.base)}.{e.component}"
    raise AssertionError(e)


@relaxed
@given(expressions())
def test_an_expression_comes_back_as_it_was_printed(text: str) -> None:
    tree, problems = parse(source_from_text(f"let a = {text}"))
    assert not problems
    (let,) = tree.statements
    assert isinstance(let, nodes.Let)
    assert printed(let.value) == text
    answered(f"let a = {text}")
