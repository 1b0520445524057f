"""Text of checked expressions: valid, minimal, and of the same value when read again; SymPy and LaTeX forms."""

from __future__ import annotations

import math

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import EqdslError
from eqdsl.model.expr import Apply, Const, Expr, ParamRef
from eqdsl.model.latex import latex, name_latex
from eqdsl.model.model import Model
from eqdsl.model.symbolic import SymbolTable, equations_sympy, from_sympy, to_sympy
from eqdsl.model.text import expr_text, number_text

VALUES = {"a": 0.7, "b": -1.3, "c": 2.1}
HEAD = "state u\n" + "".join(f"param {n} = {v}\n" for n, v in VALUES.items())

VALUE_OF = {
    "add": lambda *p: math.fsum(p), "sub": lambda p, q: p - q, "mul": lambda *p: math.prod(p),
    "div": lambda p, q: p / q,
    "neg": lambda p: -p, "pow": lambda p, q: p**q, "sin": math.sin, "tanh": math.tanh, "exp": math.exp, "abs": abs,
    "min": min, "max": max, "lt": lambda p, q: p < q, "ifelse": lambda c, p, q: p if c else q, "sqrt": math.sqrt,
}  # fmt: skip


def value(expr: Expr) -> float:
    """The value at the parameters above."""
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, ParamRef):
        return VALUES[expr.name]
    assert isinstance(expr, Apply)
    parts = [value(a) for a in expr.arguments]
    return VALUE_OF[expr.function](*parts)


def reread(text: str) -> Expr:
    (term,) = loads_model(f"{HEAD}dt(u) = ({text})^1\n").equations[0].terms
    return term.expr


leaves = st.one_of(
    st.sampled_from([ParamRef(n) for n in VALUES]),
    st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3).map(Const),
)
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda p: Apply("add", tuple(p)), st.lists(inner, min_size=2, max_size=4)),
        st.builds(lambda p: Apply("mul", tuple(p)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda p, q: Apply("sub", (p, q)), inner, inner),
        st.builds(lambda p, q: Apply("div", (p, q)), inner, inner),
        st.builds(lambda p: Apply("neg", (p,)), inner),
        st.builds(lambda p: Apply("pow", (p, Const(2.0))), inner),
        st.builds(lambda p, q: Apply("min", (p, q)), inner, inner),
        st.builds(lambda f, p: Apply(f, (p,)), st.sampled_from(["sin", "tanh", "abs"]), inner),
        st.builds(lambda p, q, r: Apply("ifelse", (Apply("lt", (p, q)), q, r)), inner, inner, inner),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(expressions)
def test_text_read_again_has_the_same_value_and_the_same_text(expr: Expr) -> None:
    try:
        expected = value(expr)
    except (ZeroDivisionError, OverflowError):
        return
    if not math.isfinite(expected) or "/0" in expr_text(expr):
        return
    try:
        again = reread(expr_text(expr))
    except EqdslError as refused:  # a folded number that is not finite
        assert "E0410" in str(refused)
        return
    assert value(again) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert expr_text(reread(expr_text(again))) == expr_text(again)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(number: float) -> None:
    assert float(number_text(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "a - (b - c)", "a*(b + c)", "-a^2", "(-a)^2", "a^b^c", "(a^b)^c", "a/(b*c)", "a/b*c", "a - b*c", "-(a + b)",
        "a^-b",
        "a*-b", "ifelse(a < b, a, -b)", "exp(-a)", "2*a", "a - 2", "min(a, b, 3)", "1e-12*a", "-a*b", "sin(a)^2 + 1",
    ],
)  # fmt: skip
def test_text_has_no_needless_parentheses(text: str) -> None:
    assert expr_text(reread(text)) == text


MODEL = """
space x in [0, 1] periodic, y in [0, 1] periodic
state u(x, y)
state v(x, y) in [0, inf)
param k = fit 1 in (0, 2)
param D(x, y) = fit 1 in [0.5, 2]
learned R(u, v), Q(u, v) by mlp(4)
known flux = D*dx(u)
dt(u) = dx(flux) + k*lap(u) - u*dx(v) + R + mean(u) + sqrt(v)/3 + ifelse(u > 0, u, 0)
dt(v) = Q(2*u, v) + sin(x)*exp(-t) + max(u, v) + heaviside(u)
"""


def test_symbols_carry_what_is_known_of_them() -> None:
    model = loads_model(MODEL)
    table = SymbolTable(model)
    assert table.parameters["k"].is_nonnegative and table.parameters["D"].is_positive
    assert (
        table.channels["v"].is_nonnegative
        and table.channels["u"].is_real
        and table.channels["u"].is_nonnegative is None
    )
    assert sp.sqrt(table.parameters["k"] ** 2) == table.parameters["k"]
    assert table.axes["x"] != sp.Symbol("x")  # ours, not whoever else's


def test_equations_in_closed_form() -> None:
    model = loads_model(MODEL)
    table = SymbolTable(model)
    x, y, u, v = table.axes["x"], table.axes["y"], table.channels["u"], table.channels["v"]
    k, D = table.parameters["k"], table.parameters["D"]
    R, mean = sp.Function("R", real=True), sp.Function("mean", real=True)
    expected = (
        sp.Derivative(D * sp.Derivative(u, x), x) + k * (sp.Derivative(u, (x, 2)) + sp.Derivative(u, (y, 2)))
        - u * sp.Derivative(v, x) + R(u, v) + mean(u) + sp.sqrt(v) / 3 + sp.Piecewise((u, u > 0), (0, True))
    )  # fmt: skip
    first, second = equations_sympy(model, table)
    assert first.lhs == sp.Derivative(u, table.time)
    assert sp.simplify(first.rhs - expected) == 0
    assert second.rhs.has(sp.Function("Q", real=True)(2 * u, v))


def test_sympy_and_back() -> None:
    model = loads_model(MODEL)
    table = SymbolTable(model)
    for equation in equations_sympy(model, table):
        back = from_sympy(equation.rhs, table)
        assert sp.simplify(to_sympy(back, model, table) - equation.rhs) == 0


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (lambda a, b: a / b, "a/b"),
        (lambda a, b: 1 / (a * b) ** 2, "1/(a^2*b^2)"),
        (lambda a, b: -a, "-a"),
        (lambda a, b: sp.Rational(2, 3) * a, "2*a/3"),
        (lambda a, b: sp.exp(-a) + sp.pi, "pi + exp(-a)"),
        (lambda a, b: sp.sqrt(a) * sp.Abs(b), "sqrt(a)*abs(b)"),
        (lambda a, b: sp.Max(a, b, 0), "max(0, a, b)"),
        (lambda a, b: sp.Piecewise((a, a < b), (b, True)), "ifelse(a < b, a, b)"),
    ],
)
def test_formulas_of_symbols_become_text(formula: object, text: str) -> None:
    table = SymbolTable(loads_model(HEAD + "dt(u) = a + b + c\n"))
    a, b = table.parameters["a"], table.parameters["b"]
    found = expr_text(from_sympy(formula(a, b), table))  # type: ignore[operator]
    assert value(reread(found)) == pytest.approx(value(reread(text)))


def test_what_the_language_does_not_have_is_refused() -> None:
    table = SymbolTable(loads_model(HEAD + "dt(u) = a + b + c\n"))
    for foreign in (sp.gamma(table.parameters["a"]), sp.Symbol("q"), sp.I, sp.zoo):
        with pytest.raises(EqdslError):
            from_sympy(foreign, table)


def test_algebra_has_a_limit() -> None:
    lines = [f"let a{i} = a{i + 1}*a{i + 1} + u" for i in range(30)]
    model = loads_model("\n".join(["state u", "dt(u) = a0", *lines, "let a30 = u"]))
    with pytest.raises(EqdslError, match="too large for algebra"):
        equations_sympy(model)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("omega0", r"\omega_{0}"), ("u", "u"), ("w.x", "w_{x}"), ("friction", r"\mathrm{friction}"),
        ("α2", r"\alpha_{2}"),
        ("T_out", "T_{out}"), ("k1", "k_{1}"), ("beta", r"\beta"), ("a_b_c", r"a_{b\_c}"),
    ],
)  # fmt: skip
def test_latex_of_names(name: str, expected: str) -> None:
    assert name_latex(name) == expected


def test_latex_of_a_model() -> None:
    assert latex(example()) == (
        "\\begin{aligned}\n"
        "\\partial_{t}^{2} w &= \\mathrm{elastic} - \\mathrm{loss}\\left(\\partial_{t} w, w\\right)"
        " + \\nabla \\cdot \\left(k\\, \\nabla w\\right) \\\\\n"
        "\\mathrm{elastic} &= c^{2}\\, \\nabla^2 w - \\left(\\partial_{x} w\\right)^{2}\\, w\n"
        "\\end{aligned}"
    )


def example() -> Model:
    return loads_model(
        "space x in [0, 1], y in [0, 1]\nstate w(x, y)\nparam c = 3\nparam k(x, y) = 1\nlearned loss(dt(w), w)\n"
        "known elastic = c^2*lap(w) - dx(w)^2*w\ndtt(w) = elastic - loss + div(k*grad(w))\n"
    )
