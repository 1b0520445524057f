"""Where an inspection's numbers come from: settings of the fit, data and split, versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from eqdsl.data.trajectories import Trajectories
from eqdsl.inspection.fitted_run import FittedRun
from eqdsl.inspection.visited import Visited

PACKAGES = ("eqdsl", "torch", "numpy")


def settings(config: object) -> dict[str, object]:
    """The settings of a fit by dotted key, in their order."""
    dump = getattr(config, "model_dump", None)
    return flat(dump(mode="json") if dump is not None else dict(vars(config)))


def provenance(run: FittedRun, visited: Visited) -> dict[str, object]:
    """The run's own record, the sample looked at, and the versions in use now."""
    sample = {f"stored sample, {name}": _extent(trajectories) for name, trajectories in run.sample().items()}
    looked_at = {"frames inspected": len(visited), "frames with missing values, skipped": visited.skipped}
    versions = {"Python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}
    return {
        **{key: value for key, value in flat(run.state).items() if _said(key, value)},
        **sample,
        **looked_at,
        **{f"{name} (inspection)": text for name, text in versions.items()},
    }


def _said(key: str, value: object) -> bool:
    """Parameters stand in their own table; what is empty needs no row."""
    return not key.startswith("parameters.") and value not in (None, "", [], {})


def _extent(trajectories: Trajectories) -> str:
    points = f" on {' x '.join(map(str, trajectories.shape))} points" if trajectories.shape else ""
    return f"{len(trajectories)} trajectories of {trajectories.frames} frames{points}"


def flat(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested mappings with dotted keys."""
    found: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found.update(flat(value, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = value
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
