"""C text of a multilayer perceptron on many points: forward, and its adjoint, which computes the layers again.

A tile is P points, four vectors. In a tile a layer is an array ``[width][P]``, so that weights are broadcast and points
are lanes. Gradients of weights are products over points, for which a layer is transposed; layers with few inputs or
outputs instead keep one sum per lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eqdsl.learned.native.blocks import blocks_source
from eqdsl.learned.native.functions import functions_source

FEW = 4
"""Inputs or outputs up to which a layer's gradient is summed lane by lane."""

_TILE = """
#include <stdlib.h>
#define P (4*LANES)
/* Points `first` to `first + count` of numbers that are `step` apart, one pointer for each input; absent points are
   zeros. */
static void gather(const T *const *x, long step, long first, long count, long width, T *restrict tile)
{
  if (count < P) memset(tile, 0, width*P*sizeof(T));
  for (long i = 0; i < width; ++i) {
    const T *const from = x[i] + first*step;
    if (step == 1) memcpy(tile + i*P, from, count*sizeof(T));
    else for (long p = 0; p < count; ++p) tile[i*P + p] = from[p*step];
  }
}
static void scatter(const T *restrict tile, long first, long count, long width, T *const *y, long step)
{
  for (long j = 0; j < width; ++j) {
    T *const to = y[j] + first*step;
    if (step == 1) memcpy(to, tile + j*P, count*sizeof(T));
    else for (long p = 0; p < count; ++p) to[p*step] = tile[j*P + p];
  }
}
static void standardise(T *restrict tile, long width, const T *centre, const T *scale)
{
  for (long i = 0; i < width; ++i)
    for (long p = 0; p < P; ++p) tile[i*P + p] = (tile[i*P + p] - centre[i])/scale[i];
}
static void multiply(T *restrict tile, long width, const T *factor)
{
  for (long i = 0; i < width; ++i)
    for (long p = 0; p < P; ++p) tile[i*P + p] *= factor[i];
}
static void divide(T *restrict tile, long width, const T *factor)
{
  for (long i = 0; i < width; ++i)
    for (long p = 0; p < P; ++p) tile[i*P + p] /= factor[i];
}
static void transpose(const T *restrict a, long width, T *restrict turned, long pitch)
{
  for (long i0 = 0; i0 < width; i0 += LANES)
    for (long p0 = 0; p0 < P; p0 += LANES)
      for (long p = 0; p < LANES; ++p)
        for (long i = 0; i < LANES; ++i)
          if (i0 + i < width) turned[(p0 + p)*pitch + i0 + i] = a[(i0 + i)*P + p0 + p];
}
INLINE void add_to(V *sum, const T *row)
{
  *sum += (LOAD(row) + LOAD(row + LANES)) + (LOAD(row + 2*LANES) + LOAD(row + 3*LANES));
}
INLINE void add_products(V *sum, const T *a, const T *b)
{
  *sum += (LOAD(a)*LOAD(b) + LOAD(a + LANES)*LOAD(b + LANES))
        + (LOAD(a + 2*LANES)*LOAD(b + 2*LANES) + LOAD(a + 3*LANES)*LOAD(b + 3*LANES));
}
"""

_FORWARD = """
static void tile_forward(const T *const *w, const T *scales, const T *const *x, long x_step, long first, long count,
                         T *const *y, long y_step, T *t)
{{
{layers}
}}
void forward(const T *const *x, long x_step, const T *const *w, const T *scales, T *const *y, long y_step, long points,
             long threads)
{{
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {{
    T *const t = aligned_alloc(64, UP(({scratch})*sizeof(T), 64));
    #pragma omp for
    for (long p = 0; p < points; p += P)
      tile_forward(w, scales, x, x_step, p, points - p < P ? points - p : P, y, y_step, t);
    free(t);
  }}
}}
"""

_ADJOINT = """
static void tile_adjoint(const T *const *w, const T *scales, const T *const *x, long x_step, const T *const *g,
                         long g_step, long first, long count, T *const *back, T *t, T *sums)
{{
{layers}
}}
static void write_sums(const T *sums, T *flat)
{{
{writes}
}}
/* A chunk of points has its own sums, added up in order: the same numbers for any number of threads. */
void adjoint(const T *const *x, long x_step, const T *const *w, const T *scales, const T *const *g, long g_step,
             T *const *back, T *flat, T *parts, long points, long chunk, long threads)
{{
  const long chunks = (points + chunk - 1)/chunk;
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {{
    T *const t = aligned_alloc(64, UP(({scratch})*sizeof(T), 64));
    T *const sums = aligned_alloc(64, UP(({sums})*sizeof(T), 64));
    #pragma omp for
    for (long c = 0; c < chunks; ++c) {{
      const long end = (c + 1)*chunk < points ? (c + 1)*chunk : points;
      memset(sums, 0, ({sums})*sizeof(T));
      for (long p = c*chunk; p < end; p += P)
        tile_adjoint(w, scales, x, x_step, g, g_step, p, end - p < P ? end - p : P, back, t, sums);
      write_sums(sums, parts + c*{weights});
    }}
    free(t);
    free(sums);
    #pragma omp for
    for (long k = 0; k < {weights}; ++k) {{
      double s = 0;
      for (long c = 0; c < chunks; ++c) s += parts[c*{weights} + k];
      flat[k] = s;
    }}
  }}
}}
"""


class MlpSource:
    """The text of one network.

    Parameters
    ----------
    widths : sequence of int
        Inputs, hidden layers, outputs.
    activation, precision : str
    """

    def __init__(self, widths: Sequence[int], activation: str, precision: str) -> None:
        self.widths = tuple(widths)
        self.layers = list(pairwise(self.widths))
        self._head = functions_source(activation, precision) + blocks_source() + _TILE

    @property
    def weights(self) -> int:
        """Weights and biases."""
        return sum((a + 1) * b for a, b in self.layers)

    def forward(self) -> str:
        """``forward(x, x_step, weights, scales, y, y_step, points, threads)``; `scales` may be missing.

        Scales are the inputs' centres, their scales, and the outputs' scales.
        """
        wide, last = max(self.widths), len(self.layers) - 1
        lines = [f"  T *a = t, *z = t + {wide}*P;", *self._inputs("a")]
        for k, (inner, outer) in enumerate(self.layers):
            lines.append(f"  product(w[{2 * k}], {inner}, 1, w[{2 * k + 1}], a, P, {inner}, 0, 0, z, P, {outer}, P);")
            if k < last:
                lines.append(f"  activate(z, {outer}*P);")
            lines.append("  { T *const s = a; a = z; z = s; }")
        lines += [self._output_scales("a"), f"  scatter(a, first, count, {self.widths[-1]}, y, y_step);"]
        return self._head + _FORWARD.format(layers="\n".join(lines), scratch=f"{2 * wide}*P")

    def adjoint(self) -> str:
        """``adjoint(x, x_step, weights, scales, g, g_step, back, gradients, parts, points, chunk, threads)``.

        What comes back to the inputs is stored as they are.
        """
        lines, size = self._layers_again()
        places, sums = self._sums()
        wide = max(self.widths)
        lines.append(f"  T *g0 = t + {size}*P, *g1 = g0 + {wide}*P, *const turned = g1 + {wide}*P;")
        lines += [f"  gather(g, g_step, first, count, {self.widths[-1]}, g0);", self._output_scales("g0")]
        for k in reversed(range(len(self.layers))):
            lines += self._layer_back(k, places[k])
        inputs = self.widths[0]
        lines += [
            f"  if (back && scales) divide(g0, {inputs}, scales + {inputs});",
            f"  if (back) scatter(g0, first, count, {inputs}, back, x_step);",
        ]
        return self._head + _ADJOINT.format(
            layers="\n".join(lines), writes=self._writes(places), sums=sums, weights=self.weights,
            scratch=f"{size + 2 * wide}*P + P*UP({wide}, LANES)",
        )  # fmt: skip

    def _inputs(self, tile: str) -> list[str]:
        inputs = self.widths[0]
        return [
            f"  gather(x, x_step, first, count, {inputs}, {tile});",
            f"  if (scales) standardise({tile}, {inputs}, scales, scales + {inputs});",
        ]

    def _output_scales(self, tile: str) -> str:
        return f"  if (scales) multiply({tile}, {self.widths[-1]}, scales + {2 * self.widths[0]});"

    def _layers_again(self) -> tuple[list[str], int]:
        """Statements that fill ``a0``, ``a1``, ``d1``, …: inputs of the layers, slopes of their activations."""
        lines = ["  T *const a0 = t;", *self._inputs("a0")]
        size = self.widths[0]
        for k, (inner, outer) in enumerate(self.layers[:-1]):
            lines += [
                f"  T *const a{k + 1} = t + {size}*P, *const d{k + 1} = t + {size + outer}*P;",
                f"  product(w[{2 * k}], {inner}, 1, w[{2 * k + 1}], a{k}, P, {inner}, 0, 0, a{k + 1}, P, {outer}, P);",
                f"  activate_with_slope(a{k + 1}, d{k + 1}, {outer}*P);",
            ]
            size += 2 * outer
        return lines, size

    def _layer_back(self, k: int, place: str) -> list[str]:
        inner, outer = self.layers[k]
        lines = [f"  T *const sums{k} = sums + {place};"]
        biases = f"sums{k} + {outer}*{self._pitch(k)}"
        lines.append(f"  for (long j = 0; j < {outer}; ++j) add_to((V *)({biases}) + j, g0 + j*P);")
        if self._narrow(k):
            lines.append(
                f"  for (long j = 0; j < {outer}; ++j)\n    for (long i = 0; i < {inner}; ++i)\n"
                f"      add_products((V *)sums{k} + j*{inner} + i, g0 + j*P, a{k} + i*P);"
            )
        else:
            pitch = self._pitch(k)
            lines.append(f"  transpose(a{k}, {inner}, turned, {pitch});")
            lines.append(f"  product(g0, P, 1, 0, turned, {pitch}, P, 0, 1, sums{k}, {pitch}, {outer}, {pitch});")
        product = f"product(w[{2 * k}], 1, {inner}, 0, g0, P, {outer}, {f'd{k}' if k else 0}, 0, g1, P, {inner}, P);"
        lines.append(f"  {product}" if k else f"  if (back) {product}")
        lines.append("  { T *const s = g0; g0 = g1; g1 = s; }")
        return lines

    def _narrow(self, k: int) -> bool:
        return min(self.layers[k]) <= FEW

    def _pitch(self, k: int) -> str:
        """Numbers in one row of a layer's sums."""
        inner = self.layers[k][0]
        return f"({inner}*LANES)" if self._narrow(k) else f"UP({inner}, LANES)"

    def _sums(self) -> tuple[list[str], str]:
        """Where the sums of each layer begin, and where all end."""
        places, place = [], "0"
        for k, (_, outer) in enumerate(self.layers):
            places.append(place)
            place += f" + {outer}*({self._pitch(k)} + LANES)"
        return places, place

    def _writes(self, places: Sequence[str]) -> str:
        lines, flat = [], 0
        for k, (inner, outer) in enumerate(self.layers):
            lines.append(f"  const T *const s{k} = sums + {places[k]};")
            value = (
                f"lanes_sum(LOAD(s{k} + (j*{inner} + i)*LANES))" if self._narrow(k) else f"s{k}[j*{self._pitch(k)} + i]"
            )
            lines += [
                f"  for (long j = 0; j < {outer}; ++j) {{",
                f"    for (long i = 0; i < {inner}; ++i) flat[{flat} + j*{inner} + i] = {value};",
                f"    flat[{flat + inner * outer} + j] = lanes_sum(LOAD(s{k} + {outer}*{self._pitch(k)} + j*LANES));",
                "  }",
            ]
            flat += (inner + 1) * outer
        return "\n".join(lines)
