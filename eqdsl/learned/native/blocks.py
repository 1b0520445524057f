"""C text of register-blocked matrix products, the inner loops of all kernels.

A block holds m x v accumulators in registers, m rows of the result and v vectors of its columns:
``out[j][q] = sum_i w[j*row + i*column] * in[i*inside + q]``.
"""

from __future__ import annotations

_VECTORS = """
#if defined(__AVX512F__)
#define BYTES 64
#define MOST_ROWS 8
#elif defined(__AVX__)
#define BYTES 32
#define MOST_ROWS 4
#else
#define BYTES 16
#define MOST_ROWS 4
#endif
typedef T V __attribute__((vector_size(BYTES), aligned(sizeof(T)), may_alias));
#define LANES ((long)(BYTES/sizeof(T)))
#define LOAD(p) (*(const V *)(p))
#define STORE(p, x) (*(V *)(p) = (x))
#define INLINE static inline __attribute__((always_inline))
#define UP(n, to) (((n) + (to) - 1)/(to)*(to))
INLINE V start(int add, const T *bias, long j, const T *out) {
  V s = {0};
  if (add) s = LOAD(out);
  if (bias) s += bias[j];
  return s;
}
INLINE void finish(V s, const T *factor, long place, T *out) {
  if (factor) s *= LOAD(factor + place);
  STORE(out, s);
}
INLINE T lanes_sum(V x) { T s = 0; for (long l = 0; l < LANES; ++l) s += x[l]; return s; }
"""

_BLOCK = """
INLINE void block_{m}_{v}(const T *w, long row, long column, const T *bias, const T *in, long inside, long inner,
                          const T *factor, int add, T *out, long outside)
{{
{start}
  for (long i = 0; i < inner; ++i) {{
    const T *const a = in + i*inside, *const c = w + i*column;
{loads}
{products}
  }}
{finish}
}}
"""

_COLUMNS = """
/* Rows j to j + {m} of a product with `columns` columns, a multiple of LANES. */
INLINE void rows_{m}(const T *w, long row, long column, const T *bias, const T *in, long inside, long inner,
                     const T *factor, int add, T *out, long outside, long columns)
{{
  long q = 0;
{calls}
}}
"""

_PRODUCT = """
/* out[outer][columns] (+)= (bias + w in)*factor; `bias` and `factor` may be missing. */
INLINE void product(const T *w, long row, long column, const T *bias, const T *in, long inside, long inner,
                    const T *factor, int add, T *out, long outside, long outer, long columns)
{
  long j = 0;
#define ROWS(m) \\
  for (; j + m <= outer; j += m) \\
    rows_##m(w + j*row, row, column, bias ? bias + j : 0, in, inside, inner, factor ? factor + j*outside : 0, add, \\
             out + j*outside, outside, columns);
#if MOST_ROWS == 8
  ROWS(8)
#endif
  ROWS(4) ROWS(2) ROWS(1)
#undef ROWS
}
"""

WIDTHS = {8: (2, 1), 4: (2, 1), 2: (4, 2, 1), 1: (4, 2, 1)}
"""Vectors of columns by number of rows: as many accumulators as registers allow, and what is left over."""


def blocks_source() -> str:
    """Vectors, and the function ``product``; the type ``T`` is there."""
    blocks = "".join(_block(m, v) for m, widths in WIDTHS.items() for v in widths)
    columns = "".join(_COLUMNS.format(m=m, calls=_calls(m, widths)) for m, widths in WIDTHS.items())
    return _VECTORS + blocks + columns + _PRODUCT


def _calls(m: int, widths: tuple[int, ...]) -> str:
    return "\n".join(
        f"  for (; q + {v}*LANES <= columns; q += {v}*LANES)\n"
        f"    block_{m}_{v}(w, row, column, bias, in + q, inside, inner, factor ? factor + q : 0, add, out + q,\n"
        "                  outside);"
        for v in widths
    )


def _block(m: int, v: int) -> str:
    every = [(j, k) for j in range(m) for k in range(v)]
    start = [f"  V s{j}_{k} = start(add, bias, {j}, out + {j}*outside + {k}*LANES);" for j, k in every]
    loads = [f"    const V x{k} = LOAD(a + {k}*LANES);" for k in range(v)]
    products = [
        f"    {{ const T f = c[{j}*row]; " + " ".join(f"s{j}_{k} += f*x{k};" for k in range(v)) + " }" for j in range(m)
    ]
    finish = [f"  finish(s{j}_{k}, factor, {j}*outside + {k}*LANES, out + {j}*outside + {k}*LANES);" for j, k in every]
    return _BLOCK.format(
        m=m, v=v, start="\n".join(start), loads="\n".join(loads), products="\n".join(products), finish="\n".join(finish)
    )
