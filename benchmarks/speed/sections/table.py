"""The sections by the names that the command line takes."""

from __future__ import annotations

from benchmarks.speed.sections.known_part import ADJOINT, FORWARD
from benchmarks.speed.sections.rollout import ROLLOUT
from benchmarks.speed.sections.section import Section
from benchmarks.speed.sections.training import CONV, MLP, PENDULUM

SECTIONS: dict[str, Section] = {
    "forward": FORWARD, "adjoint": ADJOINT, "rollout": ROLLOUT, "conv": CONV, "mlp": MLP, "pendulum": PENDULUM,
}  # fmt: skip
