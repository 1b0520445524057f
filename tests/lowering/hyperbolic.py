"""Linear problems with walls: the spectrum of what is compiled, and travelling waves in closed form."""

from __future__ import annotations

import math

import numpy as np
import torch
from torchdiffeq import odeint

from eqdsl.analysis.check import loads_model
from eqdsl.lowering.vector_field import VectorField, compile_model

ADVECTION = "state u(x)\ndt(u) = -dx(u)\n"
ACOUSTICS = "state p(x), v(x)\ndt(p) = -dx(v)\ndt(v) = -dx(p)\n"
MIXED = "state u(x)\nparam nu = {}\ndt(u) = nu*dxx(u) - dx(u)\n"
FLUX = "state u(x)\ndt(u) = div((1 + x)*grad(u))\n"
HEAT = "state u(x)\ndt(u) = dxx(u)\n"
HELD = "bc u = 0 at boundary\n"
LEAK = "bc dn(u) + {}*u = 0 at {}\n"

LINEAR = {
    "advection, inflow left": ADVECTION + "bc u = 0 at x = 0\n",
    "advection, inflow right": "state u(x)\ndt(u) = dx(u)\nbc u = 0 at x = 1\n",
    "advection, no condition": ADVECTION,
    "advection, Robin inflow": ADVECTION + LEAK.format(2, "x = 0"),
    "advection, sharp Robin inflow": ADVECTION + LEAK.format(50, "x = 0"),
    "acoustics, closed": ACOUSTICS + "bc v = 0 at boundary\n",
    "acoustics, open": ACOUSTICS + "bc p = 0 at boundary\n",
    "acoustics, closed and open": ACOUSTICS + "bc v = 0 at x = 0\nbc p = 0 at x = 1\n",
    "acoustics, no condition": ACOUSTICS,
    "wave": "state w(x)\ndtt(w) = dxx(w)\nbc w = 0 at x = 0\n",
    **{
        f"advection-diffusion {nu}, {name}": MIXED.format(nu) + walls
        for nu in (0.1, 0.001, 0.0001)
        for name, walls in {
            "held": HELD,
            "held left": "bc u = 0 at x = 0\n",
            "closed": "",
            "Robin": LEAK.format(2, "x = 0"),
        }.items()
    },
    **{
        f"{name}, {kind}": body + walls
        for name, body in {"heat": HEAT, "flux form": FLUX}.items()
        for kind, walls in {"held": HELD, "closed": "", "Robin": LEAK.format(2, "boundary")}.items()
    },
}
"""Well-posed problems none of whose solutions grows."""


def compiled(body: str, order: int, position: str, points: int) -> VectorField:
    """A problem on [0, 1] with `points` spacings."""
    count = points + (position == "nodes")
    text = f"space x in [0, 1]\ngrid x = {count} {position}\nscheme order = {order}\n{body}"
    return compile_model(loads_model(text))


def spectrum(field: VectorField) -> np.ndarray:
    """Eigenvalues of a linear vector field; points that never move are left out."""
    size = len(field.model.channels) * field.grid.shape[0]
    unit = torch.eye(size, dtype=torch.float64).reshape(size, -1, field.grid.shape[0])
    with torch.no_grad():
        matrix = field(0.0, unit).reshape(size, size).numpy().T
    free = np.abs(matrix).sum(axis=1) > 1e-9
    return np.linalg.eigvals(matrix[np.ix_(free, free)])


PHASE = "3*({}) - 3*t + 0.4"
WAVES = {
    "advection": ADVECTION
    + f"bc u = sin({PHASE.format('0')}) at x = 0\nbc dn(u) = 3*cos({PHASE.format('1')}) at x = 1\n",
    "acoustics": ACOUSTICS
    + "".join(f"bc v = sin({PHASE.format(x)}) at x = {x}\n" for x in (0, 1))
    + f"bc dn(p) = -3*cos({PHASE.format('0')}) at x = 0\nbc dn(p) = 3*cos({PHASE.format('1')}) at x = 1\n",
    "acoustics, open end": ACOUSTICS
    + "".join(f"bc {c} = sin({PHASE.format(x)}) at x = {x}\n" for c, x in (("v", 0), ("p", 1)))
    + f"bc dn(p) = -3*cos({PHASE.format('0')}) at x = 0\nbc dn(v) = 3*cos({PHASE.format('1')}) at x = 1\n",
}
"""Problems that the wave ``sin(3*x - 3*t + 0.4)`` solves, in every channel."""


def wave_error(field: VectorField, end: float) -> float:
    """Mean-square error of the travelling wave at the end of the time."""
    x = field.grid.coordinates()["x"]
    start = torch.as_tensor(np.sin(3 * x + 0.4)).expand(1, len(field.model.channels), -1).contiguous()
    times = torch.tensor([0.0, end], dtype=torch.float64)
    with torch.no_grad():
        found = odeint(field, start, times, method="dopri8", rtol=1e-10, atol=1e-11)[-1, 0].numpy()
    return math.sqrt(float(np.mean((found - np.sin(3 * x - 3 * end + 0.4)) ** 2)))
