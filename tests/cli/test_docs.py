"""docs/cli.md has a section for every command that names every option."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from tests.cli.test_main import members

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
EVERYWHERE = {"--help", "--no-color"}


def sections() -> dict[str, str]:
    """Text below each second-level heading."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def leaves() -> dict[str, click.Command]:
    """Commands that are not groups."""
    return {name: member for name, member in members().items() if not isinstance(member, click.Group)}


def test_sections_are_the_commands_in_order() -> None:
    assert list(sections()) == list(leaves())


@pytest.mark.parametrize("name", [name for name in sections() if name != "data"])
def test_section_names_the_options_and_no_others(name: str) -> None:
    options = {text for parameter in leaves()[name].params for text in parameter.opts if text.startswith("--")}
    written = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", sections()[name]))
    others = {"--help", "--run", "--resume"} if name in ("simulate", "fit") else set()
    assert options - EVERYWHERE <= written
    assert written <= options | others
