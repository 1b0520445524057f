"""Exit statuses, streams, colours, start-up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from eqdsl.cli.command import Command, Group
from eqdsl.cli.failures import report
from eqdsl.cli.main import eqdsl
from eqdsl.cli.table import COMMANDS, DATA_COMMANDS
from eqdsl.core.errors import ComputationError, DataError, UsageError
from tests.cli.support import Call, fresh

HEAVY = ("torch", "sympy", "h5py", "numpy", "rich", "matplotlib", "pydantic")


def loaded_after(*arguments: str) -> tuple[int, set[str]]:
    """Exit status of a command in a fresh process, and which heavy packages it loaded."""
    code = (
        "import sys; from eqdsl.cli.main import run; status = run(sys.argv[1:]); "
        f"print(' '.join(m for m in {HEAVY} if m in sys.modules), file=sys.stderr); sys.exit(status)"
    )
    outcome = fresh(["-c", code, *arguments])
    return outcome.status, set(outcome.err.strip().splitlines()[-1:] and outcome.err.splitlines()[-1].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fmt", "--help"], ["fit"], ["explain", "--list"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    _, loaded = loaded_after(*arguments)
    assert loaded == set()


def test_check_show_and_fmt_load_nothing_heavy(decay: Path) -> None:
    for name in ("check", "show", "fmt"):
        status, loaded = loaded_after(name, str(decay))
        assert (status, loaded) == (0, set()), name


@pytest.mark.parametrize("name", [*COMMANDS, *(f"data {name}" for name in DATA_COMMANDS)])
def test_every_command_has_help_with_two_worked_lines(name: str, call: Call) -> None:
    outcome = call(*name.split(), "--help")
    assert outcome.status == 0
    examples = outcome.out.split("Examples:\n")[1]
    assert examples.count("\n  eqdsl ") + examples.startswith("  eqdsl ") >= 2
    assert "\x1b" not in outcome.out


def members() -> dict[str, click.Command]:
    """Every command and group by its full name."""
    context = click.Context(eqdsl, info_name="eqdsl")
    found = {}
    for name in COMMANDS:
        found[name] = member = eqdsl.get_command(context, name)
        if isinstance(member, Group):
            found |= {f"{name} {inner}": member.get_command(context, inner) for inner in member.entries}
    return found


def test_examples_name_options_that_exist() -> None:
    for name, member in members().items():
        assert isinstance(member, Command | Group)
        for line, meaning in member.examples:
            assert meaning
            words = line.split()
            target = members()[" ".join(words[1 : 2 + len(name.split()) - 1])]
            known = {option for parameter in target.params for option in parameter.opts} | {"--help"}
            if isinstance(member, Command):
                assert {word for word in words if word.startswith("-")} <= known, line


def test_version_option(call: Call) -> None:
    assert call("--version").out == "eqdsl 0.1.0\n"


def test_unknown_command_proposes_the_nearest(call: Call) -> None:
    outcome = call("chekc")
    assert outcome.status == 2
    assert outcome.out == ""
    assert "no command `chekc`; did you mean check?" in outcome.err


def test_unknown_option_is_a_usage_error(call: Call, decay: Path) -> None:
    outcome = call("check", "--jsn", decay)
    assert outcome.status == 2
    assert "--jsn" in outcome.err
    assert "`eqdsl check --help`" in outcome.err


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (DataError("no dataset", file="a.h5"), 1),
        (UsageError("no"), 2),
        (ComputationError("diverged at t = 3"), 3),
        (MemoryError(), 3),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), 3),
        (RuntimeError("CUDA out of memory. Tried to allocate"), 3),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (PermissionError(13, "Permission denied", "x.eq"), 1),
    ],
)
def test_exit_status_of_each_failure(failure: BaseException, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(failure) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_defect_leaves_its_traceback_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ZeroDivisionError("division by zero")
    except ZeroDivisionError as failure:
        assert report(failure) == 70
    error = capsys.readouterr().err
    assert "this is a defect of eqdsl: ZeroDivisionError: division by zero" in error
    path = Path(error.split("the traceback is in ")[1].splitlines()[0])
    assert "test_defect_leaves_its_traceback_in_a_file" in path.read_text()
    path.unlink()


def test_closed_reader_is_quiet(decay: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "eqdsl", "explain", "--list"], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert process.returncode == 141
    assert process.stderr == b""


def test_closed_stdout_is_quiet(decay: Path) -> None:
    outcome = subprocess.run(
        f"{sys.executable} -m eqdsl check --json {decay} >&-", shell=True, stderr=subprocess.PIPE, check=False
    )
    assert (outcome.returncode, outcome.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_is_said_in_one_line(decay: Path) -> None:
    with Path("/dev/full").open("w") as full:
        outcome = subprocess.run(
            [sys.executable, "-m", "eqdsl", "show", decay], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert outcome.returncode == 1
    assert outcome.stderr == "error: No space left on device\n"


def test_shell_completion() -> None:
    outcome = fresh(["-m", "eqdsl"], _EQDSL_COMPLETE="bash_complete", COMP_WORDS="eqdsl si", COMP_CWORD="1")
    assert outcome.out == "plain,simulate\n"


def test_stop_request_asks_first_and_insists_second(capsys: pytest.CaptureFixture[str]) -> None:
    from eqdsl.cli.interruption import StopRequest

    before = signal.getsignal(signal.SIGTERM)
    with StopRequest() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before
    assert "stopping after this step" in capsys.readouterr().err
