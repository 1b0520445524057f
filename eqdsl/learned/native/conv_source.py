"""C text of valid convolutions in bands of rows: forward, and its adjoint, which computes the layers again.

All axes are run together: a tap is then one offset, whatever the dimension, and rows follow each other without ends.
Points where a window reaches over the end of a row hold values that nothing valid reads; cotangents are zero there. A
band is some rows along the first axis with all that its outputs depend on, so that its layers stay in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eqdsl.learned.native.blocks import blocks_source
from eqdsl.learned.native.functions import functions_source
from eqdsl.learned.native.taps import taps_source

_GEOMETRY = """
#include <stdlib.h>
/* Sizes of the grid: `row` numbers in a row of the first axis of the input, `rows` of them; an output row is `lines`
   lines of `length` points, `line` apart in the input. `reach` is the largest offset, `pitch` the room for one
   channel. */
typedef struct { long batch, row, rows, lines, line, length, reach, band, pitch; } Grid;
#define OUT_ROWS (g->rows - LAYERS*(KERNEL - 1))
#define BANDS ((OUT_ROWS + g->band - 1)/g->band)
/* A channel begins after room for negative offsets, which are zeros. */
#define FRONT UP(g->reach, LANES)
typedef struct { long sample, first, count; } Band;
static Band band_of(const Grid *g, long sample, long number)
{
  const long first = number*g->band;
  return (Band){ sample, first, first + g->band < OUT_ROWS ? g->band : OUT_ROWS - first };
}
static void read_input(const Grid *g, Band b, const T *restrict x, T *restrict a)
{
  const long count = (b.count + LAYERS*(KERNEL - 1))*g->row;
  for (long i = 0; i < INPUTS; ++i)
    memcpy(a + i*g->pitch, x + ((b.sample*INPUTS + i)*g->rows + b.first)*g->row, count*sizeof(T));
}
static void write_output(const Grid *g, Band b, const T *restrict z, T *restrict y)
{
  for (long j = 0; j < OUTPUTS; ++j)
    for (long r = 0; r < b.count; ++r)
      for (long m = 0; m < g->lines; ++m)
        memcpy(y + (((b.sample*OUTPUTS + j)*OUT_ROWS + b.first + r)*g->lines + m)*g->length,
               z + j*g->pitch + r*g->row + m*g->line, g->length*sizeof(T));
}
static void read_cotangent(const Grid *g, Band b, const T *restrict y, T *restrict d)
{
  for (long j = 0; j < OUTPUTS; ++j) {
    memset(d + j*g->pitch, 0, (g->pitch - FRONT)*sizeof(T));
    for (long r = 0; r < b.count; ++r)
      for (long m = 0; m < g->lines; ++m)
        memcpy(d + j*g->pitch + r*g->row + m*g->line,
               y + (((b.sample*OUTPUTS + j)*OUT_ROWS + b.first + r)*g->lines + m)*g->length, g->length*sizeof(T));
  }
}
static void add_back(const Grid *g, Band b, const T *restrict d, T *restrict back)
{
  const long count = (b.count + LAYERS*(KERNEL - 1))*g->row;
  for (long i = 0; i < INPUTS; ++i) {
    T *const to = back + ((b.sample*INPUTS + i)*g->rows + b.first)*g->row;
    for (long q = 0; q < count; ++q) to[q] += d[i*g->pitch + q];
  }
}
/* Beyond a layer's points its cotangent is zero. */
static void clear_beyond(const Grid *g, T *d, long channels, long columns)
{
  for (long j = 0; j < channels; ++j) memset(d + j*g->pitch + columns, 0, (g->pitch - FRONT - columns)*sizeof(T));
}
static T *room(const Grid *g, long channels)
{
  const size_t size = UP((channels*g->pitch + 2*LANES)*sizeof(T), 64);
  T *const t = aligned_alloc(64, size);
  memset(t, 0, size);
  return t;
}
"""

_FORWARD = """
void forward(const Grid *g, const long *offset, const T *x, const T *const *w, T *y, long threads)
{{
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {{
    T *const t = room(g, {room});
    #pragma omp for
    for (long u = 0; u < g->batch*BANDS; ++u) {{
      const Band b = band_of(g, u/BANDS, u%BANDS);
      T *a = t + FRONT, *z = a + {wide}*g->pitch;
      read_input(g, b, x, a);
{layers}
      write_output(g, b, a, y);
    }}
    free(t);
  }}
}}
"""

_ADJOINT = """
static void band_adjoint(const Grid *g, Band b, const long *offset, const long *negative, const T *x,
                         const T *const *w, const T *cotangent, T *back, T *t, T *sums)
{{
{layers}
}}
/* Even bands, then odd ones: neighbours share rows of the input. Every chunk has its own sums, added up in order, so
   that the numbers are the same for any number of threads. */
void adjoint(const Grid *g, const long *offset, const long *negative, const T *x, const T *const *w, const T *cotangent,
             T *back, T *flat, T *parts, long chunks, long threads)
{{
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {{
    T *const t = room(g, {room});
    for (long odd = 0; odd < 2; ++odd) {{
      const long bands = (BANDS + 1 - odd)/2;
      #pragma omp for
      for (long c = 0; c < chunks; ++c)
        for (long u = c; u < g->batch*bands; u += chunks)
          band_adjoint(g, band_of(g, u/bands, 2*(u%bands) + odd), offset, negative, x, w, cotangent, back, t,
                       parts + c*{weights});
    }}
    free(t);
    #pragma omp for
    for (long k = 0; k < {weights}; ++k) {{
      double s = 0;
      for (long c = 0; c < chunks; ++c) s += parts[c*{weights} + k];
      flat[k] = s;
    }}
  }}
}}
"""


class ConvSource:
    """The text of one network.

    Parameters
    ----------
    channels : sequence of int
        Inputs, hidden layers, outputs.
    kernel, dimension : int
    activation, precision : str
    """

    def __init__(self, channels: Sequence[int], kernel: int, dimension: int, activation: str, precision: str) -> None:
        self.channels = tuple(channels)
        self.layers = list(pairwise(self.channels))
        self.taps = kernel**dimension
        sizes = (
            f"#define LAYERS {len(self.layers)}L\n#define KERNEL {kernel}L\n"
            f"#define INPUTS {self.channels[0]}L\n#define OUTPUTS {self.channels[-1]}L\n"
        )
        self._head = (
            functions_source(activation, precision) + blocks_source() + taps_source(self.taps) + sizes + _GEOMETRY
        )

    @property
    def weights(self) -> int:
        """Weights and biases."""
        return sum((a * self.taps + 1) * b for a, b in self.layers)

    def forward(self) -> str:
        """``forward(grid, offsets, x, weights, y, threads)``."""
        wide, last = max(self.channels), len(self.layers) - 1
        lines = []
        for k, (_, outer) in enumerate(self.layers):
            lines.append(self._convolve(k, "a", "z"))
            if k < last:
                lines.append(f"  for (long j = 0; j < {outer}; ++j) activate(z + j*g->pitch, {self._columns(k)});")
            lines.append("  { T *const s = a; a = z; z = s; }")
        return self._head + _FORWARD.format(layers="\n".join(lines), wide=wide, room=2 * wide)

    def adjoint(self) -> str:
        """``adjoint(grid, offset, negative, x, weights, cotangent, back, gradients, parts, chunks, threads)``."""
        lines = ["  T *const a0 = t + FRONT;", "  read_input(g, b, x, a0);"]
        size, flat, wide = self.channels[0], self.weights, max(self.channels)
        for k, (_, outer) in enumerate(self.layers[:-1]):
            lines += [
                f"  T *const a{k + 1} = a0 + {size}*g->pitch, *const d{k + 1} = a0 + {size + outer}*g->pitch;",
                self._convolve(k, f"a{k}", f"a{k + 1}"),
                f"  for (long j = 0; j < {outer}; ++j)\n"
                f"    activate_with_slope(a{k + 1} + j*g->pitch, d{k + 1} + j*g->pitch, {self._columns(k)});",
            ]
            size += 2 * outer
        lines.append(f"  T *g0 = a0 + {size}*g->pitch, *g1 = g0 + {wide}*g->pitch;")
        lines.append("  read_cotangent(g, b, cotangent, g0);")
        for k, (inner, outer) in reversed(list(enumerate(self.layers))):
            flat -= (inner * self.taps + 1) * outer
            lines += self._layer_back(k, flat)
        lines.append("  if (back) add_back(g, b, g0, back);")
        return self._head + _ADJOINT.format(layers="\n".join(lines), weights=self.weights, room=size + 2 * wide)

    def _columns(self, k: int) -> str:
        """Points of a layer's output in a band."""
        return f"(b.count + {len(self.layers) - 1 - k}*(KERNEL - 1))*g->row"

    def _convolve(self, k: int, source: str, target: str) -> str:
        inner, outer = self.layers[k]
        return (
            f"  convolve(w[{2 * k}], {inner}*TAPS, TAPS, w[{2 * k + 1}], {source}, g->pitch, {inner}, offset, 0,\n"
            f"           {target}, {outer}, {self._columns(k)});"
        )

    def _layer_back(self, k: int, flat: int) -> list[str]:
        inner, outer = self.layers[k]
        product = (
            f"convolve(w[{2 * k}], TAPS, {inner}*TAPS, 0, g0, g->pitch, {outer}, negative, "
            f"{f'd{k}' if k else 0}, g1, {inner},\n             {self._columns(k - 1)});"
        )
        return [
            f"  gradients(g0, a{k}, g->pitch, {outer}, {inner}, offset, {self._columns(k)}, sums + {flat});",
            f"  for (long j = 0; j < {outer}; ++j) {{\n    T s = 0;\n    #pragma omp simd reduction(+:s)\n"
            f"    for (long q = 0; q < {self._columns(k)}; ++q) s += g0[j*g->pitch + q];\n"
            f"    sums[{flat + inner * outer * self.taps} + j] += s;\n  }}",
            f"  {'' if k else 'if (back) '}{{\n    {product}\n"
            f"    clear_beyond(g, g1, {inner}, {self._columns(k - 1)});\n  }}",
            "  { T *const s = g0; g0 = g1; g1 = s; }",
        ]
