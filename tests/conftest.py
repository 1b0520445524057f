"""Options shared by all tests."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-expected",
        action="store_true",
        help="rewrite the stored messages of tests/models/bad; read the diff before committing it",
    )


@pytest.fixture
def update_expected(request: pytest.FixtureRequest) -> bool:
    """Whether stored outputs are to be rewritten instead of compared."""
    return bool(request.config.getoption("--update-expected"))
