"""The forward kernels: ghosts, then the right-hand sides of all points."""

from __future__ import annotations

from math import prod

from eqdsl.lowering.fused.lanes.addresses import LaneBlock
from eqdsl.lowering.fused.lanes.box import grid_box
from eqdsl.lowering.fused.lanes.source import Launch, fill_kernels, kernel_text
from eqdsl.lowering.fused.lanes.values import LaneValues
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE


def forward_kernels(memory: Memory) -> tuple[list[str], list[Launch]]:
    """Texts, and what is launched in order; the last one is also given where the rates are stored.

    Raises
    ------
    Unsupported
    """
    plan, block = memory.plan, LaneBlock()
    texts, launches = fill_kernels(memory)
    box = grid_box(plan)
    values = LaneValues(memory, block, box)
    rates = [values.at(total, (HERE,) * len(plan.sizes)) for total in plan.totals]
    for channel, rate in enumerate(rates):
        place = f"out + (b*{len(rates)} + {channel})*{prod(plan.sizes)} + lane"
        block.add(f"tl.store({place}, {rate}, here)")
    texts.append(kernel_text(memory, "points", ("out",), box, block.statements))
    return texts, [*launches, Launch("points", box.programs)]
