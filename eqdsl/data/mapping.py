"""The small text that says where a name stands in a file: ``u=tensor[...,0]``, ``t=t-coordinate``, ``u=usol[x,t]``.

Nothing is evaluated: an index is made of integers, ``a:b:step`` slices, one ``...``, or the names of the axes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from eqdsl.core.errors import UsageError

Selector = int | slice | str
"""One entry of an index. A text is ``...`` or the role of an axis: ``trajectory``, ``t``, ``x``, ``component``."""

ELLIPSIS = "..."
EXAMPLE = "write `--map 'u=tensor[...,0]'`, or name the axes as in `--map 'u=usol[x,t]'`"

_SOURCE = re.compile(r"(?P<dataset>[^\[\]]+?)\s*(?:\[(?P<index>[^\[\]]*)\])?")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_SLICE = re.compile(r"([+-]?\d{1,18})?\s*:\s*([+-]?\d{1,18})?(?:\s*:\s*(\d{1,18})?)?")
_MAX_ENTRIES = 32
_PLAIN = re.compile(r"[\w./:=-]+")


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset and the part of it that is taken; `index` is empty for the whole."""

    dataset: str
    index: tuple[Selector, ...] = ()

    @property
    def roles(self) -> tuple[str, ...] | None:
        """Roles of the axes that remain, where the index names them."""
        names = tuple(s for s in self.index if isinstance(s, str) and s != ELLIPSIS)
        return names or None

    def text(self) -> str:
        """The text that `parse_source` reads back."""
        return self.dataset + (f"[{','.join(map(_selector_text, self.index))}]" if self.index else "")


def map_option(name: str, source: str) -> str:
    """The option that maps a name, in back-quotes, ready to paste into a shell."""
    text = f"{name}={source}"
    return f"`--map {text}`" if _PLAIN.fullmatch(text) else f"`--map '{text}'`"


def parse_source(text: str) -> Source:
    """``tensor[...,0]`` as a `Source`.

    Raises
    ------
    UsageError
        The text is not a dataset name with an optional index.
    """
    match = _SOURCE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"`{text}` is not a dataset with an index", help=EXAMPLE)
    dataset = match["dataset"].strip().strip("/")
    if not dataset:
        raise UsageError(f"`{text}` names no dataset", help=EXAMPLE)
    if match["index"] is None:
        return Source(dataset)
    entries = match["index"].split(",")
    if len(entries) > _MAX_ENTRIES:
        raise UsageError(f"`{dataset}[…]` has {len(entries)} entries, at most {_MAX_ENTRIES} are possible")
    index = tuple(_parse_selector(entry.strip(), text) for entry in entries)
    _check_index(index, text)
    return Source(dataset, index)


def _parse_selector(entry: str, text: str) -> Selector:
    if entry == ELLIPSIS or entry.isidentifier():
        return entry
    if _INTEGER.fullmatch(entry):
        return int(entry)
    match = _SLICE.fullmatch(entry)
    if match is None:
        raise UsageError(f"`{entry}` in `{text}` is no integer, slice, `...` or name of an axis", help=EXAMPLE)
    start, stop, step = (None if g is None else int(g) for g in match.groups())
    if step == 0:
        raise UsageError(f"the step in `{text}` is zero", help=EXAMPLE)
    return slice(start, stop, step)


def _check_index(index: tuple[Selector, ...], text: str) -> None:
    names = [s for s in index if isinstance(s, str) and s != ELLIPSIS]
    if index.count(ELLIPSIS) > 1:
        raise UsageError(f"`{text}` has two `...`", help=EXAMPLE)
    if len(set(names)) < len(names):
        raise UsageError(f"`{text}` names an axis twice", help=EXAMPLE)
    if names and any(s == ELLIPSIS or isinstance(s, slice) for s in index):
        raise UsageError(
            f"`{text}` names some axes and not the others",
            help="name every axis that is kept, as in `--map 'u=data[trajectory,t,x,0]'`, or none",
        )


def _selector_text(selector: Selector) -> str:
    if not isinstance(selector, slice):
        return str(selector)
    start, stop = ("" if n is None else str(n) for n in (selector.start, selector.stop))
    return f"{start}:{stop}" + ("" if selector.step is None else f":{selector.step}")


def expand_index(source: Source, shape: tuple[int, ...]) -> tuple[tuple[int | slice, ...], tuple[int, ...]]:
    """The index with one entry per axis of a dataset of this shape, and the shape of what it selects.

    Raises
    ------
    ValueError
        The index has too many entries, or an integer lies outside; the text says which.
    """
    index = [slice(None) if isinstance(s, str) and s != ELLIPSIS else s for s in source.index]
    if len(index) - index.count(ELLIPSIS) > len(shape):
        raise ValueError(f"the index `[{source.text().partition('[')[2]}` has more entries than {shape} has axes")
    if source.roles and len(index) < len(shape):
        raise ValueError(f"`{source.text()}` names fewer axes than {shape} has")
    if ELLIPSIS not in index:
        index.append(ELLIPSIS)
    at = index.index(ELLIPSIS)
    index[at : at + 1] = [slice(None)] * (len(shape) - len(index) + 1)
    full: list[int | slice] = []
    kept: list[int] = []
    for selector, size in zip(index, shape, strict=True):
        if isinstance(selector, slice):
            kept.append(len(range(*selector.indices(size))))
            full.append(selector)
        elif isinstance(selector, int) and -size <= selector < size:
            full.append(selector % size)
        else:
            raise ValueError(f"index {selector} lies outside an axis of {size} in {shape}")
    return tuple(full), tuple(kept)


def parse_sources(mapping: Mapping[str, str] | None) -> dict[str, Source]:
    """The sources of a mapping by name."""
    return {name: parse_source(text) for name, text in (mapping or {}).items()}
