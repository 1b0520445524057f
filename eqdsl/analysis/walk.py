"""Walks over syntax nodes without recursion."""

from __future__ import annotations

from collections.abc import Iterator

from eqdsl.syntax import nodes


def inner(node: nodes.Expression) -> tuple[nodes.Expression, ...]:
    """Direct subexpressions."""
    match node:
        case nodes.Unary(operand=operand) | nodes.TimeDerivative(operand=operand):
            return (operand,)
        case nodes.Binary(left=left, right=right) | nodes.Comparison(left=left, right=right):
            return (left, right)
        case nodes.Call(arguments=arguments, keywords=keywords):
            return (*arguments, *(k.value for k in keywords))
        case nodes.Component(base=base):
            return (base,)
        case nodes.Tuple(items=items):
            return items
        case nodes.Membership(value=value, interval=interval):
            return (value, interval.lower, interval.upper)
    return ()


def walk(node: nodes.Expression) -> Iterator[nodes.Expression]:
    """The node and everything inside it."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(inner(found))


def names_in(node: nodes.Expression) -> set[str]:
    """Every name mentioned, called ones included."""
    return {n.name for n in walk(node) if isinstance(n, nodes.Name | nodes.Call)}


def left_spine(node: nodes.Expression, operators: str) -> tuple[nodes.Expression, list[tuple[str, nodes.Expression]]]:
    """``a + b - c`` as ``a, [(+, b), (-, c)]``: left-nested chains are as deep as they are long."""
    rest: list[tuple[str, nodes.Expression]] = []
    while isinstance(node, nodes.Binary) and node.operator in operators:
        rest.append((node.operator, node.right))
        node = node.left
    rest.reverse()
    return node, rest


def nesting(node: nodes.Expression) -> int:
    """Levels of an expression; a sum or a product counts as one however long it is, plus one for each division."""
    deepest = 0
    waiting = [(node, 1)]
    while waiting:
        found, level = waiting.pop()
        deepest = max(deepest, level)
        if isinstance(found, nodes.Binary) and found.operator != "^":
            first, rest = left_spine(found, "+-" if found.operator in "+-" else "*/")
            inside = level + 1 + sum(sign == "/" for sign, _ in rest)
            waiting.extend((part, inside) for part in (first, *(p for _, p in rest)))
        else:
            waiting.extend((part, level + 1) for part in inner(found))
    return deepest
