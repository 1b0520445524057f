"""The linear part of models: which terms it takes, and that it is the compiled operator itself."""

from __future__ import annotations

import math

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core.errors import UsageError
from eqdsl.lowering.linear_terms import LinearTerms
from eqdsl.lowering.vector_field import VectorField, compile_model
from eqdsl.model.text import expr_text
from eqdsl.numerics.integrators.integrate import integrate
from eqdsl.numerics.mode_bases import CellCosines, Eigenvectors, NodeCosines, NodeSines

LINE = "space x in [0, 2*pi] periodic\ngrid x = 18\nscheme order = {order}\nparam k = 0.3\nparam c = 2\nstate u(x)\n"
PLANE = "space x in [0, 1] periodic, y in [0, 2] periodic\ngrid x = 15, y = 16\nscheme order = {order}\nparam k = 0.3\n"
PERIODIC = {
    "heat": LINE + "dt(u) = k*dxx(u)",
    "advection-diffusion": LINE + "dt(u) = k*dxx(u) - c*dx(u)",
    "KdV": LINE + "dt(u) = -dxxx(u)/k",
    "wave": LINE.replace("state u(x)\n", "state w(x)\n") + "dtt(w) = c^2*dxx(w)",
    "telegraph": LINE.replace("state u(x)\n", "state w(x)\n") + "dtt(w) = c^2*dxx(w) - k*dt(w) - w",
    "biharmonic": PLANE + "state u(x, y)\ndt(u) = -k*biharm(u) - lap(u)",
    "flux form and mixed": PLANE + "state u(x, y)\ndt(u) = div(k*grad(u)) + dxy(u)/5",
    "coupled by definitions": PLANE
    + "state u(x, y), v(x, y)\nlet f = k*lap(v) + u\ndt(u) = lap(u)/k - f\ndt(v) = 2*(u - dx(v)) - v/2",
    "vector state": PLANE + "vector state a(x, y)\ndt(a) = k*lap(a) + grad(div(a))",
}
WALLS = {
    "closed": "",
    "held": "bc u = 0 at boundary\n",
    "exchange": "bc dn(u) + 2*u = 0 at boundary\n",
    "held at one end": "bc u = 0 at x = 0\n",
    "exchange to be found": "bc dn(u) + k*u = 0 at x = 0\n",
}


def compiled(text: str) -> VectorField:
    return compile_model(loads_model(text))


def random_state(field: VectorField) -> torch.Tensor:
    shape = (2, len(field.model.channels), *field.grid.shape)
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))


def relative(one: torch.Tensor, two: torch.Tensor) -> float:
    return float((one - two).abs().max() / two.abs().max())


def check_operator(field: VectorField) -> None:
    """On a linear model L is the vector field, and `solve` inverts ``I - h L``."""
    linear, state = field.linear_part(), random_state(field)
    assert relative(linear.apply(state), field(0.0, state)) < 1e-10
    solved = linear.solve(state, 0.07)
    assert relative(solved - 0.07 * linear.apply(solved), state) < 1e-10


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("name", PERIODIC)
def test_the_linear_part_of_a_linear_model_is_the_model(name: str, order: int) -> None:
    check_operator(compiled(PERIODIC[name].format(order=order) + "\n"))


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("operator", ["k*dxx(u) - u", "div(k*grad(u))", "k*dxx(u) - dx(u)"])
def test_the_linear_part_between_walls_is_the_model(operator: str, wall: str, order: int, position: str) -> None:
    head = f"space x in [0, 1]\ngrid x = 14 {position}\nscheme order = {order}\nstate u(x)\nparam k = 0.3\n"
    check_operator(compiled(f"{head}dt(u) = {operator}\n{WALLS[wall]}"))


@pytest.mark.parametrize("position", ["cells", "nodes"])
@pytest.mark.parametrize("wall", ["closed", "held", "exchange", "exchange to be found"])
@pytest.mark.parametrize("first", ["", " periodic"])
def test_the_linear_part_in_two_dimensions(first: str, wall: str, position: str) -> None:
    text = WALLS[wall].replace("x = 0", "y = 0")
    head = f"space x in [0, 1]{first}, y in [0, 2]\ngrid x = 11 {position}, y = 8 {position}\nparam k = 0.3\n"
    check_operator(compiled(f"{head}state u(x, y)\ndt(u) = k*lap(u) - u\n{text}"))


def bases_of(text: str) -> list[type]:
    return [type(bases[0]) for _, bases in compiled(text).linear_part().space.walled]


def test_a_fast_transform_is_taken_where_it_is_exact() -> None:
    body = "state u(x)\ndt(u) = dxx(u)\n"
    for position, wall, order, basis in (
        ("cells", "", 2, CellCosines),
        ("nodes", "", 2, NodeCosines),
        ("nodes", "bc u = 0 at boundary\n", 2, NodeSines),
        ("cells", "bc u = 0 at boundary\n", 2, Eigenvectors),
        ("cells", "", 4, Eigenvectors),
    ):
        assert bases_of(f"space x in [0, 1]\ngrid x = 16 {position}\nscheme order = {order}\n{body}{wall}") == [basis]


def test_values_of_walls_stay_in_the_rest() -> None:
    """L takes the walls as homogeneous; what they hold is the difference, and does not depend on the state."""
    field = compiled(
        "space x in [0, 1]\ngrid x = 17 nodes\nstate u(x)\ndt(u) = dxx(u)\n"
        "bc u = 3 + t at x = 0\nbc dn(u) = 2 at x = 1\n"
    )
    linear, one, two = field.linear_part(), *random_state(field).split(1)
    rest = [field(0.5, state) - linear.apply(state) for state in (one, two)]
    torch.testing.assert_close(rest[0], rest[1], rtol=0, atol=1e-9)
    assert float(rest[0][0, 0, 0]) == pytest.approx(1.0)


TAKEN = {
    "u*(1 - u) + k*dxx(u)": "k*dxx(u)",
    "u - u^3": "u",
    "-dx(u^2/2) - dxx(u) - d(u, x, 4)": "-dxx(u) - d(u, x, 4)",
    "2*(k*dxx(u) + sin(u))/c": "2*(k*dxx(u))/c",
    "c*(1 - u)": "-c*u",
    "t*dxx(u) + field*dxx(u) + x*u - dx(field*dx(u))": None,
    "dx(k*dx(u) + u^2)": "dx(k*dx(u))",
    "diffusion": "k^2*dxx(u)",
    "mean(u) + ifelse(u > 0, u, 0)": None,
    "exp(k)*u + p": "exp(k)*u",
}


@pytest.mark.parametrize("rate", TAKEN)
def test_what_counts_as_linear(rate: str) -> None:
    model = loads_model(
        "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\nstate p\nparam k = 0.3\nparam c = 2\n"
        "param field(x) = fit 1\nknown diffusion = k^2*dxx(u)\n"
        f"dt(p) = -p\ndt(u) = {rate}\n"
    )
    found = LinearTerms(model).of_model()
    assert {name: expr_text(e) for name, e in found.items()} == ({} if TAKEN[rate] is None else {"u": TAKEN[rate]})


def test_channels_that_share_no_basis_are_left_uncoupled() -> None:
    """u is held and v is not: their diffusion is solved for, what couples them is in the rest."""
    field = compiled(
        "space x in [0, 1], y in [0, 1]\ngrid x = 12, y = 10\nstate u(x, y), v(x, y)\n"
        "dt(u) = lap(u) + v\ndt(v) = 2*lap(v) - u\nbc u = 0 at boundary\n"
    )
    linear, state = field.linear_part(), random_state(field)
    coupling = torch.stack([state[:, 1], -state[:, 0]], dim=1)
    torch.testing.assert_close(linear.apply(state), field(0.0, state) - coupling, rtol=0, atol=1e-9)
    assert linear.space.block == 1


def test_plain_variables_beside_fields_stay_one_number() -> None:
    field = compiled("space x in [0, 1]\ngrid x = 12\nstate u(x)\nstate p\ndt(u) = dxx(u) + p\ndt(p) = -p + mean(u)\n")
    linear, state = field.linear_part(), torch.ones(1, 2, 12, dtype=torch.float64)
    assert torch.equal(linear.apply(state)[:, 1], torch.zeros(1, 12, dtype=torch.float64))
    torch.testing.assert_close(linear.solve(state, 1.0)[:, 1], state[:, 1])


REFUSED = {
    "space x in [0, 1] periodic\ngrid x = 16\nstate u(x)\ndt(u) = -dx(u^2/2)\n": "no term of its equations",
    "space x in [0, 1], y in [0, 1]\ngrid x = 12, y = 12\nstate u(x, y)\ndt(u) = lap(u)\n"
    "bc dn(u) + (1 + y)*u = 0 at x = 0\n": "coefficient that varies",
    "space x in [0, 1], y in [0, 1]\ngrid x = 12, y = 12\nstate u(x, y)\nparam k = 1\ndt(u) = lap(u)\n"
    "bc dn(u) + k*u = 0 at boundary\n": "along `x` and `y`",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_model_without_a_usable_linear_part_says_why(text: str) -> None:
    with pytest.raises(UsageError, match=REFUSED[text]) as caught:
        compiled(text).linear_part()
    assert "dopri5" in str(caught.value)


def test_state_dict_and_copies_know_nothing_of_it() -> None:
    field = compiled(PERIODIC["heat"].format(order=2) + "\n")
    before = list(field.state_dict())
    field.linear_part()
    assert list(field.state_dict()) == before


UPWIND = {
    "advection": "space x in [0, 1] periodic\ngrid x = 24\nstate u(x)\nscheme dx = upwind({})\ndt(u) = -dx(u)\n",
    "acoustics": "space x in [0, 1] periodic\ngrid x = 12\nstate p(x), v(x)\nparam c = 2\nscheme dx = upwind({})\n"
    "dt(p) = -c*dx(v)\ndt(v) = -c*dx(p) - 0.1*v\n",
    "acoustics between walls": "space x in [0, 1]\ngrid x = 12\nstate p(x), v(x)\nscheme dx = upwind({})\n"
    "dt(p) = -dx(v)\ndt(v) = -dx(p)\nbc v = 0 at boundary\n",
    "two schemes": "space x in [0, 1] periodic, y in [0, 1] periodic\ngrid x = 8, y = 8\nstate u(x, y)\n"
    "scheme advect = upwind({}), dy = upwind(1)\ndt(u) = -advect((1, -0.5), u) - 2*dy(u) + 0.01*lap(u)\n",
}


@pytest.mark.parametrize("order", [1, 3, 5])
@pytest.mark.parametrize("problem", UPWIND)
def test_linear_schemes_are_part_of_it_and_leave_the_step_unbounded(problem: str, order: int) -> None:
    """With central differences in L the rest kept the upwind part, and steps across two cells made it grow."""
    field = compile_model(loads_model(UPWIND[problem].format(order)))
    channels, points = len(field.model.channels), field.grid.shape
    unit = torch.eye(channels * math.prod(points), dtype=torch.float64).reshape(-1, channels, *points)
    with torch.no_grad():
        assert torch.allclose(field.linear_part().apply(unit), field(0.0, unit), atol=1e-11)
        for method in ("imex_euler", "ars222", "ars443", "etdrk4"):
            times = torch.tensor([0.0, 5 / points[0]], dtype=torch.float64)
            step = integrate(field, unit, times, method=method)[:, -1].reshape(len(unit), -1)
            assert torch.linalg.eigvals(step).abs().max() <= 1 + 1e-10


def test_schemes_that_weigh_by_the_state_are_central_in_it() -> None:
    """They stay stable as long as their own explicit steps are."""
    text = "space x in [0, 1] periodic\ngrid x = 40\nstate u(x)\nscheme dx = {}\ndt(u) = -dx(u)\ninit u = sin(2*pi*x)\n"
    central, weno = (compile_model(loads_model(text.format(s))) for s in ("central", "weno(5)"))
    state = weno.initial_state()
    assert torch.allclose(weno.linear_part().apply(state), central(0.0, state), atol=1e-12)
    times = torch.linspace(0, 5, 6, dtype=torch.float64)
    with torch.no_grad():
        found = integrate(weno, state, times, method="ars222", step=0.5 / 40)
    assert found.abs().max() <= 1.0


def test_gradients_through_an_upwind_part_are_exact() -> None:
    field = compile_model(
        loads_model(
            "space x in [0, 1] periodic\ngrid x = 8\nstate u(x)\nparam c = fit 0.7\nscheme dx = upwind(3)\n"
            "dt(u) = -c*dx(u) - u^2\n"
        )
    )
    raw = {n: p.detach().clone().requires_grad_() for n, p in field.named_parameters()}
    times = torch.tensor([0.0, 0.3], dtype=torch.float64)
    start = torch.sin(torch.arange(8, dtype=torch.float64)).reshape(1, 1, 8)

    def end(*values: torch.Tensor) -> torch.Tensor:
        with torch.nn.utils.stateless._reparametrize_module(field, dict(zip(raw, values, strict=True))):
            return integrate(field, start, times, method="etdrk4", substeps=2)[:, -1]

    assert torch.autograd.gradcheck(end, tuple(raw.values()), atol=1e-7, rtol=1e-5)
