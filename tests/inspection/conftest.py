"""Fitted pendulums, shared by the tests of this folder."""

from __future__ import annotations

import pytest

from tests.inspection.teaching import MemoryRun, pendulum_run


@pytest.fixture(scope="session")
def seeing_run(tmp_path_factory: pytest.TempPathFactory) -> MemoryRun:
    """The learned term sees the whole state and can imitate gravity."""
    return pendulum_run(tmp_path_factory.mktemp("seeing"), "theta, omega")


@pytest.fixture(scope="session")
def blind_run(tmp_path_factory: pytest.TempPathFactory) -> MemoryRun:
    """The learned term sees the velocity only."""
    return pendulum_run(tmp_path_factory.mktemp("blind"), "omega")
