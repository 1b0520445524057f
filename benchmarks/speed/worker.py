"""A peer's process: ``python -m benchmarks.speed.worker MODULE`` reads requests from stdin, a line of JSON each.

| request | answer |
|---|---|
| ``{"do": "prepare", "case": …, "folder": f}`` | ``{}``, values in ``f/values.npz``; or ``{"refused": why}`` |
| ``{"do": "time", "seconds": s}`` | ``{"seconds": …}`` of one run, from as many as fill s |
| ``{"do": "memory"}`` | ``{"bytes": …}``: resident memory at the peak of a run above that before it |
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.case import Case, Unsupported
from benchmarks.speed.memory import peak_growth
from benchmarks.speed.peers.work import Work


class Server:
    """Holds the work of one case at a time."""

    def __init__(self, module: str) -> None:
        self.builders = importlib.import_module(f"benchmarks.speed.peers.{module}").BUILDERS
        self.work: Work | None = None
        self.runs = 1

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "prepare":
            return self.prepare(Case.from_json(request["case"]), Path(request["folder"]))
        assert self.work is not None, "prepare comes first"
        if request["do"] == "time":
            return {"seconds": self.seconds(self.work, request["seconds"])}
        return {"bytes": peak_growth(self.work.run)}

    def prepare(self, case: Case, folder: Path) -> dict[str, Any]:
        self.work = None
        if case.task not in self.builders:
            return {"refused": f"has no {case.task}"}
        try:
            self.work = self.builders[case.task](case)
        except Unsupported as reason:
            return {"refused": str(reason)}
        np.savez(folder / "values.npz", **self.work.check())
        self.work.run()
        self.runs = 1
        return {}

    def seconds(self, work: Work, least: float) -> float:
        """Doubles the number of runs until they fill the time; later calls start from there."""
        while True:
            begin = time.perf_counter()
            for _ in range(self.runs):
                work.run()
            took = time.perf_counter() - begin
            if took >= least / 2:
                return took / self.runs
            self.runs *= 2


def main() -> None:
    # Libraries print to stdout as they like; the answers go through a copy of it that only we know.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    server = Server(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(server.answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
