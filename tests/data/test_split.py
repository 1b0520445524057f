"""What is held out, and that it can be rolled out from a known state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.split import split_trajectories
from eqdsl.data.trajectories import Trajectories


def numbered(batch: int, frames: int, lengths: list[int] | None = None) -> Trajectories:
    """Every value tells its trajectory and frame: ``100 b + t``."""
    values = (100 * np.arange(batch)[:, None] + np.arange(frames)).astype(float)
    lengths_ = np.full(batch, frames) if lengths is None else np.array(lengths)
    values[np.arange(frames) >= lengths_[:, None]] = np.nan
    return Trajectories(np.tile(0.5 * np.arange(frames), (batch, 1)), values[:, :, None], lengths_, ("u",))


def owners(part: Trajectories) -> set[int]:
    return {int(v) // 100 for v in part.state[:, 0, 0]}


@example(4, 0.375, 0.375, 0)
@given(st.integers(3, 40), st.floats(0, 0.45), st.floats(0, 0.45), st.integers(0, 1000))
@settings(max_examples=80, deadline=None)
def test_whole_trajectories_are_divided(batch: int, validation: float, test: float, seed: int) -> None:
    split = split_trajectories(numbered(batch, 4), validation=validation, test=test, seed=seed)
    parts = [owners(p) for p in (split.train, split.validation, split.test)]
    assert set.union(*parts) == set(range(batch))
    assert sum(map(len, parts)) == batch
    assert parts[0]
    assert bool(parts[1]) == (validation > 0) and bool(parts[2]) == (test > 0)
    again = split_trajectories(numbered(batch, 4), validation=validation, test=test, seed=seed)
    assert [owners(p) for p in (again.train, again.validation, again.test)] == parts


def test_the_rule_of_whole_trajectories() -> None:
    split = split_trajectories(numbered(5, 4), seed=3)
    held = owners(split.validation).pop()
    assert split.rule == f"by trajectory, drawn with seed 3: 4 to train, 1 for validation (number {held}) of 5"


def test_one_trajectory_is_cut_in_time() -> None:
    split = split_trajectories(numbered(1, 11), validation=0.2, test=0.1)
    assert split.train.state[0, :, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert split.validation.state[0, :, 0].tolist() == [7, 8, 9]
    assert split.test.state[0, :, 0].tolist() == [9, 10]
    assert split.validation.times[0].tolist() == [3.5, 4.0, 4.5]
    assert split.rule == (
        "by time, because there is 1 trajectory: trained up to t = 3.5, validated from there to t = 4.5, "
        "tested from there to t = 5"
    )


def test_two_trajectories_of_different_length_are_both_cut() -> None:
    split = split_trajectories(numbered(2, 11, [11, 6]), validation=0.2)
    assert split.train.lengths.tolist() == [9, 5]
    assert split.validation.lengths.tolist() == [3, 2]
    assert split.validation.state[0, :, 0].tolist() == [8, 9, 10]
    np.testing.assert_array_equal(split.validation.state[1, :, 0], [104, 105, np.nan])
    assert split.validation.times[1].tolist() == [2.0, 2.5, 3.0]
    assert len(split.test) == 0
    assert "there are 2 trajectories" in split.rule


def test_nothing_held_out() -> None:
    split = split_trajectories(numbered(1, 5), validation=0)
    assert split.train.state[0, :, 0].tolist() == [0, 1, 2, 3, 4]
    assert len(split.validation) == len(split.test) == 0


@pytest.mark.parametrize("shares", [(-0.1, 0), (1.0, 0), (0.6, 0.5), (0.2, -0.1)])
def test_shares_that_cannot_be(shares: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="sum to less than 1"):
        split_trajectories(numbered(5, 5), validation=shares[0], test=shares[1])


@pytest.mark.parametrize("data", [numbered(1, 2), numbered(0, 5), numbered(2, 8, [8, 2])])
def test_too_little_to_hold_anything_out(data: Trajectories) -> None:
    with pytest.raises(DataError) as caught:
        split_trajectories(data)
    assert caught.value.help
