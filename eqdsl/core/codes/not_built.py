"""Statements that parse but have no meaning yet (E09xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

STATEMENTS_NOT_BUILT: dict[str, tuple[str, str, str]] = {
    "Import": ("E0901", "`import`", "copy the statements of that file into this one"),
    "When": ("E0902", "`when`", "write a smooth law with `sigmoid` or `ifelse` in the equation"),
    "Input": ("E0903", "`input`", "write the series or map as an expression of time and position"),
    "Elliptic": ("E0904", "`0 = … for …`", "write an evolution that relaxes quickly: `dt(p) = …`"),
}
"""Statements by the name of their node: code, how a message calls them, what to write instead."""

CALLS_NOT_BUILT: dict[str, str] = {
    "delay": "E0910",
    "noise": "E0911",
    "history": "E0912",
    "sample": "E0913",
}
"""Calls inside expressions, by name."""

FAMILIES_NOT_BUILT: tuple[str, ...] = (
    "stencil",
    "symnet",
    "unet",
    "fno",
    "hamiltonian",
    "gradient",
    "dissipative",
    "antisymmetric",
    "module",
)
"""Families after ``by`` (E0930)."""

NOT_BUILT: dict[str, Explanation] = {}
