"""Nested state in one safetensors file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eqdsl.core.errors import DataError
from eqdsl.fitting.checkpoint import read_checkpoint, write_atomically, write_checkpoint

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    | st.tuples(inner, inner),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(trees)
def test_trees_come_back_equal(tmp_path_factory: pytest.TempPathFactory, tree: object) -> None:
    path = tmp_path_factory.mktemp("tree") / "c.safetensors"
    write_checkpoint(path, {"tree": tree})
    assert read_checkpoint(path) == {"tree": tree}


def test_tensors_that_share_memory_and_optimiser_states(tmp_path: Path) -> None:
    weight = torch.nn.Parameter(torch.randn(3, 2, generator=torch.Generator().manual_seed(0)))
    optimizer = torch.optim.LBFGS([weight], max_iter=3, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (weight**4).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    path = tmp_path / "c.safetensors"
    state = optimizer.state_dict()
    write_checkpoint(path, {"w": weight, "view": weight.T, "optimizer": state, "scalar": torch.tensor(2)})
    tree = read_checkpoint(path)
    assert torch.equal(tree["w"], weight)
    assert torch.equal(tree["view"], weight.T)
    assert tree["scalar"].shape == ()
    before, after = optimizer.state_dict()["state"][0], tree["optimizer"]["state"][0]
    assert before.keys() == after.keys()
    assert all(torch.equal(a, b) for a, b in zip(before["old_dirs"], after["old_dirs"], strict=True))
    assert before["prev_loss"] == after["prev_loss"]


@pytest.mark.parametrize("content", [b"", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", b"\xff" * 64])
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "c.safetensors"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"c\.safetensors: is (damaged|not a checkpoint)"):
        read_checkpoint(path)


def test_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"cannot hold a \w*Path \(/a/0\)"):
        write_checkpoint(tmp_path / "c.safetensors", {"a": [tmp_path]})
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
