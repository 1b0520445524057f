"""What eqdsl runs on: versions of the parts it stands on and of itself."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

REQUIRED = (
    "torch", "torchdiffeq", "lark", "sympy", "numpy", "h5py", "safetensors", "click", "rich", "pydantic",
    "jinja2",
)  # fmt: skip
EXTRAS: dict[str, tuple[str, ...]] = {
    "plot": ("matplotlib",), "data": ("xarray", "h5netcdf"), "sweep": ("optuna",), "gpu": ("triton",),
}  # fmt: skip


def installed(package: str) -> str | None:
    """Version of an installed package; None when it is absent. Imports nothing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def versions() -> dict[str, str | None]:
    """Versions of eqdsl, Python and the required packages."""
    return {
        "eqdsl": installed("eqdsl"),
        "python": platform.python_version(),
        **{package: installed(package) for package in REQUIRED},
    }
