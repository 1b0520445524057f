"""Wrong numerics fail: each sabotage is small, and the check that should see it does."""

from __future__ import annotations

import torch

from eqdsl.analysis.check import loads_model
from eqdsl.lowering import operations, stencils, walls
from eqdsl.numerics.grid import grid_from_model
from eqdsl.verification.laws import check_laws
from eqdsl.verification.order import check_order
from eqdsl.verification.verify import verify_model

HEAT = "space x in [0, 1]\nscheme order = 4\nstate u(x)\ndt(u) = dxx(u)\nbc u = 0 at x = 0\nbc dn(u) = 0 at x = 1\n"
TRANSPORT = "space x in [0, 1] periodic\nstate u(x)\ndt(u) = -dx(u) + 1e-2*dxx(u)\n"
PENDULUM = "state q, p\nparam w = fit 1\ndt(q) = p\ndt(p) = -w^2*sin(q)*p\n"


def verdicts(text):
    return {check.key: check.verdict for check in verify_model(loads_model(text), quick=True).checks}


def test_a_stencil_weight_that_is_one_percent_off_fails(monkeypatch):
    right = stencils.central

    def wrong(derivative, order):
        first, *others = right(derivative, order)
        return (1.01 * first, *others)

    assert check_order(loads_model(TRANSPORT), {}).verdict == "passed"
    monkeypatch.setattr(stencils, "central", wrong)
    check = check_order(loads_model(TRANSPORT), {})
    assert check.verdict == "failed"
    assert max(row["order"] for row in check.data) < 0.5


def test_a_wall_closure_of_lower_order_fails(monkeypatch):
    right = walls.closure
    assert check_order(loads_model(HEAT), {}).verdict == "passed"
    monkeypatch.setattr(walls, "closure", lambda order, *rest: right(order - 3, *rest))
    check = check_order(loads_model(HEAT), {})
    assert check.verdict == "failed"
    found = {row["error"]: row["verdict"] for row in check.data}
    assert found["truncation, inner half"] == "passed"
    assert found["solution"] == "failed"


def test_a_factor_missing_from_the_gradient_fails_the_taylor_test(monkeypatch):
    assert verdicts(PENDULUM)["gradient"] == "passed"
    monkeypatch.setitem(operations.FUNCTIONS, "sin", lambda x: torch.sin(x.detach()))
    found = verdicts(PENDULUM)
    assert (found["gradient"], found["adjoint"], found["order"]) == ("failed", "passed", "passed")


class WrongBackward(torch.autograd.Function):
    """A sine whose reverse derivative is 0.1 % too large."""

    @staticmethod
    def forward(x):
        return torch.sin(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 1.001 * grad * torch.cos(x)

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return tangent * torch.cos(x)


def test_a_reverse_derivative_that_is_no_transpose_fails_the_dot_test(monkeypatch):
    monkeypatch.setitem(operations.FUNCTIONS, "sin", WrongBackward.apply)
    found = verdicts(PENDULUM)
    assert (found["adjoint"], found["gradient"]) == ("failed", "failed")


def test_a_law_that_does_not_hold_fails_and_one_of_the_scheme_is_told_apart():
    decay = loads_model("state u\ndt(u) = -u\ninit u = 1\nlaw kept = u constant\nlaw less = u decreasing\n")
    check = check_laws(decay, None)
    assert [row["verdict"] for row in check.data] == ["failed", "passed"]

    text = "space x in [0, 1] periodic\nstate w(x)\ndtt(w) = dxx(w)\ninit w = sin(2*pi*x)\ninit dt(w) = 0.5\n"
    laws = "law momentum = integral(dt(w)) constant\nlaw energy = integral((dt(w)^2 + dx(w)^2)/2) constant\n"
    wave = loads_model(text + laws)
    pair = tuple(grid_from_model(wave, {"x": n}) for n in (20, 40))
    momentum, energy = check_laws(wave, pair).data
    # Differences sum to zero exactly; the energy's dx is another stencil than the equation's dxx.
    assert (momentum["verdict"], momentum["words"]) == ("passed", "holds")
    assert energy["verdict"] == "passed" and "falls with the grid" in energy["words"]
