"""Checks that need no grammar: characters, lengths and nesting. They bound the work of every later stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isinf
from unicodedata import combining, normalize
from unicodedata import name as character_name

from eqdsl.core import limits
from eqdsl.core.diagnostics import Diagnostic, Label, error, warning
from eqdsl.core.source import SourceText, Span
from eqdsl.syntax import characters
from eqdsl.syntax.scanning import LEIBNIZ, NAME, NUMBER, OTHER, TEXT, Token

_DIFFERENTIALS = ("∂", "∇")


def screen_text(source: SourceText) -> Iterator[Diagnostic]:
    """Invisible characters anywhere in the text, each kind once, where it stands first."""
    kinds = [ch for ch in set(source.text) if characters.FORBIDDEN.match(ch)]
    for place in sorted(source.text.index(ch) for ch in kinds)[: limits.MAX_ERRORS]:
        yield error(
            "E0103",
            f"an invisible character, {described(source.text[place])}, stands in the text",
            Span(place, place + 1),
            help="delete it; retype the line if it was copied from a web page or a PDF file",
        )


def described(ch: str) -> str:
    """A character in words: ``U+202E RIGHT-TO-LEFT OVERRIDE``."""
    return f"U+{ord(ch):04X} {character_name(ch, 'control character')}"


def screen_statement(tokens: Sequence[Token]) -> list[Diagnostic]:
    """What stops a statement from being parsed at all, apart from what `screen_text` has said."""
    problems = list(_strange_characters(tokens))
    for token in tokens:
        problems.extend(_measured(token))
    if not problems:
        problems.extend(_nesting(tokens))
    return problems


def _strange_characters(tokens: Sequence[Token]) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for index, token in enumerate(tokens):
        problem: Diagnostic | None = None
        if index and tokens[index - 1].text in _DIFFERENTIALS and tokens[index - 1].end == token.start:
            continue  # `²u` of `∂²u` or `∇²u`, which have been reported as a whole
        if token.text in characters.FOREIGN_SIGNS:
            problem = _foreign_sign(tokens, index)
        elif combining(token.text[0]):
            problem = _loose_accent(token, tokens[index - 1] if index else None)
        elif token.kind == OTHER and not characters.FORBIDDEN.match(token.text):
            problem = _strange(token)
        elif token.kind == NAME and not token.text.isidentifier() and len(token.text) <= limits.MAX_NAME_LENGTH:
            problem = _strange_in_name(token)
        if problem is not None and problem.message not in seen:
            seen.add(problem.message)
            yield problem


def _foreign_sign(tokens: Sequence[Token], index: int) -> Diagnostic | None:
    token = tokens[index]
    before = tokens[index - 1] if index else None
    if token.text == "'" and any(earlier.text == "'" for earlier in tokens[:index]):
        return None  # the closing quote of a text whose opening quote has been reported
    if token.text == "'" and before is not None and before.kind == NAME and before.end == token.start:
        return error(
            "E0208",
            "a derivative is not written with `'`",
            Span(before.start, token.end),
            help=f"write `dt({before.text})` for the rate in time, `dx({before.text})` for the slope along x",
        )
    help_text = characters.FOREIGN_SIGNS[token.text]
    return error("E0204", f"`{token.text}` is not a sign of the language", token.span, help=help_text)


def _strange(token: Token) -> Diagnostic:
    ch = token.text
    if ch == '"':
        return error("E0206", "this quote is never closed", token.span, help='close the text with `"` on the same line')
    if ch in characters.SPACES:
        return error("E0104", f"this space is {described(ch)}", token.span, help="write a plain space")
    if ch == "∇":
        help_text = "write `grad(u)`, `div(w)` for ∇·w, `lap(u)` for ∇²u, `advect(w, u)` for (w·∇)u"
        return error("E0104", "`∇` is a typographic sign", token.span, help=help_text)
    if ch in characters.REPLACEMENTS:
        return error(
            "E0104", f"`{ch}` is a typographic sign", token.span, help=f"write `{characters.REPLACEMENTS[ch]}`"
        )
    return error(
        "E0104",
        f"`{ch}` ({described(ch)}) has no meaning here",
        token.span,
        help="names are made of letters, digits and `_`; texts stand in double quotes",
    )


def _loose_accent(token: Token, before: Token | None) -> Diagnostic:
    letter = normalize("NFC", f"{before.text[-1]}{token.text}") if before is not None else ""
    help_text = f"type `{letter}` as one letter" if len(letter) == 1 else "leave it out"
    return error(
        "E0104", f"an accent, {described(token.text)}, stands apart from its letter", token.span, help=help_text
    )


def _strange_in_name(token: Token) -> Diagnostic:
    """Raised and lowered digits count as word characters in Python, and are no part of a name here."""
    # A letter that no name may contain, else one that no name may begin with.
    odd = ((i, ch) for i, ch in enumerate(token.text) if not f"a{ch}".isidentifier())
    index, ch = next(odd, (0, token.text[0]))
    span = Span(token.start + index, token.start + index + 1)
    before = token.text[:index]
    for raised, table in ((True, characters.SUPERSCRIPTS), (False, characters.SUBSCRIPTS)):
        digits = "".join(table[c] for c in token.text[index:] if c in table)
        if ch in table:
            instead = f"{before}^{digits}" if raised else f"{before}{digits}"
            kind = "raised" if raised else "lowered"
            return error("E0104", f"`{ch}` is a {kind} digit", span, help=f"write `{instead}`")
    if ch in characters.REPLACEMENTS:
        return error("E0104", f"`{ch}` is a typographic sign", span, help=f"write `{characters.REPLACEMENTS[ch]}`")
    return error("E0104", f"`{ch}` ({described(ch)}) cannot be part of a name", span)


def _measured(token: Token) -> Iterator[Diagnostic]:
    length = len(token.text)
    if token.kind == NAME and length > limits.MAX_NAME_LENGTH:
        message = f"this name is {length} characters long"
        yield error("E0105", message, token.span, help=f"at most {limits.MAX_NAME_LENGTH} are read")
    elif token.kind == LEIBNIZ and length > limits.MAX_NAME_LENGTH:
        message = f"this derivative is written with {length} characters"
        yield error("E0105", message, token.span, help="write `dt(u)` or `du/dt`")
    elif token.kind == TEXT and length > limits.MAX_TEXT_LENGTH:
        message = f"this text is {length} characters long"
        yield error("E0105", message, token.span, help=f"at most {limits.MAX_TEXT_LENGTH} are read")
    elif token.kind == NUMBER and length > limits.MAX_NUMBER_LENGTH:
        message = f"this number is written with {length} characters"
        yield error("E0106", message, token.span, help="17 digits are all that a float64 holds")
    elif token.kind == NUMBER and isinf(float(token.text)):
        help_text = "the largest float64 is 1.8e308; the ends of an interval may be `inf`"
        yield error("E0106", "this number is too large", token.span, help=help_text)


def _nesting(tokens: Sequence[Token]) -> Iterator[Diagnostic]:
    if len(tokens) > limits.MAX_STATEMENT_TOKENS:
        message = f"this statement has more than {limits.MAX_STATEMENT_TOKENS} words and signs"
        yield error("E0108", message, tokens[0].span, help="give parts of it names with `let` or `known`")
        return
    openers: list[Token] = []
    for token in tokens:
        if token.text in ("(", "["):
            openers.append(token)
        elif token.text in (")", "]") and openers:
            openers.pop()
        if len(openers) > limits.MAX_DEPTH:
            yield error(
                "E0107",
                f"parentheses are nested more than {limits.MAX_DEPTH} deep",
                token.span,
                second=Label(openers[0].span, "the outermost"),
                help="give the inner parts names with `let`",
            )
            return


def look_alikes(tokens: Sequence[Token], seen: set[str]) -> Iterator[Diagnostic]:
    """Warnings for names with letters that cannot be told from Latin ones; `seen` holds the names already said."""
    for token in tokens:
        if token.kind != NAME or token.text.isascii() or token.text in seen or not token.text.isidentifier():
            continue
        if len(seen) >= limits.MAX_LOOK_ALIKES or len(token.text) > limits.MAX_NAME_LENGTH:
            continue
        latin = normalize("NFKC", "".join(characters.LOOK_ALIKES.get(ch, ch) for ch in token.text))
        if not latin.isascii():
            continue
        index = next(i for i, ch in enumerate(token.text) if not ch.isascii())
        seen.add(token.text)
        yield warning(
            "W1004",
            f"the name `{token.text}` looks like `{latin}` and is another name",
            token.span,
            f"letter {index + 1} is {described(token.text[index])}",
            help=f"write `{latin}` in Latin letters",
        )


def screen_size(source: SourceText) -> Diagnostic | None:
    """A text that is too large to be looked at."""
    size = len(source.text)
    if size <= limits.MAX_TEXT_BYTES:
        return None
    return error(
        "E0102",
        f"this text has {size} characters; a model file may have {limits.MAX_TEXT_BYTES}",
        Span(0, 0),
        help="a model file holds equations only; data belong into an HDF5 file",
    )
