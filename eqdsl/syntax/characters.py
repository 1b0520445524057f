"""Characters that look right and are not: what to write instead."""

from __future__ import annotations

import re

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control, zero-width and bidirectional characters: invisible, so they may stand nowhere, not even in a comment."""

REPLACEMENTS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "－": "-", "＋": "+",
    "×": "*", "·": "*", "⋅": "*", "∙": "*", "•": "*", "∗": "*", "＊": "*",
    "÷": "/", "∕": "/", "⁄": "/", "／": "/", "＾": "^", "＝": "=", "≔": "=", "≈": "=",
    "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "!=", "＜": "<", "＞": ">", "→": "->",
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": '"', "’": '"',
    "（": "(", "）": ")", "［": "[", "］": "]", "，": ",", "、": ",", "：": ":", "．": ".", "。": ".",
    "∞": "inf", "√": "sqrt", "∇": "grad", "∆": "lap", "∫": "integral", "½": "0.5", "¼": "0.25", "¾": "0.75",
}  # fmt: skip
"""Typographic signs and the ASCII that stands for them."""

SPACES = frozenset("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000")
"""Spaces that are not the plain one."""

SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+", strict=True))
SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))

LOOK_ALIKES = {
    **dict(zip("аеорсухіјѕԁһАВЕКМНОРСТХУІЈЅ", "aeopcyxijsdhABEKMHOPCTXYIJS", strict=True)),
    **dict(zip("οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oABEZHIKMNOPTYX", strict=True)),
}
"""Cyrillic and Greek letters that cannot be told from Latin ones."""

FOREIGN_SIGNS = {
    "==": "an equation and a named option take one `=`; a condition takes `<`, `<=`, `>`, `>=` or `!=`",
    ":=": "write `=`",
    "&&": "nest two `ifelse(...)`, or multiply the two factors",
    "||": "nest two `ifelse(...)`, or add the two factors",
    "+=": "write the whole equation, such as `dt(u) = ...`",
    "-=": "write the whole equation, such as `dt(u) = ...`",
    "*=": "write the whole equation, such as `dt(u) = ...`",
    "/=": "write the whole equation, such as `dt(u) = ...`",
    "//": "a comment starts with `#`; a quotient is written with one `/`",
    "%": "a comment starts with `#`; a share is a number, such as `0.05`",
    "&": "nest two `ifelse(...)`, or multiply the two factors",
    "|": "the absolute value is `abs(u)`, the length of a vector `norm(w)`",
    "!": "`!=` is the only sign with `!`",
    ";": "a statement ends with its line; write the next one on a line of its own, in column 1",
    "?": "a choice is written `ifelse(condition, a, b)`, an unknown number `fit`",
    "@": "the product of two vectors is `dot(v, w)`",
    "$": "names need no sign in front",
    "\\": "a Greek letter is written by name (`alpha`) or as itself (`α`); an indented line continues a statement",
    "`": "names stand alone, texts in double quotes",
    "{": "group with parentheses `(`, write intervals with `[`",
    "}": "group with parentheses `(`, write intervals with `[`",
    "∂": "a time derivative is `dt(u)`, `dtt(u)` or `∂u/∂t`, a space derivative `dx(u)` or `dxx(u)`",
    "'": "texts stand in double quotes; a derivative is `dx(u)` or `dt(u)`",
}
"""Signs of other languages, and what says the same here."""
