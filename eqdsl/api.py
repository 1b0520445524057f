"""The public functions and types: where each name of the package `eqdsl` is defined.

Names are loaded when they are first used, so that reading and checking a model loads neither torch nor SymPy. No name
is also the name of a submodule: Python would put the submodule over it as soon as somebody imports that.
"""

from __future__ import annotations

import importlib

from eqdsl.syntax.formatter import format_source
from eqdsl.syntax.reading import source_from_text

PUBLIC: dict[str, tuple[str, str]] = {
    "load": ("eqdsl.analysis.check", "load_model"),
    "loads": ("eqdsl.analysis.check", "loads_model"),
    "format_text": ("eqdsl.api", "format_text"),
    "latex": ("eqdsl.model.latex", "latex"),
    "compile_model": ("eqdsl.lowering.vector_field", "compile_model"),
    "simulate": ("eqdsl.simulation", "simulate"),
    "read_data": ("eqdsl.data.reading", "read_data"),
    "write_data": ("eqdsl.data.writing", "write_trajectories"),
    "fit": ("eqdsl.fitting.fit", "fit"),
    "adapt": ("eqdsl.fitting.adapt", "adapt"),
    "load_run": ("eqdsl.fitting.run_folder", "load_run"),
    "evaluate": ("eqdsl.fitting.evaluate", "evaluate"),
    "inspect": ("eqdsl.inspection.inspect", "inspect_run"),
    "FitConfig": ("eqdsl.fitting.config", "FitConfig"),
    "Model": ("eqdsl.model.model", "Model"),
    "VectorField": ("eqdsl.lowering.vector_field", "VectorField"),
    "Trajectories": ("eqdsl.data.trajectories", "Trajectories"),
    "EqdslError": ("eqdsl.core.errors", "EqdslError"),
}
"""Public name: the module that defines it and its name there."""


def public(name: str) -> object:
    """Load one of the `PUBLIC` names."""
    module, attribute = PUBLIC[name]
    return getattr(importlib.import_module(module), attribute)


def format_text(text: str) -> str:
    """The text of a model in the canonical format, comments kept.

    Raises
    ------
    ModelError
        The text does not parse.
    """
    return format_source(source_from_text(text))
