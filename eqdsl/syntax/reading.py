"""From a file or a string to a `SourceText`."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from eqdsl.core import limits
from eqdsl.core.diagnostics import error
from eqdsl.core.errors import EqdslError, ModelError
from eqdsl.core.source import SourceText, Span


def source_from_text(text: str, name: str = "<string>") -> SourceText:
    """A source from text in memory: byte order mark dropped, every line end made ``\\n``."""
    return SourceText(name, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def read_source(path: str | Path) -> SourceText:
    """Reads a model file.

    Parameters
    ----------
    path : str or Path
        A UTF-8 text file of at most `limits.MAX_TEXT_BYTES` bytes.

    Raises
    ------
    ModelError
        The bytes are no UTF-8 text; the message points at the first that is not.
    EqdslError
        The file is missing, a folder, unreadable or too large.
    """
    file = Path(path)
    try:
        if file.is_dir():
            models = sorted(entry.name for entry in file.glob("*.eq"))
            help_text = f"name one of its files: {', '.join(models[:5])}" if models else "name a model file, `*.eq`"
            raise EqdslError(f"{path} is a folder", help=help_text)
        with file.open("rb") as stream:
            data = stream.read(limits.MAX_TEXT_BYTES + 1)
    except FileNotFoundError:
        raise EqdslError(f"there is no file {path}", help=_nearest(file)) from None
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        raise EqdslError(f"cannot read {path}: {reason}", help="check the path and its permissions") from None
    if len(data) > limits.MAX_TEXT_BYTES:
        help_text = "a model file holds equations only; data belong into an HDF5 file"
        raise EqdslError(f"{path} is larger than {limits.MAX_TEXT_BYTES} bytes", help=help_text)
    return _decoded(data, str(path))


def _nearest(file: Path) -> str:
    folder = file.parent
    names = [entry.name for entry in folder.glob("*.eq")] if folder.is_dir() else []
    near = get_close_matches(file.name, names, 1) or get_close_matches(f"{file.name}.eq", names, 1)
    return f"did you mean {folder / near[0]}?" if near else "`eqdsl new NAME` writes a commented starting model"


def _decoded(data: bytes, name: str) -> SourceText:
    try:
        return source_from_text(data.decode("utf-8"), name)
    except UnicodeDecodeError as failure:
        before = source_from_text(data[: failure.start].decode("utf-8"))
        source = source_from_text(data.decode("utf-8", errors="replace"), name)
        place = len(before.text)
        byte = data[failure.start]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        note = "the file looks like UTF-16"
    elif data[:8] == b"\x89HDF\r\n\x1a\n":
        note = "the file is an HDF5 file: data follow the model on the command line"
    else:
        note = None
    message = f"byte 0x{byte:02x} is not UTF-8 text"
    help_text = "save the model as UTF-8"
    raise ModelError(source, (error("E0101", message, Span(place, place + 1), note=note, help=help_text),))
