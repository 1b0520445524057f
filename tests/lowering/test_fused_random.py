"""Kernels against plain torch on models written by chance: any mixture of what the language offers on a grid."""

from __future__ import annotations

import random

import pytest
import torch

from eqdsl.analysis.check import loads_model
from eqdsl.core import native
from eqdsl.core.errors import EqdslError
from eqdsl.lowering.vector_field import VectorField
from eqdsl.numerics.grid import grid_from_model
from eqdsl.numerics.integrators.integrate import integrate
from tests.lowering.test_fused import assert_same, pair, state_of

UNARY = (
    "-({})", "({})^2", "({})^3", "sin({})", "cos({})", "tanh({})", "exp(-({})^2)", "log(1 + ({})^2)",
    "sqrt(1 + ({})^2)", "abs({} + 0.17)", "1/(1 + ({})^2)", "sigmoid({})", "softplus({})", "relu({} - 0.31)", "erf({})",
    "atan({})", "sign({} - 0.29)", "heaviside({} - 0.37)", "(1 + ({})^2)^k", "(1 + ({})^2)^(-1.5)",
)  # fmt: skip
BINARY = (
    "{} + {}", "{} - ({})", "({})*({})", "({})*({})", "({})/(2 + ({})^2)", "min({}, {})", "max({}, {})",
    "atan2({}, 2 + ({})^2)", "ifelse({} > {}, {}, {})",
)  # fmt: skip


class Writer:
    """Writes one model; everything follows from the seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        pick = self.chance.choice
        self.axes = "xyz"[: pick((1, 2, 2, 2, 3))]
        self.order = pick((2, 2, 4))
        self.periodic = {a: pick((True, False, False)) for a in self.axes}

    def expression(self, depth: int, leaves: str) -> str:
        pick = self.chance.choice
        kind = self.chance.random()
        if depth == 0 or kind < 0.15:
            return pick(leaves.split())
        if kind < 0.7:
            return self.pointwise(depth, leaves)
        inner = self.expression(depth - 2, leaves) if depth > 2 else pick(("u", "v", "u*v", "u^2", "c*u"))
        a, b = pick(self.axes), pick(self.axes)
        first = f"d{a}({inner})"
        return pick((first, first, f"d{a}{a}({inner})", f"d{''.join(sorted({a, b}))}({inner})", f"lap({pick('uv')})",
                     f"div(({self.expression(1, leaves)})*grad({pick('uv')}))", f"mean({inner})"))  # fmt: skip

    def pointwise(self, depth: int, leaves: str) -> str:
        """The same without derivatives on top; `depth` 2 or less: none at all."""
        if depth == 0:
            return self.chance.choice(leaves.split())
        below = self.pointwise if depth <= 2 else self.expression
        form = self.chance.choice(UNARY if self.chance.random() < 0.5 else BINARY)
        return form.format(*(below(depth - 1, leaves) for _ in range(form.count("{}"))))

    def wall(self, state: str, axis: str, end: str) -> str:
        others = [a for a in self.axes if a != axis]
        leaves = " ".join(["k", "0.5", "t", "m", "A", *others])
        value = self.pointwise(2, leaves)
        form = self.chance.choice(
            ("{0} = {1}", "dn({0}) = {1}", "dn({0}) + k*{0} = {1}", "(1 + k^2)*{0} + dn({0}) = {1}", "")
        )
        return f"bc {form.format(state, value)} at {axis} = {end}\n" if form else ""

    def text(self) -> str:
        pick, axes = self.chance.choice, ", ".join(self.axes)
        leaves = " ".join(["u", "v", "u", "v", "k", "m", "0.7", "t", "A", "c", "f", "w", *self.axes])
        text = "space " + ", ".join(f"{a} in [0, 1]" + " periodic" * self.periodic[a] for a in self.axes) + "\n"
        text += f"state u({axes}), v({axes})\nstate A\nparam k = fit 0.7 in (0, 5)\nparam m = 1.3\n"
        text += f"param c({axes}) = fit 0.4\nlearned f(u, v) by mlp(4)\n"
        text += f"let w = {self.expression(2, 'u v k m ' + ' '.join(self.axes))}\n"
        text += "".join(f"dt({s}) = {self.expression(4, leaves)}\n" for s in "uv")
        text += f"dt(A) = mean({self.expression(2, 'u v k A')}) - A\n"
        for axis in self.axes:
            for state in "uv" * (not self.periodic[axis]):
                text += self.wall(state, axis, "0") + self.wall(state, axis, "1")
        least = {2: 6, 4: 10}[self.order]
        sizes = [f"{a} = {least + pick((0, 1, 5, 13))}" for a in self.axes]
        return text + f"scheme order = {self.order}\ngrid {', '.join(s + pick(('', ' nodes')) for s in sizes)}\n"


def written(seed: int) -> tuple[str, VectorField, VectorField]:
    """The first model of a seed that the language takes."""
    for attempt in range(1000):
        text = Writer(1000 * seed + attempt).text()
        try:
            model = loads_model(text)
            fast, plain = pair(model, grid_from_model(model))
        except EqdslError:
            continue
        return text, fast, plain
    raise AssertionError("no model")


@pytest.mark.filterwarnings("ignore::eqdsl.core.errors.EqdslWarning")
@pytest.mark.parametrize("seed", range(10))
def test_a_kernel_is_the_model(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates, gradients in everything, and steps inside the kernel."""
    # What the compiler does at -O3 is the same, later.
    monkeypatch.setattr(native, "FLAGS", tuple("-O1" if flag == "-O3" else flag for flag in native.FLAGS))
    text, fast, plain = written(seed)
    state, times = state_of(fast, batch=2), torch.tensor([0.3, 0.4], dtype=torch.float64)
    try:
        assert_same(fast, plain, times, state, 1e-11, 1e-9)
        assert fast.fused.refused == "" or "not periodic" in fast.fused.refused or "too few" in fast.fused.refused
        uneven = torch.tensor([0.0, 1e-6, 4e-6], dtype=torch.float64)
        with torch.no_grad():
            found, wanted = (integrate(f, state, uneven, method="heun", substeps=2) for f in (fast, plain))
        assert torch.allclose(found, wanted, rtol=1e-9, atol=1e-9)
    except AssertionError as failure:
        raise AssertionError(f"{failure}\n{text}") from None
