"""The equations as text with the fitted numbers in the parameters' places.

The user's own text is kept and only names are replaced, so that ``lap(u)`` stays ``lap(u)``: ``known`` and ``let``
names by what they stand for, parameters by their values, learned terms (once distilled) by their formulas.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from eqdsl.model.model import Model
from eqdsl.model.text import number_text

NAME = re.compile(r"(?<![\w.])[^\W\d]\w*", re.UNICODE)
"""A whole name; not the ``e`` of ``1e-3`` nor the component of ``w.x``."""

SHOWN_DIGITS = 5


def equation_texts(
    model: Model, values: Mapping[str, float], formulas: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Each equation on one line, by channel, those of states that are solved for last.

    Parameters
    ----------
    model : Model
    values : mapping
        Parameter values; names that are missing (coefficient fields) stay names.
    formulas : mapping, optional
        Text of each distilled learned output, over its declared inputs.
    """
    names: dict[str, str] = {
        name: definition.text for name, definition in model.definitions.items() if len(definition.components) == 1
    }
    names.update(formulas or {})
    texts = {equation.channel: _written(equation.text, names, values) for equation in model.equations}
    for state in model.solved:
        head, word, name = state.text.rpartition("for")
        texts[state.channel.name] = f"{_written(head, names, values)} {word}{name}"
    return texts


def _written(equation: str, names: Mapping[str, str], values: Mapping[str, float]) -> str:
    left, sign, right = " ".join(equation.split()).partition("=")
    return f"{left.strip()} {sign} {with_values(expanded(right.strip(), names), values)}"


def expanded(text: str, names: Mapping[str, str]) -> str:
    """`text` with every name of `names` replaced by its own expanded text, in parentheses where it needs them."""

    def replace(match: re.Match[str]) -> str:
        name = match.group()
        if name not in names or text[match.end() : match.end() + 1] == "(":
            return name
        others = {other: body for other, body in names.items() if other != name}
        body = expanded(" ".join(names[name].split()), others)
        return body if stands_alone(body, text[: match.start()], text[match.end() :]) else f"({body})"

    return NAME.sub(replace, text)


def stands_alone(body: str, before: str, after: str) -> bool:
    """Whether `body` may replace a name between these texts without parentheses."""
    before, after = before.rstrip(), after.lstrip()
    if before[-1:] in ("", "(", ",", "=") and after[:1] in ("", ")", ","):
        return True
    if body.startswith("-"):
        return before[-1:] in ("", "(", ",") and _is_product(body[1:]) and after[:1] in ("", "+", "-", ")", ",")
    return before[-1:] in ("", "(", ",", "+", "-") and after[:1] in ("", "+", "-", ")", ",") and _is_product(body)


def _is_product(text: str) -> bool:
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        exponent = position > 1 and text[position - 1] in "eE" and text[position - 2].isdigit()
        if depth == 0 and character in "+-<>=!" and not exponent:
            return False
    return True


def with_values(text: str, values: Mapping[str, float]) -> str:
    """`text` with parameter names replaced by their numbers."""

    def replace(match: re.Match[str]) -> str:
        name = match.group()
        if name not in values or text[match.end() : match.end() + 1] == "(":
            return name
        number = shown_number(values[name])
        bare = text[: match.start()].rstrip()[-1:] in ("", "(", ",") and text[match.end() : match.end() + 1] != "^"
        return number if bare or not number.startswith("-") else f"({number})"

    return NAME.sub(replace, text)


def shown_number(value: float) -> str:
    """A number to `SHOWN_DIGITS` significant digits, as text of the language."""
    return number_text(float(f"{value:.{SHOWN_DIGITS - 1}e}"))
