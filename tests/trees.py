"""Compares syntax trees by what they say, whatever their places in the text."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from eqdsl.core.source import Span


def shape(value: object) -> object:
    """A node as nested tuples without spans."""
    if is_dataclass(value):
        kept = (getattr(value, f.name) for f in fields(value))
        return (type(value).__name__, *(shape(part) for part in kept if not isinstance(part, Span)))
    if isinstance(value, tuple):
        return tuple(shape(item) for item in value)
    return value
