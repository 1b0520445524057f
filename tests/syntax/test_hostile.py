"""Texts made to hurt: each is answered with a diagnostic within two seconds and 300 MB, and never with a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from eqdsl.analysis.check import check_source
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import source_from_text

SECONDS = 2.0
MEGABYTES = 300

MODEL = "state u\ndt(u) = -u\n"
CUBE = "space x in [0, 1] periodic, y in [0, 1] periodic, z in [0, 1] periodic\nstate u(x, y, z)\n"

BATTERY: dict[str, Callable[[], str]] = {
    "open parentheses": lambda: "let a = " + "(" * 900_000,
    "balanced parentheses": lambda: "let a = " + "(" * 9_000 + "u" + ")" * 9_000,
    "nested calls": lambda: "let a = " + "f(" * 9_000 + "u" + ")" * 9_000,
    "minus signs": lambda: "let a = " + "-" * 19_000 + "u",
    "powers": lambda: "let a = " + "^".join("u" * 9_000),
    "a long sum": lambda: "let a = " + "+".join("u" * 9_900),
    "a long product line": lambda: "let a = " + "u*" * 400_000 + "u",
    "many arguments": lambda: "let a = f(" + ",".join("u" * 9_900) + ")",
    "wide flat sum of calls": lambda: "let a = f(" + ",".join(["g(u,u)"] * 3_000) + ")",
    "a number of a million digits": lambda: "param k = " + "9" * 900_000,
    "a huge exponent": lambda: "param k = 1e400000000",
    "an exponent of a million digits": lambda: "param k = 1e" + "9" * 900_000,
    "a name of a million letters": lambda: "state " + "u" * 900_000,
    "a text of a million letters": lambda: 'model m "' + "u" * 900_000 + '"',
    "a comment of a million letters": lambda: "#" * 900_000,
    "a million line ends": lambda: "\n" * 999_999,
    "a million blanks": lambda: " " * 999_999,
    "a blank, then a million blanks": lambda: "state u\n" + " " * 999_000,
    "too large": lambda: "u" * 1_100_000,
    "NUL": lambda: "\x00" * 900_000,
    "NUL inside": lambda: "state u\ndt(u) = \x00-u\n",
    "many broken statements": lambda: "sate u\n" * 100_000,
    "many broken equations": lambda: "dt(u) = 2u\n" * 80_000,
    "many good statements": lambda: "param k = 1\n" * 80_000,
    "many continuation lines": lambda: "let a = u\n" + "  + u\n" * 150_000,
    "many comments inside": lambda: "let a = u\n" + "  # c\n" * 150_000 + "  + 2u",
    "one letter a line": lambda: "u\n" * 450_000,
    "quotes": lambda: '"' * 900_000,
    "strange letters": lambda: "²" * 900_000,
    "combining accents": lambda: "let a = e" + "\u0301" * 900_000,
    "bidirectional overrides": lambda: "let a = " + "\u202e" * 900_000,
    "surrogates": lambda: "let a = \ud800\udfff",
    "look-alike names": lambda: "let a = " + "+".join(f"а{i}" for i in range(3_000)),
    "differentials": lambda: "d" * 400_000 + "/dt = 1",
    "differentials far apart": lambda: "du" + " " * 900_000 + "/dt = 2u",
    "nearly a differential": lambda: "∂" + "u" * 400_000 + " " * 400_000 + "/∂x",
    "deep mix": lambda: "let a = " + "-(" * 9_000 + "u",
    "closing brackets": lambda: "let a = u" + ")" * 900_000,
    "constraints": lambda: "learned f(u) with " + ",".join(["f(0)=0"] * 2_000),
    "axes": lambda: "space " + ",".join(f"x{i} in [0,1]" for i in range(5_000)),
    "wide letters": lambda: "let a = " + "温 " * 300_000,
    "tabs": lambda: "let a\t=" + "\t" * 900_000 + "2u",
    "escape sequences": lambda: "let a = \x1b[31m\x1b]0;title\x07",
    "carriage returns": lambda: "let a = 2u\r" * 90_000,
    "signs in an interval": lambda: "param k = fit 1 in (" + "-" * 5_000 + "1, 2)",
    "equal constraints": lambda: f"{MODEL}learned f(u) with " + ",".join(["f(0)=0"] * 600),
    "constraints at other places": lambda: f"{MODEL}learned f(u) with " + ",".join(f"f({i})={i}" for i in range(600)),
    "short cycles": lambda: MODEL + "".join(f"known a{i} = b{i}\nknown b{i} = a{i}\n" for i in range(1_200)),
    "one long cycle with chords": lambda: (
        MODEL + "".join(f"let a{i} = a{(i + 1) % 4_000} + a{i // 2}\n" for i in range(4_000))
    ),
    "unknown names": lambda: MODEL + "".join(f"let a{i} = q{i}\n" for i in range(1_200)),
    "unknown functions": lambda: MODEL + "".join(f"let a{i} = q{i}(u)\n" for i in range(1_200)),
    "unused names": lambda: MODEL + "".join(f"let a{i} = u\n" for i in range(5_000)),
    "operators written out": lambda: (
        f"{CUBE}dt(u) = 0\n" + "".join(f"let a{i} = lap(lap(lap(lap(lap(u)))))\n" for i in range(150))
    ),
    "operators written out in one sum": lambda: f"{CUBE}dt(u) = " + "+".join(["lap(lap(lap(lap(u))))"] * 150),
    "known and learned terms of one name": lambda: (
        f"{MODEL}state v\nparam k = fit 1\nlearned R(v)\ndt(v) = -v\nlaw z = v constant\n"
        + "".join(f"let s{i} = " + "+".join(["k*u", "R(v)"] * 50) + "\n" for i in range(6))
    ),
    "known and learned terms": lambda: (
        "state u, v\n"
        + "".join(f"param k{i} = fit 1\nlearned R{i}(v + {i})\n" for i in range(1_100))
        + "".join(
            f"let s{j} = " + "+".join(f"k{i}*u + R{i}" for i in range(50 * j, 50 * j + 50)) + "\n" for j in range(22)
        )
        + "dt(v) = -v\ndt(u) = "
        + "+".join(f"s{j}" for j in range(22))
    ),
}
SILENT_SYNTAX = {"many arguments", "constraints", "a blank, then a million blanks"}
"""Large and legitimate to the parser; analysis finds states and equations missing."""
ACCEPTED = {"unused names", "known and learned terms of one name", "known and learned terms"}
"""Large and legitimate."""

PROGRAM = """
import json, sys, time
from pathlib import Path
from tests.syntax.test_hostile import BATTERY
from eqdsl.analysis.check import check_source
from eqdsl.core.diagnostics import has_errors
from eqdsl.core.rendering import render_all
from eqdsl.syntax.parser import parse
from eqdsl.syntax.reading import source_from_text
check_source(source_from_text("state u"))
for name in json.loads(sys.argv[1]):
    text = BATTERY[name]()
    started = time.process_time()
    found = check_source(source_from_text(text, "a.eq"))
    shown = render_all(found.diagnostics, found.source)
    seconds = time.process_time() - started
    status = Path("/proc/self/status").read_text() if Path("/proc/self/status").exists() else "VmHWM: 0 kB"
    memory = int(status.split("VmHWM:")[1].split()[0]) / 1024
    syntax = has_errors(parse(found.source)[1])
    print(json.dumps([name, seconds, memory, has_errors(found.diagnostics), syntax, len(shown)]))
"""


def test_every_hostile_text_is_answered_in_time_and_space() -> None:
    """What `eqdsl check` does, in a process of its own, so that the peak of memory (where Linux tells it) counts."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(sorted(BATTERY))], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer[0] for answer in answers] == sorted(BATTERY)
    slow = {name: seconds for name, seconds, *_ in answers if seconds > SECONDS}
    assert not slow
    assert max(memory for _, _, memory, *_ in answers) < MEGABYTES
    assert {name for name, _, _, errors, *_ in answers if not errors} == ACCEPTED
    assert {name for name, *_, syntax, _ in answers if not syntax} >= SILENT_SYNTAX
    assert max(length for *_, length in answers) < 100_000


@pytest.mark.parametrize("name", ["balanced parentheses", "a long sum", "powers", "minus signs"])
def test_depth_is_named_as_the_cause(name: str) -> None:
    assert [p.code for p in parse(source_from_text(BATTERY[name]()))[1]] == ["E0107"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("signs in an interval", "E0107"),
        ("equal constraints", "E0817"),
        ("operators written out", "E0409"),
        ("operators written out in one sum", "E0409"),
    ],
)
def test_a_limit_of_analysis_is_named_as_the_cause(name: str, code: str) -> None:
    found = check_source(source_from_text(BATTERY[name]())).diagnostics
    assert [d.code for d in found if d.code != "W1001"] == [code]


def test_many_errors_are_counted_out() -> None:
    found = check_source(source_from_text(BATTERY["unknown names"]())).diagnostics
    assert (len(found), found[-1].code, found[-1].message) == (101, "E0109", "1100 more problems begin here")
    short = check_source(source_from_text(BATTERY["short cycles"]())).diagnostics
    assert {d.code for d in short} == {"E0305", "E0109"}
