"""Text to nodes: the shape of the tree, its spans, and recovery at the next statement."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from eqdsl.syntax import nodes
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import source_from_text
from tests.trees import shape


def statement(text: str) -> nodes.Statement:
    tree, problems = parse(source_from_text(text))
    assert problems == ()
    (only,) = tree.statements
    return only


def value(text: str) -> nodes.Expression:
    known = statement(f"let a = {text}")
    assert isinstance(known, nodes.Let)
    return known.value


def written(e: nodes.Expression) -> str:
    """An expression with all its parentheses, to see how it was grouped."""
    match e:
        case nodes.Binary():
            return f"({written(e.left)}{e.operator}{written(e.right)})"
        case nodes.Unary():
            return f"({e.operator}{written(e.operand)})"
        case nodes.Number():
            return e.text
        case nodes.Name():
            return e.name
        case nodes.Component():
            return f"{written(e.base)}.{e.component}"
        case nodes.Call():
            return f"{e.name}({','.join(written(a) for a in e.arguments)})"
    raise AssertionError(e)


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a - b - c", "((a-b)-c)"),
        ("a/b*c", "((a/b)*c)"),
        ("-x^2", "(-(x^2))"),
        ("2^3^2", "(2^(3^2))"),
        ("2**-x", "(2^(-x))"),
        ("-a*b", "((-a)*b)"),
        ("a*-b", "(a*(-b))"),
        ("a + -b", "(a+(-b))"),
        ("- -a", "(-(-a))"),
        ("a - (b - c)", "(a-(b-c))"),
        ("w.x^2", "(w.x^2)"),
        ("f(a + b, c)^2", "(f((a+b),c)^2)"),
        ("1.5e-3*.5 + 2.", "((1.5e-3*.5)+2.)"),
    ],
)
def test_grouping(text: str, grouped: str) -> None:
    assert written(value(text)) == grouped


def test_spans_cover_what_was_written() -> None:
    text = "let a = b*(c + d)^2 - sin( x )"
    source = source_from_text(text)
    tree, _ = parse(source)
    (let,) = tree.statements
    assert isinstance(let, nodes.Let) and isinstance(let.value, nodes.Binary)
    assert source.slice(let.span) == text
    assert source.slice(let.name_span) == "a"
    assert source.slice(let.value.left.span) == "b*(c + d)^2"
    assert source.slice(let.value.right.span) == "sin( x )"
    power = let.value.left
    assert isinstance(power, nodes.Binary) and isinstance(power.right, nodes.Binary)
    assert source.slice(power.right.left.span) == "(c + d)"


def test_statement_span_ends_at_the_last_token() -> None:
    source = source_from_text("# head\nstate u # tail\n\n# more\n")
    tree, _ = parse(source)
    assert source.slice(tree.statements[0].span) == "state u"


@pytest.mark.parametrize(
    ("text", "order"),
    [("dt(u)", 1), ("dtt(u)", 2), ("du/dt", 1), ("d2u/dt2", 2), ("∂u/∂t", 1), ("∂²u / ∂t²", 2), ("dt (u)", 1)],
)
def test_every_spelling_of_a_rate_is_one_node(text: str, order: int) -> None:
    source = source_from_text(f"{text} = -u")
    tree, problems = parse(source)
    assert problems == ()
    (equation,) = tree.statements
    assert isinstance(equation, nodes.Evolution)
    assert (equation.state, equation.order) == ("u", order)
    assert source.slice(equation.state_span) == "u"


def test_a_quotient_of_names_is_no_rate_inside_an_expression() -> None:
    assert written(value("du/dt")) == "(du/dt)"
    assert isinstance(value("∂u/∂t"), nodes.TimeDerivative)


def test_unit_and_bounds_hold_for_the_symbols_before_them() -> None:
    state = statement("state a, b: K in (0, inf), c: m, d")
    assert isinstance(state, nodes.State)
    assert [s.unit.text if s.unit else None for s in state.symbols] == ["K", "K", "m", None]
    assert [s.bounds is not None for s in state.symbols] == [True, True, False, False]


def test_infinity_is_a_number_only_at_the_end_of_an_interval() -> None:
    param = statement("param k = inf in (-inf, inf]")
    assert isinstance(param, nodes.Param) and param.bounds is not None
    assert isinstance(param.value, nodes.Name)
    assert isinstance(param.bounds.lower, nodes.Unary) and isinstance(param.bounds.lower.operand, nodes.Number)
    assert isinstance(param.bounds.upper, nodes.Number) and param.bounds.upper.value == float("inf")
    assert (param.bounds.closed_lower, param.bounds.closed_upper) == (False, True)


@pytest.mark.parametrize(
    ("text", "factors"),
    [
        ("m/s^2", (("m", 1), ("s", -2))),
        ("1/day", (("day", -1),)),
        ("m/s*kg", (("m", 1), ("s", -1), ("kg", 1))),
        ("J/(kg*K^-1)", (("J", 1), ("kg", -1), ("K", 1))),
        ("1", ()),
    ],
)
def test_units(text: str, factors: tuple[tuple[str, int], ...]) -> None:
    param = statement(f"param k: {text} = 2")
    assert isinstance(param, nodes.Param) and param.symbol.unit is not None
    assert param.symbol.unit.factors == factors
    assert param.symbol.unit.text == text


@pytest.mark.parametrize(
    ("text", "fitted", "start"),
    [
        ("= 2", False, "2"),
        ("= fit", True, None),
        ("= fit 2", True, "2"),
        ("= fit in (0, 1)", True, None),
        ("", False, None),
    ],
)
def test_values_of_a_parameter(text: str, fitted: bool, start: str | None) -> None:
    param = statement(f"param k {text}")
    assert isinstance(param, nodes.Param)
    assert param.fitted is fitted
    assert (None if param.value is None else written(param.value)) == start


@pytest.mark.parametrize(
    ("text", "kind"), [("data", "data"), ("fit in [0, 1]", "fit"), ("encode", "encode"), ("2*data", "expression")]
)
def test_kinds_of_initial_values(text: str, kind: str) -> None:
    init = statement(f"init u = {text}")
    assert isinstance(init, nodes.Init)
    assert (init.kind, init.order) == (kind, 0)


def test_a_learned_statement_with_everything() -> None:
    learned = statement(
        'learned f(u, dx(u)), g(u) -> vector: m/s by mlp(64, act = tanh) with f(0, 0) = 0, g in [0, 1), odd(u) "flux"'
    )
    assert isinstance(learned, nodes.Learned)
    assert [(h.name, len(h.inputs)) for h in learned.heads] == [("f", 2), ("g", 1)]
    assert (learned.shape, learned.doc) == ("vector", "flux")
    assert learned.family is not None and learned.family.keywords[0].name == "act"
    assert [type(c).__name__ for c in learned.constraints] == ["Comparison", "Membership", "Call"]


def test_a_broken_statement_hides_no_other() -> None:
    tree, problems = parse(source_from_text("state u(\nparam k = 1\nlet a = 2u\ndt(u) = k*u\nlaw e u constant\n"))
    assert [type(s).__name__ for s in tree.statements] == ["Param", "Evolution"]
    assert [p.code for p in problems] == ["E0203", "E0205", "E0209"]


def test_comments_and_blank_lines_do_not_end_a_statement() -> None:
    joined = statement("let a = b # first\n\n# in between\n  + c")
    assert shape(joined) == shape(statement("let a = b + c"))


def test_both_ways_to_type_an_accent_are_one_name() -> None:
    assert isinstance(value("é"), nodes.Name)
    _, problems = parse(source_from_text("let a = e\u0301"))
    assert [p.code for p in problems] == ["E0104"]


@pytest.mark.parametrize("terms", [150, 190])
def test_a_long_sum_is_read(terms: int) -> None:
    assert isinstance(value(" + ".join(["u"] * terms)), nodes.Binary)


def test_threads_do_not_mix_their_statements() -> None:
    texts = [f"state u{i}\ndt(u{i}) = {' + '.join([f'u{i}'] * 50)}\n" for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        trees = [tree for tree, _ in pool.map(lambda text: parse(source_from_text(text)), texts)]
    assert [shape(tree) for tree in trees] == [shape(parse(source_from_text(text))[0]) for text in texts]
    assert [s.span.end for tree in trees for s in tree.statements] == [
        end for text in texts for end in (text.index("\n"), len(text) - 1)
    ]


@pytest.mark.parametrize("letter", ["፩", "ำ", "ﾞ", "Ⅷ", "①"])
def test_a_letter_that_begins_no_name_is_answered(letter: str) -> None:
    for text in (f"let a = {letter}", f"let a = {letter}u", f"let a = u{letter}"):
        parse(source_from_text(text))
