"""Units, parameters, learned terms and constraints (E07xx, E08xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

PARAMETERS: dict[str, Explanation] = {
    "E0701": Explanation(
        "an unknown unit",
        """Units are SI names with the usual prefixes, and `min h day week year L degC ppm bar` and a few more. `1`
is a pure number.

Wrong: `state T: Celsius`
Right: `state T: degC`""",
    ),
    "E0801": Explanation(
        "a parameter without value",
        """A parameter is a number or is fitted.

Wrong: `param k`
Right: `param k = fit 0.3 in (0, 2)`""",
    ),
    "E0802": Explanation(
        "a value outside its range",
        """The value of a parameter, or the start of its fit, lies within its bounds; a fit starts strictly inside,
because at an end it cannot move.

Wrong: `param k = fit 3 in (0, 2)`
Right: `param k = fit 1 in (0, 2)`""",
    ),
    "E0803": Explanation(
        "an empty interval",
        """The lower end stands first and lies below the upper one; axes are finite.

Wrong: `param k = fit in (2, 0)`
Right: `param k = fit in (0, 2)`""",
    ),
    "E0804": Explanation(
        "something else where a number belongs",
        """Values, bounds, grids, sizes and positions of walls are numbers: they may use `pi` and functions, but no
names.

Wrong: `param a = 2*b`
Right: `param a = 2` with `let c = a*b`""",
    ),
    "E0805": Explanation(
        "a value of each environment or trajectory that is not fitted",
        """A model file knows neither the environments nor the trajectories of a data file, so numbers `per environment`
and `per trajectory` are found by a fit. What is known of each trajectory is an input, read from the data.

Wrong: `param k per environment = 0.3`
Right: `param k per environment = fit 0.3`, or `input k per trajectory`""",
    ),
    "E0810": Explanation(
        "an unknown family",
        """After `by` stands a family: `mlp`, `conv`, `poly` or `library`.

Wrong: `learned f(u) by network(64)`
Right: `learned f(u) by mlp(64)`""",
    ),
    "E0811": Explanation(
        "an option that a family does not have",
        """`mlp(64, 64, act = tanh)` takes widths, `conv(16, 16, kernel = 3)` channels and an odd kernel, `poly(3)`
and `library(3)` a degree.

Wrong: `by mlp(64, activation = tanh)`
Right: `by mlp(64, act = tanh)`""",
    ),
    "E0812": Explanation(
        "outputs of one network with different inputs",
        """Several names in one `learned` statement are outputs of one network, so they see the same.

Wrong: `learned f(u), g(v) by mlp(64)`
Right: `learned f(u, v), g(u, v) by mlp(64)`""",
    ),
    "E0813": Explanation(
        "inputs that a learned term cannot have",
        """A learned term sees at least one quantity, and none that is learned itself: what it may see is what makes
its share meaningful.

Wrong: `learned f(g(u))`
Right: `learned f(u)`""",
    ),
    "E0814": Explanation(
        "a learned term that acts over space but sees nothing that varies there",
        """`conv` looks at neighbouring points and `mean(f) = 0` averages, so one of the inputs must vary in space; for
`div(w) = 0` they must vary along every axis.

Wrong: `state u` with `learned f(u) by conv(16)`
Right: `learned f(u) by mlp(64)`""",
    ),
    "E0815": Explanation(
        "a constraint that is not understood",
        """Constraints name the learned terms of their own statement: values at points, ranges, parity, monotonicity,
zero mean, zero divergence.

Wrong: `with f = 0`
Right: `with f(0) = 0`""",
    ),
    "E0816": Explanation(
        "constraints that contradict each other",
        """No function satisfies all of them.

Wrong: `with f(0) = -1, f >= 0`
Right: `with f(0) = 0, f >= 0`""",
    ),
    "E0817": Explanation(
        "too many constraints",
        """A learned term takes up to 100 constraints. Each value at a point is built into the function and costs an
evaluation at every step; many known values belong into the data.

Wrong: `with f(0) = 0, f(0.01) = 0.1, ...` (more than 100)
Right: `with f(0) = 0`, and a data file that holds the other values""",
    ),
    "E0818": Explanation(
        "constraints that are not built in together",
        """Each could hold, but the way one is built in breaks another: `div(w) = 0` stands alone, `mean(f) = 0`
shifts values, and what is monotone in u can be given values at one u only.

Wrong: `learned f(u, v) with increasing(v), f(0, v) = 0`
Right: `learned f(u, v) with increasing(v), f(0, 0) = 0`""",
    ),
}
