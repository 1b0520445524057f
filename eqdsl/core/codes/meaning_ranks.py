"""Numbers of arguments, scalars and vectors (E04xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

RANKS: dict[str, Explanation] = {
    "E0401": Explanation(
        "a wrong number of arguments",
        """Each function has its number of arguments, a learned term that of its declaration. The name of a learned
term alone stands for the term at its declared inputs.

Wrong: `atan2(u)`
Right: `atan2(u, v)`""",
    ),
    "E0402": Explanation(
        "a sum of a scalar and a vector",
        """A scalar and a vector cannot be added. `grad(u)` and `vector state` are vectors; `div`, `dot`, `norm`,
`lap` of a scalar, and components `w.x` are scalars.

Wrong: `dt(u) = u + k*grad(u)`
Right: `dt(u) = u + k*lap(u)`""",
    ),
    "E0403": Explanation(
        "a vector of the wrong length",
        """A vector has one component per axis of `space`, in that order.

Wrong: `vector state w(x, y)` with `dt(w) = (0, 0, 1)`
Right: `dt(w) = (0, 1)`""",
    ),
    "E0404": Explanation(
        "a vector where a scalar belongs, or the reverse",
        """Pointwise functions, powers and divisors take scalars; `div`, `curl`, `dot`, `cross` and `norm` take
vectors. The product of two vectors could be `dot` or `cross`, so it must be said.

Wrong: `dt(u) = div(u)`
Right: `dt(u) = div(k*grad(u))`""",
    ),
    "E0405": Explanation(
        "an operator without meaning on these axes",
        """`curl` and `cross` need two or three axes.

Wrong: `space x in [0, 1]` with `curl(w)`
Right: `space x in [0, 1], y in [0, 1]`""",
    ),
    "E0406": Explanation(
        "an operator of space in a model without space",
        """Derivatives, `grad`, `lap`, `integral` and `mean` need axes. A model without `space` is a system of
ordinary differential equations.

Wrong: `state u` with `dt(u) = lap(u)`
Right: `space x in [0, 1]` and `state u(x)`""",
    ),
    "E0407": Explanation(
        "a component that does not exist",
        """Only vectors have components, and these are named after the axes of `space`.

Wrong: `w.z` on `space x in [0, 1], y in [0, 1]`
Right: `w.y`""",
    ),
    "E0408": Explanation(
        "a derivative that cannot stand here",
        """`d(u, x, n)` takes a whole number n from 1 to 8. `dn(u)`, the derivative along the outward normal, has a
meaning only on the boundary, so it stands only in `bc`.

Wrong: `dt(u) = dn(u)`
Right: `bc dn(u) = 0 at boundary`""",
    ),
    "E0409": Explanation(
        "an expression that is too large",
        """There are limits on nesting and on the size after operators are written out in components, so that every
file is answered quickly. Parts named by `let` count as one.

Wrong: `sin(sin(sin(…` sixty times`
Right: `let inner = sin(…)` and `sin(inner)`""",
    ),
    "E0410": Explanation(
        "a number that does not exist",
        """Expressions of numbers are computed when the file is read. Division by zero, the logarithm of a negative
number and overflow have no value; `inf` stands only in intervals.

Wrong: `param k = 1/0`
Right: `param k = 1e6`""",
    ),
    "E0411": Explanation(
        "a comparison out of place",
        """A comparison is no number. It stands only as the first argument of `ifelse`.

Wrong: `dt(u) = u > 0`
Right: `dt(u) = ifelse(u > 0, 1, 0)`""",
    ),
    "E0412": Explanation(
        "an argument of the wrong form",
        """Functions take plain arguments. Named arguments and texts belong to the families after `by`.

Wrong: `sin(angle = u)`
Right: `sin(u)`""",
    ),
    "E0413": Explanation(
        "a point outside the domain",
        """`sample(u, 0.3)` is the value at a point, one number for each axis, within the axis.

Wrong: `sample(u, 2)` with `space x in [0, 1]`
Right: `sample(u, 0.3)`""",
    ),
}
