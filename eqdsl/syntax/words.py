"""The words of the language as people say them: statements, their shape, and the grammar's terminals."""

from __future__ import annotations

from collections.abc import Collection

STATEMENTS = {
    "model": 'model name "one line about it"',
    "import": 'import "parts.eq" as p',
    "space": "space x: m in [0, 1] periodic",
    "time": "time t: s",
    "grid": "grid x = 64",
    "scheme": "scheme order = 4",
    "state": "state u(x)",
    "param": "param k: 1/s = fit 0.3 in (0, 2)",
    "input": "input q(t): W linear",
    "known": "known gravity = -g*sin(theta)",
    "let": "let r = sqrt(x^2 + y^2)",
    "learned": "learned f(u) by mlp(64, 64)",
    "bc": "bc u = 0 at boundary",
    "init": "init u = exp(-x^2)",
    "observe": "observe u noise 0.1",
    "law": "law mass = integral(u) constant",
    "penalty": "penalty smooth = 0.1*dx(u)^2",
    "when": "when u > 1: u = 0",
}
"""First word of every statement, with an example to paste."""

MODIFIERS = ("hidden", "vector", "complex")
FAMILIES = (
    "mlp", "poly", "library", "symnet", "conv", "stencil", "unet", "fno",
    "hamiltonian", "gradient", "dissipative", "antisymmetric", "module",
)  # fmt: skip

FUNCTIONS = (
    "grad", "lap", "div", "curl", "dot", "cross", "norm", "advect", "biharm", "integral", "mean",
    "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "exp", "log", "log10", "sqrt", "abs",
    "sign", "min", "max", "floor", "heaviside", "erf", "sigmoid", "relu", "softplus", "ifelse", "sample",
)  # fmt: skip
"""What is called with parentheses; the same names as in the table of operators (tested)."""

CLAUSES = {
    "IN": ("in",),
    "AT": ("at",),
    "BY": ("by",),
    "WITH": ("with",),
    "FOR": ("for",),
    "AS": ("as",),
    "PER": ("per",),
    "ADAPTS": ("adapts",),
    "NOISE": ("noise",),
    "FIT": ("fit",),
    "STATE": ("state",),
    "PERIODIC": ("periodic",),
    "POSITION": ("cells", "nodes"),
    "INTERPOLATION": ("linear", "hold", "cubic"),
    "SCOPE": ("trajectory", "environment"),
    "SHAPE": ("scalar", "vector"),
    "TREND": ("constant", "increasing", "decreasing"),
    "MODIFIER": MODIFIERS,
}
"""Terminals that are words inside a statement."""

_SIGNS = {
    "EQUAL": "`=`", "COMMA": "`,`", "COLON": "`:`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`",
    "ARROW": "`->`", "TILDE": "`~`", "COMPARE": "a comparison", "STRING": "a text in double quotes",
    "NAME": "a name", "NUMBER": "a number", "COUNT": "a whole number", "SIGNED": "a whole number", "ONE": "`1`",
    "STAR": "`*`", "SLASH": "`/`", "POWER": "`^`", "$END": "the end of the statement",
}  # fmt: skip
_VALUE = frozenset({"NUMBER", "NAME", "LPAR", "MINUS"})
_VALUE_SIGNS = _VALUE | {"PLUS", "DT", "PARTIAL"}
_OPERATORS = frozenset({"PLUS", "MINUS", "STAR", "SLASH"})


def starts_value(expected: Collection[str]) -> bool:
    """Whether an expression may begin here."""
    return set(expected) >= _VALUE


def continues_value(expected: Collection[str]) -> bool:
    """Whether an expression has just ended here and may go on."""
    return set(expected) >= _OPERATORS and not starts_value(expected)


def in_words(expected: Collection[str]) -> str:
    """What may stand somewhere: ``an operator, `,` or `)` ``."""
    rest = set(expected)
    said: list[str] = []
    if starts_value(rest):
        said.append("an expression")
        rest -= _VALUE_SIGNS
    elif continues_value(rest):
        said.append("an operator")
        rest -= _OPERATORS | {"POWER", "DOT", "COMPARE"}
    said.extend(f"`{word}`" for terminal in CLAUSES if terminal in rest for word in CLAUSES[terminal])
    said.extend(words for terminal, words in _SIGNS.items() if terminal in rest)
    said = list(dict.fromkeys(said))
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} or {said[-1]}" if said else "nothing more"
