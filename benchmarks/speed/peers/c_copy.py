"""The copy limit: the state read once and a rate's bytes written once, nothing computed."""

from __future__ import annotations

from benchmarks.speed.case import Case
from benchmarks.speed.peers.c_kernel import streaming
from benchmarks.speed.peers.work import Builders, Work


def rate(case: Case) -> Work:
    return Work(streaming(case, "copy"), dict)


BUILDERS: Builders = {"rate": rate}
