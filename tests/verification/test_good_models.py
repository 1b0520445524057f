"""Right models pass every check: the observed orders are those of the scheme, the gradients those of the rollout."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.verification.order import check_order
from eqdsl.verification.report import PASSED, SKIPPED
from eqdsl.verification.verify import verify_model

GOOD = Path(__file__).parents[1] / "models" / "good"
NAMES = [
    "heat_robin", "heat_nodes", "advection_diffusion", "burgers", "fitzhugh_nagumo", "fitzhugh_nagumo_ode", "wave_1d",
    "kdv", "kuramoto_sivashinsky", "pendulum", "pendulum_energy", "lotka_volterra",
]  # fmt: skip
WALLS = {"dirichlet": "u = 0", "neumann": "dn(u) = 0", "robin": "dn(u) + 2*u = 1"}


@pytest.mark.parametrize("name", NAMES)
def test_a_good_model_passes_every_check(name):
    model = load_model(GOOD / f"{name}.eq")
    found = {check.key: check for check in verify_model(model).checks}
    assert list(found) == ["order", "gradient", "adjoint", "laws", "stability"]
    assert {k: c.verdict for k, c in found.items() if k != "laws"} == dict.fromkeys(set(found) - {"laws"}, PASSED)
    assert found["laws"].verdict == (PASSED if model.laws else SKIPPED)
    for row in found["order"].data:
        if row["error"] in ("solution", "truncation", "truncation, inner half") and row["order"] is not None:
            assert row["order"] >= row["nominal"] - 0.25
    assert max(row["difference"] for row in found["adjoint"].data) <= 1e-12
    assert found["gradient"].data[0]["slope"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("wall", WALLS)
def test_heat_converges_with_the_order_of_the_scheme_at_every_wall(wall, order, position):
    model = loads_model(
        f"space x in [0, 1]\ngrid x = 20 {position}\nscheme order = {order}\nstate u(x)\n"
        f"dt(u) = div((1 + x^2)*grad(u))\nbc {WALLS[wall]} at boundary\n"
    )
    check = check_order(model, {})
    assert check.verdict == PASSED
    (solution,) = [row for row in check.data if row["error"] == "solution"]
    assert order - 0.25 <= solution["order"] <= order + 1.2


def test_a_time_dependent_wall_on_nodes_is_taken_at_the_stage_time():
    check = check_order(load_model(GOOD / "heat_nodes.eq"), {}, quick=True)
    assert [row["grid"] for row in check.data] == [["17x17", "33x33"]] * 3
    assert check.data[-1]["order"] == pytest.approx(2, abs=0.25)


def test_what_is_not_smooth_is_skipped_with_the_reason():
    check = check_order(loads_model("state u\ndt(u) = -abs(u) + floor(u)\n"), {})
    assert check.verdict == SKIPPED
    assert check.notes == ("`abs`, `floor` in the equations are not smooth, so no order is to be expected.",)


def test_states_stay_in_their_ranges_and_a_logarithm_gets_an_offset():
    for declared in ("state u in (0, inf)", "state u in [0, 1]", "state u"):
        check = check_order(loads_model(f"{declared}\ndt(u) = -u*log(u) + sqrt(u)\n"), {})
        assert check.verdict == PASSED, declared


def test_an_equation_too_large_for_algebra_is_not_computed():
    parts = [f"let {name} = {' + '.join([of] * 20)}\n" for name, of in (("a", "u"), ("b", "a"), ("c", "b"))]
    check = check_order(loads_model(f"state u\n{''.join(parts)}dt(u) = -c\n"), {})
    assert check.verdict == "not computed"
    assert "too large for algebra" in check.notes[0]


@pytest.mark.parametrize(
    "name",
    ["beam_clamped", "kdv_walls", pytest.param("cahn_hilliard_walls", marks=pytest.mark.slow), "heat_sixth_order"],
)
def test_two_conditions_a_side_and_order_six_have_the_order_of_the_scheme(name):
    """Each wall gets the value that its condition has at the exact solution, second and third derivatives too."""
    check = check_order(load_model(GOOD / f"{name}.eq"), {}, quick=True)
    assert check.verdict == PASSED
