"""Whole runs of explicit Runge-Kutta steps inside a kernel: no call of Python, no pass over memory between stages.

Each chunk of rows computes its rates and at once, while they lie in the cache, the state of the next stage,
``u + h sum_j a_ij k_j``.
"""

from __future__ import annotations

MARCH = """
static void combine(T *restrict out, const T *base, const T *const *k, const T *w, long m, long n)
{
  /* out = base + sum_j w_j k_j; out may be base itself, point by point. */
  if (m == 1) {
    const T *k0 = k[0]; const T w0 = w[0];
    #pragma omp simd
    for (long i = 0; i < n; ++i) out[i] = base[i] + w0*k0[i];
    return;
  }
  const T *k0 = k[0], *k1 = k[1]; const T w0 = w[0], w1 = w[1];
  if (m == 4) {
    const T *k2 = k[2], *k3 = k[3]; const T w2 = w[2], w3 = w[3];
    #pragma omp simd
    for (long i = 0; i < n; ++i) out[i] = base[i] + w0*k0[i] + w1*k1[i] + w2*k2[i] + w3*k3[i];
    return;
  }
  #pragma omp simd
  for (long i = 0; i < n; ++i) out[i] = base[i] + w0*k0[i] + w1*k1[i];
  for (long j = 2; j < m; ++j) {
    const T *kj = k[j]; const T wj = w[j];
    #pragma omp simd
    for (long i = 0; i < n; ++i) out[i] += wj*kj[i];
  }
}

void march(T *state, T *work, const T *const *arrays, const long *strides, const T *uniforms, long stride,
           long stage_stride, T *ghosts, const double *weights, long stages, double h, long steps, long batch,
           long threads)
{
  const long total = batch*CHANNELS*POINTS;
  T *spare = work, *other = work + total, *rates = work + 2*total;
  #pragma omp parallel num_threads(threads) if(threads > 1)
  {
    const T *A[LEAVES + 1], *k[MOST_STAGES];
    T w[MOST_STAGES];
    T *u = state, *z = state, *next = stages > 1 ? spare : other;
    for (long step = 0; step < steps; ++step)
      for (long s = 0; s < stages; ++s) {
        const T *U = uniforms + (step*stages + s)*stage_stride;
        const int last = s == stages - 1;
        T *to = !last ? (z == spare ? other : spare) : stages > 1 ? u : (u == state ? other : state);
        #pragma omp for
        for (long b = 0; b < batch; ++b) {
          arrays_of(b, z, arrays, strides, A);
          fill(A, U + b*stride, ghosts + b*GHOSTS);
        }
        #pragma omp for collapse(2)
        for (long b = 0; b < batch; ++b)
          for (long c = 0; c < CHUNKS; ++c) {
            const long first = c*CHUNK, end = (c + 1)*CHUNK < ROWS ? (c + 1)*CHUNK : ROWS;
            const long row = POINTS/ROWS, n = (end - first)*row;
            arrays_of(b, z, arrays, strides, A);
            points(A, U + b*stride, ghosts + b*GHOSTS, rates + s*total + b*CHANNELS*POINTS, first, end);
            for (long channel = 0; channel < CHANNELS; ++channel) {
              const long at = (b*CHANNELS + channel)*POINTS + first*row;
              long m = 0;
              for (long j = 0; j <= s; ++j)
                if (weights[(s + 1)*stages + j] != 0) {
                  k[m] = rates + j*total + at;
                  w[m++] = (T)(h*weights[(s + 1)*stages + j]);
                }
              if (m) combine(to + at, u + at, k, w, m, n);
              else for (long i = 0; i < n; ++i) to[at + i] = u[at + i];
            }
          }
        z = to;
        if (last) u = to;
      }
    #pragma omp master
    if (u != state)
      for (long i = 0; i < total; ++i) state[i] = u[i];
  }
}
"""
"""Follows the forward kernel's own functions in its text. Row i of `weights` makes stage i, the last row the step."""
