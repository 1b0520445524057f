"""Python text that the project wrote itself to a module: kept as a file, since Triton reads the lines of its functions.

What a user writes never gets into such a text: it is made of numbers, indices and names of the project's own.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

from eqdsl.core.native import CompilationFailed, cache_folder, is_ours


@cache
def load_module(text: str) -> ModuleType:
    """The module of a text.

    The file in `cache_folder` is what Triton shows in its messages and reads its lines from; what runs is `text`.

    Raises
    ------
    CompilationFailed
        The file cannot be kept, or a module that the text imports is missing; the message is one line.
    """
    name = f"eqdsl_kernel_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    path = cache_folder() / f"{name}.py"
    try:
        if not is_ours(path) or path.read_text() != text:
            _keep(text, path)
    except OSError as failure:
        raise CompilationFailed(f"the kernel cannot be kept: {failure}") from failure
    module = ModuleType(name)
    module.__file__ = str(path)
    try:
        # Safe: `lowering/fused/lanes` writes the text from a plan of numbers and indices; no word of a model is in it
        # (tests/lowering/test_lanes.py), and what runs is the text itself, not the file, which another could change.
        exec(compile(text, str(path), "exec"), module.__dict__)
    except ImportError as failure:
        raise CompilationFailed(
            f"{failure.name or 'a package'} is not found (`pip install triton` brings it)"
        ) from failure
    return module


def _keep(text: str, path: Path) -> None:
    """Write beside the final name, then rename: a file is there as a whole or not at all."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".building-")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(scratch).replace(path)
