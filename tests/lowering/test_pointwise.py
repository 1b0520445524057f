"""Every pointwise function against its closed form, at tensors and at numbers, and against SymPy."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import sympy as sp
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.operations import ARITHMETIC, FUNCTIONS, OPERATIONS, Context
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.expr import Const
from eqdsl.model.symbolic import TO_SYMPY
from eqdsl.operators.pointwise import ARITY, AT_NUMBERS

INFINITE = math.inf
REAL = (-2.5, -1.0, -0.3, 0.0, 1e-3, 0.7, 1.0, 3.2)
POSITIVE = (1e-9, 0.3, 1.0, 2.5, 1e6)
UNIT = (-1.0, -0.4, 0.0, 0.9, 1.0)
WIDE = (*REAL, -800.0, -40.0, -21.0, 19.0, 25.0, 800.0)


def sigmoid(x: float) -> float:
    return math.exp(x) / (1 + math.exp(x)) if x < 0 else 1 / (1 + math.exp(-x))


ONE: dict[str, tuple[Callable[[float], float], tuple[float, ...]]] = {
    "sin": (math.sin, REAL),
    "cos": (math.cos, REAL),
    "tan": (math.tan, REAL),
    "asin": (math.asin, UNIT),
    "acos": (math.acos, UNIT),
    "atan": (math.atan, REAL),
    "sinh": (math.sinh, REAL),
    "cosh": (math.cosh, REAL),
    "tanh": (math.tanh, REAL),
    "exp": (math.exp, REAL),
    "log": (math.log, POSITIVE),
    "log10": (math.log10, POSITIVE),
    "sqrt": (math.sqrt, (0.0, *POSITIVE)),
    "abs": (math.fabs, REAL),
    "sign": (lambda x: 0.0 if x == 0 else math.copysign(1, x), REAL),
    "floor": (math.floor, REAL),
    "heaviside": (lambda x: 0.5 if x == 0 else float(x > 0), REAL),
    "erf": (math.erf, REAL),
    "sigmoid": (sigmoid, WIDE),
    "relu": (lambda x: x if x > 0 else 0.0, REAL),
    "softplus": (lambda x: math.log1p(math.exp(x)) if x < 0 else x + math.log1p(math.exp(-x)), WIDE),
}
PAIRS = [(0.7, -1.3), (-2.0, 3.0), (1.0, 1.0), (0.0, -2.0), (-0.4, -0.5)]
TWO: dict[str, Callable[[float, float], float]] = {"atan2": math.atan2, "min": min, "max": max}
CASES = [(name, (x,), function(x)) for name, (function, places) in ONE.items() for x in places]
CASES += [(name, pair, function(*pair)) for name, function in TWO.items() for pair in PAIRS]
CASES += [("min", (0.2, -1.0, 5.0), -1.0), ("max", (0.2, -1.0, 5.0), 5.0)]
CASES += [(name, numbers, function(*numbers)) for name, numbers, function in (
    ("add", (0.1, 0.2, 0.3), lambda *a: sum(a)), ("sub", (0.1, 0.4), lambda a, b: a - b),
    ("mul", (0.1, 3.0, 7.0), lambda *a: math.prod(a)), ("div", (1.0, 3.0), lambda a, b: a / b),
    ("pow", (2.0, 0.5), math.pow), ("pow", (-2.0, 3.0), math.pow), ("neg", (0.3,), lambda a: -a),
)]  # fmt: skip
COMPARED = {"lt": (1, 0, 0), "le": (1, 1, 0), "gt": (0, 0, 1), "ge": (0, 1, 1), "ne": (1, 0, 1)}


def context() -> Context:
    state = torch.zeros(1, 1, dtype=torch.float64)
    return Context(torch.zeros((), dtype=torch.float64), state, {}, {}, {})


def exactly(wanted: float) -> object:
    return pytest.approx(wanted, rel=1e-15, abs=0.0)


def test_every_function_is_tested_here() -> None:
    assert {*ARITHMETIC, *FUNCTIONS} == {*(name for name, *_ in CASES), *COMPARED, "ifelse"}
    assert set(ARITY) == {*AT_NUMBERS, "ifelse"} and {*AT_NUMBERS} <= {*FUNCTIONS}


@pytest.mark.parametrize(("name", "numbers", "wanted"), CASES)
def test_the_value_is_that_of_the_closed_form(name: str, numbers: tuple[float, ...], wanted: float) -> None:
    """At tensors, at plain numbers, with a mixture of both, and folded by the check."""
    call = OPERATIONS["pointwise"]
    tensors = [torch.full((1,), n, dtype=torch.float64) for n in numbers]
    found = [
        call(context(), *tensors, name),
        call(context(), *numbers, name),
        call(context(), tensors[0], *numbers[1:], name),
    ]
    for value in found:
        assert value.dtype is torch.float64
        assert value.item() == exactly(wanted)
    if name in AT_NUMBERS:
        text = ", ".join(repr(n) for n in numbers)
        (term,) = loads_model(f"state u\ndt(u) = {name}({text})\n").equations[0].terms
        assert isinstance(term.expr, Const) and term.expr.value == exactly(wanted)


@pytest.mark.parametrize("name", COMPARED)
def test_comparisons_choose_a_branch(name: str) -> None:
    for left, wanted in zip((1.0, 2.0, 3.0), COMPARED[name], strict=True):
        tensor = torch.full((1,), left, dtype=torch.float64)
        for x in (left, tensor):
            condition = OPERATIONS["pointwise"](context(), x, 2.0, name)
            value = OPERATIONS["pointwise"](context(), condition, -2.0, 0.1, "ifelse")
            assert value.dtype is torch.float64 and value.item() == (-2.0 if wanted else 0.1)


@pytest.mark.parametrize(("name", "numbers", "wanted"), [c for c in CASES if c[0] in TO_SYMPY])
def test_sympy_and_torch_agree(name: str, numbers: tuple[float, ...], wanted: float) -> None:
    exact = sp.N(TO_SYMPY[name](*(sp.Rational(n) for n in numbers)), 30)
    tensors = [torch.full((1,), n, dtype=torch.float64) for n in numbers]
    assert OPERATIONS["pointwise"](context(), *tensors, name).item() == exactly(float(exact))


@pytest.mark.parametrize("name", COMPARED)
def test_sympy_and_torch_agree_on_branches(name: str) -> None:
    for left, wanted in zip((1, 2, 3), COMPARED[name], strict=True):
        assert TO_SYMPY["ifelse"](TO_SYMPY[name](sp.Integer(left), sp.Integer(2)), 5, 7) == (5 if wanted else 7)


def field_of(text: str) -> VectorField:
    return compile_model(loads_model(text))


def test_numbers_in_branches_are_numbers() -> None:
    """The condition comes first; its truth values say nothing about the type of the branches."""
    field = field_of("state u\ndt(u) = ifelse(u > 0, -2, 3)*u\n")
    state = torch.tensor([[1.5], [-0.5]], dtype=torch.float64)
    assert field(0.0, state).tolist() == [[-3.0], [-1.5]]
    timed = field_of("state u\ndt(u) = ifelse(t < 1, 5, 2)\n")
    assert timed(torch.tensor([0.5, 2.0]), state).tolist() == [[5.0], [2.0]]
    assert timed(0.5, state).tolist() == [[5.0], [5.0]]
    step = field_of("space x in [0, 1]\ngrid x = 6\nstate u(x)\ndt(u) = dxx(u)\ninit u = ifelse(x < 0.5, 5, 2)\n")
    assert step.initial_state().dtype is torch.float64
    assert step.initial_state()[0, 0].tolist() == [5.0] * 3 + [2.0] * 3


def test_a_quotient_of_numbers_that_only_the_rollout_knows_is_infinite_not_a_traceback() -> None:
    field = field_of("state u\nlet zero = 0\ndt(u) = 1/zero - u\n")
    assert field(0.0, torch.zeros(1, 1, dtype=torch.float64)).item() == INFINITE
