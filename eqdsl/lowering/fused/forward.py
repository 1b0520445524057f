"""The forward kernel: right-hand sides in one pass over memory."""

from __future__ import annotations

from eqdsl.lowering.fused.march import MARCH
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Block, Place, index_text
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.fused.source import (
    ARGUMENTS,
    arrays_function,
    cells,
    checked,
    fill_function,
    header,
    indented,
    rows_loop,
    uniforms_text,
)
from eqdsl.lowering.fused.values import Values

_DRIVER = """
void forward(const T *state, const T *const *arrays, const long *strides, const T *uniforms, long stride, T *out,
             T *ghosts, long batch, long threads)
{
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {
    const T *A[LEAVES + 1];
    #pragma omp for
    for (long b = 0; b < batch; ++b) {
      arrays_of(b, state, arrays, strides, A);
      fill(A, uniforms + b*stride, ghosts + b*GHOSTS);
    }
    #pragma omp for collapse(2)
    for (long b = 0; b < batch; ++b)
      for (long c = 0; c < CHUNKS; ++c) {
        arrays_of(b, state, arrays, strides, A);
        points(A, uniforms + b*stride, ghosts + b*GHOSTS, out + b*CHANNELS*POINTS, c*CHUNK,
               (c + 1)*CHUNK < ROWS ? (c + 1)*CHUNK : ROWS);
      }
  }
}
"""


def forward_source(plan: Plan, precision: str) -> str:
    """C text of a plan's forward kernel.

    Raises
    ------
    Unsupported
    """
    memory = Memory(plan)
    return checked(
        header(plan, precision)
        + f"#define GHOSTS {memory.size}L\n"
        + "".join(memory.functions("row", "const T "))
        + fill_function(memory)
        + _points(memory)
        + arrays_function(plan)
        + _DRIVER
        + MARCH
    )


def _points(memory: Memory) -> str:
    plan, row = memory.plan, Block()
    outer = (HERE,) * plan.last
    for channel in range(len(plan.totals)):
        row.add(f"T *const restrict o{channel} = out + {channel}*POINTS + r*{plan.sizes[plan.last]};")

    def write(values: Values, place: Place) -> None:
        index = index_text(place[plan.last], plan.last, plan)
        texts = [values.at(total, place) for total in plan.totals]
        for channel, text in enumerate(texts):
            values.cell.add(f"o{channel}[{index}] = {text};")

    body = cells(memory, outer, row, write, on_grid=True)
    loop = rows_loop(plan, indented(row.statements, 2) + body)
    arguments = f"{ARGUMENTS}, T *restrict out, long first, long last"
    return f"static void points({arguments})\n{{\n{uniforms_text(plan)}{loop}}}\n"
