"""A document's lines → passages: paragraphs broken by a page's end are one again, page numbers are gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from report_builder.model import Grid
from report_builder.plan.brackets import CLOSING, unclosed
from report_builder.plan.vocabulary import Vocabulary

LONGEST = 20_000
"""Signs of a passage; a longer one is listed unread."""

_PAGE = re.compile(r"[-—–－\s]*\d{1,3}[-—–－\s]*|第\s*\d+\s*页.{0,12}")
_CONTENTS = re.compile(r".*(?:\.{3,}|…+|·{3,})\s*\d+")
_ENDS = "。！？；：.!?;:"
_AFTER_END = '”’"》」'
_OPEN_LIST = "、，,"
_SENTENCE = "，。；"
_LATIN = re.compile(r"[A-Za-z0-9]")
_FULL_LINE = 20


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, and where it stands in the document."""

    text: str
    where: str


def passages(items: Iterable[str | Grid], known: Vocabulary) -> Iterator[Passage | Grid]:
    """The document's paragraphs and tables in order."""
    held: list[str] = []
    where = ""
    for number, item in enumerate(items, 1):
        if isinstance(item, Grid):
            yield from _whole(held, where)
            held = []
            yield item
        elif not _is_furniture(item):
            if held and _goes_on(held, item, known):
                held.append(item)
                continue
            yield from _whole(held, where)
            held, where = [item], f"第{number}段"
    yield from _whole(held, where)


def _is_furniture(line: str) -> bool:
    """A page's number, or a line of the table of contents."""
    return bool(_PAGE.fullmatch(line) or (len(line) < LONGEST and _CONTENTS.fullmatch(line)))


def _whole(lines: list[str], where: str) -> Iterator[Passage]:
    if lines:
        text = lines[0]
        for line in lines[1:]:
            latin = _LATIN.match(line) and _LATIN.match(text[-1])
            text = f"{text} {line}" if latin else text + line
        yield Passage(text, where)


def _goes_on(held: list[str], line: str, known: Vocabulary) -> bool:
    """Whether ``line`` goes on with the paragraph in ``held``: no number or label begins it, no stop ends that."""
    if sum(map(len, held)) + len(line) > LONGEST or known.mark(line) or known.label.match(line):
        return False
    text = "".join(held)
    if unclosed(text):
        return True
    last = held[-1].rstrip(_AFTER_END) or held[-1]
    if last.endswith(tuple(_OPEN_LIST)):
        return True
    if last.endswith(tuple(_ENDS + CLOSING)) or known.label.match(held[0]):
        return False
    if known.mark(held[0]):
        return any(stop in text for stop in known.words.title_stops) or len(text) > known.words.title_longest
    return len(text) > _FULL_LINE and any(sign in text for sign in _SENTENCE)
