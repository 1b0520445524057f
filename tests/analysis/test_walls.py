"""Boundary conditions: recognised as a*u + b*dn(u) = g, completed on every side, differentiated in time."""

from __future__ import annotations

import math

import pytest
import sympy as sp

from eqdsl.analysis.check import loads_model
from eqdsl.boundary.table import kind_of
from eqdsl.model.model import Model
from eqdsl.model.symbolic import SymbolTable, to_sympy
from eqdsl.model.text import expr_text
from eqdsl.model.walls import WallCondition

ROD = "space x in [0, 2], y in [-1, 1] periodic\nstate u(x, y)\nparam h = 3\nparam k = 2\ndt(u) = lap(u)\n"


def wall(model: Model, channel: str, axis: str, side: int) -> WallCondition:
    (found,) = [w for w in model.walls if (w.channel, w.axis, w.side) == (channel, axis, side)]
    return found


def texts(condition: WallCondition) -> tuple[str, str, str]:
    parts = (condition.value_coefficient, condition.normal_coefficient, condition.value)
    return tuple(expr_text(p) for p in parts)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("written", "a", "b", "g", "kind"),
    [
        ("u = 0", "1", "0", "0", "Dirichlet"),
        ("0 = u", "-1", "0", "0", "Dirichlet"),
        ("2*u + 1 = sin(t)", "2", "0", "sin(t) - 1", "Dirichlet"),
        ("dn(u) = 0", "0", "1", "0", "Neumann"),
        ("-k*dn(u) = h*t", "0", "-k", "h*t", "Neumann"),
        ("dn(u) + h*(u - 5) = 0", "h", "1", "5*h", "Robin"),
        ("k*dn(u) = h*(1 - u)", "h", "k", "h", "Robin"),
        ("(dn(u) + u)/k = exp(y)", "1/k", "1/k", "exp(y)", "Robin"),
        ("known_flux = 1", "h", "-k", "1", "Robin"),
        ("u - u + dn(u) = x", "0", "1", "2", "Neumann"),
    ],
)
def test_a_condition_is_brought_to_its_normal_form(written: str, a: str, b: str, g: str, kind: str) -> None:
    definition = "let known_flux = h*u\n" if "known_flux" in written else ""
    model = loads_model(f"{ROD}{definition}bc {written.replace('known_flux', 'known_flux - k*dn(u)')} at x = 2\n")
    condition = wall(model, "u", "x", 1)
    table = SymbolTable(model)
    other = loads_model(ROD + f"let a = {a}\nlet b = {b}\nlet g = {g}\nlaw l = mean(a*b*g) constant\n")
    for part, name in zip(
        (condition.value_coefficient, condition.normal_coefficient, condition.value), "abg", strict=True
    ):
        wanted = to_sympy(other.definitions[name].components[0], other, table)
        assert sp.simplify(to_sympy(part, model, table) - wanted) == 0, expr_text(part)
    found = kind_of(condition.coefficients)
    assert found is not None and found.name == kind
    assert not condition.announced


def test_every_channel_has_a_condition_on_each_side_of_each_walled_axis() -> None:
    model = loads_model(
        "space x in [0, 1], y in [0, 1], z in [0, 1] periodic\nvector state w(x, y, z)\nstate u(x, y, z), T\n"
        "dt(w) = lap(w)\ndtt(u) = lap(u)\ndt(T) = -T\n"
        "bc w = (0, 1, 0) at x = 0\nbc dn(w.x) = 2 at x = 1\nbc w = 0 at y = 0, y = 1\n"
    )
    keys = [(w.channel, w.axis, w.side) for w in model.walls]
    expected = [(c, a, s) for c in ("w.x", "w.y", "w.z", "u", "dt(u)") for a in "xy" for s in (0, 1)]
    assert sorted(keys) == sorted(expected)
    assert texts(wall(model, "w.y", "x", 0)) == ("1", "0", "1")
    assert texts(wall(model, "w.x", "x", 1)) == ("0", "1", "2")
    assert texts(wall(model, "w.z", "x", 1)) == ("0", "1", "0")
    assert wall(model, "w.z", "x", 1).announced and wall(model, "u", "y", 0).announced
    assert any("`dn(u) = 0 at x = 0`" in d for d in model.defaults)


@pytest.mark.parametrize(
    "value",
    [
        "3", "h*y", "sin(t)", "t^3*exp(-k*t)/(1 + t^2)", "h^t", "tanh(t)*cos(2*t)", "sqrt(1 + t)*log(2 + t)",
        "atan(t) + erf(t)",
        "sigmoid(t) + softplus(t*k)", "atan2(t, 2)", "abs(t + 1)", "log10(1 + t)", "sinh(t)/cosh(t)",
        "asin(t/9) + acos(t/9)",
        "tan(t/2)", "shape", "min(t, 0.5)", "max(t, 0.2, t^2)", "ifelse(t < 0.4, t, t^2)", "relu(t - 0.3)",
    ],
)  # fmt: skip
def test_the_rate_of_a_prescribed_value_is_exact(value: str) -> None:
    model = loads_model(f"{ROD}let shape = t^2*cos(y + t)\nlaw l = mean(shape) constant\nbc u = {value} at x = 0\n")
    condition = wall(model, "u", "x", 0)
    table = SymbolTable(model)
    at = {table.time: 0.37, table.axes["y"]: 0.21, table.parameters["h"]: 3.0, table.parameters["k"]: 2.0}
    rate = to_sympy(condition.value_rate, model, table)  # type: ignore[arg-type]
    value_at = sp.lambdify(
        table.time,
        to_sympy(condition.value, model, table).subs({k: v for k, v in at.items() if k != table.time}),
        "scipy",
    )
    step = 1e-5
    numeric = (value_at(0.37 + step) - value_at(0.37 - step)) / (2 * step)
    assert float(rate.subs(at)) == pytest.approx(float(numeric), rel=1e-7, abs=1e-9)


def test_a_velocity_obeys_the_time_derivative_of_the_condition() -> None:
    model = loads_model(
        "space x in [0, 1]\nstate w(x)\nparam h = 2\ndtt(w) = dxx(w)\nbc dn(w) + h*w = sin(3*t) at x = 0\n"
    )
    value, rate = wall(model, "w", "x", 0), wall(model, "dt(w)", "x", 0)
    assert (rate.value_coefficient, rate.normal_coefficient) == (value.value_coefficient, value.normal_coefficient)
    table = SymbolTable(model)
    t = table.time
    assert sp.simplify(to_sympy(rate.value, model, table) - 3 * sp.cos(3 * t)) == 0
    assert sp.simplify(to_sympy(rate.value_rate, model, table) + 9 * sp.sin(3 * t)) == 0  # type: ignore[arg-type]


def test_the_coordinate_of_the_wall_itself_is_a_number() -> None:
    model = loads_model(f"{ROD}let shape = x*y\nlaw l = mean(shape) constant\nbc u = shape + cos(x) at boundary\n")
    assert texts(wall(model, "u", "x", 0)) == ("1", "0", "1")
    assert texts(wall(model, "u", "x", 1)) == ("1", "0", f"2*y - {-math.cos(2)!r}")
