"""What is printed: the command, its exit statuses, its Markdown and JSON, and one report as a whole text."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from eqdsl.analysis.check import loads_model
from eqdsl.cli.main import run
from eqdsl.verification.stability import coefficients
from eqdsl.verification.verify import verify_model

GOLDEN = Path(__file__).parent / "heat.txt"
HEAT = (
    "model heat\nspace x in [0, 1] periodic\ngrid x = 32\nstate u(x)\nparam k = fit 0.1 in (0, 1)\ndt(u) = k*dxx(u)\n"
    "init u = 1 + sin(2*pi*x)\nlaw mass = integral(u) constant\n"
)


@pytest.fixture
def heat(tmp_path):
    path = tmp_path / "heat.eq"
    path.write_text(HEAT)
    return str(path)


def rounded(text: str) -> str:
    """The text without what another machine's arithmetic may change: rounding-size numbers and last digits."""
    text = re.sub(r"-?\d\.\d{6}e[+-]\d\d", "#", text)
    return re.sub(r"\d\.\de-1[2-9]|0\.0e\+00", "tiny", text)


def test_report_as_a_whole_text(update_expected):
    text = rounded(str(verify_model(loads_model(HEAT), quick=True))) + "\n"
    if update_expected:
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


def test_markdown_has_a_table_for_every_check(heat, capsys):
    assert run(["verify", heat, "--quick", "--markdown"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("## Verification of `heat`\n\n### Order of accuracy: passed\n\n| state | error | grid 20 |")
    assert sum(line.startswith("| --- |") for line in out.splitlines()) == 5
    for line in (line for line in out.splitlines() if line.startswith("|")):
        assert line.endswith("|")


def test_json_holds_the_numbers(heat, capsys):
    import json

    assert run(["verify", heat, "--json", "--grid", "x=64", "--seed", "3"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["model"], document["passed"]) == ("heat", True)
    assert set(document["checks"]) == {"order", "gradient", "adjoint", "laws", "stability"}
    truncation = document["checks"]["order"]["rows"][0]
    assert truncation["grid"] == ["16", "32", "64"]
    assert truncation["order"] == pytest.approx(2, abs=0.1)
    steps = {row.get("method"): row["value"] for row in document["checks"]["stability"]["rows"]}
    # Closed form of the explicit limit: reach*h^2/(4*k).
    assert steps["euler"] == pytest.approx(2 / (4 * 0.1 * 64**2), rel=0.1)


def test_a_check_that_fails_ends_with_status_3(tmp_path, capsys):
    path = tmp_path / "decay.eq"
    path.write_text("model decay\nstate u\ndt(u) = -u\ninit u = 1\nlaw kept = u constant\n")
    assert run(["verify", str(path)]) == 3
    assert "Laws: failed" in capsys.readouterr().out


def test_a_wrong_model_ends_with_status_1_and_wrong_options_with_2(tmp_path, heat, capsys):
    path = tmp_path / "wrong.eq"
    path.write_text("state u\ndt(u) = -k*u\n")
    assert run(["verify", str(path)]) == 1
    assert run(["verify", heat, "--json", "--markdown"]) == 2
    assert run(["verify", heat, "--grid", "y=40"]) == 2
    assert run(["verify", heat, "--grid", "x=12"]) == 2
    assert "cannot be halved 2 times" in capsys.readouterr().err


def test_the_same_seed_gives_the_same_report():
    first, second = (verify_model(loads_model(HEAT), seed=5, quick=True).as_json() for _ in range(2))
    assert first == second


def test_numbers_of_the_linear_terms():
    text = "space x in [0, 1] periodic\nstate w(x), u(x)\nparam c = 3\nparam v = 2\n"
    model = loads_model(text + "dtt(w) = c^2*dxx(w) - u*dx(w)\ndt(u) = -v*dx(u) + u*dxx(u)\n")
    found = {(state, kind): number for state, kind, _, number in coefficients(model)}
    assert found == {("w", "wave"): 9.0, ("u", "advection"): -2.0}
    assert math.sqrt(found["w", "wave"]) == 3.0
