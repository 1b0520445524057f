/* The loops over rows. rate_row(u, r, du, stride) writes row r of channel c's rate to du + c*stride. */

void rate(const T *u, T *du, long batch) {
#pragma omp parallel for schedule(static)
  for (long i = 0; i < batch * ROWS; ++i) {
    const long b = i / ROWS, r = i % ROWS;
    rate_row(u + b * STATE, r, du + b * STATE + r * N, POINTS);
  }
}

/* The least that any kernel must move: the state read once, the rate written once. */
void copy(const T *u, T *du, long batch) {
#pragma omp parallel for schedule(static)
  for (long r = 0; r < batch * CHANNELS * ROWS; ++r) {
#pragma omp simd
    for (long i = 0; i < N; ++i) du[r * N + i] = u[r * N + i];
  }
}

/* One stage: rates of `from` stay in a row's buffer; sum = (first ? u : sum) + weight*k, to = u + ahead*k. */
static inline void stage(const T *u, const T *from, T *to, T *sum, T ahead, T weight, int first, int last, long i) {
  T k[CHANNELS * N];
  const long b = i / ROWS, r = i % ROWS;
  rate_row(from + b * STATE, r, k, N);
  for (long c = 0; c < CHANNELS; ++c) {
    const long at = b * STATE + c * POINTS + r * N;
    const T *restrict kc = k + c * N;
    if (first) {
#pragma omp simd
      for (long j = 0; j < N; ++j) { sum[at + j] = u[at + j] + weight * kc[j]; to[at + j] = u[at + j] + ahead * kc[j]; }
    } else if (last) {
#pragma omp simd
      for (long j = 0; j < N; ++j) to[at + j] = sum[at + j] + weight * kc[j];
    } else {
#pragma omp simd
      for (long j = 0; j < N; ++j) { sum[at + j] += weight * kc[j]; to[at + j] = u[at + j] + ahead * kc[j]; }
    }
  }
}

/* Classical Runge-Kutta steps of u in place; work holds three states. */
void rk4(T *u, T *work, long batch, double dt, long steps) {
  const long size = batch * STATE, rows = batch * ROWS;
  T *s = work, *t = work + size, *sum = work + 2 * size;
  const T half = dt / 2, whole = dt, sixth = dt / 6, third = dt / 3;
#pragma omp parallel
  for (long n = 0; n < steps; ++n) {
#pragma omp for schedule(static)
    for (long i = 0; i < rows; ++i) stage(u, u, s, sum, half, sixth, 1, 0, i);
#pragma omp for schedule(static)
    for (long i = 0; i < rows; ++i) stage(u, s, t, sum, half, third, 0, 0, i);
#pragma omp for schedule(static)
    for (long i = 0; i < rows; ++i) stage(u, t, s, sum, whole, third, 0, 0, i);
#pragma omp for schedule(static)
    for (long i = 0; i < rows; ++i) stage(u, s, u, sum, 0, sixth, 0, 1, i);
  }
}
