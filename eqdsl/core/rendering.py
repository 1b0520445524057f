"""Diagnostics to text, with the line, carets under the place and dashes under the other party::

error[E0402]: a sum mixes a scalar and a vector
  --> heat.eq:11:22
   |
11 | dt(u) = conduction + k*grad(u) + source(u)
   |         ----------   ^^^^^^^^^ vector, in K/m/s
   |         scalar, in K/s
   = help: for a decay term write `k*u`; for transport write `advect(w, u)`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from unicodedata import category, combining, east_asian_width

from eqdsl.core.diagnostics import Diagnostic, Label, Severity
from eqdsl.core.source import SourceText

TAB_WIDTH = 4
MAX_COLUMNS = 110
"""Widest part of a line that is shown; a longer line is cut to a window around the caret."""

MAX_CHARACTERS = 1000
"""A line with more characters is looked at only around each label."""

CONTEXT_COLUMNS = 45
"""Columns kept to the left of the caret in such a window."""

_STYLES = {"error": "1;31", "warning": "1;33", "second": "1;34", "gutter": "1;34", "help": "1;32", "bold": "1"}
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})

Paint = Callable[[str, str], str]


def _paint(text: str, style: str) -> str:
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if text else text


def _plain(text: str, style: str) -> str:
    return text


def printable(text: str) -> str:
    """`text` with control, bidirectional and other invisible characters written as ``<U+202E>``."""
    return "".join(f"<U+{ord(ch):04X}>" if category(ch) in _UNPRINTABLE else ch for ch in text)


def render(diagnostic: Diagnostic, source: SourceText, color: bool = False) -> str:
    """One diagnostic as text without a final line end.

    Parameters
    ----------
    diagnostic : Diagnostic
    source : SourceText
        The text its spans point into.
    color : bool
        Whether to add ANSI colour.
    """
    paint: Paint = _paint if color else _plain
    severity = diagnostic.severity.value
    marks = [_Mark.of(diagnostic.label, source, "^", severity)]
    if diagnostic.second is not None:
        marks.append(_Mark.of(diagnostic.second, source, "-", "second"))
    gutter = len(str(max(mark.line for mark in marks)))
    line, column = source.position(diagnostic.label.span.start)
    place = f"{printable(source.name)}:{line}:{column}"

    head = paint(f"{severity}[{diagnostic.code}]", severity)
    rows = [head + paint(f": {printable(diagnostic.message)}", "bold")]
    rows.append(" " * gutter + paint("--> ", "gutter") + place)
    rows.extend(_excerpt(marks, gutter, paint))
    for kind, text in (("note", diagnostic.note), ("help", diagnostic.help)):
        if text is not None:
            indent = "\n" + " " * (gutter + len(f" = {kind}: "))
            body = indent.join(printable(part) for part in text.split("\n"))
            rows.append(" " * gutter + paint(" = ", "gutter") + paint(f"{kind}: ", "help") + body)
    return "\n".join(row.rstrip() for row in rows)


def render_all(diagnostics: Iterable[Diagnostic], source: SourceText, color: bool = False) -> str:
    """All diagnostics in the order of the text, then a line that counts them: ``2 errors, 1 warning in heat.eq``."""
    ranked = sorted(diagnostics, key=lambda d: (d.label.span.start, d.severity is Severity.WARNING))
    blocks = [render(diagnostic, source, color) for diagnostic in ranked]
    counts = [
        f"{number} {severity.value}{'s' if number > 1 else ''}"
        for severity in Severity
        if (number := sum(d.severity is severity for d in ranked))
    ]
    blocks.append(f"{', '.join(counts) or 'no errors'} in {printable(source.name)}")
    return "\n\n".join(blocks)


# ------------------------------------------------------------------------------------------------------ one source line


@dataclass(frozen=True, slots=True)
class _Cells:
    """A line as it is displayed: the text of each character, and the column where each begins (one more at the end)."""

    texts: tuple[str, ...]
    columns: tuple[int, ...]

    @staticmethod
    def of(line: str) -> _Cells:
        texts: list[str] = []
        columns = [0]
        for ch in line:
            shown, width = _shown(ch, columns[-1])
            texts.append(shown)
            columns.append(columns[-1] + width)
        return _Cells(tuple(texts), tuple(columns))


def _shown(ch: str, column: int) -> tuple[str, int]:
    """A character's text and width when it stands at a column."""
    if ch == "\t":
        width = TAB_WIDTH - column % TAB_WIDTH
        return " " * width, width
    shown = printable(ch)
    if shown != ch:
        return shown, len(shown)
    if combining(ch):
        return ch, 0
    return ch, 2 if east_asian_width(ch) in "WF" else 1


@dataclass(frozen=True, slots=True)
class _Mark:
    """A label on its line: display columns ``[start, end)``; a span over several lines is marked on its first.

    Columns count from the first character of `cells`. A very long line is cut to the surroundings of the label; then
    `cut` says whether something is missing on the left and on the right.
    """

    line: int
    cells: _Cells
    cut: tuple[bool, bool]
    start: int
    end: int
    sign: str
    style: str
    text: str

    @staticmethod
    def of(label: Label, source: SourceText, sign: str, style: str) -> _Mark:
        line, column = source.position(label.span.start)
        text = source.line(line)
        first = min(column - 1, len(text))
        last = min(first + label.span.end - label.span.start, len(text))
        low, high = 0, len(text)
        if len(text) > MAX_CHARACTERS:
            low, high = max(0, first - 2 * CONTEXT_COLUMNS), min(len(text), first + 2 * MAX_COLUMNS)
        cells = _Cells.of(text[low:high])
        start, end = cells.columns[first - low], cells.columns[min(last, high) - low]
        cut = (low > 0, high < len(text))
        return _Mark(line, cells, cut, start, max(end, start + 1), sign, style, printable(label.text))


def _excerpt(marks: list[_Mark], gutter: int, paint: Paint) -> list[str]:
    """The marked lines, in the order of the text, each with its carets or dashes below."""
    bar = " " * gutter + paint(" |", "gutter")
    rows = [bar]
    groups = _grouped(marks)
    for index, group in enumerate(groups):
        if index and group[0].line > groups[index - 1][0].line + 1:
            rows.append(paint("...", "gutter"))
        number = str(group[0].line).rjust(gutter)
        shown, shift = _window(group)
        rows.append(paint(f"{number} |", "gutter") + " " + shown)
        rows.extend(f"{bar} {row}" for row in _underlines(group, shift, paint))
    return rows


def _grouped(marks: list[_Mark]) -> list[list[_Mark]]:
    """Marks that share one displayed line; a mark beyond the window of the other gets a line of its own."""
    ordered = sorted(marks, key=lambda mark: (mark.line, mark.start))
    first, last = ordered[0], ordered[-1]
    if first.line != last.line or any(first.cut) or any(last.cut):
        return [[mark] for mark in ordered]
    too_wide = first.cells.columns[-1] > MAX_COLUMNS and last.end - first.start > MAX_COLUMNS - CONTEXT_COLUMNS
    return [[mark] for mark in ordered] if too_wide and first is not last else [ordered]


def _window(group: list[_Mark]) -> tuple[str, int]:
    """The part of a line that is shown, and the columns by which its marks move to the left."""
    cells = group[0].cells
    cut_left, cut_right = group[0].cut
    total = cells.columns[-1]
    low = max(0, min(group[0].start - CONTEXT_COLUMNS, total - MAX_COLUMNS))
    first = next(i for i, column in enumerate(cells.columns) if column >= low)
    last = max(i for i, column in enumerate(cells.columns) if column <= low + MAX_COLUMNS)
    left, right = "..." if first or cut_left else "", "..." if last < len(cells.texts) or cut_right else ""
    return left + "".join(cells.texts[first:last]) + right, cells.columns[first] - len(left)


def _underlines(group: list[_Mark], shift: int, paint: Paint) -> list[str]:
    """Rows below a line: the signs with the rightmost text beside them, then the other text below its own signs."""
    if len(group) == 2 and group[0].end > group[1].start:
        return [row for mark in group for row in _underlines([mark], shift, paint)]
    row, column = "", 0
    for mark in group:
        start = mark.start - shift
        width = max(1, min(mark.end - shift, MAX_COLUMNS + len("...")) - start)
        row += " " * (start - column) + paint(mark.sign * width, mark.style)
        column = start + width
    last = group[-1]
    rows = [f"{row} {paint(last.text, last.style)}".rstrip()]
    rows.extend(" " * (mark.start - shift) + paint(mark.text, mark.style) for mark in group[:-1] if mark.text)
    return rows
