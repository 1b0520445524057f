r"""Which changes of the parameters the data decide, which the norm of the learned terms decides, which nothing does.

Parameters are counted in units of their effect, so that physical units do not matter. A direction v of them

* has *no effect* where ``|B v|^2 <= CONFUSED * max |B u|^2``;
* is *imitated* where learned terms can take over nearly all of it, ``|left v|^2 <= (1 - IMITATED) |B v|^2``: only the
  norm decides;
* is *told* otherwise, by the misfit.

They are eigenvectors of the pencil of the two quadratic forms, so a combination is found where no single parameter
stands out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdsl.inspection.sensitivity import Sensitivity

IMITATED = 0.95
"""Share of an effect that learned terms can take over from which on only the norm decides."""

CONFUSED = 1e-6
"""Ratio of squared effects below which a direction has none."""

INVOLVED = 0.1
"""Share of a parameter in a direction, in units of effect, from which on it counts as part of it."""


@dataclass(frozen=True)
class Directions:
    """Bases of the three kinds of directions, in physical units, each of shape (P, k).

    `involved` has a row for each kind in the same order: which parameters are part of it, shape (3, P).
    """

    names: tuple[str, ...]
    no_effect: np.ndarray
    imitated: np.ndarray
    told: np.ndarray
    involved: np.ndarray

    @property
    def rank(self) -> int:
        """Number of combinations that the data decide."""
        return int(self.told.shape[1])

    def kind(self, index: int) -> str:
        """What decides a parameter: ``nothing``, ``norm`` or ``misfit``, the weakest that it has a part in."""
        return "nothing" if self.involved[0, index] else "norm" if self.involved[1, index] else "misfit"


def directions(found: Sensitivity) -> Directions:
    """Sort the directions of the parameters by what decides them."""
    count = len(found.names)
    size = np.linalg.norm(found.effects, axis=0) if count else np.zeros(0)
    unit = np.where(size > 0, size, 1.0)
    effects, left = found.effects / unit, found.left / unit
    values, vectors = np.linalg.eigh(effects.T @ effects)
    silent = values <= CONFUSED * max(float(values.max(initial=0.0)), np.finfo(float).tiny)
    no_effect, seen = vectors[:, silent], vectors[:, ~silent] / np.sqrt(values[~silent])
    shares, inner = np.linalg.eigh((left @ seen).T @ (left @ seen))
    imitated = seen @ inner[:, shares <= 1 - IMITATED]
    told = seen @ inner[:, shares > 1 - IMITATED]
    kinds = (no_effect, imitated, told)
    involved = np.stack([_involved(kind) for kind in kinds])
    # Directions in units of effect become changes of the parameters themselves.
    no_effect, imitated, told = (kind / unit[:, None] for kind in kinds)
    return Directions(found.names, no_effect, imitated, told, involved)


def _involved(basis: np.ndarray) -> np.ndarray:
    """Parameters that are part of some direction of a subspace."""
    if not basis.shape[1]:
        return np.zeros(len(basis), bool)
    orthonormal, _ = np.linalg.qr(basis)
    return np.asarray(np.linalg.norm(orthonormal, axis=1) > INVOLVED)
