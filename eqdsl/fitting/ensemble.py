"""The other runs of an ensemble: the same fit from other seeds, in the folder of the first."""

from __future__ import annotations

from pathlib import Path

from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.fitting.run_place import MEMBERS, STATE


def member_path(run: Path, seed: int) -> Path:
    """Folder of the member with a seed."""
    return run / MEMBERS / f"seed-{seed}"


def load_members(run: Run) -> tuple[Run, ...]:
    """The finished members of a run, in the order of their seeds; none where it is no ensemble.

    Raises
    ------
    DataError
        A member is damaged.
    """
    folders = [f for f in (run.path / MEMBERS).glob("seed-*") if (f / STATE).is_file()]
    members = sorted((load_run(folder) for folder in folders), key=lambda member: member.config.run.seed)
    return tuple(member for member in members if member.state["status"] == "done")
