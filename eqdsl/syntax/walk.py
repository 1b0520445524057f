"""Walks over the syntax tree without recursion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from eqdsl.syntax.nodes import Node


def children(node: Node) -> Iterator[Node]:
    """Nodes held directly by a node, in the order of its fields."""
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, Node):
                    yield item
                elif isinstance(item, tuple):
                    yield from (part for part in item if isinstance(part, Node))


def walk(node: Node) -> Iterator[tuple[Node, int]]:
    """Every node below and including `node`, each with its depth (1 for `node` itself)."""
    pending = [(node, 1)]
    while pending:
        current, depth = pending.pop()
        yield current, depth
        pending.extend((child, depth + 1) for child in children(current))
