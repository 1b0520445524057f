"""The parent's side of a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.case import Case, PeerFailed, Unsupported
from benchmarks.speed.environment import ROOT, peers_python, worker_environment
from benchmarks.speed.peers.table import PEERS


class Worker:
    """A peer's process on the first `threads` of the cores that this process may use.

    Raises
    ------
    PeerFailed
        Here and in every method.
    """

    def __init__(self, peer: str, threads: int, log: Path) -> None:
        self.peer, self.log = peer, log
        chosen = PEERS[peer]
        python = str(peers_python()) if chosen.own_environment else sys.executable
        cores = sorted(os.sched_getaffinity(0))[:threads]
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                [python, "-m", "benchmarks.speed.worker", chosen.module],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=ROOT,
                env=worker_environment(threads), preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )  # fmt: skip

    def prepare(self, case: Case, folder: Path) -> dict[str, np.ndarray]:
        """Build a case; the values to compare.

        Raises
        ------
        Unsupported
            The peer cannot run it.
        """
        answer = self._ask({"do": "prepare", "case": case.to_json(), "folder": str(folder)})
        if "refused" in answer:
            raise Unsupported(answer["refused"])
        with np.load(folder / "values.npz") as values:
            return dict(values)

    def seconds(self, least: float) -> float:
        return float(self._ask({"do": "time", "seconds": least})["seconds"])

    def peak_bytes(self) -> int:
        return int(self._ask({"do": "memory"})["bytes"])

    def close(self) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            tail = self.log.read_text().splitlines()[-25:]
            print("\n".join(tail), file=sys.stderr)
            last = tail[-1].strip() if tail else ""
            raise PeerFailed(f"ended with status {self.process.wait()} at `{request['do']}`: {last}")
        answer: dict[str, Any] = json.loads(line)
        return answer
