/* u' = Du lap(u) - u v^2 + F (1 - u), v' = Dv lap(v) + u v^2 - (F + k) v; periodic, cells. */
#define CHANNELS 2
#define DIMENSION 2
#include "grid.h"

static inline void rate_row(const T *restrict u, long r, T *restrict du, long stride) {
  const T *restrict v = u + POINTS;
  const long here = r * N, up = around(r - 1) * N, down = around(r + 1) * N;
  const T a = (T)P_Du * INVERSE, b = (T)P_Dv * INVERSE, F = (T)P_F, loss = (T)(P_F + P_k);
  T *restrict dv = du + stride;
#define POINT(i, l, g)                                                                                      \
  {                                                                                                         \
    const T x = u[here + (i)], y = v[here + (i)], reaction = x * y * y;                                     \
    const T lu = u[up + (i)] + u[down + (i)] + u[here + (l)] + u[here + (g)] - 4 * x;                       \
    const T lv = v[up + (i)] + v[down + (i)] + v[here + (l)] + v[here + (g)] - 4 * y;                       \
    du[i] = a * lu - reaction + F * (1 - x);                                                                \
    dv[i] = b * lv + reaction - loss * y;                                                                   \
  }
  POINT(0, N - 1, 1)
#pragma omp simd
  for (long i = 1; i < N - 1; ++i) POINT(i, i - 1, i + 1)
  POINT(N - 1, N - 2, 0)
}
#include "driver.h"
