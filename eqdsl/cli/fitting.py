"""The work of `eqdsl fit`: settings, model and data in, events out, a run folder left. Loads torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eqdsl.fit.config import FitConfig
from eqdsl.fit.config_file import load_config, with_overrides


@dataclass(frozen=True)
class Request:
    """The options of `eqdsl fit`."""

    model: str
    data: str
    out: Path
    config_path: Path | None
    sets: tuple[str, ...]
    seed: int | None
    device: str | None
    dtype: str | None
    minutes: float | None
    resume: bool
    mapping: tuple[tuple[str, str], ...]
    quiet: bool
    as_json: bool
    force: bool


def configure(request: Request) -> FitConfig:
    """The settings: the TOML file, then `--set`, then the short options and `--map`; later ones win.

    Raises
    ------
    UsageError
        The file cannot be read, or a key or value is wrong.
    """
    config = load_config(request.config_path) if request.config_path is not None else FitConfig()
    short: Mapping[str, object] = {
        "seed": request.seed,
        "device": request.device,
        "dtype": request.dtype,
        "minutes": request.minutes,
    }
    overrides = [f"run.{key}={value}" for key, value in short.items() if value is not None]
    config = with_overrides(config, [*request.sets, *overrides])
    if not request.mapping:
        return config
    # Not through `with_overrides`: names such as `w.x` and datasets such as `3` would be taken for TOML.
    names = {**config.data.map, **dict(request.mapping)}
    return config.model_copy(update={"data": config.data.model_copy(update={"map": names})})
