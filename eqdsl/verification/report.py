"""What a verification found: checks with a verdict, a table and notes; as text, Markdown and JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PASSED, FAILED, SKIPPED, UNKNOWN = "passed", "failed", "skipped", "not computed"
"""Verdicts. Skipped: nothing to measure here, and why; not computed: there is, and it could not be."""


@dataclass(frozen=True)
class Check:
    """One thing that was measured.

    Parameters
    ----------
    key, title : str
        Name in JSON, and heading.
    verdict : str
        ``passed``, ``failed``, ``skipped`` or ``not computed``.
    columns : tuple of str
    rows : tuple of tuple of str
        The table, as it is printed.
    notes : tuple of str
        What was assumed, replaced or left out.
    data : list of dict
        The rows as numbers, for JSON.
    """

    key: str
    title: str
    verdict: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    data: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The check for JSON."""
        return {"verdict": self.verdict, "rows": self.data, "notes": list(self.notes)}


@dataclass(frozen=True)
class Verification:
    """All checks of one model."""

    model: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed or could not be computed."""
        return not any(c.verdict in (FAILED, UNKNOWN) for c in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Everything, for JSON."""
        checks = {check.key: check.as_json() for check in self.checks}
        return {"model": self.model, "passed": self.passed, "checks": checks}

    def markdown(self) -> str:
        """Headings and pipe tables."""
        parts = [f"## Verification of `{self.model}`"]
        for check in self.checks:
            parts.append(f"### {check.title}: {check.verdict}")
            if check.rows:
                rule = tuple("---" for _ in check.columns)
                parts.append("\n".join(_pipes(row) for row in (check.columns, rule, *check.rows)))
            parts += check.notes
        return "\n\n".join(parts)

    def __str__(self) -> str:
        parts = [f"verification of `{self.model}`"]
        for check in self.checks:
            lines = [f"{check.title}: {check.verdict}"]
            if check.rows:
                lines += [f"  {line}" for line in _aligned((check.columns, *check.rows))]
            parts.append("\n".join([*lines, *(f"  {note}" for note in check.notes)]))
        return "\n\n".join(parts)


def worst(verdicts: list[str]) -> str:
    """The verdict of a check from those of its rows."""
    return next((v for v in (FAILED, UNKNOWN, PASSED) if v in verdicts), SKIPPED)


def number(value: float | None, digits: int = 2) -> str:
    """A measured number: ``3.1e-05``."""
    return "-" if value is None else f"{value:.{digits - 1}e}"


def _pipes(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def _aligned(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
