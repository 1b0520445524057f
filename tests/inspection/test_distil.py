"""From network to formula to a model file that runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eqdsl.analysis.check import check_source, load_model, loads_model
from eqdsl.core.errors import UsageError
from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.distil import Comparison, distilled_model
from eqdsl.inspection.formula import Formula, find_formula
from eqdsl.inspection.horizon import roll_out
from eqdsl.inspection.inspect import inspect_run
from eqdsl.inspection.units import named_coefficients, unit_factors, unit_text
from eqdsl.lowering.vector_field import compile_model
from eqdsl.model.model import Model
from tests.inspection.teaching import MemoryRun

FLUX = """# a flux and two heads
model flux
space x in [0, 6.283185307179586] periodic   # the ring
grid x = 16
state u(x), v(x)
param nu = fit 0.3 in (0, 1) "viscosity"
learned f(u, v) by mlp(8, 8)
  with f(0, 0) = 0
learned g(u, dx(u)), h(u, dx(u)) by mlp(8)   # two heads
known swapped = f(v, u)
dt(u) = -dx(f( u,v )) + nu*dxx(u) + g + f(f(u, v), 2*v)
dt(v) = h + swapped
init u = sin(x)
init v = 0.1*cos(x)
"""


def formulas_of(model: Model, **planted: object) -> dict[str, tuple[Formula, ...]]:
    x = np.random.default_rng(0).uniform(-1, 1, (500, 2))
    return {
        term.name: tuple(
            find_formula(x, planted[name](x[:, 0], x[:, 1]), term.input_names)  # type: ignore[operator]
            for name in term.outputs
        )
        for term in model.learned
    }


def test_only_the_statements_concerned_change() -> None:
    model = loads_model(FLUX, "flux.eq")
    formulas = formulas_of(model, f=lambda a, b: 0.5 * b - a**2, g=lambda a, b: 3 * a, h=lambda a, b: a * b)
    text, distilled = distilled_model(model, formulas, {"nu": 0.0123456789})
    body = text.partition("\n")[2]
    expected = (
        FLUX.replace('param nu = fit 0.3 in (0, 1) "viscosity"', 'param nu = 0.0123457 "viscosity"')
        .replace("learned f(u, v) by mlp(8, 8)\n  with f(0, 0) = 0", "known f = 0.5*v - u^2")
        .replace("learned g(u, dx(u)), h(u, dx(u)) by mlp(8)", "known g = 3*u\nknown h = u*dx(u)")
        .replace("known swapped = f(v, u)", "known swapped = (0.5*u - v^2)")
        .replace("-dx(f( u,v ))", "-dx(f)")
        .replace("f(f(u, v), 2*v)", "(0.5*(2*v) - f^2)")
    )
    assert body == expected
    assert not distilled.learned


def test_distilled_file_is_the_same_vector_field() -> None:
    """At other arguments too: the distilled field against the equations written out by hand."""
    model = loads_model(FLUX, "flux.eq")
    formulas = formulas_of(model, f=lambda a, b: 0.5 * b - a**2, g=lambda a, b: 3 * a, h=lambda a, b: a * b)
    _, distilled = distilled_model(model, formulas, {"nu": 0.25})
    by_hand = loads_model(
        "space x in [0, 6.283185307179586] periodic\ngrid x = 16\nstate u(x), v(x)\n"
        "dt(u) = -dx(0.5*v - u^2) + 0.25*dxx(u) + 3*u + 0.5*(2*v) - (0.5*v - u^2)^2\n"
        "dt(v) = u*dx(u) + 0.5*u - v^2\n"
    )
    first, second = compile_model(distilled), compile_model(by_hand)
    state = first.initial_state()
    assert first(0.0, state).detach().numpy() == pytest.approx(second(0.0, state).detach().numpy(), abs=1e-12)


def test_coefficients_with_units_become_parameters(blind_run: MemoryRun) -> None:
    x = np.linspace(-1, 1, 200)[:, None]
    formula = find_formula(x, -0.2 * x[:, 0] + 0.1 * x[:, 0] ** 2, ("omega",))
    names, lines = named_coefficients(blind_run.model, {"friction": (formula,)})
    assert names == {("friction", 0): ("friction_1", None)}
    assert "param friction_1: 1/s = 0.2" in lines.splitlines()
    text, distilled = distilled_model(blind_run.model, {"friction": (formula,)}, {"omega0": 1.0})
    assert "known friction = -friction_1*omega + 0.1*omega^2" in text
    assert "# what slows it" in text and "# Damped pendulum." in text
    assert distilled.parameter("friction_1").value == 0.2


def test_units_are_multiplied_out() -> None:
    assert unit_text(unit_factors("m*kg/s^2/m")) == "kg/s^2"
    assert unit_text(unit_factors("1/year")) == "1/year"
    assert unit_factors("1") == {}


def test_pendulum_end_to_end(blind_run: MemoryRun) -> None:
    inspection = inspect_run(blind_run, distil=True, plots=False, force=True)
    found = inspection.distillation
    assert found is not None and found.formulas["friction"].text == "-0.2*omega"
    assert inspection.equations["omega"] == "dt(omega) = -1^2*sin(theta) + (-0.2*omega)"
    assert found.comparison is not None
    assert found.comparison.formula_to_data < found.comparison.network_to_data * 10 + 1e-8
    written = blind_run.path / "distilled.eq"
    model = load_model(written)
    data = blind_run.trajectories
    states = roll_out(compile_model(model), data.times, data.state[:, 0])
    assert np.max(np.abs(states - data.state)) < 1e-3


def test_distilled_file_is_not_overwritten_when_it_was_edited(blind_run: MemoryRun, tmp_path: Path) -> None:
    run = MemoryRun(tmp_path, blind_run.model, blind_run.field, blind_run.trajectories)
    inspect_run(run, distil=True, plots=False)
    inspect_run(run, distil=True, plots=False)
    (tmp_path / "distilled.eq").write_text("# mine\n")
    with pytest.raises(UsageError, match="exists and says something else"):
        inspect_run(run, distil=True, plots=False)
    assert (tmp_path / "distilled.eq").read_text() == "# mine\n"
    inspect_run(run, distil=True, plots=False, force=True)
    assert check_source(load_model(tmp_path / "distilled.eq").source).model is not None


def test_coefficient_fields_keep_their_declaration_and_are_compared_as_fitted(tmp_path: Path) -> None:
    text = (
        "space x in [0, 1] periodic\ngrid x = 12\nstate u(x)\nparam D(x) = fit 0.01 in (0, 1)\n"
        "learned R(u) by mlp(4)\ndt(u) = D*dxx(u) + R\n"
    )
    model = loads_model(text, "field.eq")
    field = compile_model(model, seed=0)
    field.physical.set_value("D", 0.02)
    state = np.sin(2 * np.pi * np.arange(12) / 12)[None, None, None] * np.linspace(1, 0.5, 5)[None, :, None, None]
    data = Trajectories(
        0.1 * np.arange(5)[None].repeat(4, 0), state.repeat(4, 0), np.full(4, 5), ("u",), field.grid.coordinates()
    )
    found = inspect_run(MemoryRun(tmp_path, model, field, data), distil=True, plots=False)
    assert found.parameters[0].value == pytest.approx(0.02) and "field over (x)" in found.parameters[0].meaning
    assert found.distillation is not None and "param D(x) = fit 0.01 in (0, 1)" in str(found.distillation.text)
    assert "stay to be fitted in the file: D" in found.distillation.note
    assert found.distillation.comparison is not None
    # The network was never fitted; the formula is the data's.
    assert found.distillation.comparison.formula_to_data < 0.1 * found.distillation.comparison.network_to_data


def test_formulas_that_predict_much_worse_than_the_learned_terms_are_told() -> None:
    assert Comparison(1e-3, 9e-3, 8e-3).warning == ""
    assert Comparison(1e-3, 0.5e-3, 1e-4).warning == ""
    assert Comparison(1e-3, 0.064, 0.06).warning == (
        "the formulas predict these data 64 x worse than the learned terms: they lack something that matters. Fit "
        "longer, or to more data, before distilling"
    )
