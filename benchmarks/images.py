"""Images that a flow carries: the velocity is read from past images, beside a network that forecasts images alone.

After de Bezenac et al. (ICLR 2018): 32 x 32 pixels, periodic; a fixed row of vortices in a current,
``w = (1.2 sin kX cos kY + 0.5, -1.2 cos kX sin kY + 0.3)`` with ``k = 2 pi/32``, and a diffusivity of 0.1 pixels^2 a
step, carry smooth random images. 96 sequences of 10 images train, 32 test. The model knows that images are carried
and diffuse; velocity and diffusivity are found, with penalties 0.01 of the squared divergence and 0.004 of squared
slopes. The velocity sees four images and the position (``--blind``: the images alone). Run with
``python -m benchmarks.images``.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.timed_fit import cosine, fit_options, timed_fit
from eqdsl.data.trajectories import Trajectories
from eqdsl.fitting.run_folder import Run
from eqdsl.fitting.trial import make_trial

SIDE, FRAMES, PAST, FINE = 32, 10, 4, 20
TRAIN, TEST = 96, 32
DIFFUSIVITY = 0.1
MODEL = """\
model images
space x in [0, 32] periodic, y in [0, 32] periodic
scheme order = 4
state c(x, y)
param D = fit 0.3 in (0, 5)
learned w(history(c, 4){positions}) -> vector by unet(8)
penalty spread = 0.01*(dx(w.x) + dy(w.y))^2
penalty rough = 0.004*(dot(grad(w.x), grad(w.x)) + dot(grad(w.y), grad(w.y)))
dt(c) = -dot(w, grad(c)) + D*lap(c)
"""
POSITIONS = ", sin(2*pi*x/32), cos(2*pi*x/32), sin(2*pi*y/32), cos(2*pi*y/32)"
OPTIONS = (
    "warm_start.steps=250", "optimizer.steps=300", "optimizer.polish=0", "optimizer.windows=8", "data.validation=0.125",
    "integrator.substeps=2", "integrator.method=rk4", "curriculum.share=0.4",
)  # fmt: skip


def velocity() -> np.ndarray:
    """The true velocity, shape (2, SIDE, SIDE)."""
    k, points = 2 * np.pi / SIDE, np.arange(SIDE)
    x, y = np.meshgrid(points, points, indexing="ij")
    return np.stack([1.2 * np.sin(k * x) * np.cos(k * y) + 0.5, -1.2 * np.cos(k * x) * np.sin(k * y) + 0.3])


def images(count: int, seed: int) -> np.ndarray:
    """Sequences of images by FFT and small Runge-Kutta steps, shape (count, FRAMES, 1, SIDE, SIDE)."""
    generator = np.random.default_rng(seed)
    k = 2 * np.pi * np.fft.fftfreq(SIDE)[:, None], 2 * np.pi * np.fft.rfftfreq(SIDE)[None]
    w, square = velocity(), k[0] ** 2 + k[1] ** 2
    smooth = np.fft.irfft2(np.exp(-square * 25 / 2) * np.fft.rfft2(generator.standard_normal((count, SIDE, SIDE))))
    state = smooth / smooth.std(axis=(1, 2), keepdims=True)

    def rate(c: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft2(c)
        slopes = [np.fft.irfft2(1j * part * (np.abs(part) < np.pi) * spectrum) for part in k]
        return np.fft.irfft2(-square * DIFFUSIVITY * spectrum) - w[0] * slopes[0] - w[1] * slopes[1]

    frames, step = [state], 1 / FINE
    for _ in range((FRAMES - 1) * FINE):
        a = rate(state)
        b = rate(state + step / 2 * a)
        c = rate(state + step / 2 * b)
        state = state + step / 6 * (a + 2 * b + 2 * c + rate(state + step * c))
        frames.append(state)
    return np.stack(frames[::FINE], axis=1)[:, :, None]


def sequences(values: np.ndarray) -> Trajectories:
    """The images as data of the model."""
    count, points = len(values), np.arange(SIDE, dtype=float)
    times = np.tile(np.arange(FRAMES, dtype=float), (count, 1))
    return Trajectories(times, values, np.full(count, FRAMES), ("c",), {"x": points, "y": points})


def forecaster(values: np.ndarray, minutes: float) -> nn.Module:
    """A plain convolutional network from four images to the next, trained on its own forecasts for some CPU minutes."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for before, after in ((PAST, 32), (32, 32), (32, 32)):
        layers += [nn.Conv2d(before, after, 5, padding=2, padding_mode="circular"), nn.SiLU()]
    network = nn.Sequential(*layers, nn.Conv2d(32, 1, 5, padding=2, padding_mode="circular"))
    optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
    data = torch.as_tensor(values[:, :, 0], dtype=torch.float32)
    generator, began = np.random.default_rng(0), time.process_time()
    while (spent := (time.process_time() - began) / 60) < minutes:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * spent / minutes)))
        chosen = data[generator.choice(len(data), 8, replace=False)]
        loss = (forecast(network, chosen[:, :PAST]) - chosen[:, PAST:]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


def forecast(network: nn.Module, past: Tensor) -> Tensor:
    """The six images after four, shape (B, 6, SIDE, SIDE); each is the newest one plus what the network says."""
    frames = list(past.unbind(1))
    for _ in range(FRAMES - PAST):
        frames.append(frames[-1] + network(torch.stack(frames[-PAST:], dim=1))[:, 0])
    return torch.stack(frames[PAST:], dim=1)


def forecast_error(network: nn.Module, values: np.ndarray) -> float:
    """Mean squared error over six steps."""
    with torch.no_grad():
        seen = torch.as_tensor(values[:, :PAST, 0], dtype=torch.float32)
        return float(np.mean((forecast(network, seen).numpy() - values[:, PAST:, 0]) ** 2))


def scores(run: Run, values: np.ndarray) -> tuple[float, float, float]:
    """Mean squared error over six steps, cosine of the velocity, and the diffusivity."""
    trial = make_trial(run, sequences(values))
    batch = trial.data.batch(trial.data.starts(FRAMES - PAST, first_only=True), FRAMES - PAST)
    with torch.no_grad():
        path = trial.rollout(trial.start(batch), batch)[:, 1:].numpy()
        field = trial.field.with_past(batch.past)
        outputs = field.learned_outputs(batch.times[:, 0], batch.state[:, 0])
    found = np.stack([outputs[name].numpy() for name in ("w.x", "w.y")], axis=1)
    wanted = np.broadcast_to(velocity(), found.shape)
    return float(np.mean((path - values[:, PAST:]) ** 2)), cosine(found, wanted), float(run.state["parameters"]["D"])


def main() -> None:
    """Print the table."""
    parser = fit_options(__doc__)
    parser.add_argument("--blind", action="store_true", help="the velocity sees images alone, no positions")
    chosen = parser.parse_args()
    train, test = images(TRAIN, 0), images(TEST, 1)
    text, options = MODEL.format(positions="" if chosen.blind else POSITIONS), [*OPTIONS, *chosen.options]
    with timed_fit(text, sequences(train), options, verbose=chosen.verbose) as (run, minutes):
        mse, alike, diffusivity = scores(run, test)
    print("| | MSE, 6 steps | cosine of w | D (true 0.1) | CPU minutes |")
    print("|---|---|---|---|---|")
    print(f"| learned velocity | {mse:.2e} | {alike:.4f} | {diffusivity:.4f} | {minutes:.1f} |", flush=True)
    network = forecaster(train, minutes)
    plain = forecast_error(network, test)
    print(f"| plain network | {plain:.2e} | | | {minutes:.1f} |")
    print(f"ratio of the errors: {mse / plain:.3f}")


if __name__ == "__main__":
    main()
