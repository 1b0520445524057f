"""The equations of a model as LaTeX, in the order and shape the user wrote them."""

from __future__ import annotations

import re

from eqdsl.model.expr import (
    Apply,
    ChannelRef,
    Const,
    Coordinate,
    DefinitionRef,
    Diff,
    Expr,
    FluxDiff,
    InputRef,
    LearnedCall,
    ParamRef,
    PastRef,
    Reduction,
    TimeRef,
)
from eqdsl.model.model import Equation, Model
from eqdsl.model.text import ATOM, POWER, PRODUCT, SIGN, SUM, number_text

LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
GREEK = frozenset(LETTERS.values())
FUNCTIONS = {
    "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan",
    "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "exp": r"\exp", "log": r"\ln", "log10": r"\log_{10}",
    "min": r"\min", "max": r"\max",
}  # fmt: skip
COMPARISONS = {"lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge", "ne": r"\ne"}


def latex(model: Model) -> str:
    """All equations in one ``aligned`` environment, then the known terms they name.

    Wrap the result in ``$$ … $$`` for Jupyter, HTML with MathJax or KaTeX, or a paper. Learned terms are upright.
    """
    writer = _Writer(model)
    lines = [writer.equation(e) for e in model.equations]
    lines += [f"0 &= {writer.write(state.residual)[0]}" for state in model.solved]
    for definition in model.definitions.values():
        if definition.known:
            for i, component in enumerate(definition.components):
                axis = model.axes[i].name if len(definition.components) > 1 else None
                lines.append(f"{name_latex(definition.name, axis)} &= {writer.write(component)[0]}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def expr_latex(expr: Expr, model: Model) -> str:
    """One expression."""
    return _Writer(model).write(expr)[0]


def name_latex(name: str, axis: str | None = None, *, upright: bool = False) -> str:
    r"""``omega0`` as ``\omega_{0}``, ``w.x`` as ``w_{x}``, ``friction`` as ``\mathrm{friction}``."""
    base, _, component = name.partition(".")
    match = re.fullmatch(r"(.*?)_?(\d+|(?<=_).+)?", base)
    assert match is not None  # every part is optional
    stem, index = match.group(1), match.group(2)
    stem = "".join(f"\\{LETTERS[c]} " if c in LETTERS else c for c in stem).strip()
    if stem in GREEK:
        stem = f"\\{stem}"
    elif len(match.group(1)) > 1 or upright:
        stem = f"\\mathrm{{{stem}}}".replace("_", r"\_")
    subscript = ",".join(s.replace("_", r"\_") for s in (index, component or axis) if s)
    return f"{stem}_{{{subscript}}}" if subscript else stem


class _Writer:
    """Text and binding of each expression, as in `eqdsl.model.text`."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._time = name_latex(model.time)
        self._flat = not model.axes

    def equation(self, equation: Equation) -> str:
        """``\\partial_t u &= …``."""
        channel = equation.channel
        order = 2 if channel.startswith("dt(") else 1
        name = channel.replace("dt(", "", 1).replace(")", "", 1) if order == 2 else channel
        text = ""
        for term in equation.terms:
            part, binding = self.write(term.expr)
            part = f"({part})" if binding == SUM and text else part
            text += part if not text else f" - {part[1:].strip()}" if part.startswith("-") else f" + {part}"
        return f"{self._rate(name_latex(name), order)} &= {text or '0'}"

    def _rate(self, name: str, order: int) -> str:
        if self._flat:
            return (r"\dot{%s}" if order == 1 else r"\ddot{%s}") % name
        return rf"\partial_{{{self._time}}}{'^{2}' if order == 2 else ''} {name}"

    def within(self, expr: Expr, place: int) -> str:
        text, binding = self.write(expr)
        return text if binding >= place else rf"\left({text}\right)"

    def write(self, expr: Expr) -> tuple[str, int]:
        match expr:
            case Const(value):
                return _number(value), SIGN if value < 0 else ATOM
            case ChannelRef(name) if name.startswith("dt("):
                return self._rate(name_latex(name.replace("dt(", "", 1).replace(")", "", 1)), 1), POWER
            case ChannelRef(name) | ParamRef(name) | Coordinate(name):
                return name_latex(name), ATOM
            case PastRef(name, back):
                return name_latex(name) + rf"^{{({-back})}}", POWER
            case TimeRef():
                return self._time, ATOM
            case InputRef(name, rate=rate):
                return (self._rate(name_latex(name), 1), POWER) if rate else (name_latex(name), ATOM)
            case DefinitionRef(name, _, axis):
                return name_latex(name, axis), ATOM
            case Diff(argument, axis, order):
                power = f"^{{{order}}}" if order > 1 else ""
                return rf"\partial_{{{name_latex(axis)}}}{power} {self.within(argument, ATOM)}", POWER
            case FluxDiff(coefficient, argument, axis):
                d = rf"\partial_{{{name_latex(axis)}}}"
                inner = rf"{self.within(coefficient, PRODUCT)}\, {d} {self.within(argument, ATOM)}"
                return rf"{d} \left({inner}\right)", POWER
            case LearnedCall(arguments=arguments):
                inner = ", ".join(self.write(a)[0] for a in arguments)
                return rf"{name_latex(expr.name, upright=True)}\left({inner}\right)", ATOM
            case Reduction("sample", argument, at):
                place = ", ".join(map(number_text, at))
                return rf"{self.within(argument, ATOM)}\big|_{{\left({place}\right)}}", ATOM
            case Reduction(kind, argument):
                inner = self.write(argument)[0]
                return (
                    (rf"\int {inner}\, \mathrm{{d}}V", PRODUCT)
                    if kind == "integral"
                    else (rf"\left\langle {inner} \right\rangle", ATOM)
                )
            case Apply():
                return self._apply(expr)
        raise TypeError(f"no LaTeX for {type(expr).__name__}")

    def _apply(self, expr: Apply) -> tuple[str, int]:
        function, arguments = expr.function, expr.arguments
        if function in ("add", "sub"):
            return self._sum(expr)
        if function == "mul":
            return self._product(arguments), PRODUCT
        if function == "div":
            return rf"\frac{{{self.write(arguments[0])[0]}}}{{{self.write(arguments[1])[0]}}}", POWER
        if function == "neg":
            return f"-{self.within(arguments[0], PRODUCT)}", SIGN
        if function == "pow":
            return f"{self.within(arguments[0], ATOM)}^{{{self.write(arguments[1])[0]}}}", POWER
        if function == "sqrt":
            return rf"\sqrt{{{self.write(arguments[0])[0]}}}", ATOM
        if function == "abs":
            return rf"\left|{self.write(arguments[0])[0]}\right|", ATOM
        if function in COMPARISONS:
            return f"{self.write(arguments[0])[0]} {COMPARISONS[function]} {self.write(arguments[1])[0]}", SUM
        if function == "ifelse":
            condition, yes, no = (self.write(a)[0] for a in arguments)
            return rf"\begin{{cases}} {yes} & {condition} \\ {no} & \text{{otherwise}} \end{{cases}}", ATOM
        name = FUNCTIONS.get(function, rf"\operatorname{{{function}}}")
        return rf"{name}\left({', '.join(self.write(a)[0] for a in arguments)}\right)", ATOM

    def _product(self, factors: tuple[Expr, ...]) -> str:
        parts = [self.within(factors[0], PRODUCT), *(self.within(f, POWER) for f in factors[1:])]
        # A derivative that is not the last factor would seem to act on what follows.
        parts[:-1] = [rf"\left({p}\right)" if p.startswith((r"\partial", r"\nabla")) else p for p in parts[:-1]]
        text = parts[0]
        for part in parts[1:]:
            digits = text[-1].isdigit() and part[0].isdigit()
            text += (r" \cdot " if digits else r"\, ") + part
        return text

    def _sum(self, expr: Apply) -> tuple[str, int]:
        laplacian = self._as_laplacian(expr)
        if laplacian is not None:
            return laplacian, POWER
        text = self.within(expr.arguments[0], SUM)
        for addend in expr.arguments[1:]:
            part = self.within(addend, PRODUCT)
            if expr.function == "sub":
                text += f" - {part}"
            else:
                text += f" - {part[1:]}" if part.startswith("-") else f" + {part}"
        return text, SUM

    def _as_laplacian(self, expr: Apply) -> str | None:
        r"""``\nabla^2 u`` or ``\nabla\cdot(k \nabla u)`` for the sum over all axes."""
        parts = expr.arguments
        axes = tuple(a.name for a in self._model.axes)
        if expr.function != "add" or len(parts) != len(axes):
            return None
        if all(isinstance(p, Diff) and p.order == 2 and p.axis == a for p, a in zip(parts, axes, strict=True)):
            arguments = {p.argument for p in parts if isinstance(p, Diff)}
            return rf"\nabla^2 {self.within(arguments.pop(), ATOM)}" if len(arguments) == 1 else None
        if all(isinstance(p, FluxDiff) and p.axis == a for p, a in zip(parts, axes, strict=True)):
            fluxes = {(p.coefficient, p.argument) for p in parts if isinstance(p, FluxDiff)}
            if len(fluxes) == 1:
                k, u = fluxes.pop()
                return rf"\nabla \cdot \left({self.within(k, PRODUCT)}\, \nabla {self.within(u, ATOM)}\right)"
        return None


def _number(value: float) -> str:
    text = number_text(value)
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else text.replace("inf", r"\infty")
