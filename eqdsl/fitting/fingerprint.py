"""Which data a run was fitted to."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from eqdsl.data.trajectories import Trajectories

HASHED_BYTES = 64 << 20
"""Of larger states an evenly spaced part is hashed."""


def fingerprint(trajectories: Trajectories, path: Path | None) -> dict[str, Any]:
    """Path, size and time of the file, shape, and a hash of the values as the model sees them."""
    found: dict[str, Any] = {"path": None, "bytes": None, "modified": None}
    if path is not None:
        status = path.stat()
        found = {"path": str(path.resolve()), "bytes": status.st_size, "modified": status.st_mtime}
    return found | {
        "trajectories": len(trajectories), "frames": int(trajectories.lengths.sum()),
        "grid": list(trajectories.shape), "sha256": content_hash(trajectories),
    }  # fmt: skip


def content_hash(trajectories: Trajectories) -> str:
    """SHA-256 of channels, lengths, times, (a part of) the state, and the inputs."""
    digest = hashlib.sha256(repr((trajectories.channels, trajectories.state.shape)).encode())
    rows = max(1, -(-trajectories.state.nbytes // HASHED_BYTES))
    flat = np.ascontiguousarray(trajectories.state).reshape(-1)
    points = trajectories.points
    if points is not None:
        # Frames made from points depend on the computer that made them.
        for array in (points.at, points.values):
            digest.update(np.ascontiguousarray(array, np.float64).tobytes())
        digest.update(_bytes(trajectories.environment))
        return digest.hexdigest()
    for array in (trajectories.lengths.astype(np.int64), trajectories.times.astype(np.float64), flat[::rows]):
        digest.update(np.ascontiguousarray(array).tobytes())
    digest.update(_bytes(trajectories.environment))
    for name, driving in sorted(trajectories.inputs.items()):
        digest.update(repr((name, driving.values.shape)).encode())
        for given in (driving.values, driving.times):
            digest.update(b"" if given is None else np.ascontiguousarray(given, np.float64).tobytes())
    return digest.hexdigest()


def _bytes(environment: np.ndarray | None) -> bytes:
    return b"" if environment is None else np.ascontiguousarray(environment, np.int64).tobytes()
