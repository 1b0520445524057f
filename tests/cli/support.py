"""Small models and ways to run the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

DECAY = "model decay\nstate u\nparam k = fit 0.5 in (0, 5)\ndt(u) = -k*u\ninit u = 1\n"
LEARNED = "model unknown\nstate u\nlearned f(u) by mlp(8) with f(0) = 0\ndt(u) = f\ninit u = 1\n"
WRONG = "state u\ndt(u) = -k*u\n"


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Outcome]


def fresh(code: Sequence[str], **environment: str) -> Outcome:
    """Run Python in a fresh process."""
    done = subprocess.run(
        [sys.executable, *code], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
