"""Statements and expressions that cannot be read (E02xx)."""

from __future__ import annotations

from eqdsl.core.codes.explanation import Explanation

SYNTAX: dict[str, Explanation] = {
    "E0200": Explanation(
        "a word or sign where it cannot stand",
        """The statement makes sense up to the caret. The message lists what could have followed.

Wrong: `model 3`
Right: `model three`""",
    ),
    "E0201": Explanation(
        "a line that begins with no statement",
        """A line that starts in column 1 begins a statement, with a keyword or a time derivative. A line that goes
on is indented. A plain assignment does not say what it defines.

Wrong: `k = 0.3`
Right: `param k = 0.3`, `let k = 0.3`, or `dt(k) = 0.3`""",
    ),
    "E0202": Explanation(
        "a habit from a programming language",
        """A model file is a list of statements about equations. It has no functions, loops, branches or modules,
and it is never run as a program. Choices are written `ifelse(condition, a, b)`.

Wrong: `let r = u if u > 0 else 0`
Right: `let r = ifelse(u > 0, u, 0)`""",
    ),
    "E0203": Explanation(
        "parentheses that do not match",
        """Each `(` needs its `)`, each `[` its `]`. Only an interval may mix them, to say which end belongs to it:
`[0, 1)` holds 0 and not 1.

Wrong: `dt(u) = k*(u + 1`
Right: `dt(u) = k*(u + 1)`""",
    ),
    "E0204": Explanation(
        "a sign that the language does not have",
        """The signs are `+ - * / ^ ( ) [ ] , : = ~ ->`, the comparisons `< <= > >= !=`, and `#` for a comment.

Wrong: `dt(u) == -u;`
Right: `dt(u) = -u`""",
    ),
    "E0205": Explanation(
        "an operator that is missing",
        """Two values side by side are not multiplied: a product is always written with `*`, because `k(u)` could
also be the function `k` of `u`.

Wrong: `dt(u) = 2u`
Right: `dt(u) = 2*u`""",
    ),
    "E0206": Explanation(
        "a quote that is never closed",
        """A text stands between two double quotes on one line.

Wrong: `model heat "a rod`
Right: `model heat "a rod"`""",
    ),
    "E0207": Explanation(
        "a line that is indented and should not be",
        """A statement starts in column 1; an indented line continues the statement above it. Indentation has no
other meaning, so that a broken statement never hides the next one.

Wrong: `state u` and below it `  dt(u) = -u`
Right: both lines in column 1""",
    ),
    "E0208": Explanation(
        "a derivative in another spelling",
        """Derivatives are written in front of what they act on: `dt(u)`, `dtt(u)` in time, `dx(u)`, `dxx(u)`,
`dxy(u)` in space, `d(u, x, 4)` for any order. `du/dt`, `d2u/dt2` and `∂u/∂t` are accepted at the start
of an equation.

Wrong: `u_t = k*u''`
Right: `dt(u) = k*dxx(u)`""",
    ),
    "E0209": Explanation(
        "an `=` that is missing",
        """`param`, `known`, `let`, `law`, `penalty`, `init`, `bc` and every equation say with `=` what they define.

Wrong: `param k 0.3`
Right: `param k = 0.3`""",
    ),
    "E0210": Explanation(
        "a part of the statement that is missing",
        """Some statements have a part that cannot be guessed: a boundary condition its place, a law its trend, a
learned term its inputs and the word `by` before its family, an interval its brackets and two ends.

Wrong: `bc u = 0`
Right: `bc u = 0 at boundary`""",
    ),
    "E0211": Explanation(
        "an operator without its value",
        """An operator stands between two values. At the end of a line it does not continue the statement by itself:
the next line must be indented.

Wrong: `dt(u) = a +`
Right: `dt(u) = a + b`""",
    ),
    "E0212": Explanation(
        "a function with a prefix",
        """Functions and operators have plain names, without a module and without an owner. The dot is for the
components of a vector: `w.x`.

Wrong: `dt(u) = np.sin(u) + u.lap()`
Right: `dt(u) = sin(u) + lap(u)`""",
    ),
    "E0213": Explanation(
        "square brackets outside an interval",
        """Axes stand in parentheses, and a state always means the whole field: there are no indices. Square
brackets are for intervals, after `in`.

Wrong: `state u[x]`
Right: `state u(x)`""",
    ),
    "E0214": Explanation(
        "a comparison where it cannot stand",
        """A comparison is the first argument of `ifelse`, the condition of `when`, or a constraint of a learned
term; it is no value of its own. A range is written with `in`.

Wrong: `learned f(u) with 0 <= f <= 1`
Right: `learned f(u) with f in [0, 1]`""",
    ),
    "E0215": Explanation(
        "a plain argument after a named one",
        """Plain arguments come first, because their place says what they are.

Wrong: `by mlp(act = tanh, 64)`
Right: `by mlp(64, act = tanh)`""",
    ),
    "E0216": Explanation(
        "a time derivative with two orders",
        """In `d2u/dt2` both numbers are the order and must be equal.

Wrong: `d2u/dt = -u`
Right: `d2u/dt2 = -u`, or `dtt(u) = -u`""",
    ),
    "E0217": Explanation(
        "a word said twice",
        """`hidden`, `vector` and `complex` stand in front of `state`, each at most once.

Wrong: `hidden hidden state u`
Right: `hidden state u`""",
    ),
    "E0218": Explanation(
        "an input of a learned term that is no expression",
        """The inputs in parentheses are what the term may see. Options of its network stand after `by`.

Wrong: `learned f(u, act = tanh)`
Right: `learned f(u) by mlp(64, act = tanh)`""",
    ),
    "E0219": Explanation(
        "a misspelled word inside a statement",
        """The word is nearly one of those that can stand here.

Wrong: `law mass = integral(u) constent`
Right: `law mass = integral(u) constant`""",
    ),
    "E0220": Explanation(
        "a decimal comma",
        """Decimals are separated by a point; a comma separates arguments.

Wrong: `param k = 0,3`
Right: `param k = 0.3`""",
    ),
    "E0221": Explanation(
        "a comma that is missing",
        """The members of a list are separated by commas.

Wrong: `grid x = 64 y = 64`
Right: `grid x = 64, y = 64`""",
    ),
    "E0222": Explanation(
        "a left side that is not the rate of one state",
        """An equation gives the rate of one state. Solve for it; a vector state has one equation for all
components.

Wrong: `dt(2*u) = -u`
Right: `dt(u) = -u/2`""",
    ),
    "E0223": Explanation(
        "a unit that cannot be read",
        """A unit is a product or quotient of names with whole powers: `m/s^2`, `1/day`, `kg*m^2/(s^2*K)`. `1`
stands for no unit.

Wrong: `param k: m s^-1 = 2`
Right: `param k: m/s = 2`""",
    ),
    "E0224": Explanation(
        "a constraint that says nothing",
        """After `with` stand statements about the learned term: a value at a point, a range, a symmetry.

Wrong: `learned f(u) with f`
Right: `learned f(u) with f(0) = 0, f >= 0, odd(u)`""",
    ),
}
