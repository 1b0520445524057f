"""The adjoint kernel: cotangents of arrays and uniform leaves, in one pass over memory and a little at the walls.

Points come first. Then what came back to ghosts goes where they came from, "folded": along the last axis at the end of
each row, along the others, axis after axis, once all rows are there.
"""

from __future__ import annotations

from math import prod

from eqdsl.lowering.fused.beyond import (
    add_lanes,
    array_beyond,
    array_row,
    back_row,
    indices_beyond,
    indices_of_sums,
    sums_beyond,
    sums_row,
    uniform_parts,
)
from eqdsl.lowering.fused.cotangents import Cotangents, Readers
from eqdsl.lowering.fused.folds import last_axis_folds, stored_folds
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Block, Index, Place, index_text
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.fused.source import (
    ARGUMENTS,
    arrays_function,
    cells,
    checked,
    fill_function,
    header,
    indented,
    other_loops,
    rows_loop,
    uniforms_text,
)
from eqdsl.lowering.fused.values import Values

BACK = "const T *g, T *const *D, T *H, double *acc"
"""What every part of an adjoint also gets: cotangents in, cotangents of arrays and ghosts, sums of uniform leaves."""

_DRIVER = """
void adjoint(const T *state, const T *const *arrays, const long *strides, const T *uniforms, long stride, const T *g,
             T *back, T *const *backs, double *acc, T *ghosts, T *ghost_backs, long batch, long threads)
{
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {
    const T *A[LEAVES + 1];
    T *D[LEAVES + 1];
    #pragma omp for
    for (long b = 0; b < batch; ++b) {
      arrays_of(b, state, arrays, strides, A);
      fill(A, uniforms + b*stride, ghosts + b*GHOSTS);
    }
    #pragma omp for collapse(2)
    for (long b = 0; b < batch; ++b)
      for (long c = 0; c < CHUNKS; ++c) {
        arrays_of(b, state, arrays, strides, A);
        backs_of(b, back, backs, D);
        points(A, uniforms + b*stride, ghosts + b*GHOSTS, g + b*CHANNELS*POINTS, D, ghost_backs + b*GHOSTS,
               acc + (b*(CHUNKS + 1) + c)*UNIFORMS, c*CHUNK, (c + 1)*CHUNK < ROWS ? (c + 1)*CHUNK : ROWS);
      }
    #pragma omp for
    for (long b = 0; b < batch; ++b) {
      arrays_of(b, state, arrays, strides, A);
      backs_of(b, back, backs, D);
      walls(A, uniforms + b*stride, ghosts + b*GHOSTS, g + b*CHANNELS*POINTS, D, ghost_backs + b*GHOSTS,
            acc + (b*(CHUNKS + 1) + CHUNKS)*UNIFORMS);
    }
  }
}
"""


def adjoint_source(plan: Plan, precision: str) -> str:
    """C text of a plan's adjoint kernel.

    Raises
    ------
    Unsupported
    """
    memory = Memory(plan)
    readers = Readers(memory)
    return checked(
        header(plan, precision)
        + f"#define GHOSTS {memory.size}L\n"
        + "".join(memory.functions("row", "const T "))
        + "".join(memory.functions("back", "T "))
        + _cotangent_row(plan)
        + fill_function(memory)
        + _points(memory, readers)
        + _walls(memory, readers)
        + arrays_function(plan)
        + _backs_function(plan)
        + _DRIVER
    )


def _cotangent_row(plan: Plan) -> str:
    """The function that finds a row of an output's cotangent: zeros beyond the walls."""
    indices = [f"i{a}" for a in range(plan.last)]
    place, text = "0L", ""
    for axis, i in enumerate(indices):
        n = plan.sizes[axis]
        if plan.periodic(axis):
            text += f"  {i} = {i} < 0 ? {i} + {n} : {i} >= {n} ? {i} - {n} : {i};\n"
        else:
            text += f"  if ({i} < 0 || {i} >= {n}) return zeros;\n"
        place = f"({place}*{n} + {i})"
    known = ", ".join(["const T *g", *(f"long {i}" for i in indices)])
    return (
        f"static const T zeros[{plan.sizes[-1]}];\n"
        f"static inline const T *cotangent_row({known})\n{{\n{text}  return g + {place}*{plan.sizes[-1]};\n}}\n"
    )


def _backs_function(plan: Plan) -> str:
    lines = [f"  D[{i}] = back + (b*CHANNELS + {channel})*POINTS;" for i, channel in enumerate(plan.channels.values())]
    first = len(plan.channels)
    lines += [f"  D[{first + k}] = backs[{k}] + b*{prod(plan.shape(a))}L;" for k, a in enumerate(plan.arrays)]
    return "static inline void backs_of(long b, T *back, T *const *backs, T **D)\n{\n" + "\n".join(lines) + "\n}\n"


def _points(memory: Memory, readers: Readers) -> str:
    """All rows of the grid: cotangents of the arrays, sums of the uniform leaves, ghosts along the last axis."""
    plan, row = memory.plan, Block()
    outer = (HERE,) * plan.last
    targets = {}
    for place, leaf in enumerate(plan.leaves):
        targets[leaf] = f"d{place}"
        row.add(f"T *const restrict d{place} = {back_row(plan, leaf, outer)};")

    def write(values: Values, where: Place) -> None:
        backs = Cotangents(readers, values)
        index = index_text(where[plan.last], plan.last, plan)
        found = {leaf: backs.whole(leaf, where) or "0" for leaf in plan.leaves}
        sums = uniform_parts(backs, where)
        for leaf, text in found.items():
            values.cell.add(f"{targets[leaf]}[{index}] = {text};")
        add_lanes(values.cell, sums, where[plan.last], plan)

    body = cells(memory, outer, row, write, on_grid=True) + sums_beyond(memory, readers, outer, row)
    body += "".join(array_beyond(memory, readers, leaf, targets[leaf], outer, row) for leaf in plan.arrays)
    body += "".join(last_axis_folds(memory, readers, leaf, targets[leaf], outer, row) for leaf in plan.leaves)
    loop = rows_loop(plan, indented(row.statements, 2) + body)
    arguments = f"{ARGUMENTS}, {BACK}, long first, long last"
    return f"static void points({arguments})\n{{\n{uniforms_text(plan)}{_lanes(plan)}{loop}{_sums(plan)}}}\n"


def _walls(memory: Memory, readers: Readers) -> str:
    """What lies beyond the walls of the axes with rows: sums there, cotangents of stored ghosts, and their folds."""
    plan = memory.plan
    text = ""
    for axis in range(plan.last):
        for index in indices_of_sums(plan, readers, axis):
            text += sums_row(memory, readers, axis, index)
    for leaf in plan.arrays:
        for axis in range(plan.last):
            for index in indices_beyond(plan, [plan.extents[leaf]], axis):
                text += array_row(memory, readers, leaf, axis, index)
    for fill in memory.stored:
        for side, rows in enumerate(plan.rows(fill)):
            for layer in range(len(rows.weights)):
                text += _ghost_row(memory, readers, fill, side, layer)
    for fill in sorted(memory.stored, key=lambda f: (-plan.fill_axis(f), f)):
        text += stored_folds(memory, fill)
    return f"static void walls({ARGUMENTS}, {BACK})\n{{\n{uniforms_text(plan)}{_lanes(plan)}{text}{_sums(plan)}}}\n"


def _ghost_row(memory: Memory, readers: Readers, fill: int, side: int, layer: int) -> str:
    plan, row, axis = memory.plan, Block(), memory.plan.fill_axis(fill)
    first, beyond = plan.kept(fill)
    here: Index = ("0", first - 1 - layer) if side == 0 else ("n", beyond + layer)
    outer = tuple(here if a == axis else HERE for a in range(plan.last))
    row.add(f"T *const restrict d = H + {memory.ghost(fill, side, str(layer), [f'i{a}' for a in range(plan.last)])};")

    def write(values: Values, where: Place) -> None:
        index = index_text(where[plan.last], plan.last, plan)
        values.cell.add(f"d[{index}] = {Cotangents(readers, values).whole(fill, where) or '0'};")

    body = cells(memory, outer, row, write) + last_axis_folds(memory, readers, fill, "d", outer, row)
    return other_loops(memory, fill, indented(row.statements, 2) + body)


def _lanes(plan: Plan) -> str:
    return "".join(f"  T a{k}[VECTOR] = {{0}};\n" for k in range(len(plan.uniforms)))


def _sums(plan: Plan) -> str:
    return "".join(f"  for (long l = 0; l < VECTOR; ++l) acc[{k}] += a{k}[l];\n" for k in range(len(plan.uniforms)))
