"""C text of activations and their derivatives, written so that loops over them become vector instructions.

Polynomials are Taylor's on a reduced range, exact to rounding there; that of gelu interpolates erfcx at
Chebyshev's points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, factorial, pi

import numpy as np
import torch

PRECISIONS = {torch.float64: "double", torch.float32: "float"}
"""Types that kernels are made for."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """Numbers of terms of the polynomials, one set for each type."""

    exp: int
    trigonometric: int
    log: int
    erfcx: int


_TERMS = {"double": _Terms(14, 9, 17, 30), "float": _Terms(8, 6, 8, 14)}

_HEADER = """
#include <math.h>
#include <string.h>
typedef TYPE T;
typedef INTEGER N;
static inline T power_of_two(int n)
{
  const N bits = ((N)n + BIAS) << FRACTION;
  T x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
/* e^x - 1 = s*q + (s - 1) with s = 2^n and q = e^r - 1, |r| <= ln(2)/2; returns q. */
static inline T reduced(T x, T *s)
{
  x = x < LOWEST ? LOWEST : x > HIGHEST ? HIGHEST : x;
  const T n = ROUND(x*(T)1.4426950408889634), r = (x - n*LN2_HIGH) - n*LN2_LOW;
  *s = power_of_two((int)n);
  return r*(EXP);
}
static inline T exponential(T x) { T s; const T q = reduced(x, &s); return s*q + s; }
static inline T exponential_minus_one(T x) { T s; const T q = reduced(x, &s); return s*q + (s - 1); }
"""

_ACTIVATIONS = {
    "silu": """
static inline T activation(T z, T *d)
{
  const T s = 1/(1 + exponential(-z));
  *d = s*(1 + z*(1 - s));
  return z*s;
}""",
    "tanh": """
static inline T activation(T z, T *d)
{
  const T e = exponential_minus_one(2*z), t = e/(e + 2);
  *d = 1 - t*t;
  return t;
}""",
    "gelu": """
/* Phi(-|z|) = e^(-z^2/2) erfcx(|z|/sqrt(2))/2, erfcx a polynomial in t = (x - 3)/(x + 3). */
static inline T activation(T z, T *d)
{
  const T e = exponential(z*z*(T)-0.5), x = (z < 0 ? -z : z)*(T)0.70710678118654752, t = (x - 3)/(x + 3);
  const T tail = (T)0.5*e*(ERFCX), phi = z < 0 ? tail : 1 - tail;
  *d = phi + z*e*(T)0.39894228040143268;
  return z*phi;
}""",
    "softplus": """
/* log(1 + u) = 2 artanh(w), w = u/(2 + u); beyond 20 the identity, as torch has it. */
static inline T activation(T z, T *d)
{
  const T u = exponential(z < 0 ? z : -z), w = u/(2 + u), v = w*w;
  const T value = (z < 0 ? 0 : z) + 2*w*(LOG);
  *d = z > 20 ? 1 : (z < 0 ? u : 1)/(1 + u);
  return z > 20 ? z : value;
}""",
    "sin": """
/* Reduced by multiples of pi/2 in three parts, whose products with n are exact up to FARTHEST. */
static inline T activation(T z, T *d)
{
  const T n = ROUND(z*(T)0.63661977236758134), r = ((z - n*PI2_HIGH) - n*PI2_MIDDLE) - n*PI2_LOW, v = r*r;
  const T s = r*(SINE), c = COSINE;
  const int k = (int)n;
  const T value = k & 1 ? c : s, slope = k & 1 ? -s : c;
  *d = k & 2 ? -slope : slope;
  return k & 2 ? -value : value;
}""",
    # Written so that NaN goes through.
    "relu": """
static inline T activation(T z, T *d)
{
  *d = z > 0 ? 1 : 0;
  return z <= 0 ? 0 : z;
}""",
}

_LOOPS = """
static void activate(T *restrict z, long n)
{
  #pragma omp simd
  for (long i = 0; i < n; ++i) { T d; z[i] = activation(z[i], &d); }
}
static void activate_with_slope(T *restrict z, T *restrict slope, long n)
{
  #pragma omp simd
  for (long i = 0; i < n; ++i) { T d; z[i] = activation(z[i], &d); slope[i] = d; }
}
"""

_FAR_LOOPS = """
static int far_away(const T *z, long n)
{
  int far = 0;
  for (long i = 0; i < n; ++i) far |= z[i] > FARTHEST || z[i] < -FARTHEST;
  return far;
}
static void activate(T *restrict z, long n)
{
  if (far_away(z, n)) for (long i = 0; i < n; ++i) z[i] = sin(z[i]);
  else near_activate(z, n);
}
static void activate_with_slope(T *restrict z, T *restrict slope, long n)
{
  if (far_away(z, n)) for (long i = 0; i < n; ++i) { slope[i] = cos(z[i]); z[i] = sin(z[i]); }
  else near_activate_with_slope(z, slope, n);
}
"""
"""For `sin`: tiles with arguments too large for its reduction go through the C library."""

_NUMBERS = {
    "float": {
        "TYPE": "float", "INTEGER": "int", "BIAS": "127", "FRACTION": "23", "ROUND": "__builtin_rintf",
        "LOWEST": "-87.f", "HIGHEST": "88.f", "LN2_HIGH": "0x1.62ep-1f", "LN2_LOW": "0x1.0bfbe8p-15f",
        "PI2_HIGH": "0x1.92p+0f", "PI2_MIDDLE": "0x1.fb4p-12f", "PI2_LOW": "0x1.4442d2p-24f",
        "FARTHEST": "1e4f",
    },
    "double": {
        "TYPE": "double", "INTEGER": "long long", "BIAS": "1023", "FRACTION": "52", "ROUND": "__builtin_rint",
        "LOWEST": "-708.", "HIGHEST": "709.", "LN2_HIGH": "0x1.62e42feep-1", "LN2_LOW": "0x1.a39ef35793c76p-33",
        "PI2_HIGH": "0x1.921fb54p+0", "PI2_MIDDLE": "0x1.10b4611p-30", "PI2_LOW": "0x1.4c4c6628b80dcp-59",
        "FARTHEST": "1e7",
    },
}  # fmt: skip


def functions_source(activation: str, precision: str) -> str:
    """C text of ``activate`` and ``activate_with_slope`` for one activation; it defines the type ``T``."""
    terms = _TERMS[precision]
    polynomials = {
        "EXP": _horner([1 / factorial(k + 1) for k in range(terms.exp - 1)], "r"),
        "SINE": _horner([(-1) ** k / factorial(2 * k + 1) for k in range(terms.trigonometric)], "v"),
        "COSINE": _horner([(-1) ** k / factorial(2 * k) for k in range(terms.trigonometric)], "v"),
        "LOG": _horner([1 / (2 * k + 1) for k in range(terms.log)], "v"),
        "ERFCX": _horner(_erfcx(terms.erfcx), "t"),
    }
    defined = "".join(f"#define {name} {text}\n" for name, text in (_NUMBERS[precision] | polynomials).items())
    loops = _LOOPS.replace("void ", "void near_") + _FAR_LOOPS if activation == "sin" else _LOOPS
    return defined + _HEADER + _ACTIVATIONS[activation] + loops


def _horner(coefficients: Sequence[float], name: str) -> str:
    text = f"(T){coefficients[-1]!r}"
    for coefficient in reversed(coefficients[:-1]):
        text = f"((T){coefficient!r} + {name}*{text})"
    return text


@cache
def _erfcx(terms: int) -> tuple[float, ...]:
    """``erfcx(x) = e^(x^2) erfc(x)``, x >= 0, as a polynomial in ``(x - 3)/(x + 3)`` (Shepherd & Laframboise 1981)."""
    points = np.array([cos(pi * (k + 0.5) / terms) for k in range(terms)])
    values = torch.special.erfcx(torch.from_numpy(3.0 * (1.0 + points) / (1.0 - points))).numpy()
    fitted = np.polynomial.chebyshev.chebfit(points, values, terms - 1)
    return tuple(float(c) for c in np.polynomial.chebyshev.cheb2poly(fitted))
