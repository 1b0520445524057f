"""The benchmark of GPUs runs on a CPU too, and says so where it has nothing to measure."""

from __future__ import annotations

import pytest
import torch

from benchmarks import gpu

CPU = torch.device("cpu")


def test_without_a_gpu_it_ends_well(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.main()
    assert capsys.readouterr().out == "no GPU here: nothing is measured\n"


def test_its_tables_have_a_row_for_each_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "LEAST_SECONDS", 0.0)
    monkeypatch.setenv("EQDSL_KERNELS", "off")
    monkeypatch.setattr(gpu, "NETWORKS", {"fhn_conv": (4,)})
    tables = gpu.known_parts(CPU, {"heat_robin": 8}), gpu.rollouts(CPU, (8, 12), 3), gpu.training(CPU, 8, 2)
    assert [len(lines) - 2 for lines in tables] == [2, 2, 1]
    for lines in tables:
        assert len({line.count("|") for line in lines}) == 1
