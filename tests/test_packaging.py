"""The archives that people install, and the list of public names."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import eqdsl
from eqdsl.api import PUBLIC

ROOT = Path(__file__).parent.parent
PUBLIC_NAMES = [
    "EqdslError",
    "FitConfig",
    "Model",
    "Trajectories",
    "VectorField",
    "adapt",
    "compile_model",
    "evaluate",
    "fit",
    "format_text",
    "inspect",
    "latex",
    "load",
    "load_run",
    "loads",
    "read_data",
    "simulate",
    "write_data",
]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Names of the files in the wheel and in the source archive."""
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = out.glob("*.whl")
    (source,) = out.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
    with tarfile.open(source) as archive:
        in_source = {name.partition("/")[2] for name in archive.getnames()}
    return {"wheel": in_wheel, "source": in_source}


def package_files(*suffixes: str) -> set[str]:
    """Files of the package in this tree, relative to it."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "eqdsl").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and (not suffixes or path.suffix in suffixes)
    }


def test_wheel_carries_the_package_the_grammar_and_nothing_else(archives: dict[str, set[str]]) -> None:
    wheel = archives["wheel"]
    assert {"eqdsl/grammar/eqdsl.lark", "eqdsl/py.typed"} <= wheel
    assert package_files(".py", ".eq", ".html", ".css", ".j2") <= wheel
    assert {name.split("/")[0] for name in wheel} == {"eqdsl", "eqdsl-0.1.0.dist-info"}
    assert "eqdsl-0.1.0.dist-info/licenses/LICENSE" in wheel


def test_source_archive_carries_all_that_the_tests_need(archives: dict[str, set[str]]) -> None:
    source = archives["source"]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    hidden = {name for name in tracked.stdout.splitlines() if name.startswith(".") and not name.startswith(".ci/")}
    present = {name for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    assert present - hidden <= source


def test_public_names_are_frozen() -> None:
    assert eqdsl.__all__ == PUBLIC_NAMES
    assert sorted(PUBLIC) == PUBLIC_NAMES


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_public_name_loads_and_is_documented(name: str) -> None:
    value = getattr(eqdsl, name)
    assert callable(value)
    assert (value.__doc__ or "").strip()
    assert name in dir(eqdsl)


def test_no_public_name_is_a_submodule() -> None:
    modules = {path.stem for path in (ROOT / "eqdsl").iterdir()}
    assert modules.isdisjoint(eqdsl.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'integrate'"):
        eqdsl.integrate  # noqa: B018


def test_loading_a_model_loads_no_numbers() -> None:
    code = (
        "import sys, eqdsl; eqdsl.loads('state u\\nparam k = 1\\ndt(u) = -k*u\\ninit u = 1');"
        "assert not {'torch', 'sympy', 'numpy', 'h5py'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_notebooks_show_a_model_as_latex() -> None:
    model = eqdsl.loads("state u\nparam k = 1\ndt(u) = -k*u\ninit u = 1")
    shown = model._repr_latex_()
    assert shown.startswith("$$")
    assert eqdsl.latex(model) in shown
