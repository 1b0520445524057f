"""The problems of the accuracy table: what is fitted to what, for how long, and what is true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True)
class Problem:
    """One row of the table.

    Parameters
    ----------
    name : str
    folder, model, data, test : str
        Example folder and the files in it.
    minutes : float
        Wall-clock budget of the fit.
    truth : mapping of str to float
        True parameters.
    slope : tuple of (output, input, value), optional
        A learned term that is truly ``value*input``.
    options : mapping of str to str
        Options of the fit, as in ``--set``.
    """

    name: str
    folder: str
    model: str
    minutes: float
    truth: Mapping[str, float]
    data: str = "train.h5"
    test: str = "test.h5"
    slope: tuple[str, str, float] | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    distil: bool = True

    def path(self, file: str) -> Path:
        """A file of the example."""
        return EXAMPLES / self.folder / file


OMEGA0 = 2 * 3.141592653589793 / 6

PROBLEMS = (
    Problem(
        "pendulum, `friction(omega)`", "pendulum", "model.eq", 4.5, {"omega0": OMEGA0}, slope=("friction", "omega", 0.2)
    ),
    Problem("pendulum, `friction(theta, omega)`", "pendulum", "all_seeing.eq", 4.5, {"omega0": OMEGA0}, distil=False),
    Problem("FitzHugh-Nagumo, `Ru(u, v), Rv(u, v)`", "fitzhugh_nagumo", "model.eq", 13.0, {"a": 1e-3, "b": 5e-3}),
    Problem(
        "damped wave, `loss(dt(w))`", "damped_wave", "model.eq", 9.0, {"c": 330.0}, slope=("loss", "dt(w)", 50.0)
    ),
    Problem("Burgers, flux `f(u)`", "burgers", "model.eq", 5.0, {"nu": 0.02}),
    Problem(
        "hare and lynx, `predation(hare, lynx)`", "hare_lynx", "model.eq", 4.0, {}, test="all.h5",
        options={"data.validation": "0"}, distil=False,
    ),
    Problem(
        "hare and lynx, known Lotka-Volterra", "hare_lynx", "lotka_volterra.eq", 2.0, {}, test="all.h5",
        options={"data.validation": "0"}, distil=False,
    ),
)  # fmt: skip
