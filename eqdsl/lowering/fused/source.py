"""What forward and adjoint kernels have in common: the frame of a C file, loops over rows, points near both ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

from eqdsl.lowering.fused.extents import Unsupported
from eqdsl.lowering.fused.memory import Memory
from eqdsl.lowering.fused.places import HERE, Block, Index, Place
from eqdsl.lowering.fused.plan import Plan
from eqdsl.lowering.fused.scalars import C_WORDS
from eqdsl.lowering.fused.values import Reach, Values

CHUNK = 4096
"""Points that a thread takes at a time: few enough for the cache to hold all that is made of them."""

MOST_STAGES = 16
"""Of a Runge-Kutta method that runs inside a kernel."""

MOST_STATEMENTS = 60_000
"""Beyond, compiling takes longer than ten seconds."""

ARGUMENTS = "const T *const *A, const T *U, const T *G"
"""What every part of a kernel reads: arrays, uniform leaves, ghosts."""


def header(plan: Plan, precision: str) -> str:
    """Types, functions and sizes."""
    return (
        f"#include <tgmath.h>\ntypedef {precision} T;\n{C_WORDS}"
        f"enum {{ LEAVES = {len(plan.leaves)}, CHANNELS = {len(plan.totals)}, UNIFORMS = {len(plan.uniforms)},"
        f" MOST_STAGES = {MOST_STAGES} }};\n"
        "#define LIMIT(i, a, b) ((i) < (a) ? (a) : (i) > (b) ? (b) : (i))\n"
        "#define WRAP(i, n) ((i) < 0 ? (i) + (n) : (i) >= (n) ? (i) - (n) : (i))\n"
        # One vector register of the widest kind.
        f"#define VECTOR ((long)(64/sizeof(T)))\n"
        f"#define POINTS {prod(plan.sizes)}L\n#define ROWS {prod(plan.sizes[:-1])}L\n"
        f"#define CHUNK {max(1, CHUNK // plan.sizes[-1])}L\n#define CHUNKS ((ROWS + CHUNK - 1)/CHUNK)\n"
    )


def uniforms_text(plan: Plan) -> str:
    """Local names of the uniform leaves."""
    return "".join(f"  const T u{k} = U[{k}];\n" for k in range(len(plan.uniforms)))


def arrays_function(plan: Plan) -> str:
    """A function that points at the arrays of one trajectory."""
    lines = [f"  A[{i}] = state + (b*CHANNELS + {channel})*POINTS;" for i, channel in enumerate(plan.channels.values())]
    first = len(plan.channels)
    lines += [f"  A[{first + k}] = arrays[{k}] + b*strides[{k}];" for k in range(len(plan.arrays))]
    return (
        "static inline void arrays_of(long b, const T *state, const T *const *arrays, const long *strides,\n"
        "                             const T **A)\n{\n" + "\n".join(lines) + "\n}\n"
    )


def indented(statements: Iterable[str], depth: int) -> str:
    """Lines of C."""
    return "".join("  " * depth + s + "\n" for s in statements)


def rows_loop(plan: Plan, body: str) -> str:
    """A loop over rows `first` to `last` of the grid, with their raw indices."""
    text, rest = "  for (long r = first; r < last; ++r) {\n", "r"
    for axis in reversed(range(plan.last)):
        index = f"{rest}%{plan.sizes[axis]}" if axis else rest
        text += f"    const long i{axis} = {index};\n"
        rest = f"({rest}/{plan.sizes[axis]})"
    return text + body + "  }\n"


def other_loops(memory: Memory, fill: int, body: str) -> str:
    """Loops over the ghost rows of a fill along the other axes."""
    extent = memory.plan.extents[memory.plan.steps[fill].inputs[0]]
    opening, closing = "", ""
    for axis in memory.other_axes(fill):
        first, end = -extent.shift[axis], memory.plan.sizes[axis] + extent.above(axis)
        opening += f"  for (long i{axis} = {first}; i{axis} < {end}; ++i{axis}) {{\n"
        closing += "  }\n"
    return opening + body + closing if opening else "  {\n" + body + "  }\n"


def along(plan: Plan, outer: Place, index: Index) -> Place:
    """A place in a row."""
    return (*outer, index)


def cells(
    memory: Memory, outer: Place, row: Block, write: Callable[[Values, Place], None], on_grid: bool = False
) -> str:
    """The points of a row: those near its ends one by one, the others in a loop over vectors.

    Parameters
    ----------
    write : callable
        Adds to `values.cell` what is stored at a place.
    on_grid : bool
        Whether all rows are those of the grid.
    """
    plan, n = memory.plan, memory.plan.sizes[memory.plan.last]
    reach, middle = Reach(), row.inner()
    write(Values(memory, row, middle, reach, on_grid), along(plan, outer, HERE))
    if reach.below + reach.above > n:
        raise Unsupported(f"{n} points along `{plan.grid.axes[plan.last].name}` are too few")
    text = ""
    ends: list[Index] = [("0", k) for k in range(reach.below)] + [("n", -k) for k in range(reach.above, 0, -1)]
    for index in ends:
        cell = row.inner()
        write(Values(memory, row, cell, Reach(), on_grid), along(plan, outer, index))
        text += "    {\n" + indented(cell.statements, 3) + "    }\n"
    return text + _vectors(plan, reach, middle.statements)


def _vectors(plan: Plan, reach: Reach, statements: Iterable[str]) -> str:
    """The loop over the middle of a row, in whole vectors.

    What is left over at its end is computed by one more vector that overlaps the last: writing a value twice costs less
    than a dozen points one by one. What is summed up counts from `s` on, in one sum for each place `l` of a vector.
    """
    i, first, end = f"i{plan.last}", reach.below, plan.sizes[plan.last] - reach.above
    body = indented(statements, 4)
    if end - first < 16:
        return f"    for (long s = {first}, l = 0, {i} = s; {i} < {end}; ++{i}) {{\n{body}    }}\n"
    return (
        f"    for (long s = {first}; s < {end}; s += VECTOR) {{\n"
        f"      const long s0 = s + VECTOR <= {end} ? s : {end} - VECTOR;\n"
        "      #pragma omp simd\n"
        f"      for (long l = 0; l < VECTOR; ++l) {{\n        const long {i} = s0 + l;\n{body}      }}\n    }}\n"
    )


def fill_function(memory: Memory) -> str:
    """The function that fills the stored ghosts of one trajectory."""
    text = ""
    for fill in memory.stored:
        for side, rows in enumerate(memory.plan.rows(fill)):
            for layer in range(len(rows.weights)):
                text += _ghost_row(memory, fill, side, layer)
    return f"static void fill({ARGUMENTS.replace('const T *G', 'T *G')})\n{{\n{uniforms_text(memory.plan)}{text}}}\n"


def _ghost_row(memory: Memory, fill: int, side: int, layer: int) -> str:
    plan, row = memory.plan, Block()
    outer = tuple(("0", 0) if a == plan.fill_axis(fill) else HERE for a in range(plan.last))
    place = memory.ghost(fill, side, str(layer), [f"i{a}" for a in range(plan.last)])
    row.add(f"T *const restrict d = G + {place};")

    def write(values: Values, where: Place) -> None:
        values.cell.add(f"d[i{plan.last}] = {values.ghost(fill, side, layer, where)};")

    body = cells(memory, outer, row, write)
    return other_loops(memory, fill, indented(row.statements, 2) + body)


def checked(text: str) -> str:
    """The text, once it is short enough to compile.

    Raises
    ------
    Unsupported
    """
    if text.count(";") > MOST_STATEMENTS:
        raise Unsupported("the equations are too long")
    return text
