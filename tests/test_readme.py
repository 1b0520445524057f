"""The README tells the truth: its model checks, its Python runs, its tables are complete, its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import publish
from eqdsl.analysis.check import loads_model
from eqdsl.learned.table import FAMILIES
from eqdsl.numerics.integrators.table import METHODS
from eqdsl.operators.table import OPERATORS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *ROOT.glob("docs/*.md"),
        *ROOT.glob("benchmarks/*.md"),
        *ROOT.glob("examples/**/*.md"),
    ]
)


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)


def row(name: str) -> str:
    """The cell beside a name in the table of what exists."""
    found = re.search(rf"^\| {name} \| (.*) \|$", README, re.MULTILINE)
    assert found is not None
    return found.group(1)


def test_the_model_is_the_example():
    (text,) = [b for b in blocks("text") if b.startswith("# Damped pendulum")]
    example = (ROOT / "examples/pendulum/model.eq").read_text()
    assert [line for line in example.splitlines() if not line.startswith("# data")] == text.splitlines()
    assert loads_model(text).name == "pendulum"


def test_the_messages_are_those_of_the_stored_model():
    stored = (ROOT / "tests/models/bad/heat.expected").read_text()
    assert f"$ eqdsl check heat.eq\n{stored}" in README


def test_the_python_runs():
    (code,) = blocks("python")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_tables_name_what_exists():
    assert set(METHODS) <= set(re.findall(r"\w+", row("integrators")))
    assert set(FAMILIES) <= set(re.findall(r"\w+", row("learned terms")))
    named = set(re.findall(r"\w+", row("operators")))
    assert {"grad", "lap", "div", "curl", "dot", "cross", "norm", "advect", "biharm"} <= named & set(OPERATORS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    inside = [link for link in links if "://" not in link]
    missing = [link for link in inside if not (page.parent / link).exists()]
    assert not missing


def test_no_placeholder_is_left():
    assert not [page.name for page in PAGES if "@@" in page.read_text()]


@pytest.mark.parametrize("page", publish.PAGES, ids=lambda p: p.parent.name)
def test_measured_rows_are_those_of_the_results(page):
    assert publish.PLACE.search(page.read_text())
    assert publish.published(page.read_text()) == page.read_text()


@pytest.mark.parametrize("path", sorted(ROOT.glob("examples/*/*.eq")), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_examples_check_without_errors(path):
    assert loads_model(path.read_text(), str(path)).equations
