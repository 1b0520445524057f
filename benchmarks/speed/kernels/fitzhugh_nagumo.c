/* u' = a lap(u) + u - u^3 - v - k, v' = b lap(v) + u - v; periodic, cells, 5-point stencil. */
#define CHANNELS 2
#define DIMENSION 2
#include "grid.h"

static inline void rate_row(const T *restrict u, long r, T *restrict du, long stride) {
  const T *restrict v = u + POINTS;
  const long here = r * N, up = around(r - 1) * N, down = around(r + 1) * N;
  const T a = (T)P_a * INVERSE, b = (T)P_b * INVERSE, k = (T)P_k;
  T *restrict dv = du + stride;
#define POINT(i, l, g)                                                                                      \
  {                                                                                                         \
    const T x = u[here + (i)], y = v[here + (i)];                                                           \
    const T lu = u[up + (i)] + u[down + (i)] + u[here + (l)] + u[here + (g)] - 4 * x;                       \
    const T lv = v[up + (i)] + v[down + (i)] + v[here + (l)] + v[here + (g)] - 4 * y;                       \
    du[i] = a * lu + x - x * x * x - y - k;                                                                 \
    dv[i] = b * lv + x - y;                                                                                 \
  }
  POINT(0, N - 1, 1)
#pragma omp simd
  for (long i = 1; i < N - 1; ++i) POINT(i, i - 1, i + 1)
  POINT(N - 1, N - 2, 0)
}
#include "driver.h"
