/* w' = s, s' = c2 lap(w) - k s; slope 0 at all walls: on cells, the ghost is the mirrored cell. */
#define CHANNELS 2
#define DIMENSION 2
#include "grid.h"

static inline void rate_row(const T *restrict w, long r, T *restrict dw, long stride) {
  const T *restrict s = w + POINTS;
  const long here = r * N, up = r ? here - N : here, down = r < N - 1 ? here + N : here;
  const T c2 = (T)P_c2 * INVERSE, k = (T)P_k;
  T *restrict ds = dw + stride;
#define POINT(i, l, g)                                                                                      \
  {                                                                                                         \
    const T speed = s[here + (i)];                                                                          \
    const T lap = w[up + (i)] + w[down + (i)] + w[here + (l)] + w[here + (g)] - 4 * w[here + (i)];          \
    dw[i] = speed;                                                                                          \
    ds[i] = c2 * lap - k * speed;                                                                           \
  }
  POINT(0, 0, 1)
#pragma omp simd
  for (long i = 1; i < N - 1; ++i) POINT(i, i - 1, i + 1)
  POINT(N - 1, N - 2, N - 1)
}
#include "driver.h"
