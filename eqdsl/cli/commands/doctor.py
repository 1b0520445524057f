"""``eqdsl doctor``: whether this machine can do the work."""

from __future__ import annotations

import os
import platform
from typing import Any

from eqdsl.cli.command import command, json_option
from eqdsl.cli.console import result, result_json
from eqdsl.cli.environment import EXTRAS, REQUIRED, installed, versions
from eqdsl.core.native import CompilationFailed, compiler


@command(
    "doctor",
    examples=(
        ("eqdsl doctor", "devices, threads, compiler, versions and missing extras in words"),
        ("eqdsl doctor --json", "the same for a report"),
    ),
)
@json_option
def doctor(as_json: bool) -> None:
    """Say which devices, threads and compiler are found and which extras are missing."""
    findings = examine()
    if as_json:
        result_json(findings)
        return
    for line in in_words(findings):
        result(line)


def examine() -> dict[str, Any]:
    """Facts about this machine and installation; loads torch if it is there."""
    missing = [package for package in REQUIRED if installed(package) is None]
    return {
        "versions": versions(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        **_torch_facts(),
        "compiler": _compiler(),
        "missing_packages": missing,
        "extras": {extra: all(map(installed, packages)) for extra, packages in EXTRAS.items()},
    }


def _compiler() -> str | None:
    try:
        return compiler()
    except CompilationFailed:
        return None


def _torch_facts() -> dict[str, Any]:
    try:
        import torch
    except ImportError as failure:
        return {"threads": None, "devices": [], "torch_error": str(failure)}
    devices: list[dict[str, object]] = [
        {"name": "cpu", "description": platform.processor() or platform.machine(), "memory_gib": None}
    ]
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        facts = torch.cuda.get_device_properties(index)
        devices.append(
            {"name": f"cuda:{index}", "description": facts.name, "memory_gib": round(facts.total_memory / 2**30, 1)}
        )
    return {"threads": torch.get_num_threads(), "devices": devices, "torch_error": None}


def in_words(findings: dict[str, Any]) -> list[str]:
    """The findings as lines for a person."""
    lines = [f"system    {findings['system']}, {findings['cores']} cores, {findings['threads']} threads for torch"]
    if findings["torch_error"]:
        lines.append(f"torch     cannot be loaded: {findings['torch_error']}")
    for device in findings["devices"]:
        memory = f", {device['memory_gib']} GiB" if device["memory_gib"] else ""
        lines.append(f"device    {device['name']}: {device['description']}{memory}")
    lines.append(
        f"compiler  {findings['compiler'] or 'none found (equations on grids run several times slower without)'}"
    )
    for name, number in findings["versions"].items():
        lines.append(f"version   {name} {number or 'is missing: pip install ' + name}")
    for extra, present in findings["extras"].items():
        lines.append(f"extra     {extra}: " + ("installed" if present else f"missing: pip install 'eqdsl[{extra}]'"))
    return lines
