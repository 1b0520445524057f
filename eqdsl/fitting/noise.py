"""The noise of the data: as the model states it, or fitted, and what misfit it explains.

Noise of a channel is Gaussian, with one standard deviation for all of its values. A fitted one is what maximises the
likelihood of the residuals, ``s_c^2 = m_c``, given everything else; the fit alternates between the two after every
epoch. Channels with fitted noise then weigh ``1/s_c^2`` in the misfit: together this is descent on the negative
log-likelihood ``sum_c (m_c/(2 s_c^2) + log s_c)``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from eqdsl.core.errors import UsageError
from eqdsl.fitting.config import FitConfig
from eqdsl.fitting.stages import objectives_of
from eqdsl.model.model import Model

RESIDUAL = ("rollout", "shooting")
"""Objectives whose misfit is a mean square residual of the data, which tells their noise."""
SMALLEST = 1e-5
"""Least fitted standard deviation in those of the data: what rounding leaves of data without noise."""


class Noise(nn.Module):
    """Standard deviations of the noise by channel of the data, in units of the channel's own.

    Parameters
    ----------
    model : Model
        Its ``observe`` statements.
    observed : mapping of str to float
        Variance of each channel that the data hold.
    variance : Tensor, shape (C',)
        Of all channels, as `observed`.
    """

    deviation: Tensor
    counted: Tensor
    fitted: Tensor
    unit: Tensor

    def __init__(self, model: Model, observed: Mapping[str, float], variance: Tensor) -> None:
        super().__init__()
        names = self.names = model.data_channel_names
        given = [model.noise.get(name, 0.0) / np.sqrt(observed[name]) if name in observed else 0.0 for name in names]
        counted = [name in observed for name in names]
        fitted = [name in observed and name in model.noise_fitted for name in names]
        deviation = torch.as_tensor(given, dtype=torch.float64, device=variance.device)
        for name, mask in (("counted", counted), ("fitted", fitted)):
            self.register_buffer(name, torch.as_tensor(mask, device=variance.device), persistent=False)
        self.register_buffer("unit", variance.double().sqrt(), persistent=False)
        self.register_buffer("deviation", torch.where(self.fitted, 1.0, deviation))
        self._residuals: list[Tensor] = []

    @property
    def fits(self) -> bool:
        """Whether any of it is fitted."""
        return bool(self.fitted.any())

    def weights(self) -> Tensor:
        """Weight of each channel in the misfit, shape (C',), with a mean of 1 over those of fitted noise."""
        precise = torch.where(self.fitted, self.deviation.double().square().reciprocal(), 0.0)
        mean = precise.sum() / self.fitted.sum().clamp(min=1)
        return torch.where(self.fitted, precise / mean, 1.0)

    def collect(self, means: Tensor) -> None:
        """Take note of the mean square residuals of a batch by channel, in variances of the data, shape (C',)."""
        if self.fits:
            self._residuals.append(means.detach().double())

    def apart(self) -> Noise:
        """The same noise, to which the residuals of a batch make no difference."""
        other = copy.copy(self)
        other._residuals = []
        return other

    def begin(self) -> None:
        """Forget the residuals of the epoch before."""
        self._residuals.clear()

    def settle(self, explained: Tensor, *, last: bool) -> None:
        """Fit the standard deviations to the residuals of an epoch.

        Parameters
        ----------
        explained : Tensor, shape (C',)
            Misfit that noise of the present standard deviations explains: their squares, and what noisy starts carry
            into rollouts.
        last : bool
            Take the last batch alone; else the mean of all.
        """
        found = [r for r in self._residuals if bool(torch.isfinite(r[self.fitted]).all())]
        if not found:
            return
        means = found[-1] if last else torch.stack(found).mean(0)
        square = self.deviation.double().square() * means / explained.clamp(min=SMALLEST**4)
        fitted = self.fitted & torch.isfinite(square)
        self.deviation = torch.where(fitted, square.sqrt().clamp(min=SMALLEST).to(self.deviation), self.deviation)

    def tolerance(self, explained: Tensor) -> float | None:
        """The misfit of the exact model; None unless the noise of every channel of the data is stated."""
        if bool((self.counted & ((self.deviation <= 0) | self.fitted)).any()) or not bool(self.counted.any()):
            return None
        return float(explained[self.counted].mean())

    def values(self) -> dict[str, float]:
        """The fitted standard deviations in the units of the data."""
        values = (self.deviation.double() * self.unit).tolist()
        return {n: v for n, v, f in zip(self.names, values, self.fitted.tolist(), strict=True) if f}


def stated(model: Model) -> bool:
    """Whether the model says anything about noise."""
    return bool(model.noise or model.noise_fitted)


def check_noise(model: Model, config: FitConfig) -> None:
    """Refuse to fit noise with an objective that does not tell it.

    Raises
    ------
    UsageError
        With the objectives that do.
    """
    last = objectives_of(config)[-1]
    if model.noise_fitted and last not in RESIDUAL:
        name = model.noise_fitted[0]
        raise UsageError(
            f"objective `{last}` does not tell the noise of `{name}`, which is to be fitted",
            help=f"let {' or '.join(f'`{n}`' for n in RESIDUAL)} be the last objective, as in `--objective "
            f"{last},rollout`, or state it: `observe {name} noise 0.1`",
        )
