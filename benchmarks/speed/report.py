"""Results as Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.sections.section import Section
from benchmarks.speed.sections.table import SECTIONS

Results = dict[str, Any]
"""``{"machine": …, "threads": {"1": {section: {case: row}}}}``."""

LEGEND = (
    "Each cell: seconds over those of the base (the column that shows a time), median [quartiles] over interleaved "
    "repeats; smaller is faster. `copy` moves the state in and a rate out and computes nothing."
)


def markdown(results: Results) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    lines = ["# Speed, with peers in the same run", "", f"Machine: {machine}.", "", LEGEND, ""]
    for threads, sections in results["threads"].items():
        lines += [f"## {threads} thread{'s' if threads != '1' else ''}", ""]
        for name, rows in sections.items():
            lines += table(SECTIONS[name], rows)
    return "\n".join(lines)


def table(section: Section, rows: dict[str, Any]) -> list[str]:
    peers = [p for p in section.peers if any(p in row["seconds"] for row in rows.values())]
    goals = {p: goal for p, goal in section.goals.items() if p in peers}
    heads = ["case", *peers, *(_goal_head(section, p, goal) for p, goal in goals.items())]
    lines = [f"### {section.title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for case, row in rows.items():
        cells = [_time(row["seconds"].get(p)) if p == section.base else _ratio(row["ratios"].get(p)) for p in peers]
        cells += [_verdict(row["eqdsl over"].get(p), goal) for p, goal in goals.items()]
        lines.append(f"| {' | '.join([case, *cells])} |")
    lines.append("")
    for case, row in rows.items():
        if "peak MB" in row:
            lines += [f"Peak memory of a step, {case}: {_memory(section, row['peak MB'])}.", ""]
    refusals = sorted({f"{p}: {why}" for row in rows.values() for p, why in row["refused"].items()})
    return lines + ([f"Without a cell: {'; '.join(refusals)}.", ""] if refusals else [])


def _goal_head(section: Section, peer: str, goal: float) -> str:
    times = f"{section.times_base:g} " if section.factor(peer) != 1 else ""
    return f"eqdsl / {times}{peer}, goal {goal:.3g}"


def _ratio(spread: list[float] | None) -> str:
    return "—" if spread is None else f"{spread[0]:.3g} [{spread[1]:.3g}, {spread[2]:.3g}]"


def _verdict(spread: list[float] | None, goal: float) -> str:
    return "—" if spread is None else f"{spread[0]:.3g}, {'met' if spread[0] <= goal else 'not met'}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    unit, name = next((u, n) for u, n in ((1, "s"), (1e-3, "ms"), (1e-6, "us"), (0, "us")) if seconds >= u)
    return f"{seconds / (unit or 1e-6):.3g} {name}"


def _memory(section: Section, peaks: dict[str, float]) -> str:
    parts = [f"{peer} {peak:.0f} MB" for peer, peak in peaks.items()]
    for peer, goal in section.memory_goals.items():
        # A step smaller than the allocator's grain shows no growth.
        if peaks.get(peer):
            ratio = peaks["eqdsl"] / peaks[peer]
            verdict = "met" if ratio <= goal else "not met"
            parts.append(f"eqdsl / {peer} {ratio:.3g} (goal {goal:.3g}), {verdict}")
    return ", ".join(parts)
