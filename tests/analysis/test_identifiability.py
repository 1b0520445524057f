"""W1002: a fitted number that a learned term can take over, and the cases that only look like it."""

from __future__ import annotations

import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.core.diagnostics import Diagnostic

HEAD = "state u, v\nparam k = fit 1\nparam m = 2\n"


def warned(text: str) -> list[Diagnostic]:
    return [d for d in loads_model(text).warnings if d.code == "W1002"]


def names(text: str) -> list[str]:
    return [d.message.partition("`")[2].partition("`")[0] for d in warned(text)]


@pytest.mark.parametrize(
    "right",
    [
        "k*u + f",
        "k*u^2 + f",
        "k*u/2 + f",
        "k*(1 - u) + f",
        "-k*sin(u) + f",
        "k + f",
        "-k^2*u + f",
        "u/k - f",
        "m*u*k + f(u)",
        "k*exp(-u)/(1 + m*u^2) + f",
        "sqrt(k)*u - (v - f)",
        "both",
    ],
)
def test_a_number_that_the_learned_term_can_take_over(right: str) -> None:
    assert names(f"{HEAD}learned f(u) by mlp(4)\nlet both = k*u + f\ndt(u) = {right}\ndt(v) = -v\n") == ["k"]


@pytest.mark.parametrize(
    ("right", "learned"),
    [
        ("k*v + f", "f(u) by mlp(4)"),
        ("k*u*v + f", "f(u) by mlp(4)"),
        ("k*sin(t) + f", "f(u) by mlp(4)"),
        ("k*u + v*f", "f(u) by mlp(4)"),
        ("k*u + f(u)^2", "f(u) by mlp(4)"),
        ("k*u + f(v)", "f(u) by mlp(4)"),
        ("k + f", "f(u) by mlp(4) with f(0) = 0"),
        ("k*cos(u) + f", "f(u) by mlp(4) with f(0) = 0"),
        ("k*(1 - u) + f", "f(u) by mlp(4) with f(0) = 3"),
        ("k + f", "f(u) by mlp(4) with odd(u)"),
        ("k*u^2 + f", "f(u) by mlp(4) with odd(u)"),
        ("k*u + f", "f(u) by mlp(4) with even(u)"),
        ("k*u + f", "f(u, v) by mlp(4) with f(u, 0) = 0"),
        ("k*log(u) + f", "f(u) by mlp(4) with f(0) = 0"),
        ("k*u^4 + f", "f(u) by poly(3)"),
        ("k*sin(u) + f", "f(u) by library(3)"),
    ],
)
def test_no_false_alarm(right: str, learned: str) -> None:
    assert names(f"{HEAD}learned {learned}\ndt(u) = {right}\ndt(v) = -v\n") == []


@pytest.mark.parametrize(
    ("right", "learned"),
    [
        ("k*u + f", "f(u) by mlp(4) with f(0) = 0"),
        ("k*u^3 + f", "f(u) by mlp(4) with odd(u)"),
        ("k*cos(u) + f", "f(u) by mlp(4) with even(u)"),
        ("k*u*v + f", "f(u, v) by mlp(4) with f(u, 0) = 0, f(0, v) = 0"),
        ("k*u^3 + f", "f(u) by poly(3)"),
        ("k*u^4 + f", "f(u^2) by mlp(4)"),
        ("k*u^2 + f", "f(u^2) by library(1)"),
        ("k*sin(t)*u + f", "f(u, t) by mlp(4)"),
        ("k*v*u + f", "f(u*v) by mlp(4)"),
    ],
)
def test_constraints_and_families_that_leave_it_open(right: str, learned: str) -> None:
    text = f"{HEAD}learned {learned}\ndt(u) = {right}\ndt(v) = -v\n"
    expected = [] if "u^4" in right else ["k"]
    assert names(text) == expected


def test_another_place_tells_the_number() -> None:
    head = f"{HEAD}learned f(u) by mlp(4)\nlearned g(u) by mlp(4)\n"
    assert names(f"{head}dt(u) = k*u + f\ndt(v) = k*v + g\n") == []
    assert names(f"{head}dt(u) = k*u + f\ndt(v) = k*u + g\n") == ["k"]
    assert names(f"{head}dt(u) = k*u + f\ndt(v) = f - v\n") == []
    assert names(f"{head}dt(u) = k*u + f + k*v\ndt(v) = g\n") == []


def test_walls_tell_a_number() -> None:
    head = "space x in [0, 1]\nstate u(x)\nparam k = fit 1\nlearned f(u) by mlp(4)\ndt(u) = dxx(u) - k*u + f\n"
    assert names(head) == ["k"]
    assert names(head + "bc dn(u) + k*u = 0 at boundary\n") == []


def test_space_derivatives_and_reductions_are_not_seen_by_a_pointwise_term() -> None:
    head = "space x in [0, 1] periodic\nstate u(x)\nparam k = fit 1\n"
    for right in ("k*dx(u)", "k*mean(u)", "k*x*u", "k*lap(u)"):
        assert names(f"{head}learned f(u) by mlp(4)\ndt(u) = {right} + f\n") == []
    assert names(f"{head}learned f(u, dx(u)) by mlp(4)\ndt(u) = k*u*dx(u) + f\n") == ["k"]
    assert names(f"{head}learned f(u, x) by mlp(4)\ndt(u) = k*x*u + f\n") == ["k"]
    assert names(f"{head}learned f(u) by conv(4)\ndt(u) = k*lap(u) + f\n") == ["k"]


def test_the_message_says_what_is_taken_over() -> None:
    found = warned(f"{HEAD}learned f(u) by mlp(4)\ndt(u) = k + f\ndt(v) = -v\n")[0]
    assert found.message == "`k` is not determined by data alone: the learned term `f` can take over a constant"
    assert found.help == "fix `k`, or fix a value of the learned term, `with f(0) = 0`"
    found = warned(f"{HEAD}learned f(u) by mlp(4)\ndt(u) = k*u^2 + f\ndt(v) = -v\n")[0]
    assert "can take over `u^2`" in found.message
    assert found.second is not None and found.second.text == "can return `u^2` too"
