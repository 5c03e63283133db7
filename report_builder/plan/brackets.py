"""Brackets of any kind and width are one: 各县〔市〕、(各市) and （各区） are read alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

OPENING = "（(〔[【"
CLOSING = "）)〕]】"
_ANY = re.compile(f"[{re.escape(OPENING + CLOSING)}]")


def unclosed(text: str, depth: int = 0) -> int:
    """How many brackets are open at the end of ``text``, ``depth`` of them before it."""
    for sign in _ANY.findall(text):
        depth = depth + 1 if sign in OPENING else max(0, depth - 1)
    return depth


def outer(text: str) -> list[tuple[int, int]]:
    """Where each outermost bracketed passage begins and ends, brackets included; one never closed is none."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for match in _ANY.finditer(text):
        if match[0] in OPENING:
            start = match.start() if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                found.append((start, match.end()))
    return found


def parts(text: str, separators: str) -> list[str]:
    """``text`` parted at the separators that stand in no bracket; an empty part is left out."""
    return [part for part, _ in parted(text, separators)]


def parted(text: str, separators: str) -> Iterator[tuple[str, int]]:
    """As :func:`parts`, each with where it begins."""
    depth = start = 0
    for place, sign in enumerate(text):
        if sign in OPENING:
            depth += 1
        elif sign in CLOSING:
            depth = max(0, depth - 1)
        elif depth == 0 and sign in separators:
            yield from _trimmed(text, start, place)
            start = place + 1
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    part = text[start:end]
    if part.strip():
        yield part.strip(), start + len(part) - len(part.lstrip())


def without(text: str) -> str:
    """``text`` without what stands in brackets."""
    kept, last = [], 0
    for start, end in outer(text):
        kept.append(text[last:start])
        last = end
    return "".join([*kept, text[last:]])
