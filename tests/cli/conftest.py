"""Runs the command line in this process, on small models in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from eqdsl.cli.main import run
from tests.cli.support import DECAY, LEARNED, WRONG, Call, Outcome


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """``call("check", path)`` runs ``eqdsl check path`` in this process."""

    def calling(*arguments: object) -> Outcome:
        capfd.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return Outcome(status, captured.out, captured.err)

    return calling


@pytest.fixture
def decay(tmp_path: Path) -> Path:
    """A model file without learned terms."""
    path = tmp_path / "decay.eq"
    path.write_text(DECAY)
    return path


@pytest.fixture
def unlearned(tmp_path: Path) -> Path:
    """A model file with a learned term."""
    path = tmp_path / "unknown.eq"
    path.write_text(LEARNED)
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A model file with an unknown name."""
    path = tmp_path / "wrong.eq"
    path.write_text(WRONG)
    return path
