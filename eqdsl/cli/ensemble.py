"""The members of an ensemble: the same fit from further seeds, in processes of their own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eqdsl.cli.fit_process import FitProcess, begin, last_error
from eqdsl.cli.interruption import StopRequest
from eqdsl.cli.locking import locked
from eqdsl.core.errors import DataError
from eqdsl.fitting.ensemble import member_path
from eqdsl.fitting.run_folder import Run, load_run
from eqdsl.fitting.run_place import CONFIG, MEMBERS, MODEL, STATE

POLL = 0.05
"""Seconds between two looks at the members."""
STOPPING = "stopping the members after their present steps; `--resume` goes on with them; again to stop at once"
DONE, FAILED, INTERRUPTED = "done", "failed", "interrupted"


@dataclass(frozen=True)
class Member(FitProcess):
    """A running fit from another seed."""

    seed: int


def fit_members(
    run: Run, data: str, count: int, jobs: int, minutes: float | None, tell: Callable[[Mapping[str, Any]], None]
) -> list[str]:
    """Fit the members of a run that are not done yet, and return how each ended: ``done``, ``failed``, ``interrupted``.

    They have the run's settings, hold out the same data, and have the seeds after the run's own. A member that was cut
    off goes on from its checkpoint.

    Parameters
    ----------
    run : Run
        Finished; the first of the ensemble.
    data : str
        The file it was fitted to.
    count : int
        Runs of the ensemble, the first one included.
    jobs : int
        Fits at a time.
    minutes : float, optional
        Time budget of each.
    tell : callable
        Receives an event for each member.
    """
    (run.path / MEMBERS).mkdir(exist_ok=True)
    first = run.config.run.seed
    waiting = deque(range(first + 1, first + count))
    running: list[Member] = []
    ended: list[str] = []
    with locked(run.path / MEMBERS, "fit") as lock, StopRequest(STOPPING) as should_stop:
        try:
            while waiting or running:
                while waiting and len(running) < jobs and not should_stop.asked:
                    seed = waiting.popleft()
                    if _done(run, seed):
                        ended.append(_told(run, seed, DONE, tell))
                    else:
                        running.append(_start(run, seed, data, minutes, lock))
                if should_stop.asked:
                    ended += [INTERRUPTED] * len(waiting)
                    waiting.clear()
                    for member in running:
                        member.stop()
                for member in [one for one in running if one.process.poll() is not None]:
                    running.remove(member)
                    how = DONE if member.succeeded else INTERRUPTED if member.cut_off else FAILED
                    ended.append(_told(run, member.seed, how, tell))
                time.sleep(POLL)
        finally:
            for member in running:
                member.kill()
    return ended


def _done(run: Run, seed: int) -> bool:
    """Whether a member is finished.

    Raises
    ------
    DataError
        It belongs to other data.
    """
    path = member_path(run.path, seed)
    if not (path / STATE).is_file():
        return False
    member = load_run(path)
    if member.state["data"]["sha256"] != run.state["data"]["sha256"]:
        raise DataError(f"was fitted to other data than {run.path}", file=str(path), help="delete that folder")
    return bool(member.state["status"] == DONE)


def _start(run: Run, seed: int, data: str, minutes: float | None, lock: int) -> Member:
    path = member_path(run.path, seed)
    arguments = ["fit", str(run.path / MODEL), data, "-o", str(path), "--quiet"]
    if (path / STATE).is_file():
        arguments.append("--resume")
    else:
        config = run.config
        split = config.run.seed if config.data.seed is None else config.data.seed
        arguments += ["--config", str(run.path / CONFIG), "--seed", str(seed), "--set", f"data.seed={split}"]
    if minutes is not None:
        arguments += ["--minutes", str(minutes)]
    return Member(begin(arguments, _log(run, seed), lock), seed)


def _told(run: Run, seed: int, how: str, tell: Callable[[Mapping[str, Any]], None]) -> str:
    path = member_path(run.path, seed)
    event: dict[str, Any] = {"event": "member", "seed": seed, "run": str(path), "status": how}
    if how == DONE:
        state = load_run(path).state
        event |= {"validation": state["validation"], "parameters": state["parameters"]}
    elif how == FAILED:
        event["message"] = last_error(_log(run, seed))
    tell(event)
    return how


def _log(run: Run, seed: int) -> Path:
    """What the fit of a member said on stderr."""
    return run.path / MEMBERS / f"seed-{seed}.log"
