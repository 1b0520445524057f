"""Parameters, learned terms, initial values, observations and the defaults announced for each."""

from __future__ import annotations

import math

import pytest

from eqdsl.analysis.check import check_source, loads_model
from eqdsl.core.source import SourceText
from eqdsl.core.units import is_unit, nearest_unit
from eqdsl.model.learned_terms import LearnedTerm, Parity, Pinned, Range
from eqdsl.model.model import INF
from eqdsl.model.text import expr_text
from eqdsl.operators.table import OPERATORS
from eqdsl.syntax.words import FUNCTIONS


def learned(text: str, prefix: str = "state u, v\n") -> LearnedTerm:
    model = loads_model(f"{prefix}{text}\ndt(u) = f\ndt(v) = -v\n")
    return model.learned[0]


@pytest.mark.parametrize(
    ("written", "start", "lower", "upper"),
    [
        ("= fit", 1.0, -INF, INF),
        ("= fit in (0, 5)", 2.5, 0.0, 5.0),
        ("= fit in (0, inf)", 1.0, 0.0, INF),
        ("= fit in [3, inf)", 4.0, 3.0, INF),
        ("= fit in (-inf, -2]", -3.0, -INF, -2.0),
        ("= fit 2*pi in (0, 10)", 2 * math.pi, 0.0, 10.0),
        ("= 1/3", 1 / 3, -INF, INF),
        ("= -1e-3 in [-1, 1]", -1e-3, -1.0, 1.0),
    ],
)
def test_where_a_parameter_starts(written: str, start: float, lower: float, upper: float) -> None:
    model = loads_model(f"state u\nparam k {written}\ndt(u) = -k*u\n")
    k = model.parameter("k")
    assert (k.value, k.lower, k.upper, k.fitted) == (start, lower, upper, "fit" in written)


def test_a_start_that_is_not_written_is_announced() -> None:
    model = loads_model("state u\nparam k = fit in (0, 5)\nparam m = fit 2\ndt(u) = -k*m*u\n")
    assert [d for d in model.defaults if "start" in d and "frame" not in d] == [
        "no start for `k`: the fit starts from 2.5"
    ]


@pytest.mark.parametrize(
    ("written", "family", "options"),
    [
        ("", "mlp", {"sizes": (64, 64), "act": "silu"}),
        ("by mlp", "mlp", {"sizes": (64, 64), "act": "silu"}),
        ("by mlp(8, 9, act = sin)", "mlp", {"sizes": (8, 9), "act": "sin"}),
        ("by poly(5)", "poly", {"sizes": (5,)}),
        ("by library", "library", {"sizes": (3,)}),
    ],
)
def test_families_carry_all_their_options(written: str, family: str, options: dict[str, object]) -> None:
    term = learned(f"learned f(u, v) {written}")
    assert (term.family, dict(term.options)) == (family, options)


def test_a_convolution_has_a_kernel() -> None:
    model = loads_model("space x in [0, 1] periodic\nstate u(x)\nlearned f(u, t) by conv(8)\ndt(u) = f\n")
    assert dict(model.learned[0].options) == {"sizes": (8,), "act": "silu", "kernel": 3}
    assert "not said for `f`: `conv(act = silu, kernel = 3)`" in model.defaults


def test_a_monotone_network_says_its_own_activation() -> None:
    for written, words in (("by mlp(8)", "not said for `f`: `mlp("), ("", "no family for `f`: `mlp(64, 64, ")):
        model = loads_model(f"state u\nlearned f(u) {written} with f(0) = 0, increasing(u)\ndt(u) = -f\n")
        assert f"{words}act = softplus)`" in model.defaults


@pytest.mark.parametrize(
    ("written", "constraints"),
    [
        ("f(0, v) = 0", (Pinned(0, ((0, 0.0),), 0.0),)),
        ("f(pi, 1/2) = -1", (Pinned(0, ((0, math.pi), (1, 0.5)), -1.0),)),
        ("f >= 0", (Range(0, 0.0, INF),)),
        ("2 > f, f >= -1", (Range(0, -1.0, 2.0),)),
        ("f in [0, 1]", (Range(0, 0.0, 1.0),)),
        ("odd(u), even(v)", (Parity(0, True), Parity(1, False))),
        ("f >= 0, f(u, 0) = 0", (Pinned(0, ((1, 0.0),), 0.0), Range(0, 0.0, INF))),
    ],
)
def test_constraints(written: str, constraints: tuple[object, ...]) -> None:
    assert learned(f"learned f(u, v) by mlp(4) with {written}").constraints == constraints


def test_constraints_name_the_time_as_the_model_does() -> None:
    text = "time tau\nstate u\nlearned f(u, tau) by mlp(4) with f(0, tau) = 0, even(tau)\ndt(u) = f\n"
    assert loads_model(text).learned[0].constraints == (Pinned(0, ((0, 0.0),), 0.0), Parity(1, False))


def test_constraints_of_several_outputs_and_of_vectors() -> None:
    heads = learned("learned f(u), g(u) by mlp(4) with g(0) = 1, g <= 3, f >= 0")
    assert heads.constraints == (Pinned(1, ((0, 0.0),), 1.0), Range(1, -INF, 3.0), Range(0, 0.0, INF))
    model = loads_model(
        "space x in [0, 1] periodic, y in [0, 1] periodic\nvector state w(x, y)\n"
        "learned f(w, dx(w.x)) -> vector by mlp(4) with f(0, dx(w.x)) = 0, f((1, 2), 3) = (4, 5), f.y >= -9, odd(w)\n"
        "dt(w) = f\n"
    )
    assert model.learned[0].input_names == ("w.x", "w.y", "dx(w.x)")
    at = ((0, 1.0), (1, 2.0), (2, 3.0))
    assert model.learned[0].constraints == (
        Pinned(0, ((0, 0.0), (1, 0.0)), 0.0), Pinned(1, ((0, 0.0), (1, 0.0)), 0.0), Pinned(0, at, 4.0),
        Pinned(1, at, 5.0),
        Range(1, -9.0, INF), Parity(0, True), Parity(1, True),
    )  # fmt: skip


def test_inputs_keep_the_text_the_user_wrote() -> None:
    model = loads_model(
        "space x in [0, 1] periodic\nstate u(x)\nlearned f(lap(u),  u *\n  u) by mlp(4)\ndt(u) = f(u, 2)\n"
    )
    assert model.learned[0].input_names == ("lap(u)", "u * u")
    assert [expr_text(i) for i in model.learned[0].inputs] == ["dxx(u)", "u*u"]


def test_initial_values_and_their_defaults() -> None:
    text = (
        "space x in [0, 1] periodic\nstate u(x), v(x), T\nvector state w(x)\ndtt(u) = dxx(u)\ndtt(v) = dxx(v)\n"
        "dt(T) = -T\ndt(w) = 0\n"
    )
    model = loads_model(text + "param k = 2\ninit u = sin(k*x)\ninit dt(v) = fit\ninit T = k\ninit w = 0\n")
    found = {i.channel: (i.kind, None if i.expr is None else expr_text(i.expr)) for i in model.initial}
    assert found == {
        "u": ("expression", "sin(k*x)"), "dt(u)": ("expression", "0"), "v": ("data", None), "dt(v)": ("fit", None),
        "T": ("expression", "k"), "w.x": ("expression", "0"),
    }  # fmt: skip
    assert "no `init` for `v`: the first frame of the data" in model.defaults
    assert "no `init` for `dt(u)`: 0 at the start" in model.defaults


def test_noise_is_kept_by_channel() -> None:
    model = loads_model(
        "space x in [0, 1] periodic\nvector state w(x)\nstate u\ndt(w) = 0\ndt(u) = -u\nobserve w noise 0.1\n"
        "observe u = u\n"
    )
    assert dict(model.noise) == {"w.x": 0.1}


def test_domain_and_scheme() -> None:
    model = loads_model(
        "space lon: km in [0, 2*pi] periodic, z: m in [-1, 1]\ntime tau: day\ngrid lon = 32, z = 17 nodes\n"
        "scheme order = 4\n"
        "state T(lon, z): degC in [-5, inf)\ndt(T) = lap(T) + 0*tau\n"
    )
    lon, z = model.axes
    assert (lon.lower, lon.upper, lon.periodic, lon.unit, lon.points, lon.position) == (
        0.0,
        2 * math.pi,
        True,
        "km",
        32,
        "cells",
    )
    assert (z.points, z.position, z.periodic) == (17, "nodes", False)
    assert (model.time, model.time_unit, model.order, model.fields[0].lower) == ("tau", "day", 4, -5.0)


@pytest.mark.parametrize(
    "unit", ["1", "m", "km", "mg", "µm", "rad", "day", "hPa", "mmol", "kJ", "degC", "ppm", "L", "GHz"]
)
def test_known_units(unit: str) -> None:
    assert is_unit(unit)


def test_nearest_units() -> None:
    assert [nearest_unit(n) for n in ("seconds", "Meter", "kelvin", "hr", "qqqqqq")] == ["s", "m", "K", "h", None]


def test_a_check_never_raises_and_sorts_its_findings() -> None:
    result = check_source(SourceText("a.eq", "state u\ndt(u) = q\nstate u\nparam k = 1/0\n"))
    assert result.model is None
    starts = [d.label.span.start for d in result.diagnostics]
    assert starts == sorted(starts) and len(starts) == 3


def test_ranges_of_states_are_announced_as_assumptions() -> None:
    model = loads_model("state u, v in [0, 1], w\ndt(u) = 1\ndt(v) = 1\ndt(w) = 1\ninit u = 1\ninit v = 0\n")
    said = "the range of `u`, `v` is assumed where formulas are simplified, and not enforced in a solution"
    assert said in model.defaults
    assert not any("range" in d for d in loads_model("state u\ndt(u) = 1\n").defaults)


@pytest.mark.parametrize(
    ("range", "value", "inside"), [("[0, 1]", 0, True), ("(0, 1]", 0, False), ("[0, 1)", 1, False)]
)
def test_initial_numbers_lie_within_the_range_of_their_state(range: str, value: int, inside: bool) -> None:
    found = check_source(SourceText("a.eq", f"state u in {range}\ndt(u) = 1\ninit u = {value}\n")).diagnostics
    assert [d.code for d in found] == ([] if inside else ["E0613"])
    assert inside or found[0].second is not None


def test_another_name_of_the_time_frees_the_dataset() -> None:
    assert loads_model("time tau\nstate t\ndt(t) = tau\n").channel_names == ("t",)
    for text in ("state t\ndt(t) = 1\n", "time t\nspace t in [0, 1]\nstate u(t)\ndt(u) = 1\n"):
        assert {d.code for d in check_source(SourceText("a.eq", text)).diagnostics} == {"E0303"}


def test_a_broken_statement_gives_no_warning_about_what_it_mentions() -> None:
    text = "state u\nparam k = 1\nparam m = 1\nparam ω0 = 1\nlearned f(u)\ndt(u) = -2k u + ω0²*f\n"
    found = check_source(SourceText("a.eq", text)).diagnostics
    assert [d.message for d in found if d.code == "W1001"] == ["the parameter `m` is never used"]


def test_the_words_of_the_parser_are_the_functions_of_the_language() -> None:
    assert set(FUNCTIONS) == set(OPERATORS)
