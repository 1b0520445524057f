"""C text of a whole Runge-Kutta step of an ODE, and of its adjoint.

A tile is up to ROWS trajectories. The step reads a tableau with a row of weights for each point at which it stands,
``y_i = u + h sum_j a_ij k_j``; the last point is the result. The adjoint goes through the points backwards.
"""

from __future__ import annotations

from eqdsl.learned.native.blocks import blocks_source
from eqdsl.learned.native.functions import functions_source
from eqdsl.learned.native.mlp_rows import rows_source
from eqdsl.lowering.fused.scalars import C_WORDS
from eqdsl.lowering.ode.plan import Plan
from eqdsl.lowering.ode.stages import Stages

ROWS = 32
"""Trajectories of a tile: their layers stay in the second-level cache."""

MOST_STAGES = 16

_STEP = """
/* The tableau: points, stages, the first point that is evaluated (those before are given), and its numbers. */
typedef struct {{ long points, stages, first; const double *a, *c, *error; }} Tableau;
#define STATE (CHANNELS*ROWS)
#define TILES ((batch + ROWS - 1)/ROWS)
static T *room(long size) {{ return aligned_alloc(64, UP(size*sizeof(T), 64)); }}
static void to_lanes(const T *from, T *x, long n)
{{
  for (long p = 0; p < n; ++p) for (long c = 0; c < CHANNELS; ++c) x[c*ROWS + p] = from[p*CHANNELS + c];
}}
static void from_lanes(const T *x, T *to, long n)
{{
  for (long p = 0; p < n; ++p) for (long c = 0; c < CHANNELS; ++c) to[p*CHANNELS + c] = x[c*ROWS + p];
}}
/* y += h sum_j w_j k_j */
static void advance(T *y, const double *w, long count, const T *k, const T *h, long n)
{{
  for (long j = 0; j < count; ++j)
    if (w[j] != 0)
      for (long c = 0; c < CHANNELS; ++c)
        for (long p = 0; p < n; ++p) y[c*ROWS + p] += (T)w[j]*h[p]*k[j*STATE + c*ROWS + p];
}}
static void point(const Tableau *b, long i, const T *u, const T *k, const T *h, T *y, long n)
{{
  memcpy(y, u, STATE*sizeof(T));
  advance(y, b->a + i*b->stages, i < b->stages ? i : b->stages, k, h, n);
}}
static void stage_time(const double *t, const double *h, double c, T *time, long n)
{{
  for (long p = 0; p < n; ++p) time[p] = (T)(t[p] + c*h[p]);
}}
void pack_weights(const T *flat, T *packed) {{ pack(flat, packed); }}
long packed_size(void) {{ return {packed}; }}
long kept_size(void) {{ return KEPT*ROWS; }}
void step(const Tableau *b, const T *state, const T *given, const double *t, const double *h, const T *packed,
          const T *scales, const T *U, T *next, T *error, T *rates, T *kept, long batch, long threads)
{{
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {{
    T *const own = room(KEPT*ROWS), *const u = room((3 + b->stages)*STATE + 2*ROWS);
    T *const y = u + STATE, *const e = y + STATE, *const k = e + STATE, *const steps = k + b->stages*STATE;
    T *const time = steps + ROWS;
    memset(u, 0, ((3 + b->stages)*STATE + 2*ROWS)*sizeof(T));
    #pragma omp for
    for (long r = 0; r < TILES; ++r) {{
      const long p = r*ROWS, n = batch - p < ROWS ? batch - p : ROWS;
      for (long q = 0; q < n; ++q) steps[q] = (T)h[p + q];
      to_lanes(state + p*CHANNELS, u, n);
      if (b->first) to_lanes(given + p*CHANNELS, k, n);
      for (long i = b->first; i < b->points; ++i) {{
        point(b, i, u, k, steps, y, n);
        if (i == b->stages) break;
        stage_time(t + p, h + p, b->c[i], time, n);
        stage(packed, scales, U, time, y, k + i*STATE, kept ? kept + (r*b->stages + i)*KEPT*ROWS : own, n);
      }}
      from_lanes(y, next + p*CHANNELS, n);
      memset(e, 0, STATE*sizeof(T));
      advance(e, b->error, b->stages, k, steps, n);
      from_lanes(e, error + p*CHANNELS, n);
      for (long i = 0; i < b->stages; ++i) from_lanes(k + i*STATE, rates + (i*batch + p)*CHANNELS, n);
    }}
    free(own);
    free(u);
  }}
}}
"""

_ADJOINT = """
static void tile_adjoint(const Tableau *b, long p, long n, const T *state, const T *rates, const double *t,
                         const double *h, const T *packed, const T *scales, const T *U, const T *kept, const T *g_next,
                         const T *g_rate, T *g_state, T *g_given, T *sums, T *gu, T *own, T *g, T *u, long batch)
{{
  T *const y = u + STATE, *const gy = y + STATE, *const total = gy + STATE, *const k = total + STATE;
  T *const gk = k + b->stages*STATE, *const steps = gk + b->stages*STATE, *const time = steps + ROWS;
  for (long q = 0; q < n; ++q) steps[q] = (T)h[p + q];
  to_lanes(state + p*CHANNELS, u, n);
  for (long i = 0; i < b->stages; ++i) to_lanes(rates + (i*batch + p)*CHANNELS, k + i*STATE, n);
  memset(gk, 0, b->stages*STATE*sizeof(T));
  memset(total, 0, STATE*sizeof(T));
  if (g_rate) to_lanes(g_rate + p*CHANNELS, gk + (b->stages - 1)*STATE, n);
  for (long i = b->points - 1; i >= b->first; --i) {{
    memset(gy, 0, STATE*sizeof(T));
    if (i == b->points - 1 && g_next) to_lanes(g_next + p*CHANNELS, gy, n);
    if (i < b->stages) {{
      const T *found = kept ? kept + (p/ROWS*b->stages + i)*KEPT*ROWS : own;
      point(b, i, u, k, steps, y, n);
      stage_time(t + p, h + p, b->c[i], time, n);
      if (!kept) stage(packed, scales, U, time, y, k + i*STATE, own, n);
      stage_back(packed, scales, U, time, y, found, gk + i*STATE, gy, sums, gu, g, n);
    }}
    for (long q = 0; q < STATE; ++q) total[q] += gy[q];
    for (long j = 0; j < i && j < b->stages; ++j) {{
      const T w = b->a[i*b->stages + j];
      if (w != 0)
        for (long c = 0; c < CHANNELS; ++c)
          for (long q = 0; q < n; ++q) gk[j*STATE + c*ROWS + q] += w*steps[q]*gy[c*ROWS + q];
    }}
  }}
  from_lanes(total, g_state + p*CHANNELS, n);
  if (b->first) from_lanes(gk, g_given + p*CHANNELS, n);
}}
/* A chunk of tiles has its own sums, added up in order: the same numbers for any number of threads. */
void adjoint(const Tableau *b, const T *state, const T *rates, const double *t, const double *h, const T *packed,
             const T *scales, const T *U, const T *kept, const T *g_next, const T *g_rate, T *g_state, T *g_given,
             T *flat, T *gu, T *parts, T *gu_parts, long batch, long chunk, long threads)
{{
  const long chunks = (TILES + chunk - 1)/chunk;
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {{
    T *const own = room(KEPT*ROWS), *const g = room(SCRATCH*ROWS), *const sums = room(SUMS);
    T *const u = room((4 + 2*b->stages)*STATE + 2*ROWS);
    memset(u, 0, ((4 + 2*b->stages)*STATE + 2*ROWS)*sizeof(T));
    #pragma omp for
    for (long c = 0; c < chunks; ++c) {{
      T *const mine = gu_parts + c*UNIFORMS;
      memset(sums, 0, (SUMS)*sizeof(T));
      memset(mine, 0, UNIFORMS*sizeof(T));
      for (long r = c*chunk; r < TILES && r < (c + 1)*chunk; ++r)
        tile_adjoint(b, r*ROWS, batch - r*ROWS < ROWS ? batch - r*ROWS : ROWS, state, rates, t, h, packed, scales, U,
                     kept, g_next, g_rate, g_state, g_given, sums, mine, own, g, u, batch);
      write_sums(sums, chunks == 1 ? flat : parts + c*WEIGHTS);
    }}
    free(own); free(g); free(sums); free(u);
    #pragma omp for
    for (long k = 0; k < (chunks == 1 ? 0 : WEIGHTS); ++k) {{
      double s = 0;
      for (long c = 0; c < chunks; ++c) s += parts[c*WEIGHTS + k];
      flat[k] = s;
    }}
  }}
  for (long k = 0; k < UNIFORMS; ++k) {{
    double s = 0;
    for (long c = 0; c < chunks; ++c) s += gu_parts[c*UNIFORMS + k];
    gu[k] = s;
  }}
}}
"""


def ode_source(plan: Plan, precision: str) -> str:
    """``packed_size``, ``kept_size``, ``pack_weights``, ``step`` and ``adjoint``."""
    stages = Stages(plan)
    sizes = (
        f"#define ROWS {ROWS}L\n#define CHANNELS {len(plan.totals)}L\n#define UNIFORMS {len(plan.uniforms)}L\n"
        f"#define WEIGHTS {stages.weights}L\n#define KEPT ({stages.kept})\n#define SCRATCH ({stages.scratch} + 1)\n"
        f"#define SUMS ({stages.sums} + 1)\n"
    )
    return "".join(
        (
            functions_source(plan.activation, precision), blocks_source(), rows_source(), "#include <tgmath.h>\n",
            C_WORDS, sizes, stages.text(), _STEP.format(packed=stages.packed), _ADJOINT.format(),
        )
    )  # fmt: skip
