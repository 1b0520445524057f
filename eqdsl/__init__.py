"""eqdsl: differential equations of which a part is known and the rest is learned from data.

>>> import eqdsl
>>> model = eqdsl.loads("state u\\nparam k = 0.5\\ndt(u) = -k*u\\ninit u = 1")
>>> model.channel_names
('u',)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from eqdsl.analysis.check import load_model as load
    from eqdsl.analysis.check import loads_model as loads
    from eqdsl.api import format_text
    from eqdsl.core.errors import EqdslError
    from eqdsl.data.reading import read_data
    from eqdsl.data.trajectories import Trajectories
    from eqdsl.data.writing import write_trajectories as write_data
    from eqdsl.fitting.adapt import adapt
    from eqdsl.fitting.config import FitConfig
    from eqdsl.fitting.evaluate import evaluate
    from eqdsl.fitting.fit import fit
    from eqdsl.fitting.run_folder import load_run
    from eqdsl.inspection.inspect import inspect_run as inspect
    from eqdsl.lowering.vector_field import VectorField, compile_model
    from eqdsl.model.latex import latex
    from eqdsl.model.model import Model
    from eqdsl.simulation import simulate

__all__ = [
    "EqdslError",
    "FitConfig",
    "Model",
    "Trajectories",
    "VectorField",
    "adapt",
    "compile_model",
    "evaluate",
    "fit",
    "format_text",
    "inspect",
    "latex",
    "load",
    "load_run",
    "loads",
    "read_data",
    "simulate",
    "write_data",
]


def __getattr__(name: str) -> object:
    # PEP 562: load a public name at its first use, then keep it.
    if name not in __all__:
        raise AttributeError(f"module 'eqdsl' has no attribute '{name}'")
    from eqdsl.api import public

    value = globals()[name] = public(name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
