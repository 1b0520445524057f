"""The settings of a sweep, checked as a whole before anything runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from eqdsl.cli.sweeping.space import Range, space_of
from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.config_file import changed_keys, with_overrides
from eqdsl.fitting.integrator import check_integrator
from eqdsl.fitting.penalty import check_weights
from eqdsl.fitting.problem import chosen_device
from eqdsl.model.model import Model

Grid = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Plan:
    """What varies, over what all trials share.

    Parameters
    ----------
    base : FitConfig
    grid : dict of str to tuple of str
        Values by key, as `--set` takes them; every combination is a trial. Empty for a search.
    space : tuple of Range
        What a search draws from. Empty for a grid.
    trials : int
    """

    base: FitConfig
    grid: dict[str, tuple[str, ...]]
    space: tuple[Range, ...]
    trials: int

    @property
    def keys(self) -> tuple[str, ...]:
        """Names ``section.key`` of what varies."""
        return tuple(self.grid) or tuple(part.key for part in self.space)

    def combinations(self) -> list[dict[str, str]]:
        """Settings of every trial of a grid, the last key fastest."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


def grid_plan(base: FitConfig, grid: Grid, model: Model) -> Plan:
    """Every combination of the values.

    Raises
    ------
    UsageError
        Wrong keys or values; all of them in one message.
    """
    problems: dict[str, UsageError] = {}
    for key, values in grid.items():
        for text in values:
            try:
                config = with_overrides(base, [f"{key}={text}"], option="--grid")
                check_integrator(config.integrator)
                check_weights(model, config.multiplier)
                chosen_device(config.run.device)
            except UsageError as error:
                # A wrong key is reported by each of its values.
                problems.setdefault(error.message.removeprefix("--grid: "), error)
    if len(problems) == 1:
        raise next(iter(problems.values()))
    if problems:
        raise UsageError("--grid: " + "\n".join([f"{len(problems)} problems", *(f"- {text}" for text in problems)]))
    chosen = {key: tuple(values) for key, values in grid.items()}
    return Plan(one_split(base, grid), chosen, (), math.prod(map(len, chosen.values())))


def search_plan(base: FitConfig, trials: int, model: Model) -> Plan:
    """Draws of the settings that the base leaves at their defaults.

    Raises
    ------
    UsageError
        The base leaves none of them.
    """
    space = space_of(model, changed_keys(FitConfig(), base))
    if not space:
        raise UsageError(
            "--search: every setting that it would draw is fixed by --set or --config", help="leave one of them out"
        )
    return Plan(one_split(base, ()), {}, space, trials)


def parse_grid(texts: Sequence[str]) -> dict[str, list[str]]:
    """``section.key=v1,v2`` texts as values by key.

    Raises
    ------
    UsageError
        A text has another form, or a key or value comes twice; all of these in one message.
    """
    grid: dict[str, list[str]] = {}
    problems = []
    for text in texts:
        name, sign, list_of_values = text.partition("=")
        key, values = name.strip(), [value.strip() for value in list_of_values.split(",")]
        if not sign or not key or not all(values):
            problems.append(f"`{text}` is not `section.key=value,value`")
        elif key in grid:
            problems.append(f"`{key}` is given twice")
        elif len(set(map(_comparable, values))) < len(values):
            problems.append(f"`{text}` has a value twice")
        else:
            grid[key] = values
    if problems:
        raise UsageError(
            "--grid: " + "; ".join(problems), help="for example `--grid optimizer.learning_rate=1e-3,1e-2`"
        )
    return grid


def _comparable(text: str) -> str | float:
    """`1e-3` and `0.001` are the same value."""
    try:
        return float(text)
    except ValueError:
        return text


def one_split(base: FitConfig, keys: Container[str]) -> FitConfig:
    """The settings with the split fixed: trials with other seeds are validated on the same data, or do not compare."""
    if base.data.seed is not None or "data.seed" in keys:
        return base
    return base.model_copy(update={"data": base.data.model_copy(update={"seed": base.run.seed})})
