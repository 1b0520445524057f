"""Statements that parse but have no meaning yet (E09xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

STATEMENTS_NOT_BUILT: dict[str, tuple[str, str, str]] = {
    "Import": ("E0901", "`import`", "copy the statements of that file into this one"),
    "When": ("E0902", "`when`", "write a smooth law with `sigmoid` or `ifelse` in the equation"),
}
"""Statements by the name of their node: code, how a message calls them, what to write instead."""

CALLS_NOT_BUILT: dict[str, tuple[str, str]] = {
    "delay": ("E0910", "write a state that follows with the same lag: `dt(a) = (u - a)/tau`"),
    "noise": ("E0911", "leave it out: equations are deterministic, and `observe u noise 0.1` describes the data"),
}
"""Calls inside expressions by name: code and what to write instead."""

FAMILIES_NOT_BUILT: tuple[str, ...] = (
    "stencil",
    "symnet",
    "hamiltonian",
    "gradient",
    "dissipative",
    "antisymmetric",
    "module",
)
"""Families after ``by`` (E0930)."""

NOT_BUILT: dict[str, Explanation] = {
    "E0901": Explanation("not built yet: `import`", "Parts of other files cannot be used yet. Copy the statements."),
    "E0902": Explanation(
        "not built yet: `when`",
        """Events, such as a bounce or a switch, are not built. A smooth law with `sigmoid`, or `ifelse` in the
equation, often does.""",
    ),
    "E0903": Explanation(
        "not built yet: `input … per environment`",
        "Inputs are one for the whole file, or `per trajectory`.",
    ),
    "E0906": Explanation("not built yet: complex states", "Write the real and the imaginary part as two states."),
    "E0907": Explanation(
        "not built yet: some values per trajectory or per environment",
        """Built are parameters `per environment` and `per trajectory`, learned terms `per environment`, and `mlp` and
`conv` that `adapts environment`.""",
    ),
    "E0908": Explanation(
        "not built yet: states and coefficients over a part of the axes",
        "A field varies along all axes, a plain variable along none.",
    ),
    "E0909": Explanation("not built yet: priors", "`~ lognormal(…)` is not built. Give a start and bounds."),
    "E0910": Explanation("not built yet: `delay`", "Delayed values are not built."),
    "E0911": Explanation(
        "not built yet: `noise()`", "White noise in an equation is not built: all equations are deterministic."
    ),
    "E0913": Explanation("not built yet: `sample` at moving points", "The point is made of numbers: `sample(u, 0.3)`."),
    "E0919": Explanation(
        "not built yet: `bc … = data` for other than the value of a state of first order in time",
        """A wall follows the values of its state in the data. Slopes, and states that are solved for or of second order
in time, cannot. Write `input q(t)` and a condition with it.""",
    ),
    "E0921": Explanation(
        "not built yet: derivatives of order 5 and more along an axis with walls",
        """They need three conditions on each side; two are built. An equation that is solved for a state has one
condition a side, for derivatives up to order 2. On periodic axes any order up to 8 works.""",
    ),
    "E0922": Explanation(
        "not built yet: coefficient fields and maps in boundary conditions",
        "Write a plain parameter, or an expression of position along the wall.",
    ),
    "E0923": Explanation(
        "not built yet: moving coefficients of a second-order state's condition",
        """The velocity obeys the time derivative of the condition, which is built only for constant coefficients.
The right-hand side may depend on time.""",
    ),
    "E0924": Explanation(
        "not built yet: an interval of time",
        """How long a simulation runs is an option of the run, `eqdsl simulate model.eq --until 10`; a fit takes the
times from the data. The law itself holds at all times.""",
    ),
    "E0930": Explanation(
        "not built yet: families of learned terms", "Built are `mlp`, `conv`, `unet`, `fno`, `poly` and `library`."
    ),
    "E0931": Explanation(
        "not built yet: several vectors, or a count of outputs",
        """Write one `learned` statement for each vector. Several scalar outputs are named: `learned f(u), g(u) by
mlp(64)`.""",
    ),
    "E0933": Explanation(
        "not built yet: monotone learned terms of this family",
        "`increasing(u)` and `decreasing(u)` are built for `mlp`, whose weights can be kept from falling.",
    ),
}
