/* What the kernels share. The command line gives T (float or double), N (points an axis) and the parameters P_name.
   A problem defines CHANNELS and DIMENSION, includes this file, writes rate_row, and includes driver.h. */
#include <math.h>
#if DIMENSION == 2
#define ROWS ((long)N)
#else
#define ROWS ((long)N * N)
#endif
#define POINTS (ROWS * N)
#define STATE (CHANNELS * POINTS)
#define INVERSE ((T)(1.0 / (SPACING * SPACING)))

static inline long around(long i) { return i < 0 ? i + N : i >= N ? i - N : i; }
