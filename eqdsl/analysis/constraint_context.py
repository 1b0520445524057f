"""What the readers of constraints share: the terms of one ``learned`` statement, and messages about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eqdsl.analysis.constants import ConstantReader
from eqdsl.analysis.expressions import ExpressionChecker
from eqdsl.analysis.symbols import LearnedInfo
from eqdsl.core.diagnostics import Diagnostic, error
from eqdsl.model.expr import Expr
from eqdsl.model.text import expr_text
from eqdsl.syntax import nodes

FORMS = (
    "`f(0, v) = 0`, `f >= 0`, `f in [0, 1]`, `odd(u)`, `even(u)`, `increasing(u)`, `decreasing(u)`, `mean(f) = 0`, "
    "`div(w) = 0`"
)


@dataclass
class ConstraintContext:
    """One ``learned`` statement.

    Parameters
    ----------
    heads : dict
        The names of the statement and how each is called.
    inputs : tuple of Expr
        The flat inputs.
    input_names : tuple of str
        Their texts.
    family : str
    """

    heads: dict[str, LearnedInfo]
    inputs: tuple[Expr, ...]
    input_names: tuple[str, ...]
    family: str
    checker: ExpressionChecker
    constants: ConstantReader
    problems: list[Diagnostic]

    def outputs(self, node: nodes.Expression) -> list[int] | None:
        """Positions of the outputs that ``f`` or ``w.x`` means."""
        base = node.base if isinstance(node, nodes.Component) else node
        if not isinstance(base, nodes.Name) or base.name not in self.heads:
            return None
        info = self.heads[base.name]
        if not isinstance(node, nodes.Component):
            return [i for i, _ in info.outputs]
        return [i for i, name in info.outputs if name == f"{base.name}.{node.component}"] or None

    def input_numbers(self, name: str, arguments: Sequence[nodes.Expression]) -> list[int]:
        """Positions of the inputs that are the arguments of the constraint `name`; others go to `problems`."""
        found = []
        for argument in arguments:
            value = self.checker.value(argument)
            texts = [self.text(c) for c in value.components] if value is not None else []
            if set(texts) <= set(self.input_names):
                found += [self.input_names.index(text) for text in texts]
                continue
            shown = ", ".join(f"`{n}`" for n in self.input_names)
            self.problems.append(
                error(
                    "E0815",
                    f"`{name}` takes an input of the learned term",
                    argument.span,
                    "not an input",
                    help=f"the inputs are {shown}",
                )
            )
        return found

    def text(self, expr: Expr) -> str:
        """The text of an expression as the texts of the inputs were made."""
        return expr_text(expr, time=self.checker.scope.time)

    def not_understood(self, node: nodes.Expression) -> None:
        """A message for what is no constraint."""
        names = ", ".join(f"`{n}`" for n in self.heads)
        self.problems.append(
            error(
                "E0815",
                "this is not a constraint that can be built in",
                node.span,
                "not understood",
                note=f"the learned terms of this statement are {names}",
                help=f"write one of {FORMS}",
            )
        )
