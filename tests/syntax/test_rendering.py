"""Diagnostics as text."""

from __future__ import annotations

from eqdsl.core.diagnostics import Diagnostic, Label, error, warning
from eqdsl.core.rendering import MAX_COLUMNS, render, render_all
from eqdsl.core.source import SourceText, Span

HEAT = "\n" * 10 + "dt(u) = conduction + k*grad(u) + source(u)\n"


def at(text: str, part: str) -> Span:
    start = text.index(part)
    return Span(start, start + len(part))


def shown(text: str, diagnostic: Diagnostic) -> str:
    return render(diagnostic, SourceText("heat.eq", text))


def test_the_style_of_the_architecture() -> None:
    diagnostic = error(
        "E0402",
        "a sum mixes a scalar and a vector",
        at(HEAT, "k*grad(u)"),
        "vector, in K/m/s",
        second=Label(at(HEAT, "conduction"), "scalar, in K/s"),
        note="a fact",
        help="for a decay term write `k*u`; for transport write `advect(w, u)`",
    )
    assert shown(HEAT, diagnostic) == (
        "error[E0402]: a sum mixes a scalar and a vector\n"
        "  --> heat.eq:11:22\n"
        "   |\n"
        "11 | dt(u) = conduction + k*grad(u) + source(u)\n"
        "   |         ----------   ^^^^^^^^^ vector, in K/m/s\n"
        "   |         scalar, in K/s\n"
        "   = note: a fact\n"
        "   = help: for a decay term write `k*u`; for transport write `advect(w, u)`"
    )


def test_labels_on_two_lines() -> None:
    text = "state u\n\nparam u = 1\n"
    diagnostic = error("E1", "m", Span(15, 16), "again", second=Label(Span(6, 7), "first"))
    assert shown(text, diagnostic).splitlines()[2:] == [
        "  |",
        "1 | state u",
        "  |       - first",
        "...",
        "3 | param u = 1",
        "  |       ^ again",
    ]


def test_a_label_inside_the_other() -> None:
    diagnostic = error("E1", "m", at(HEAT, "grad(u)"), "inner", second=Label(at(HEAT, "k*grad(u)"), "outer"))
    assert shown(HEAT, diagnostic).splitlines()[-2:] == [
        "   |                      --------- outer",
        "   |                        ^^^^^^^ inner",
    ]


def test_carets_stand_under_wide_letters_and_tabs() -> None:
    text = "\tlet 温度 = e\u0301*b"
    lines = shown(text, error("E1", "m", at(text, "b"))).splitlines()
    assert lines[3] == "1 |     let 温度 = e\u0301*b"
    # the two wide letters take two columns each, the accent none
    assert lines[4] == "  |     " + " " * len("let 1234 = e*") + "^"


def test_a_long_line_is_cut_to_a_window_around_the_caret() -> None:
    text = "x" * 500 + "y" + "z" * 500
    lines = shown(text, error("E1", "m", Span(500, 501), "here")).splitlines()
    excerpt, marks = lines[3][4:], lines[4][4:]
    assert excerpt[marks.index("^")] == "y"
    assert excerpt.startswith("...") and excerpt.endswith("...")
    assert len(excerpt) <= MAX_COLUMNS + 6


def test_a_place_at_the_very_end() -> None:
    assert shown("let a =", error("E1", "m", Span(7, 7), "here")).endswith("1 | let a =\n  |        ^ here")
    assert shown("", error("E1", "m", Span(0, 0))).endswith("1 |\n  | ^")


def test_invisible_characters_are_written_out_everywhere() -> None:
    text = "let a\x1b[31m = \u202e"
    out = shown(text, error("E1", "bad \x1b[31m", Span(5, 6), "\u202e", help="\x00"))
    assert "\x1b" not in out and "\u202e" not in out and "\x00" not in out
    assert "<U+001B>" in out and "<U+202E>" in out


def test_colour_only_when_asked() -> None:
    diagnostic = error("E1", "m", Span(0, 1), "here")
    source = SourceText("a.eq", "let a\n")
    assert "\x1b[" not in render(diagnostic, source)
    assert "\x1b[1;31m^\x1b[0m" in render(diagnostic, source, color=True)


def test_all_in_the_order_of_the_text_and_counted() -> None:
    source = SourceText("heat.eq", "one two three\n")
    found = [error("E3", "c", Span(8, 13)), warning("W1", "b", Span(4, 7)), error("E1", "a", Span(0, 3))]
    out = render_all(found, source)
    assert [line[:11] for line in out.splitlines() if "]: " in line] == ["error[E1]: ", "warning[W1]", "error[E3]: "]
    assert out.splitlines()[-1] == "2 errors, 1 warning in heat.eq"
    assert render_all([], source) == "no errors in heat.eq"
