"""Checking is quick and bounded, and loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from eqdsl.analysis.check import check_source
from eqdsl.core.source import SourceText

USUAL = """
space x in [0, 1], y in [0, 1]
state u(x, y), v(x, y)
param a = fit 1e-3 in (0, 0.1)
learned Ru(u, v), Rv(u, v) by mlp(64, 64)
dt(u) = a*lap(u) + Ru - div(u*grad(v))
dt(v) = a*lap(v) + Rv
bc u = sin(t) at x = 0
law mass = integral(u + v) constant
"""


def check(text: str) -> tuple[list[str], float]:
    start = time.perf_counter()
    found = check_source(SourceText("hostile.eq", text))
    return [d.code for d in found.diagnostics], time.perf_counter() - start


def test_a_usual_model_is_checked_in_no_time() -> None:
    check(USUAL)
    assert min(check(USUAL)[1] for _ in range(3)) < 0.05


@pytest.mark.parametrize("module", ["sympy", "torch", "numpy", "h5py"])
def test_checking_loads_nothing_heavy(module: str) -> None:
    code = (
        f"import sys; from eqdsl.analysis.check import loads_model; loads_model({USUAL!r}); "
        f"print({module!r} in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


DOUBLING = "\n".join([*(f"let a{i} = a{i + 1}*a{i + 1} + a{i + 1}" for i in range(40)), "let a40 = "])
HEAD = "space x in [0, 1], y in [0, 1] periodic\nstate u(x, y), v(x, y)\n"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}dt(u) = dx(a0) + div(a0*grad(a0))\ndt(v) = 0\n{DOUBLING}dx(u)\n",
        f"{HEAD}dt(u) = 0\ndt(v) = 0\nbc u = a0 at x = 0\n{DOUBLING}sin(t + x)\n",
        f"{HEAD}dt(u) = 0\ndt(v) = 0\nbc a0 = 0 at x = 0\n{DOUBLING}u\n",
        f"{HEAD}dt(u) = a0\ndt(v) = 0\nlearned f(a0) by mlp(4)\n{DOUBLING}u\n",
        f"{HEAD}param k = fit 1\nlearned f(u) by mlp(4) with f(0) = 0\ndt(u) = k*a0 + f\ndt(v) = 0\n{DOUBLING}u\n",
        f"{HEAD}param k = fit 1\nlearned f(u) by poly(3)\ndt(u) = k*a0 + f\ndt(v) = 0\n{DOUBLING}u\n",
        f"{HEAD}param k = fit 1\nlearned f(u)\ndt(u) = k*a0 + f\ndt(v) = 0\n{DOUBLING.replace(' + a', '*a')}u\n",
        f"{HEAD}param k = fit 1\nlearned f(u)\ndt(u) = k*a0 + f\ndt(v) = 0\n{DOUBLING.replace('*a', '/a')}u\n",
        f"{HEAD}param k = fit 1\nlearned f(u)\ndt(u) = k*a0 + f\ndt(v) = 0\n{DOUBLING.replace('*a', '+a')}u\n",
        f"{HEAD}dt(u) = {'lap(' * 30}u{')' * 30}\ndt(v) = 0\n",
        f"{HEAD}dt(u) = {'dxy(' * 30}u{')' * 30}\ndt(v) = 0\n",
        f"{HEAD}dt(u) = {'cross((u, v), (v, ' * 25}u{'))' * 25}\ndt(v) = 0\n",
        f"{HEAD}dt(u) = {'dot((u, v), grad(' * 25}u{'))' * 25}\ndt(v) = 0\n",
        f"{HEAD}dt(u) = {'-' * 150}u\ndt(v) = {'(' * 150}u{')' * 150}\n",
        f"{HEAD}dt(u) = {'/'.join(['u'] * 150)}\ndt(v) = {'*'.join(['u'] * 150)}\n",
        f"{HEAD}dt(u) = {'^'.join(['2'] * 150)}\ndt(v) = {' - '.join(['u'] * 150)}\n",
        HEAD
        + "".join(f"known b{i} = b{i + 1} + 1\n" for i in range(2000))
        + "known b2000 = u\ndt(u) = b0\ndt(v) = b1\n",
        HEAD + "".join(f"known b{i} = b{(i + 1) % 2000} + 1\n" for i in range(2000)) + "dt(u) = b0\ndt(v) = b1\n",
        HEAD + "".join(f"state s{i}\ndt(s{i}) = -q{i}*s{i}\n" for i in range(500)),
    ],
    ids=lambda text: text[len(HEAD) :][:30].replace("\n", " "),
)
def test_hostile_models_are_answered_in_time(text: str) -> None:
    _, seconds = check(text)
    assert seconds < 2.0
