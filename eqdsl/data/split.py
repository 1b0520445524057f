"""Parts for training, validation and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from eqdsl.core.errors import DataError, UsageError
from eqdsl.data.trajectories import Trajectories

FEWEST_BY_TRAJECTORY = 3
"""From this many trajectories on, whole ones are held out; with fewer, the last part of each."""


@dataclass(frozen=True)
class Split:
    """Disjoint parts of one data set; a part that was not asked for has length 0. `rule` is a sentence for reports."""

    train: Trajectories
    validation: Trajectories
    test: Trajectories
    rule: str


def split_trajectories(
    trajectories: Trajectories, *, validation: float = 0.2, test: float = 0.0, seed: int = 0,
    groups: np.ndarray | None = None, from_start: bool = False,
) -> Split:  # fmt: skip
    """Hold out a share of the data, the same one for the same seed.

    Three or more trajectories are divided as wholes, in an order drawn from `seed`. With one or two, the last part of
    each is held out: its validation part begins with the last training frame, and its test part with the last
    validation frame, so that each can be rolled out from a known state.

    Parameters
    ----------
    validation, test : float
        Shares in [0, 1); one that is not zero holds out at least one trajectory, or one new frame.
    groups : ndarray, shape (B,), int, optional
        Environment of each trajectory, where something is fitted to each of them: the shares are then those of every
        environment, by time if one has fewer than three trajectories.
    from_start : bool
        Whether states are known at first frames only. The last parts of one or two trajectories then keep the frames
        before them, without values but for the first.

    Raises
    ------
    UsageError
        Shares below zero, or that leave nothing to train on.
    DataError
        Too few trajectories or frames to hold anything out.
    """
    if not (0 <= validation < 1 and 0 <= test < 1 and validation + test < 1):
        raise UsageError(
            f"cannot hold out the shares {validation:g} for validation and {test:g} for test",
            help="give shares of at least 0 that sum to less than 1",
        )
    if len(trajectories) == 0:
        raise DataError("there are no trajectories to divide", help="give a file with at least one")
    whole = groups is not None and not (validation or test)
    groups = np.zeros(len(trajectories), int) if groups is None or whole else groups
    labels, sizes = np.unique(groups, return_counts=True)
    if whole or sizes.min() >= FEWEST_BY_TRAJECTORY:
        return _by_trajectory(trajectories, validation, test, seed, [groups == label for label in labels])
    smallest = int(sizes.min())
    reason = f"there {_count(len(trajectories))}"
    if len(labels) == len(trajectories) > 1:
        reason = "each trajectory has numbers of its own"
    elif len(labels) > 1:
        reason = f"in environment {labels[sizes.argmin()]} there {_count(smallest)}"
    return _by_time(trajectories, validation, test, reason, from_start)


def _held_out(total: int, validation: float, test: float, what: str) -> tuple[int, int]:
    """How many of `total` go to validation and test, leaving at least one."""
    first, second = (max(1, round(share * total)) if share > 0 else 0 for share in (validation, test))
    if first + second == total and max(first, second) > 1:
        # Both were rounded up: 0.375 and 0.375 of four.
        first, second = (first - 1, second) if first >= second else (first, second - 1)
    if first + second >= total:
        raise DataError(
            f"{total} {what} are too few to hold out {validation:g} for validation and {test:g} for test",
            help="give more data, or hold out less",
        )
    return first, second


def _by_trajectory(
    trajectories: Trajectories, validation: float, test: float, seed: int, groups: Sequence[np.ndarray]
) -> Split:
    """Shares of each group, which are masks over the trajectories."""
    total, generator = len(trajectories), np.random.default_rng(seed)
    chosen: list[tuple[np.ndarray, ...]] = []
    for group in groups:
        first, second = _held_out(int(group.sum()), validation, test, "trajectories")
        order = np.flatnonzero(group)[generator.permutation(int(group.sum()))]
        chosen.append((order[first + second :], order[:first], order[first : first + second]))
    parts = [np.sort(np.concatenate(part)) for part in zip(*chosen, strict=True)]
    counts = [f"{len(parts[0])} to train"] + [
        f"{len(part)} for {name} ({_numbers(part)})"
        for part, name in ((parts[1], "validation"), (parts[2], "test"))
        if len(part)
    ]
    each = " in each environment" if len(groups) > 1 else ""
    rule = f"by trajectory{each}, drawn with seed {seed}: {', '.join(counts)} of {total}"
    train, validated, tested = (trajectories.select(part) for part in parts)
    return Split(train, validated, tested, rule)


def _numbers(indices: np.ndarray) -> str:
    shown = ", ".join(str(i) for i in indices[:8])
    return f"number {shown}" + (", …" if len(indices) > 8 else "")


def _count(trajectories: int) -> str:
    return "is 1 trajectory" if trajectories == 1 else f"are {trajectories} trajectories"


def _by_time(trajectories: Trajectories, validation: float, test: float, reason: str, from_start: bool) -> Split:
    lengths = np.asarray(trajectories.lengths)
    held = np.array([_held_out(int(n) - 1, validation, test, "steps") for n in lengths]).reshape(-1, 2)
    train_end = lengths - held.sum(axis=1)
    validation_end = train_end + held[:, 0]
    train = _cut(trajectories, np.zeros_like(lengths), train_end)
    nothing = trajectories.select([])
    part = _without_frames_before if from_start else _cut
    validated = part(trajectories, train_end - 1, validation_end) if validation > 0 else nothing
    tested = part(trajectories, validation_end - 1, lengths) if test > 0 else nothing
    rule = _time_rule(trajectories, train_end, validation_end, validation, test)
    return Split(train, validated, tested, f"by time, because {reason}: {rule}")


def _cut(trajectories: Trajectories, starts: np.ndarray, stops: np.ndarray) -> Trajectories:
    """Frames ``starts[b]:stops[b]`` of each trajectory, moved to the front; past the end values are NaN."""
    lengths = stops - starts
    frames = int(lengths.max())
    times = np.empty((len(trajectories), frames))
    state = np.full((len(trajectories), frames, *trajectories.state.shape[2:]), np.nan, trajectories.state.dtype)
    for row, (start, stop, length) in enumerate(zip(starts, stops, lengths, strict=True)):
        own = trajectories.times[row, start:stop]
        step = own[-1] - own[-2] if length > 1 else 1.0
        times[row] = np.concatenate([own, own[-1] + step * np.arange(1, frames - length + 1)])
        state[row, :length] = trajectories.state[row, start:stop]
    points = trajectories.points
    if points is not None:
        points = points.between(times[:, 0], times[np.arange(len(times)), lengths - 1])
    return replace(trajectories, times=times, state=state, lengths=lengths, points=points)


def _without_frames_before(trajectories: Trajectories, starts: np.ndarray, stops: np.ndarray) -> Trajectories:
    """Frames up to ``stops[b]`` of each trajectory, with no values from its second frame to ``starts[b]``."""
    found = _cut(trajectories, np.zeros_like(stops), stops)
    for row, start in enumerate(starts):
        found.state[row, 1 : start + 1] = np.nan
    return found


def _time_rule(
    trajectories: Trajectories, train_end: np.ndarray, validation_end: np.ndarray, validation: float, test: float
) -> str:
    def until(ends: Sequence[int] | np.ndarray) -> str:
        shown = [f"{trajectories.times[row, end - 1]:.6g}" for row, end in enumerate(ends)]
        return " and ".join(dict.fromkeys(shown))

    words = [f"trained up to t = {until(train_end)}"]
    if validation > 0:
        words.append(f"validated from there to t = {until(validation_end)}")
    if test > 0:
        words.append(f"tested from there to t = {until(trajectories.lengths)}")
    return ", ".join(words)
