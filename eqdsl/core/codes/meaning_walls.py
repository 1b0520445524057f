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
        "two conditions on one side",
        """Each state has one condition on each side. `boundary` means all sides.

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
}
