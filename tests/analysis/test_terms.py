"""Equations become named terms, operators become axis derivatives in the form with the best stencil."""

from __future__ import annotations

import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import ModelError
from eqdsl.model.expr import Apply, Const, DefinitionRef, Diff, FluxDiff
from eqdsl.model.model import Model
from eqdsl.model.text import expr_text

PLANE = "space x in [0, 1] periodic, y in [0, 2] periodic\n"


def right_side(text: str, channel: str | None = None) -> list[str]:
    """Texts of the terms of the first (or the named) equation."""
    model = loads_model(text)
    equation = next(e for e in model.equations if channel in (None, e.channel))
    return [expr_text(t.expr) for t in equation.terms]


def codes(text: str) -> list[str]:
    with pytest.raises(ModelError) as failure:
        loads_model(text)
    return [d.code for d in failure.value.diagnostics]


def names(model: Model) -> list[str]:
    return [t.name for e in model.equations for t in e.terms]


def test_terms_are_named_after_what_the_user_named() -> None:
    model = loads_model(
        "space x in [0, 1] periodic\nstate u(x)\nparam k = 1\nknown diffusion = dxx(u)\nlearned R(u)\n"
        "dt(u) = diffusion - R - (k*u + R(u) - R(2*u)) - -u  # a comment\n"
    )
    assert names(model) == ["diffusion", "R", "-k*u", "R (2)", "R(2*u)", "u"]
    terms = model.equations[0].terms
    assert [t.learned for t in terms] == [(), ("R",), (), ("R",), ("R",), ()]
    assert [expr_text(t.expr) for t in terms] == ["diffusion", "-R(u)", "-k*u", "-R(u)", "R(2*u)", "u"]
    assert model.source.slice(terms[2].span) == "k*u"
    assert model.equations[0].text == "dt(u) = diffusion - R - (k*u + R(u) - R(2*u)) - -u"


def test_learned_outputs_are_found_through_definitions() -> None:
    model = loads_model("state u, v\nlearned f(u), g(u) by mlp(8)\nknown both = 2*f + g^2\ndt(u) = both\ndt(v) = g\n")
    assert [t.learned for e in model.equations for t in e.terms] == [("f", "g"), ("g",)]
    assert model.learned[0].outputs == ("f", "g")
    assert isinstance(model.equations[0].terms[0].expr, DefinitionRef)


def test_a_vector_equation_gives_one_per_component() -> None:
    model = loads_model(
        PLANE + "vector state w(x, y)\nlearned force(w) -> vector by mlp(8)\nparam nu = 1\n"
        "dt(w) = -advect(w, w) + nu*lap(w) + force - (w.y, 0)\n"
    )
    assert [c.name for c in model.channels] == ["w.x", "w.y"]
    assert [c.component for c in model.channels] == [0, 1]
    assert names(model) == [
        "-advect(w, w).x", "(nu*lap(w)).x", "force.x", "-(w.y, 0).x",
        "-advect(w, w).y", "(nu*lap(w)).y", "force.y", "-(w.y, 0).y",
    ]  # fmt: skip
    assert [expr_text(t.expr) for t in model.equations[1].terms][:3] == [
        "-(w.x*dx(w.y) + w.y*dy(w.y))", "nu*(dxx(w.y) + dyy(w.y))", "force(w.x, w.y).y",
    ]  # fmt: skip
    assert model.learned[0].outputs == ("force.x", "force.y")
    assert model.learned[0].input_names == ("w.x", "w.y")


def test_the_velocity_follows_the_values_of_its_field() -> None:
    model = loads_model(
        PLANE + "vector state w(x, y)\nstate u(x, y), T\ndtt(w) = lap(w) - dt(w) + (dt(w.x), dt(w).y)\n"
        "dtt(u) = -dt(u)\ndt(T) = mean(u) - T\n"
    )
    assert model.channel_names == ("w.x", "w.y", "dt(w).x", "dt(w).y", "u", "dt(u)", "T")
    assert [c.velocity for c in model.channels] == [False, False, True, True, False, True, False]
    assert [c.uniform for c in model.channels] == [False] * 6 + [True]
    assert [e.channel for e in model.equations] == ["dt(w).x", "dt(w).y", "dt(u)", "T"]
    assert expr_text(model.equations[1].terms[-1].expr) == "dt(w).y"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("lap(u)", "dxx(u) + dyy(u)"),
        ("div(grad(u))", "dxx(u) + dyy(u)"),
        ("div(k*grad(u))", "dx(k*dx(u)) + dy(k*dy(u))"),
        ("dx(k*dx(u))", "dx(k*dx(u))"),
        ("dx(dx(u)/k)", "dx(1/k*dx(u))"),
        ("dx(-2*u*dx(u)/k)", "dx(-2*u/k*dx(u))"),
        ("dx(flux)", "dx(k*dx(u))"),
        ("dx(slope)", "dxx(u)"),
        ("dx(product)", "dx(product)"),
        ("dx(flux + u)", "dx(k*dx(u)) + dx(u)"),
        ("dx(u*v)", "dx(u*v)"),
        ("dx(u - v)", "dx(u) - dx(v)"),
        ("dx(k)", "0"),
        ("dx(t*k + mean(u))", "0"),
        ("dx(x) + dy(x)", "1"),
        ("dxx(u*dx(u))", "dx(dx(u*dx(u)))"),
        ("dxy(u)", "dy(dx(u))"),
        ("d(u, y, 4)", "d(u, y, 4)"),
        ("dx(dx(u)*dx(v))", "dx(dx(u)*dx(v))"),
        ("dx(dx(u)*dy(u))", "dx(dy(u)*dx(u))"),
        ("curl((u, v))", "dx(v) - dy(u)"),
        ("cross((u, v), (v, u))", "u*u - v*v"),
        ("dot(grad(u), (1, 0))", "dx(u)"),
        ("norm((u, v))", "sqrt(u^2 + v^2)"),
        ("advect((2, k), u)", "2*dx(u) + k*dy(u)"),
        ("biharm(u)", "d(u, x, 4) + dxx(dyy(u)) + (dyy(dxx(u)) + d(u, y, 4))"),
        ("grad(u).y", "dy(u)"),
        ("f(dx(u)) - div((f, f))", "f(dx(u)) - (dx(f(u)) + dy(f(u)))"),
        ("ifelse(u > v, u, 0)", "ifelse(u > v, u, 0)"),
        ("integral(u^2)", "integral(u^2)"),
    ],
)
def test_operators_are_written_out(written: str, expected: str) -> None:
    found = right_side(
        PLANE
        + "state u(x, y), v(x, y)\nparam k = 2\nlearned f(u) with f(0) = 0\nlet flux = k*dx(u)\nlet slope = dx(u)\n"
        f"let product = u*v\ndt(u) = ({written})*1\ndt(v) = f + flux + slope + product\n"
    )
    assert found == [expected]


def test_the_flux_form_is_a_node_of_its_own() -> None:
    model = loads_model("space x in [0, 1]\nstate u(x)\nparam D(x) = fit 1\nknown flux = -D*dx(u)\ndt(u) = -dx(flux)\n")
    (term,) = model.equations[0].terms
    assert isinstance(term.expr, Apply) and term.expr.function == "neg"
    flux = term.expr.arguments[0]
    assert isinstance(flux, FluxDiff)
    assert (expr_text(flux.coefficient), expr_text(flux.argument), flux.axis) == ("-D", "u", "x")


def test_axis_names_of_several_letters() -> None:
    found = right_side(
        "space lon in [0, 1] periodic, lat in [0, 1] periodic\nstate u(lon, lat)\n"
        "dt(u) = dlon(u) + dlonlat(u) + dlonlon(u) + d(u, lat, 3) + lap(u)\n"
    )
    assert found == ["dlon(u)", "dlat(dlon(u))", "d(u, lon, 2)", "d(u, lat, 3)", "d(u, lon, 2) + d(u, lat, 2)"]


def test_numbers_are_folded_and_products_are_not_expanded() -> None:
    assert right_side("state u\ndt(u) = 1/3*2 + sqrt(4)*u + (1 + 2)*(u + 1) + 2^3^2*u - 0*u\n") == [
        repr(1 / 3 * 2), "2*u", "3*(u + 1)", "512*u", "0",
    ]  # fmt: skip


def test_a_third_is_a_double() -> None:
    (term,) = loads_model("state u\ndt(u) = 1/3\n").equations[0].terms
    assert isinstance(term.expr, Const) and term.expr.value == 1 / 3


def test_every_name_but_the_reserved_ones_is_ordinary() -> None:
    model = loads_model(
        "state E, I, S, N, Q\nparam beta = 1\nparam gamma = 2\nparam lambda = 3\nparam pi0 = 4\nparam d = 1\n"
        "param e = 1\n"
        "dt(E) = beta*S*I/N - gamma*E\ndt(I) = lambda*E\ndt(S) = -pi0*S\ndt(N) = -d*N + t\ndt(Q) = e*Q\n"
    )
    assert expr_text(model.equations[0].terms[0].expr) == "beta*S*I/N"


def test_definitions_stand_in_any_order_and_are_shared() -> None:
    lines = [f"let a{i} = a{i + 1}*a{i + 1} + u" for i in range(40)]
    model = loads_model(
        "\n".join(["space x in [0, 1] periodic", "state u(x)", "dt(u) = dx(a0)", *lines, "let a40 = u"])
    )
    assert isinstance(model.equations[0].terms[0].expr, Apply | Diff)


def test_a_mistake_is_reported_once_however_often_its_name_is_used() -> None:
    assert codes("state u\nlet a = q\nlet b = a + 1\ndt(u) = a*b + sin(a)\n") == ["E0301"]


def test_what_stands_in_a_broken_statement_is_not_reported_missing() -> None:
    found = codes("state u, v\nparam k = = 3\ndt(u) = -k*u\ndt(v = 2\n")
    assert found and not [c for c in found if c in ("E0301", "E0501")]
