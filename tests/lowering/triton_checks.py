"""What needs Triton itself, in a process of its own: its interpreter on the CPU, and its compiler without a device.

``python -m tests.lowering.triton_checks interpret|compile [MODEL …]``; the interpreter is chosen when Triton is loaded.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import numpy as np
import torch

from eqdsl.analysis.check import load_model, loads_model
from eqdsl.lowering.fused import backends
from eqdsl.lowering.fused.lanes.kernel import PRECISIONS, LaneKernel
from eqdsl.lowering.fused.sorting import plan
from eqdsl.model.model import Model
from tests.lowering.test_fused import WALLS, assert_same, pair, state_of
from tests.lowering.test_good_models import GOOD, drive, small_grid

_FUNCTIONS = {
    "acos": np.arccos, "asin": np.arcsin, "atan": np.arctan, "atan2": np.arctan2, "cosh": np.cosh, "log10": np.log10,
    "log1p": np.log1p, "pow": np.power, "sinh": np.sinh, "tan": np.tan, "tanh": np.tanh,
}  # fmt: skip
"""CUDA's own library, which the interpreter does not have."""


def interpret(model: Model) -> None:
    """A model's kernels against torch: values to 1e-12, gradients to 1e-10."""
    fast, plain = (f.driven(drive(f)) for f in pair(model, small_grid(model)))
    times = torch.tensor([0.3, 0.4, 0.7], dtype=torch.float64)
    assert_same(fast, plain, times, state_of(fast), 1e-12, 1e-10)
    assert fast.fused.refused == ""


def compile_for_gpu(model: Model) -> None:
    """A model's kernels to machine code of an H100."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    field = pair(model, small_grid(model))[0]
    for dtype, precision in PRECISIONS.items():
        kernel = _Untried(plan(field.program, model, field.grid), dtype, torch.device("cpu"))
        for launch in kernel.launches:
            function = getattr(kernel.module, launch.name)
            kinds = {"acc": "*fp64"} | {a: "i32" for a in function.arg_names if re.fullmatch(r"s\d+|stride", a)}
            signature = {a: kinds.get(a, f"*fp{precision[-2:]}") for a in function.arg_names}
            made = triton.compile(ASTSource(function, signature, {}), target=GPUTarget("cuda", 90, 32))
            assert made.asm["cubin"]


class _Untried(LaneKernel):
    """Kernels on a machine that cannot run them."""

    def _try(self, device: torch.device) -> None:
        self.module, self.launches = self._module, [*self._forward, *self._adjoint]


def _put_library() -> None:
    import triton.language as tl
    from triton.language.extra import libdevice
    from triton.runtime.interpreter import TensorHandle

    def through_numpy(function: Any) -> Any:
        def call(*given: Any) -> Any:
            like = next(g for g in given if isinstance(g, tl.core.tensor))
            numbers = (g.handle.data if isinstance(g, tl.core.tensor) else g for g in given)
            found = np.asarray(function(*numbers), dtype=like.handle.data.dtype)
            kind = tl.block_type(like.dtype, list(found.shape)) if found.ndim else like.dtype
            return tl.core.tensor(TensorHandle(found, like.dtype), kind)

        return call

    for name, function in _FUNCTIONS.items():
        setattr(libdevice, name, through_numpy(function))


def main(task: str, names: list[str]) -> None:
    """Run one of the checks on some models of the corpus, and on walls of all kinds."""
    if task == "interpret":
        os.environ["TRITON_INTERPRET"] = "1"
        _put_library()
        backends.BACKENDS["cpu"] = LaneKernel
    check = interpret if task == "interpret" else compile_for_gpu
    for path in (p for p in GOOD if p.stem in names):
        check(load_model(path))
    check(loads_model(WALLS + "grid x = 8, y = 9\n"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
