"""Local polynomials in time: smoothed values, slopes, and how noisy the data are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eqdsl.data.statistics import channel_variance
from eqdsl.data.trajectories import Trajectories

DEGREE = 3
HALF_WIDTHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64)
"""Frames on each side that cross-validation compares; the first fits five frames by four coefficients."""
WIDER = 2
ROUNDING = 1e-5
"""Noise, over the deviation of the data, that is taken for rounding."""
LOOKED_AT = 1 << 15
"""Values that cross-validation looks at."""
CHUNK_VALUES = 1 << 20
"""Values smoothed at once."""


@dataclass(frozen=True)
class Smoothed:
    """Local polynomials of some trajectories.

    Parameters
    ----------
    state, slope : ndarray, shape (B, T, C, *S), float64
        Values and slopes at the frames, also at those whose value is missing; NaN where too few frames are near.
    """

    state: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True)
class Noise:
    """What cross-validation finds.

    Parameters
    ----------
    half_widths : ndarray, shape (C,), int
        Frames on each side with which values left out are predicted best.
    deviation : ndarray, shape (C,)
        Standard deviation of the noise; 0 where the narrowest fit is the best one, so that noise does not show.
    """

    half_widths: np.ndarray
    deviation: np.ndarray

    @property
    def shows(self) -> bool:
        """Whether there is any."""
        return bool(self.deviation.any())


def noise_of(trajectories: Trajectories) -> Noise:
    """Width of local polynomials and size of the noise of each channel, by leave-one-out cross-validation.

    A value is predicted by the polynomial through the others near it: ``(x_i - p(t_i))/(1 - h_ii)``, with h_ii the
    weight of the value in its own fit. The mean square of these is least where noise and curvature balance; there
    ``(x_i - p(t_i))^2/(1 - h_ii)`` has the variance of the noise as its mean.
    """
    sample = _sample(trajectories)
    channels = sample.state.shape[2]
    best, widths, variance = np.full(channels, np.inf), np.full(channels, HALF_WIDTHS[0]), np.zeros(channels)
    others = (0, 1, *range(3, sample.state.ndim))
    for half in HALF_WIDTHS:
        if half > HALF_WIDTHS[0] and 2 * half >= sample.lengths.max(initial=0):
            break
        value, _, own = local_polynomials(sample.times, sample.state, sample.lengths, half)
        left = 1 - own
        usable = np.isfinite(sample.state) & np.isfinite(value) & (left > 1e-6)
        square = np.where(usable, sample.state - value, 0.0) ** 2
        left, count = np.where(usable, left, 1.0), np.maximum(usable.sum(others), 1)
        score = (square / left**2).sum(others) / count
        better = usable.any(others) & (score < best)
        best, widths = np.where(better, score, best), np.where(better, half, widths)
        variance = np.where(better, (square / left).sum(others) / count, variance)
    deviation = np.sqrt(variance)
    size = np.sqrt(np.nan_to_num(channel_variance(sample)))
    shows = (widths > HALF_WIDTHS[0]) & (deviation > ROUNDING * size)
    return Noise(np.where(shows, widths, HALF_WIDTHS[0]), np.where(shows, deviation, 0.0))


def smooth(trajectories: Trajectories, half_widths: np.ndarray) -> Smoothed:
    """The trajectories by local polynomials of these half widths, one for each channel.

    Where values are missing the width grows, up to `WIDER` times, until there are enough.
    """
    state, slope = (np.full(trajectories.state.shape, np.nan) for _ in range(2))
    rows = max(1, CHUNK_VALUES // max(trajectories.state[:1, :, 0].size, 1))
    for first in range(0, len(trajectories), rows):
        part = slice(first, first + rows)
        for channel, half in enumerate(half_widths):
            values = trajectories.state[part, :, channel : channel + 1]
            for wider in range(1, WIDER + 1):
                found = local_polynomials(
                    trajectories.times[part], values, trajectories.lengths[part], wider * int(half)
                )
                for whole, new in zip((state, slope), found, strict=False):
                    place = whole[part, :, channel : channel + 1]
                    np.copyto(place, new, where=np.isnan(place))
                if np.isfinite(values).all():
                    break
    return Smoothed(state, slope)


def local_polynomials(
    times: np.ndarray, state: np.ndarray, lengths: np.ndarray, half: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cubics fitted to the 2*half + 1 frames around each frame (Savitzky and Golay, 1964, at any times).

    Beside an end the window is moved, not shortened. Missing values do not enter; a fit needs one value more than it
    has coefficients.

    Parameters
    ----------
    times : ndarray, shape (B, T)
    state : ndarray, shape (B, T, C, *S)
        NaN where missing.
    lengths : ndarray, shape (B,)

    Returns
    -------
    tuple of ndarray
        Value and slope at each frame, like `state`, and the weight that a value has or would have in its own fit, which
        broadcasts to it: the variance of the fitted value in units of that of the noise.
    """
    rows, frames = np.arange(len(times))[:, None], np.arange(times.shape[1])
    size = np.minimum(2 * half + 1, lengths)[:, None]
    first = np.clip(frames - half, 0, np.maximum(lengths[:, None] - size, 0))
    begins, ends = times[rows, first], times[rows, np.maximum(first + size - 1, 0)]
    middle, span = (begins + ends) / 2, np.where(ends > begins, (ends - begins) / 2, 1.0)
    spread = [1] * (state.ndim - 2)
    present = np.isfinite(state) & (frames < lengths[:, None]).reshape(*times.shape, *spread)
    filled = np.where(present, state, 0.0)
    shared = _shared(present)
    gram = np.zeros((*shared.shape, DEGREE + 1, DEGREE + 1))
    moment, count = np.zeros((*state.shape, DEGREE + 1)), np.zeros(shared.shape, dtype=int)
    for j in range(2 * half + 1):
        at = np.minimum(first + j, times.shape[1] - 1)
        basis = _legendre((times[rows, at] - middle) / span).reshape(*times.shape, *spread, DEGREE + 1)
        within = shared[rows, at] & (j < size).reshape(-1, 1, *spread)
        basis = np.where(within[..., None], basis, 0.0)
        gram += basis[..., :, None] * basis[..., None, :]
        moment += basis * filled[rows, at][..., None]
        count += within
    enough = count > DEGREE + 1
    gram = np.where(enough[..., None, None], gram, np.eye(DEGREE + 1))
    here = (times - middle) / span
    basis = _legendre(here).reshape(*times.shape, *spread, DEGREE + 1)
    rate = (_legendre_slope(here) / span[..., None]).reshape(basis.shape)
    # Two functionals of the coefficients cost fewer solutions than the coefficients of every value.
    functionals = np.stack([basis, rate], axis=-1)
    weights = np.linalg.solve(gram, np.broadcast_to(functionals, (*shared.shape, *functionals.shape[-2:])))
    own = (basis * weights[..., 0]).sum(-1)
    # Beyond 1 it is an extrapolation, at the end of a gap, with more noise than a measurement has.
    usable = enough & (own < 1 + 1e-9)
    value, slope = (np.where(usable, (moment * weights[..., k]).sum(-1), np.nan) for k in range(2))
    return value, slope, own


def _shared(present: np.ndarray) -> np.ndarray:
    """Which values are present, (B, T, 1, …) where that is the same for all values of each frame."""
    one = present[:, :, :1]
    for axis in range(3, present.ndim):
        one = one.take([0], axis=axis)
    return one if np.array_equal(np.broadcast_to(one, present.shape), present) else present


def _legendre(s: np.ndarray) -> np.ndarray:
    """Legendre polynomials of degree 0 to 3 along a new last axis: nearly orthogonal, so that the fit is well posed."""
    return np.stack([np.ones_like(s), s, 1.5 * s**2 - 0.5, 2.5 * s**3 - 1.5 * s], axis=-1)


def _legendre_slope(s: np.ndarray) -> np.ndarray:
    return np.stack([np.zeros_like(s), np.ones_like(s), 3 * s, 7.5 * s**2 - 1.5], axis=-1)


def _sample(trajectories: Trajectories) -> Trajectories:
    """Whole series of evenly chosen trajectories and, of a grid, of points drawn once."""
    state = trajectories.state
    series = max(1, LOOKED_AT // max(state.shape[1] * state.shape[2], 1))
    rows = np.linspace(0, len(state) - 1, min(series, len(state))).astype(int)
    chosen = trajectories.select(np.unique(rows))
    values = chosen.state.reshape(*chosen.state.shape[:3], -1)
    points = max(1, series // len(chosen))
    if points < values.shape[3]:
        values = values[..., np.random.default_rng(0).choice(values.shape[3], points, replace=False)]
    return Trajectories(chosen.times, values.astype(np.float64), chosen.lengths, chosen.channels)
