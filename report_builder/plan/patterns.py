"""Words of plan.toml as patterns: the longest of several wins, {month} and its like are numbers of any script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from report_builder.plan.brackets import CLOSING, OPENING
from report_builder.prose.numerals import chinese

HAN = "零〇一二三四五六七八九十百"
SPACE = r"\s{0,3}"
"""A few blanks at most: a pattern that takes any number of them reads a line of blanks over and over."""
_NUMBER = rf"{SPACE}(?:\d{{1,3}}|[{HAN}]{{1,4}}){SPACE}"
_HOLES: Mapping[str, str] = {
    "{month}": _NUMBER,
    "{day}": _NUMBER,
    "{number}": _NUMBER,
    "{han}": f"[{HAN}]{{1,5}}",
    "{digits}": r"\d{1,3}",
    "{circled}": "[①-⑳]",
}
_HOLE = re.compile(r"(\{[a-z]+\})")
_BRACKETS: Mapping[str, str] = {
    **{sign: f"[{re.escape(OPENING)}]" for sign in OPENING},
    **{sign: rf"\s?[{re.escape(CLOSING)}]" for sign in CLOSING},
    **dict.fromkeys(".．", "[.．]"),
}


def one_of(words: Iterable[str]) -> str:
    """A pattern for any of the words, of which none stands for nothing."""
    longest = sorted(set(words), key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(map(_written, longest))})" if longest else "(?!)"


def _written(word: str) -> str:
    return "".join(_HOLES.get(piece, re.escape(piece)) for piece in _HOLE.split(word))


def caught(word: str) -> str:
    """A pattern for a word in which each hole is a group of its name."""
    return "".join(
        f"(?P<{piece.strip('{}')}>{_HOLES[piece]})" if piece in _HOLES else re.escape(piece)
        for piece in _HOLE.split(word)
    )


def numbering(word: str) -> str:
    """A pattern for a task's number, brackets and points of any width; its last number is a group. 1.5% is none."""
    pieces = _HOLE.split(word)
    last = max((at for at, piece in enumerate(pieces) if piece in _HOLES), default=-1)
    written = (
        (f"({_HOLES[piece]})" if at == last else _HOLES[piece])
        if piece in _HOLES
        else "".join(_BRACKETS.get(sign, re.escape(sign)) for sign in piece)
        for at, piece in enumerate(pieces)
    )
    return f"{''.join(written)}(?![\\d.．%％])"


def number(text: str) -> int | None:
    """The whole number in digits of any width or in Chinese; None where it is none."""
    bare = text.strip()
    if bare.isdecimal():
        return int(bare)
    if len(bare) == 1 and bare.isnumeric() and bare not in HAN:
        return ord(bare) - ord("①") + 1
    amount = chinese(bare)
    return None if amount is None else int(amount.value)
