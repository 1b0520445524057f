/* T' = alpha lap(T); periodic, cells, 7-point stencil. */
#define CHANNELS 1
#define DIMENSION 3
#include "grid.h"

static inline void rate_row(const T *restrict u, long r, T *restrict du, long stride) {
  const long i = r / N, j = r % N;
  const T *restrict c = u + r * N;
  const T *restrict below = u + (around(i - 1) * N + j) * N, *restrict above = u + (around(i + 1) * N + j) * N;
  const T *restrict up = u + (i * N + around(j - 1)) * N, *restrict down = u + (i * N + around(j + 1)) * N;
  const T alpha = (T)P_alpha * INVERSE;
#define POINT(k, l, g) du[k] = alpha * (below[k] + above[k] + up[k] + down[k] + c[l] + c[g] - 6 * c[k]);
  POINT(0, N - 1, 1)
#pragma omp simd
  for (long k = 1; k < N - 1; ++k) POINT(k, k - 1, k + 1)
  POINT(N - 1, N - 2, 0)
}
#include "driver.h"
