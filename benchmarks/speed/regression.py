"""Results held against the committed ones: ratios within one run, never times."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.speed.report import Results

Ratios = dict[tuple[str, str, str], list[float]]
"""Median and quartiles of eqdsl over its section's base, by threads, section and case."""


def worse(now: Results, committed: Results, factor: float) -> list[str]:
    """Every ratio of eqdsl to its base whose lower quartile is above `factor` times the committed median.

    Raises
    ------
    ValueError
        The two have no case in common.
    """
    after, before = dict(eqdsl_ratios(now)), dict(eqdsl_ratios(committed))
    common = after.keys() & before.keys()
    if not common:
        raise ValueError("no case is in both results")
    return [
        f"{section}, {case}, {threads} thread(s): {before[key][0]:.3g} became {after[key][0]:.3g}"
        for key in sorted(common)
        for threads, section, case in [key]
        if after[key][1] > factor * before[key][0]
    ]


def eqdsl_ratios(results: Results) -> Iterator[tuple[tuple[str, str, str], list[float]]]:
    for threads, sections in results["threads"].items():
        for section, rows in sections.items():
            for case, row in rows.items():
                if "eqdsl" in row["ratios"]:
                    yield (threads, section, case), row["ratios"]["eqdsl"]
