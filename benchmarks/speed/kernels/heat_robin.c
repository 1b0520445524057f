/* T' = alpha lap(T), dn(T) + h (T - T_air) = 0 at all walls: a ghost is W0 T0 + W1 T1 + WG of the nearest cells. */
#define CHANNELS 1
#define DIMENSION 2
#include "grid.h"
#define GHOST(t0, t1) ((T)W0 * (t0) + (T)W1 * (t1) + (T)WG)

static inline void rate_row(const T *restrict u, long r, T *restrict du, long stride) {
  const T *restrict c = u + r * N;
  const T alpha = (T)P_alpha * INVERSE;
  T ghost[N];
  const T *up = c - N, *down = c + N;
  if (r == 0 || r == N - 1) {
    const T *inner = r ? up : down;
#pragma omp simd
    for (long i = 0; i < N; ++i) ghost[i] = GHOST(c[i], inner[i]);
    if (r) down = ghost; else up = ghost;
  }
  du[0] = alpha * (up[0] + down[0] + GHOST(c[0], c[1]) + c[1] - 4 * c[0]);
#pragma omp simd
  for (long i = 1; i < N - 1; ++i) du[i] = alpha * (up[i] + down[i] + c[i - 1] + c[i + 1] - 4 * c[i]);
  du[N - 1] = alpha * (up[N - 1] + down[N - 1] + c[N - 2] + GHOST(c[N - 1], c[N - 2]) - 4 * c[N - 1]);
}
#include "driver.h"
