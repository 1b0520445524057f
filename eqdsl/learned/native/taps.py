"""C text of register-blocked convolutions of flat signals, and of the gradients of their weights.

``out[j][q] = sum_i sum_t w[j*row + i*column + t] * in[i*pitch + q + offset[t]]``, all axes run together into q.
"""

from __future__ import annotations

from eqdsl.learned.native.blocks import WIDTHS

GRADIENTS = {8: (3, 1), 4: (3, 1), 2: (9, 3, 1), 1: (9, 3, 1)}
"""Taps by number of output channels in one block of gradients."""

_BLOCK = """
INLINE void convolve_{m}_{v}(const T *w, long row, long column, const T *bias, const T *in, long pitch, long inner,
                             const long *offset, const T *factor, T *out)
{{
{start}
  for (long i = 0; i < inner; ++i)
    for (long t = 0; t < TAPS; ++t) {{
      const T *const a = in + i*pitch + offset[t], *const c = w + i*column + t;
{loads}
{products}
    }}
{finish}
}}
"""

_ROWS = """
INLINE void channels_{m}(const T *w, long row, long column, const T *bias, const T *in, long pitch, long inner,
                         const long *offset, const T *factor, T *out, long columns)
{{
  long q = 0;
{calls}
}}
"""

_CONVOLVE = """
/* All output channels at `columns` points, rounded up to whole vectors. */
INLINE void convolve(const T *w, long row, long column, const T *bias, const T *in, long pitch, long inner,
                     const long *offset, const T *factor, T *out, long outer, long columns)
{
  long j = 0;
#define CHANNELS(m) \\
  for (; j + m <= outer; j += m) \\
    channels_##m(w + j*row, row, column, bias ? bias + j : 0, in, pitch, inner, offset, \\
                 factor ? factor + j*pitch : 0, out + j*pitch, UP(columns, LANES));
#if MOST_ROWS == 8
  CHANNELS(8)
#endif
  CHANNELS(4) CHANNELS(2) CHANNELS(1)
#undef CHANNELS
}
"""

_GRADIENT = """
INLINE void gradient_{m}_{n}(const T *d, long pitch, const T *in, const long *offset, long columns, T *sums, long row)
{{
{start}
  for (long q = 0; q < columns; q += LANES) {{
{loads}
{products}
  }}
{finish}
}}
"""

_TAPS = """
INLINE void taps_{m}(const T *d, long pitch, const T *in, const long *offset, long columns, T *sums, long row)
{{
  long t = 0;
{calls}
}}
"""

_GRADIENTS = """
/* sums[j][i][t] += sum_q d[j][q] in[i][q + offset[t]]; d is zero from `columns` to the next whole vector. */
INLINE void gradients(const T *d, const T *in, long pitch, long outer, long inner, const long *offset, long columns,
                      T *sums)
{
  for (long q = 0; q < columns; q += SPAN) {
    const long span = UP(columns - q < SPAN ? columns - q : SPAN, LANES);
    long j = 0;
#define CHANNELS(m) \\
    for (; j + m <= outer; j += m) \\
      for (long i = 0; i < inner; ++i) \\
        taps_##m(d + j*pitch + q, pitch, in + i*pitch + q, offset, span, sums + (j*inner + i)*TAPS, inner*TAPS);
#if MOST_ROWS == 8
    CHANNELS(8)
#endif
    CHANNELS(4) CHANNELS(2) CHANNELS(1)
#undef CHANNELS
  }
}
"""


def taps_source(taps: int) -> str:
    """The functions ``convolve`` and ``gradients``; vectors are there."""
    text = f"#define TAPS {taps}\n/* Points that stay in the first cache while their gradients are summed. */\n"
    text += "#define SPAN 1024L\n"
    for m, widths in WIDTHS.items():
        text += "".join(_block(m, v) for v in widths) + _ROWS.format(m=m, calls=_row_calls(m, widths))
    for m, counts in GRADIENTS.items():
        text += "".join(_gradient(m, n) for n in counts) + _TAPS.format(m=m, calls=_tap_calls(m, counts))
    return text + _CONVOLVE + _GRADIENTS


def _row_calls(m: int, widths: tuple[int, ...]) -> str:
    return "\n".join(
        f"  for (; q + {v}*LANES <= columns; q += {v}*LANES)\n"
        f"    convolve_{m}_{v}(w, row, column, bias, in + q, pitch, inner, offset, factor ? factor + q : 0, out + q);"
        for v in widths
    )


def _tap_calls(m: int, counts: tuple[int, ...]) -> str:
    return "\n".join(
        f"  for (; t + {n} <= TAPS; t += {n}) gradient_{m}_{n}(d, pitch, in, offset + t, columns, sums + t, row);"
        for n in counts
    )


def _block(m: int, v: int) -> str:
    every = [(j, k) for j in range(m) for k in range(v)]
    return _BLOCK.format(
        m=m,
        v=v,
        start="\n".join(f"  V s{j}_{k} = start(0, bias, {j}, 0);" for j, k in every),
        loads="\n".join(f"      const V x{k} = LOAD(a + {k}*LANES);" for k in range(v)),
        products="\n".join(
            f"      {{ const T f = c[{j}*row]; " + " ".join(f"s{j}_{k} += f*x{k};" for k in range(v)) + " }"
            for j in range(m)
        ),
        finish="\n".join(
            f"  finish(s{j}_{k}, factor, {j}*pitch + {k}*LANES, out + {j}*pitch + {k}*LANES);" for j, k in every
        ),
    )


def _gradient(m: int, n: int) -> str:
    every = [(j, t) for j in range(m) for t in range(n)]
    return _GRADIENT.format(
        m=m,
        n=n,
        start="\n".join(f"  V s{j}_{t} = {{0}};" for j, t in every),
        loads="\n".join(f"    const V x{t} = LOAD(in + q + offset[{t}]);" for t in range(n)),
        products="\n".join(
            f"    {{ const V g = LOAD(d + {j}*pitch + q); " + " ".join(f"s{j}_{t} += g*x{t};" for t in range(n)) + " }"
            for j in range(m)
        ),
        finish="\n".join(f"  sums[{j}*row + {t}] += lanes_sum(s{j}_{t});" for j, t in every),
    )
