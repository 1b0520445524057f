"""The environments and trajectories that have numbers or functions of their own in a vector field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eqdsl.core.errors import DataError
from eqdsl.data.trajectories import Trajectories
from eqdsl.model.model import ENVIRONMENT, TRAJECTORY, Model

SHOWN = 8
"""Labels that a message lists."""


@dataclass(frozen=True)
class Members:
    """Labels of the environments and of the trajectories, in order; none where all share one value.

    Environments are labelled as in the data, trajectories by their place in the file of the fit, from 0.
    """

    environments: tuple[int, ...] = ()
    trajectories: tuple[int, ...] = ()

    @classmethod
    def of_data(cls, model: Model, trajectories: Trajectories) -> Members:
        """Those of some trajectories, as far as the model has a value for each."""
        scopes = model.scopes
        own = trajectories.environment if ENVIRONMENT in scopes else None
        numbers = trajectories.number if TRAJECTORY in scopes else None
        return cls(_labels(own), _labels(numbers))

    @staticmethod
    def groups(model: Model, trajectories: Trajectories) -> np.ndarray | None:
        """What each trajectory belongs to, of which every one is to be trained on; None where all are alike."""
        if TRAJECTORY in model.scopes:
            return np.arange(len(trajectories))
        return trajectories.environment if ENVIRONMENT in model.scopes else None

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Members:
        """Those of a run, from its ``state.json``."""
        stored = state.get("members", {})
        return cls(*(tuple(int(n) for n in stored.get(name, ())) for name in ("environments", "trajectories")))

    def as_json(self) -> dict[str, list[int]]:
        """What ``state.json`` holds."""
        return {"environments": list(self.environments), "trajectories": list(self.trajectories)}

    def labels(self, scope: str) -> tuple[int, ...]:
        """Those of a scope."""
        return self.environments if scope == ENVIRONMENT else self.trajectories

    def count(self, scope: str | None) -> int:
        """How many values there are; 1 where all share one."""
        return max(1, len(self.labels(scope))) if scope is not None else 1

    def joined(self, other: Members) -> Members:
        """These, then those of `other` that are not among them."""
        return Members(
            tuple(dict.fromkeys((*self.environments, *other.environments))),
            tuple(dict.fromkeys((*self.trajectories, *other.trajectories))),
        )

    def places(self, model: Model, scope: str, trajectories: Trajectories) -> tuple[int, ...]:
        """The member that each trajectory belongs to, counted from 0; one for all where they share a value.

        Raises
        ------
        DataError
            The data do not tell, or a trajectory belongs to none of these.
        """
        known = self.labels(scope)
        if not known:
            return (0,)
        given = trajectories.environment if scope == ENVIRONMENT else trajectories.number
        names = model.of_scope(scope)
        what = f"`{names[0]}` is another one in each {scope}"
        if given is None and scope == ENVIRONMENT:
            raise DataError(
                f"{what}, and the data hold no dataset `environment`",
                help="write a dataset `environment` with one whole number for each trajectory; "
                f"known are {_list(known)}",
            )
        place = {label: number for number, label in enumerate(known)}
        strange = [int(n) for n in given if int(n) not in place] if given is not None else []
        if given is None or (strange and scope == TRAJECTORY):
            raise DataError(
                f"{what}, and these are other trajectories than those of the fit",
                help="fit their numbers first: `eqdsl adapt RUN DATA.h5 -o ADAPTED`",
            )
        if strange:
            several = len(set(strange)) > 1
            raise DataError(
                f"the environment{'s' if several else ''} {_list(sorted(set(strange)))} "
                f"{'are' if several else 'is'} not among those of the fit, {_list(known)}: {what}",
                help="fit what is their own first: `eqdsl adapt RUN DATA.h5 -o ADAPTED`",
            )
        return tuple(place[int(n)] for n in given)


def _labels(given: np.ndarray | None) -> tuple[int, ...]:
    return () if given is None else tuple(int(n) for n in np.unique(given))


def _list(labels: Sequence[int]) -> str:
    return ", ".join(str(n) for n in labels[:SHOWN]) + (", …" if len(labels) > SHOWN else "")
