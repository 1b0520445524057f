"""Names (E03xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

NAMES: dict[str, Explanation] = {
    "E0301": Explanation(
        "a name that is not declared",
        """Every name but `pi` and the functions of the language is declared: with `state`, `param`, `known`, `let`,
`learned`, `space` or `time`. There are no hidden names: `beta`, `gamma`, `E`, `I`, `S` and `lambda` mean
nothing until declared. The nearest declared name is proposed.

Wrong: `dt(u) = -kk*u` with `param k = 1`
Right: `dt(u) = -k*u`""",
    ),
    "E0302": Explanation(
        "a name declared twice",
        """One name means one thing in the whole file. States, parameters, terms, axes and the time share one set of
names; laws and penalties have their own.

Wrong: `state k` and `param k = 1`
Right: `state u` and `param k = 1`""",
    ),
    "E0303": Explanation(
        "a reserved name",
        """The constant `pi`, the functions (`sin`, `grad`, `mean` …), derivatives along the declared axes (`dx`,
`dxy`) and the words `data`, `boundary` and `inf` cannot be declared. `d` may be a parameter, not a
learned term. Axes and states are datasets of a data file, so they leave `t` (the times) and `environment`
to it; an axis `n` would make `dn(u)`, the outward normal derivative, mean two things.

Wrong: `param div = 1`
Right: `param divisor = 1`""",
    ),
    "E0304": Explanation(
        "an unknown function",
        """A name in front of parentheses must be a function of the language, a derivative along a declared axis, or
a learned term.

Wrong: `dt(u) = sine(u)`
Right: `dt(u) = sin(u)`""",
    ),
    "E0305": Explanation(
        "definitions that go round in a circle",
        """A `known`, `let` or `learned` may use others in any order, but none may depend on itself, not even through
others. What feeds back in time is a state.

Wrong: `let a = b + 1` with `let b = a`
Right: `state a` with `dt(a) = …`""",
    ),
    "E0306": Explanation(
        "a name of the wrong kind",
        """Functions need their arguments; states and parameters take none. Values are multiplied with `*`.

Wrong: `dt(u) = k(u)` with `param k = 1`
Right: `dt(u) = k*u`""",
    ),
    "E0307": Explanation(
        "an axis that is not declared",
        """States, coefficient fields, grids and derivatives may name only the axes of `space`. The time is never
listed: `u(x)`, not `u(x, t)`.

Wrong: `state u(x, t)`
Right: `state u(x)`""",
    ),
}
