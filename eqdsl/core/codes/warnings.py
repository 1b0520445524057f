"""What is probably not meant (W10xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

WARNINGS: dict[str, Explanation] = {
    "W1001": Explanation(
        "something declared in vain",
        """A parameter, definition or learned term that nothing uses is probably misspelt somewhere, or left over.

Wrong: `param k = 1` with `dt(u) = -u`
Right: `dt(u) = -k*u`""",
    ),
    "W1002": Explanation(
        "a parameter that data cannot determine",
        """A fitted multiple of a quantity and a learned term that sees all that the quantity is made of can trade with
each other without changing the result. The fit keeps the learned share small, so it returns one answer;
another one would explain the data as well. A constraint tells the two apart where it excludes the quantity:
with `f(0) = 0` the term `f(u)` cannot take over the constant of `k + f(u)`.

Wrong: `dt(u) = k*u^2 + f(u)` with k fitted
Right: `dt(u) = k*u^2 + f(v)`, `param k = 0.3`, or `learned f(u) with odd(u)`""",
    ),
    "W1003": Explanation(
        "a flux that is free up to a constant",
        """Only the derivative of the flux acts on the state, so a constant can be added to it. Fix its value at one
point to make it comparable.

Wrong: `learned f(u)` with `dt(u) = -dx(f)`
Right: `learned f(u) with f(0) = 0`""",
    ),
    "W1005": Explanation(
        "a derivative in space that is always 0",
        """A state without axes is one number at a time, and so is a mean or an integral: it has no slope.

Wrong: `state u` with `dt(u) = lap(u)`
Right: `state u(x)` with `dt(u) = lap(u)`""",
    ),
    "W1006": Explanation(
        "a choice outside a derivative",
        """A derivative in a branch of `ifelse` is formed from neighbouring points, also from those at which the branch
is not taken. If a function has no value there, neither the rate beside them nor the gradients of a fit have
one. A choice inside the derivative has no such neighbours.

Wrong: `dt(h) = ifelse(h > 0, dx(sqrt(h)), 0)`
Right: `dt(h) = dx(ifelse(h > 0, sqrt(h), 0))`""",
    ),
    "W1007": Explanation(
        "a velocity along the contours of what it carries",
        """In two dimensions `div(w) = 0` makes w from a stream function, along whose contours it flows. Those of a
function of u alone are the contours of u, and moving u along them changes nothing.

Wrong: `learned w(u) -> vector with div(w) = 0` with `dt(u) = -advect(w, u)`
Right: `learned w(u, x, y) -> vector with div(w) = 0`, or `by conv(16, 16)`""",
    ),
}
