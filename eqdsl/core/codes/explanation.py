"""The type of one entry in the tables of codes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """`title` is a noun phrase for lists; `text` says why, and shows a wrong and a right example."""

    title: str
    text: str
