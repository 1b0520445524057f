"""Boundary conditions and initial values (E06xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

WALLS: dict[str, Explanation] = {
    "E0601": Explanation(
        "a condition that is not linear",
        """A boundary condition has the form a*u + b*dn(u) = g, where a, b and g may contain parameters, time and
position. A heat flux by radiation, for example, is not of this form.

Wrong: `bc dn(u) = u^4 at boundary`
Right: `bc dn(u) + h*(u - T0) = 0 at boundary`""",
    ),
    "E0602": Explanation(
        "a place that is not on the boundary",
        """A condition holds at an end of an axis, `x = 0`, or at `boundary`, which means every wall.

Wrong: `bc u = 0 at x = 0.5`
Right: `bc u = 0 at x = 1`""",
    ),
    "E0603": Explanation(
        "a condition on a periodic axis",
        """A periodic axis has no walls.

Wrong: `space x in [0, 1] periodic` with `bc u = 0 at x = 0`
Right: `space x in [0, 1]`""",
    ),
    "E0604": Explanation(
        "too many conditions on one side",
        """Each state has one condition on each side, two where its fourth derivative is taken. `boundary` means all
sides.

Wrong: `bc u = 0 at boundary` and `bc dn(u) = 0 at x = 0`
Right: `bc u = 0 at x = 1` and `bc dn(u) = 0 at x = 0`""",
    ),
    "E0605": Explanation(
        "a condition in which the state cancels",
        """After bringing everything to one side, with the position of the wall put in, nothing is left of the state.

Wrong: `bc u = u at x = 0`
Right: `bc u = 0 at x = 0`""",
    ),
    "E0606": Explanation(
        "a condition about none or several states",
        """A condition is about one state that varies in space, or one component of a vector state.

Wrong: `bc u = v at x = 0`
Right: `bc u = 0 at x = 0` and `bc v = 0 at x = 0`""",
    ),
    "E0607": Explanation(
        "a learned term in a boundary condition",
        """Beside the state only numbers, parameters, time and positions may stand in a condition.

Wrong: `bc dn(u) = f(u) at x = 0`
Right: `bc dn(u) + h*u = 0 at x = 0`""",
    ),
    "E0608": Explanation(
        "a boundary condition without space",
        """A system of ordinary differential equations has no boundary.

Wrong: `state u` with `bc u = 0 at x = 0`
Right: `init u = 0`""",
    ),
    "E0610": Explanation(
        "two initial values",
        """Each state has one initial value; a second-order state has two, one for `w` and one for `dt(w)`.

Wrong: `init u = 0` and `init u = 1`
Right: `init u = 1`""",
    ),
    "E0611": Explanation(
        "an initial value for a rate",
        """Only the velocity of a second-order state starts freely. The rate of a first-order state follows from its
equation.

Wrong: `init dt(u) = 0` with `dt(u) = -u`
Right: `init u = 0`""",
    ),
    "E0612": Explanation(
        "an initial value that depends on a state",
        """At the start no state is known yet: initial values are made of numbers, parameters and positions.

Wrong: `init v = u`
Right: `init v = sin(x)`""",
    ),
    "E0613": Explanation(
        "an initial value outside the state's range",
        """The range of a state is an assumption about it. A state that starts outside breaks it at once.

Wrong: `state u in [0, 1]` with `init u = 2`
Right: `init u = 0.5`""",
    ),
    "E0614": Explanation(
        "a condition on a derivative too high for its equation",
        """Conditions on second and third derivatives are the second ones of a side, for equations with derivatives
of order 3 and 4 along the axis. With derivatives up to order 2 a side has one condition, on the value and the slope.

Wrong: `dt(u) = dxx(u)` with `bc dxx(u) = 0 at x = 0`
Right: `bc dn(u) = 0 at x = 0`""",
    ),
    "E0615": Explanation(
        "two conditions about the same quantity",
        """The two conditions of a side must not follow from, or contradict, each other.

Wrong: `bc u = 0 at x = 0` and `bc 2*u = 1 at x = 0`
Right: `bc u = 0 at x = 0` and `bc dn(u) = 0 at x = 0`""",
    ),
    "E0616": Explanation(
        "one condition where two are needed",
        """A fourth derivative needs two conditions on each side: clamped `u`, `dn(u)`; supported `u`, `dxx(u)`; free
`dxx(u)`, `dn(dxx(u))`; without flux `dn(u)`, `dn(lap(u))`. The last is taken where none is written.

Wrong: `dt(u) = -dxxxx(u)` with `bc u = 0 at boundary`
Right: `bc u = 0 at boundary` and `bc dxx(u) = 0 at boundary`""",
    ),
    "E0617": Explanation(
        "conditions for a third derivative",
        """`dt(u) = -dxxx(u)` needs one condition at the lower end and two at the upper, with `+dxxx(u)` it is the other
way round. With two at the wrong end modes grow without bound on fine grids. There is no default.

Wrong: `dt(u) = -dxxx(u)` with `bc u = 0 at boundary`
Right: `bc u = 0 at boundary` and `bc dn(u) = 0 at x = 1`""",
    ),
    "E0618": Explanation(
        "an unknown derivative along the wall",
        """On a wall `x = 0`, `lap(u)` is `dxx(u) + dyy(u)`. `dyy(u)` is known to be 0 there if the other condition
gives `u` the same value all along the wall; in `dn(lap(u))`, if it gives `dn(u)` the same value.

Wrong: `bc u = y^2 at x = 0` and `bc lap(u) = 0 at x = 0`
Right: `bc u = y^2 at x = 0` and `bc dxx(u) = -2 at x = 0`""",
    ),
}
