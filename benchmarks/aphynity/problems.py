"""The rows of the table: problems, what is known in each variant, and the settings of their fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.aphynity import pendulum, reaction_diffusion, wave

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Quantity:
    """A number whose error is measured: ``measure`` of a parameter, or the slope of a learned term.

    Parameters
    ----------
    name : str
        As printed.
    true : float
    parameter : str
        Of the model; a variant without it does not have the quantity.
    measure : callable
        From the parameter to the quantity.
    slope : tuple of (output, channel), optional
        Where the parameter is missing: least-squares slope of this learned output against this channel.
    """

    name: str
    true: float
    parameter: str
    measure: Callable[[float], float] = float
    slope: tuple[str, str] | None = None


@dataclass(frozen=True)
class Problem:
    """One of the three problems.

    Parameters
    ----------
    name, title : str
    make : callable
        From ``train`` or ``test`` to the datasets of its file.
    quantities : tuple of Quantity
    settings : mapping of str to str
        Options of every fit, as in ``--set``.
    known : mapping of str to mapping
        Options of variants without a learned term, which need few steps.
    substeps : int
        Steps of rk4 between two frames, in fits and scores.
    """

    name: str
    title: str
    make: Callable[[str], dict[str, np.ndarray]]
    quantities: tuple[Quantity, ...]
    substeps: int
    settings: Mapping[str, str]
    variants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def model(self, variant: str) -> Path:
        """The model of a variant."""
        return MODELS / f"{self.name.replace('-', '_')}_{variant}.eq"

    def options(self, variant: str, seed: int) -> dict[str, str]:
        """Options of the fit of a variant."""
        common = {
            "run.seed": str(seed), "run.device": "cpu", "integrator.method": "rk4",
            "integrator.substeps": str(self.substeps),
        }  # fmt: skip
        return {**common, **self.settings, **(KNOWN if variant in ALL_KNOWN else {}), **self.variants.get(variant, {})}


VARIANTS: dict[str, str] = {
    "none": "no physics",
    "physics": "physics only",
    "all_seeing": "incomplete + all-seeing",
    "restricted": "incomplete + restricted",
    "complete": "complete",
    "complete_learned": "complete + all-seeing",
    "true": "true equation",
}
"""What each variant knows and learns. Learned terms of the first, third and sixth are the paper's: they see all."""

ALL_KNOWN = ("physics", "complete")
KNOWN: dict[str, str] = {"optimizer.steps": "400", "optimizer.polish": "100"}
"""Fits of a few numbers need few steps."""
NEVER_FITTED = ("true",)

PROBLEMS: dict[str, Problem] = {
    problem.name: problem
    for problem in (
        Problem(
            "pendulum", "damped pendulum", pendulum.make,
            (
                Quantity("T0", 6.0, "omega0", lambda omega0: 2 * math.pi / omega0),
                Quantity("friction", pendulum.ALPHA, "alpha", slope=("friction", "omega")),
            ),
            2, {"optimizer.steps": "4000", "optimizer.polish": "500"},
        ),
        Problem(
            "reaction-diffusion", "reaction-diffusion", reaction_diffusion.make,
            (
                Quantity("a", reaction_diffusion.A, "a"), Quantity("b", reaction_diffusion.B, "b"),
                Quantity("k", reaction_diffusion.K, "k"),
            ),
            1, {"optimizer.steps": "2000", "optimizer.polish": "300", "curriculum.share": "0.6"},
        ),
        Problem(
            "wave", "damped wave", wave.make,
            (
                Quantity("c", wave.C, "c"),
                Quantity("k", wave.K, "k", slope=("loss", "dt(w)")),
            ),
            1, {
                "data.validation": "0", "curriculum.horizon": str(wave.WINDOW - 1), "optimizer.steps": "2000",
                "optimizer.polish": "300", "curriculum.share": "0.6",
            },
        ),
    )
}  # fmt: skip
