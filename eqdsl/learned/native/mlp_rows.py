"""C text of a multilayer perceptron on a few points: points are rows, units are lanes.

For the batch of an ODE, where points as lanes would leave most lanes empty. A layer of n units is an array
``[rows][UP(n)]``; its weights are packed once, transposed for the values and padded for the cotangents, so that every
product reads rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_TEXT = """
/* Weights and biases `flat`, in torch's order, to rows without ends. */
static void {name}_pack(const T *restrict flat, T *restrict packed)
{{
{pack}
}}
/* From the inputs, which are in t, to the outputs; layers and slopes of their activations stay in t. */
static void {name}_layers(const T *packed, T *t, long n)
{{
{layers}
}}
/* From the cotangent g0 of the outputs to that of the inputs, which is returned; what comes to weights is added. */
static T *{name}_back(const T *packed, const T *t, T *g0, T *g1, T *sums, long n)
{{
{back}
  return g0;
}}
static void {name}_write(const T *restrict sums, T *restrict flat)
{{
{write}
}}
"""

_HELPERS = """
#include <stdlib.h>
static void pack_layer(const T *restrict w, const T *restrict bias, long inner, long outer, T *restrict turned,
                       T *restrict biases, T *restrict padded)
{
  const long o = UP(outer, LANES), i = UP(inner, LANES);
  memset(turned, 0, inner*o*sizeof(T));
  memset(biases, 0, o*sizeof(T));
  memset(padded, 0, outer*i*sizeof(T));
  memcpy(biases, bias, outer*sizeof(T));
  for (long j = 0; j < outer; ++j) {
    memcpy(padded + j*i, w + j*inner, inner*sizeof(T));
    for (long k = 0; k < inner; ++k) turned[k*o + j] = w[j*inner + k];
  }
}
static void layer(const T *turned, const T *biases, const T *a, long inner, long outer, T *z, long n)
{
  const long o = UP(outer, LANES), i = UP(inner, LANES);
  for (long p = 0; p < n; ++p) memcpy(z + p*o, biases, o*sizeof(T));
  product(a, i, 1, 0, turned, o, inner, 0, 1, z, o, n, o);
}
static void layer_back(const T *padded, const T *a, const T *slope, const T *g, long inner, long outer, T *back,
                       T *sums, T *bias_sums, long n)
{
  const long o = UP(outer, LANES), i = UP(inner, LANES);
  for (long p = 0; p < n; ++p)
    for (long j = 0; j < o; ++j) bias_sums[j] += g[p*o + j];
  product(g, 1, o, 0, a, i, n, 0, 1, sums, i, outer, i);
  product(g, o, 1, 0, padded, i, outer, slope, 0, back, i, n, i);
}
"""


def rows_source() -> str:
    """What all networks use; after ``blocks_source``."""
    return _HELPERS


class MlpRows:
    """The text of one network under a name; sizes are C expressions.

    Parameters
    ----------
    name : str
    widths : sequence of int
        Inputs, hidden layers, outputs.
    """

    def __init__(self, name: str, widths: Sequence[int]) -> None:
        self.name, self.widths = name, tuple(widths)
        self._layers = list(pairwise(self.widths))

    @property
    def weights(self) -> int:
        """Weights and biases."""
        return sum((a + 1) * b for a, b in self._layers)

    @property
    def packed(self) -> str:
        """Room for the packed weights."""
        return " + ".join(f"{a}*{_up(b)} + {_up(b)} + {b}*{_up(a)}" for a, b in self._layers)

    @property
    def sums(self) -> str:
        """Room for the sums of gradients."""
        return " + ".join(f"{b}*{_up(a)} + {_up(b)}" for a, b in self._layers)

    @property
    def kept(self) -> str:
        """Room for a point's layers and slopes."""
        hidden = [f"2*{_up(n)}" for n in self.widths[1:-1]]
        return " + ".join([_up(self.widths[0]), *hidden, _up(self.widths[-1])])

    @property
    def outputs(self) -> str:
        """Where in a point's room the outputs begin, times the number of rows."""
        return " + ".join([_up(self.widths[0]), *(f"2*{_up(n)}" for n in self.widths[1:-1])])

    @property
    def widest(self) -> str:
        """Room for a point's cotangents."""
        return _up(max(self.widths))

    def text(self) -> str:
        """``name_pack``, ``name_layers``, ``name_back`` and ``name_write``."""
        pack: list[str] = []
        layers: list[str] = []
        back: list[str] = []
        write: list[str] = []
        flat = 0
        for k, (inner, outer) in enumerate(self._layers):
            turned, biases, padded = self._places(k)
            sums, bias_sums = self._sum_places(k)
            a, slope, z = (
                f"t + ({self._place(k)})*ROWS",
                f"t + ({self._place(k)} + {_up(inner)})*ROWS",
                self._place(k + 1),
            )
            pack.append(
                f"  pack_layer(flat + {flat}, flat + {flat + inner * outer}, {inner}, {outer}, packed + {turned},"
                f" packed + {biases}, packed + {padded});"
            )
            layers.append(f"  layer(packed + {turned}, packed + {biases}, {a}, {inner}, {outer}, t + ({z})*ROWS, n);")
            if k < len(self._layers) - 1:
                layers.append(f"  activate_with_slope(t + ({z})*ROWS, t + ({z} + {_up(outer)})*ROWS, n*{_up(outer)});")
            back.insert(
                0,
                f"  layer_back(packed + {padded}, {a}, {slope if k else '0'}, g0, {inner}, {outer}, g1, sums + {sums},"
                f" sums + {bias_sums}, n);\n  {{ T *const s = g0; g0 = g1; g1 = s; }}",
            )
            write.append(
                f"  for (long j = 0; j < {outer}; ++j)\n"
                f"    memcpy(flat + {flat} + j*{inner}, sums + {sums} + j*{_up(inner)}, {inner}*sizeof(T));\n"
                f"  memcpy(flat + {flat + inner * outer}, sums + {bias_sums}, {outer}*sizeof(T));"
            )
            flat += (inner + 1) * outer
        parts = {"pack": pack, "layers": layers, "back": back, "write": write}
        return _TEXT.format(name=self.name, **{key: "\n".join(lines) for key, lines in parts.items()})

    def _place(self, k: int) -> str:
        """Where layer k begins in a point's room."""
        return " + ".join(["0", *(f"{1 + (i > 0)}*{_up(n)}" for i, n in enumerate(self.widths[:k]))])

    def _places(self, k: int) -> tuple[str, str, str]:
        inner, outer = self._layers[k]
        start = " + ".join(["0", *(f"{a}*{_up(b)} + {_up(b)} + {b}*{_up(a)}" for a, b in self._layers[:k])])
        return start, f"{start} + {inner}*{_up(outer)}", f"{start} + {inner + 1}*{_up(outer)}"

    def _sum_places(self, k: int) -> tuple[str, str]:
        inner, outer = self._layers[k]
        start = " + ".join(["0", *(f"{b}*{_up(a)} + {_up(b)}" for a, b in self._layers[:k])])
        return start, f"{start} + {outer}*{_up(inner)}"


def _up(n: int) -> str:
    """n in whole vectors."""
    return f"UP({n}, LANES)"
