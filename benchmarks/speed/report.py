"""Results as Markdown, and held against the committed ones."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.sections.section import Section
from benchmarks.speed.sections.table import SECTIONS

Results = dict[str, Any]
"""``{"machine": …, "threads": {"1": {section: {case: row}}}}``."""


def markdown(results: Results) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in results["machine"].items())
    lines = ["# Speed, with peers in the same run", "", f"Machine: {machine}.", ""]
    lines += [
        "Each cell: seconds over those of the column marked *base*, median [quartiles] over interleaved repeats; "
        "smaller is faster. `copy` moves the state once in and once out and computes nothing.",
        "",
    ]
    for threads, sections in results["threads"].items():
        lines += [f"## {threads} thread{'s' if threads != '1' else ''}", ""]
        for name, rows in sections.items():
            lines += table(SECTIONS[name], rows)
    return "\n".join(lines)


def table(section: Section, rows: dict[str, Any]) -> list[str]:
    peers = [p for p in section.peers if any(p in row["seconds"] for row in rows.values())]
    heads = [f"{p} (base{_times(section)})" if p == section.base else p for p in peers]
    goals = [f"eqdsl / {_times(section)[2:]}{' ' if p == section.base and section.times_base > 1 else ''}{p} (goal {g:.3g})"
             if p == section.base and section.times_base > 1 else f"eqdsl / {p} (goal {g:.3g})"
             for p, g in section.goals.items()]
    lines = [f"### {section.title}", "", f"| case | {' | '.join([*heads, *goals])} |", "|---" * (1 + len(heads) + len(goals)) + "|"]
    for case, row in rows.items():
        cells = [_ratio(row["ratios"].get(p)) if p != section.base else _time(row["seconds"].get(p)) for p in peers]
        cells += [_verdict(row["eqdsl over"].get(p), goal) for p, goal in section.goals.items()]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    lines.append("")
    for case, row in rows.items():
        if "peak MB" in row:
            lines += [f"Peak memory of a step, {case}: {_memory(section, row['peak MB'])}.", ""]
    refusals = sorted({f"{p}: {why}" for row in rows.values() for p, why in row["refused"].items()})
    return lines + ([f"Without a cell: {'; '.join(refusals)}.", ""] if refusals else [])


def worse(now: Results, committed: Results, factor: float) -> list[str]:
    """Every ratio of eqdsl to the section's base that grew by more than `factor`; times are never compared.

    Raises
    ------
    ValueError
        The two have no ratio in common.
    """
    found, compared = [], 0
    for threads, sections in now["threads"].items():
        for name, rows in sections.items():
            for case, row in rows.items():
                before = committed["threads"].get(threads, {}).get(name, {}).get(case, {}).get("ratios", {}).get("eqdsl")
                after = row["ratios"].get("eqdsl")
                if not before or not after:
                    continue
                compared += 1
                if after[0] > factor * before[0]:
                    found.append(f"{name}, {case}, threads {threads}: {before[0]:.3g} became {after[0]:.3g}")
    if not compared:
        raise ValueError("no case is in both results")
    return found


def _times(section: Section) -> str:
    return f" x {section.times_base:g}" if section.times_base != 1 else ""


def _ratio(spread: list[float] | None) -> str:
    return "—" if spread is None else f"{spread[0]:.3g} [{spread[1]:.3g}, {spread[2]:.3g}]"


def _verdict(spread: list[float] | None, goal: float) -> str:
    return "—" if spread is None else f"{_ratio(spread)} {'met' if spread[0] <= goal else 'not met'}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "—"
    return f"{seconds * 1e6:.3g} us" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _memory(section: Section, peaks: dict[str, float]) -> str:
    parts = [f"{peer} {peak:.0f} MB" for peer, peak in peaks.items()]
    for peer, goal in section.memory_goals.items():
        if peer in peaks:
            ratio = peaks["eqdsl"] / peaks[peer]
            parts.append(f"eqdsl / {peer} {ratio:.3g} (goal {goal:.3g}) {'met' if ratio <= goal else 'not met'}")
    return ", ".join(parts)
