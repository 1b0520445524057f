"""What a stage of the way from text to vector field holds, printed for `eqdsl show --stage`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from eqdsl.core.source import SourceText, Span

_HIDDEN = (SourceText, Span)


def outline(value: object) -> str:
    """An indented outline of nested dataclasses, tuples and mappings; spans and the source text are left out."""
    return "\n".join(_lines(value, "", 0))


def _lines(value: object, label: str, depth: int) -> Iterator[str]:
    head = "  " * depth + (f"{label}: " if label else "")
    leaf = _leaf(value)
    if leaf is not None:
        yield head + leaf
        return
    yield head + _title(value)
    for name, member in _members(value):
        if not isinstance(member, _HIDDEN) and member not in ((), None):
            yield from _lines(member, name, depth + 1)


def _leaf(value: object) -> str | None:
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value) or isinstance(value, tuple | list | Mapping):
        return None
    return str(value) if isinstance(value, float | int | bool) else repr(value)


def _title(value: object) -> str:
    if is_dataclass(value):
        return type(value).__name__
    assert isinstance(value, tuple | list | Mapping)
    return f"({len(value)})"


def _members(value: Any) -> Iterator[tuple[str, object]]:
    if is_dataclass(value):
        for field in fields(value):
            yield field.name, getattr(value, field.name)
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield str(key), member
    else:
        for member in value:
            yield "", member
