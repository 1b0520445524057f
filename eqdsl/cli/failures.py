"""From an exception to an exit status and what is said about it.

== =================================================================
0  done
1  the model or the data are wrong
2  the command line is wrong
3  the computation failed (diverged, no decrease, out of memory)
70 a defect of eqdsl
130 interrupted
141 the reader of stdout closed it
== =================================================================
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

import click

from eqdsl.cli.console import color_on, say
from eqdsl.core.errors import EqdslError, ModelError

WRONG_INPUT = 1
WRONG_USAGE = 2
FAILED_COMPUTATION = 3
DEFECT = 70
INTERRUPTED = 130
READER_GONE = 141

_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


def report(failure: BaseException) -> int:
    """Say on stderr what went wrong and return the exit status."""
    if isinstance(failure, click.ClickException):
        return _report_usage(failure)
    if isinstance(failure, EqdslError):
        _report_error(failure)
        return failure.exit_code
    if isinstance(failure, KeyboardInterrupt | click.Abort):
        say("interrupted")
        return INTERRUPTED
    if isinstance(failure, BrokenPipeError):
        _silence_stdout()
        return READER_GONE
    if _is_memory(failure):
        say(_line("out of memory", "use a coarser grid, fewer trajectories at once or a shorter horizon"))
        return FAILED_COMPUTATION
    if isinstance(failure, OSError) and failure.strerror:
        place = f"{failure.filename}: " if failure.filename else ""
        say(_line(f"{place}{failure.strerror}"))
        return WRONG_INPUT
    return _report_defect(failure)


def _line(message: str, help: str | None = None) -> str:
    word = click.style("error", fg="red", bold=True) if color_on(stderr=True) else "error"
    return f"{word}: {message}" if help is None else f"{word}: {message}\n  = help: {help}"


def _report_error(failure: EqdslError) -> None:
    if isinstance(failure, ModelError) and failure.diagnostics:
        from eqdsl.core.rendering import render_all

        say(render_all(failure.diagnostics, failure.source, color=color_on(stderr=True)))
    else:
        say(_line(failure.message, failure.help))


def _report_usage(failure: click.ClickException) -> int:
    context = getattr(failure, "ctx", None)
    if isinstance(failure, click.exceptions.NoArgsIsHelpError):
        failure.show()
        return WRONG_USAGE
    path = context.command_path if context is not None else "eqdsl"
    say(_line(failure.format_message(), f"`{path} --help` lists the options and shows examples"))
    return WRONG_USAGE


def _is_memory(failure: BaseException) -> bool:
    # torch raises its own class on a device and a bare RuntimeError on the CPU; neither may import torch here.
    text = str(failure).lower()
    return isinstance(failure, MemoryError) or (
        isinstance(failure, RuntimeError) and any(words in text for words in _MEMORY_WORDS)
    )


def _silence_stdout() -> None:
    # Python flushes stdout once more at exit; without this it would complain about the closed pipe there.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def _report_defect(failure: BaseException) -> int:
    text = "".join(traceback.format_exception(failure))
    with tempfile.NamedTemporaryFile(
        "w", prefix="eqdsl-defect-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"eqdsl {' '.join(sys.argv[1:])}\n\n{text}")
    say(_line(f"this is a defect of eqdsl: {type(failure).__name__}: {_first_line(failure)}"))
    say(f"  = note: the traceback is in {Path(file.name)}")
    say("  = help: please report it with that file, the model and the output of `eqdsl doctor`")
    return DEFECT


def _first_line(failure: BaseException) -> str:
    lines = str(failure).splitlines()
    return lines[0] if lines else "no message"
