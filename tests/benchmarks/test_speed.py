"""The speed benchmark measures what it says: equal results, ratios within a repeat, growth that is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.speed import agreement, client, inputs
from benchmarks.speed.case import Case, PeerFailed, Unsupported
from benchmarks.speed.environment import machine
from benchmarks.speed.measure import Crew, Spread, measure, paired, prepared
from benchmarks.speed.memory import peak_growth
from benchmarks.speed.peers import c_kernel, eqdsl_field, torch_tasks
from benchmarks.speed.peers.table import Peer
from benchmarks.speed.peers.torch_module import HandWritten
from benchmarks.speed.problems import PROBLEMS
from benchmarks.speed.regression import worse
from benchmarks.speed.report import markdown
from benchmarks.speed.sections.section import Choice
from benchmarks.speed.sections.table import SECTIONS

KNOWN = ("fitzhugh_nagumo", "gray_scott", "wave", "heat_robin", "heat_3d")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("problem", KNOWN)
def test_kernel_and_hand_written_torch_agree_with_eqdsl(problem: str, dtype: str) -> None:
    case = Case("gradient", problem, 12, 2, dtype)
    ours = eqdsl_field.gradient(case).check()
    agreement.require(case, "C", ours, c_kernel.rate(case).check())
    field = HandWritten(case)
    agreement.require(case, "torch", ours, torch_tasks.gradient(case, field, list(field.parameters())).check())


def test_c_loop_is_rk4_of_eqdsl() -> None:
    case = Case("rollout", "wave", 16, 2, "float64", steps=20)
    ours, theirs = eqdsl_field.rollout(case).check()["final"], c_kernel.rollout(case).check()["final"]
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)


@pytest.mark.parametrize("problem", ["fhn_conv", "fhn_mlp"])
def test_networks_have_the_same_weights(problem: str) -> None:
    case = Case("gradient", problem, 12, 2, "float64", hidden=(5, 7))
    field = HandWritten(case)
    theirs = torch_tasks.gradient(case, field, list(field.parameters())).check()
    agreement.require(case, "torch", eqdsl_field.gradient(case).check(), theirs)


def test_a_wrong_coefficient_is_not_timed() -> None:
    case = Case("rate", "gray_scott", 16, 1, "float32")
    ours = eqdsl_field.rate(case).check()
    wrong = {"rate": ours["rate"] * 1.01}
    with pytest.raises(AssertionError, match="rate differs by"):
        agreement.require(case, "someone", ours, wrong)


def test_robin_ghost_obeys_the_wall() -> None:
    problem = PROBLEMS["heat_robin"]
    d, (w0, w1, constant) = problem.spacing(8), problem.robin(8)
    # A parabola with dn(T) = -h*(T - T_air) at the wall: value c there, slope inwards h*(c - T_air).
    h, air, c, bend = problem.numbers["h"], problem.numbers["T_air"], 1.7, 0.9

    def value(s: float) -> float:
        return c + h * (c - air) * s + bend * s**2

    assert w0 * value(d / 2) + w1 * value(3 * d / 2) + constant == pytest.approx(value(-d / 2), rel=1e-12)


def test_a_worker_answers_and_refuses(tmp_path: Path) -> None:
    crew = Crew(1, tmp_path)
    try:
        ready, refused = prepared(Case("rate", "heat_3d", 8, 1, "float32"), crew, ["eqdsl", "C", "copy"])
        assert (ready, refused) == (["eqdsl", "C", "copy"], {})
        assert 0 < crew.worker("C").seconds(0.001) < crew.worker("eqdsl").seconds(0.001)
        learned = Case("rate", "fhn_mlp", 8, 1, "float32", hidden=(4,))
        assert prepared(learned, crew, ["eqdsl", "C"]) == (["eqdsl"], {"C": "no kernel was written for learned terms"})
    finally:
        crew.close()


def test_a_peer_that_cannot_be_had_or_ends_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def nothing() -> Path:
        tried.append(1)
        raise PeerFailed("the peers' environment cannot be made: no network")

    monkeypatch.setattr(client, "peers_python", nothing)
    monkeypatch.setitem(client.PEERS, "copy", Peer("no_such_module", own_environment=False))
    crew, peers = Crew(1, tmp_path), ["eqdsl", "C", "copy", "torchdiffeq"]
    try:
        for case in (Case("rate", "heat_3d", n, 1, "float32") for n in (8, 9)):
            row = measure(SECTIONS["forward"], case, crew, 1, peers)
            assert set(row["seconds"]) == set(row["ratios"]) == {"eqdsl", "C"}
            assert "no network" in row["refused"]["torchdiffeq"] and "no_such_module" in row["refused"]["copy"]
        assert len(tried) == 1
        row = measure(SECTIONS["mlp"], Case("rate", "heat_3d", 8, 1, "float32"), crew, 1, ["eqdsl", "torchdiffeq"])
        assert set(row["seconds"]) == {"eqdsl"} and row["ratios"] == row["eqdsl over"] == {}
    finally:
        crew.close()
    text = markdown({"machine": machine(), "threads": {"1": {"mlp": {"heat": row}}}})
    assert "torchdiffeq: the peers' environment cannot be made: no network" in text


def test_peak_memory_sees_an_array_and_a_tape() -> None:
    held: list[np.ndarray] = []
    assert peak_growth(lambda: held.append(np.ones(4_000_000))) == pytest.approx(32e6, rel=0.1)
    few, many = (tape_bytes(batch) for batch in (4, 16))
    assert many / few == pytest.approx(4, rel=0.3)


def tape_bytes(batch: int) -> int:
    case = Case("gradient", "fhn_mlp", 32, batch, "float64", hidden=(64, 64))
    field = HandWritten(case)
    work = torch_tasks.gradient(case, field, list(field.parameters()))
    # The second call finds what the allocator kept of the first.
    work.run()
    return peak_growth(work.run)


def test_ratios_are_taken_within_a_repeat() -> None:
    # The machine was half as fast in the second repeat: both took twice as long, and the ratio did not move.
    assert paired([3.0, 6.0, 3.0], [1.0, 2.0, 1.0], 1.0) == [3.0, 3.0, 3.0]
    assert paired([3.0], [1.0, 2.0], 3.0) == [1.0, 1.0, 1.0]
    assert Spread.of([1.0, 2.0, 3.0, 4.0, 5.0]) == Spread(3.0, 2.0, 4.0)


def results(ratio: float) -> dict:
    row = {
        "seconds": {"eqdsl": 2e-3 * ratio, "C": 2e-3}, "refused": {"py-pde": "has no batches"},
        "ratios": {"eqdsl": [ratio, 0.9 * ratio, 1.1 * ratio], "C": [1.0, 1.0, 1.0]},
        "eqdsl over": {"C": [ratio, 0.9 * ratio, 1.1 * ratio]},
    }  # fmt: skip
    return {"machine": machine(), "threads": {"1": {"forward": {"heat_3d, 1 x 32^3, float32": row}}}}


def test_growth_of_a_ratio_is_noticed() -> None:
    assert worse(results(1.6), results(1.5), 1.5) == []
    assert worse(results(3.0), results(1.5), 1.5) == ["forward, heat_3d, 1 x 32^3, float32, 1 thread(s): 1.5 became 3"]
    with pytest.raises(ValueError, match="no case is in both"):
        worse(results(1.0), {"threads": {"2": results(1.0)["threads"]["1"]}}, 1.5)


def test_table_says_machine_goal_and_refusal() -> None:
    text = markdown(results(1.6))
    assert str(machine()["cpu"]) in text and "torch" in text
    assert "| heat_3d, 1 x 32^3, float32 | 1.6 [1.44, 1.76] | 2 ms | 1.6, not met |" in text
    assert "py-pde: has no batches" in text
    assert "1.2, met" in markdown(results(1.2))


def test_sections_cover_the_sizes_they_are_asked_for() -> None:
    forward = SECTIONS["forward"].cases(Choice(sizes=(64, 128), dtypes=("float64",)))
    assert {c.size for c in forward} == {64, 128} and len(forward) == 2 * len(KNOWN)
    (conv,) = SECTIONS["conv"].cases(Choice())
    assert (conv.batch, conv.size, conv.steps, conv.hidden) == (16, 64, 24, (16, 16))
    assert conv == Case.from_json(conv.to_json())
    assert inputs.target(conv).shape == (16, 25, 2, 64, 64)


def test_no_kernel_for_a_network() -> None:
    with pytest.raises(Unsupported):
        c_kernel.rate(Case("rate", "fhn_conv", 8, 1, "float32", hidden=(4,)))
