"""Equations, states, domain and observations (E05xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

EQUATIONS: dict[str, Explanation] = {
    "E0501": Explanation(
        "a state without equation",
        """Each state has exactly one equation. A quantity that does not change in time is a parameter.

Wrong: `state u, v` with `dt(u) = -u` alone`
Right: `dt(v) = 0` beside it`""",
    ),
    "E0502": Explanation(
        "a state with two equations",
        """The terms of a state stand in one equation.

Wrong: `dt(u) = -u` and `dt(u) = lap(u)`
Right: `dt(u) = lap(u) - u`""",
    ),
    "E0503": Explanation(
        "an equation for something that is no state",
        """Only what is declared with `state` evolves in time.

Wrong: `param k = 1` with `dt(k) = 0`
Right: `state k` with `dt(k) = 0`""",
    ),
    "E0504": Explanation(
        "two sides of different rank",
        """A vector state has a vector on the right-hand side, a scalar state a scalar; the same holds for initial
values.

Wrong: `vector state w(x, y)` with `dt(w) = -w.x`
Right: `dt(w) = -w`""",
    ),
    "E0505": Explanation(
        "a plain variable that would vary in space",
        """A state without axes is one number for the whole domain. Its equation may use fields only through `mean`
or `integral`.

Wrong: `state T` with `dt(T) = u` for a field `u`
Right: `dt(T) = mean(u)`""",
    ),
    "E0506": Explanation(
        "a time derivative of too high order",
        """Equations are of first order (`dt`) or second order (`dtt`) in time. Higher orders are written with more
states.

Wrong: `dttt(u) = -u`
Right: `dtt(u) = a` with `state a` and `dt(a) = -u`""",
    ),
    "E0507": Explanation(
        "a velocity that is not known",
        """Inside an expression `dt(w)` is the velocity of a state with an equation `dtt(w) = …`. The rate of a
first-order state is its right-hand side: name that with `known`.

Wrong: `dt(v) = dt(u)` with `dt(u) = -u`
Right: `known rate = -u`, `dt(u) = rate`, `dt(v) = rate`""",
    ),
    "E0508": Explanation(
        "a model without states",
        """A model evolves at least one state.

Wrong: `param k = 1` alone`
Right: `state u` with `dt(u) = -k*u`""",
    ),
    "E0509": Explanation(
        "a statement written twice",
        """`model`, `space`, `time`, `scheme order`, the grid of one axis and the observation of one state are given
once.

Wrong: `time t` and again `time s`
Right: `time t`""",
    ),
    "E0510": Explanation(
        "a state with wrong axes",
        """A field lists all axes in the order of `space`, a plain variable none. A vector needs axes, because it has
one component for each.

Wrong: `space x in [0, 1], y in [0, 1]` with `state u(y, x)`
Right: `state u(x, y)`""",
    ),
    "E0511": Explanation(
        "an axis without usable interval, or too many axes",
        """A space has one to three axes, each with a finite interval.

Wrong: `space x`
Right: `space x in [0, 1]`""",
    ),
    "E0512": Explanation(
        "an impossible grid",
        """The number of points is a whole number, large enough for the stencils of the scheme.

Wrong: `grid x = 2`
Right: `grid x = 64`""",
    ),
    "E0513": Explanation(
        "an unknown order of accuracy",
        """There are central schemes of order 2, 4 and 6. Along axes with walls order 6 serves second derivatives
only: its one-sided closures make first derivatives grow.

Wrong: `scheme order = 3`
Right: `scheme order = 4`""",
    ),
    "E0514": Explanation(
        "a law or an observation without meaning",
        """A law is one number for the whole system; noise is a positive standard deviation, and what is observed
depends on a state.

Wrong: `law mass = u constant`
Right: `law mass = integral(u) constant`""",
    ),
    "E0515": Explanation(
        "an equation to be solved that is not linear in its state",
        """`0 = … for p` is solved where p stands linearly: with factors that do not hold p, under derivatives, `mean`
and `integral`. Nonlinear equations are not built, nor is a learned term of p in p's own equation. The factors may
hold other states, time, positions, parameters and learned terms.

Wrong: `0 = lap(p) - p^3 - u for p`
Right: `0 = lap(p) - a*p - u for p`, or `dt(p) = lap(p) - p^3 - u`""",
    ),
    "E0516": Explanation(
        "an equation to be solved that does not hold its state",
        """`0 = … for p` gives p, so p must stand in it, and must not cancel.

Wrong: `0 = lap(q) - u for p`
Right: `0 = lap(p) - u for p`""",
    ),
    "E0517": Explanation(
        "states that are solved for in a circle",
        """Each `0 = … for p` is solved on its own, after those of the states that it reads. Two that need each other
would have to be solved together, which is not built.

Wrong: `0 = p - q for p` with `0 = lap(q) - p for q`
Right: `0 = lap(q) - q for q`, with what p equals put into it""",
    ),
    "E0518": Explanation(
        "a vector that is solved for",
        """A state that is solved for is a scalar: the components of a vector would have to be solved together.

Wrong: `vector state w(x, y)` with `0 = lap(w) - f for w`
Right: `state a(x, y), b(x, y)` with `0 = lap(a) - f.x for a` and `0 = lap(b) - f.y for b`""",
    ),
    "E0519": Explanation(
        "an unknown scheme",
        """`scheme` sets the order of accuracy of central differences, `order = 4`, and the scheme of transport along
each axis: `dx = upwind(1)`, `upwind(3)`, `upwind(5)`, `weno(5)`, `tvd(minmod)` (also `vanleer`, `superbee`, `mc`)
or `central`; `advect = …` that of `advect(w, u)`, which may be `semilagrangian` too.

Wrong: `scheme dx = upwind(4)`
Right: `scheme dx = upwind(3)`""",
    ),
    "E0530": Explanation(
        "a rule in time for an input without time",
        """`linear`, `hold` and `cubic` say what a series is between its times. A map or a number has no times.

Wrong: `input land(x, y) hold`
Right: `input land(x, y)`, or `input rain(t) hold`""",
    ),
    "E0520": Explanation(
        "a flux that a transport scheme cannot take",
        """Upwind, WENO and TVD schemes evaluate the flux with the states on both sides of a face. So it is a function
of values at one point; a derivative or a neighbourhood has no value there that belongs to one side.

Wrong: `dt(u) = -dx(f(u, dx(u)))` with `scheme dx = upwind(3)`
Right: `dt(u) = -dx(f(u)) + dx(k*dx(u))`""",
    ),
    "E0521": Explanation(
        "a scheme with nothing to act on",
        """A scheme acts on first derivatives that are factors of a term, `-dx(f(u))` or `-v*dx(u)`. All others are
central.

Wrong: `dt(u) = dxx(u)` with `scheme dx = upwind(3)`
Right: `dt(u) = dxx(u)`""",
    ),
    "E0522": Explanation(
        "what a semi-Lagrangian scheme cannot carry",
        """A semi-Lagrangian step moves the state itself along the flow. So in the equation of T it takes `advect(w, T)`
and neither a function of T nor another state.

Wrong: `dt(T) = -advect(w, T^2)` with `scheme advect = semilagrangian`
Right: `dt(T) = -2*T*advect(w, T)`, or `scheme advect = upwind(3)`""",
    ),
    "E0540": Explanation(
        "a name that what is observed cannot have",
        """`observe` names a dataset. The name is that of a state, or new and followed by what it is. A dataset with the
name of a state also gives the starts of rollouts, so it has the shape of that state.

Wrong: `observe speed` with `vector state w(x, y)`
Right: `observe speed = norm(w)`""",
    ),
    "E0541": Explanation(
        "a state that is not observed and has no start",
        """With one `observe`, the data hold what is listed and nothing else. A state that is not listed starts from a
formula, which may contain fitted parameters, or from the first frame of a dataset of its name.

Wrong: `observe p = u + v`
Right: `observe p = u + v` with `init u = 1` and `init v = v0`""",
    ),
}
