"""A document's lines → passages: paragraphs broken by a page's end are one again, page numbers are gone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

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
_LONGEST_ENTRY = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, and where it stands in the document."""

    text: str
    where: str


def passages(items: Iterable[str | Grid], known: Vocabulary) -> Iterator[Passage | Grid]:
    """The document's paragraphs and tables in order."""
    held: _Paragraph | None = None
    for number, item in enumerate(items, 1):
        if isinstance(item, Grid):
            yield from _whole(held)
            held = None
            yield item
        elif not _is_furniture(item):
            if held and held.goes_on(item):
                held.take(item)
                continue
            yield from _whole(held)
            held = _Paragraph(known, f"第{number}段")
            held.take(item)
    yield from _whole(held)


def _is_furniture(line: str) -> bool:
    """A page's number, or a line of the table of contents."""
    return bool(_PAGE.fullmatch(line) or (len(line) <= _LONGEST_ENTRY and _CONTENTS.fullmatch(line)))


def _whole(paragraph: _Paragraph | None) -> Iterator[Passage]:
    if paragraph:
        yield Passage("".join(paragraph.lines), paragraph.where)


@dataclass
class _Paragraph:
    """Lines that are one paragraph, and what is known of it so far."""

    known: Vocabulary
    where: str
    lines: list[str] = field(default_factory=list)
    length: int = 0
    depth: int = 0
    parted: bool = False
    titled: bool = False

    def take(self, line: str) -> None:
        """One more line; two Latin words are not run together."""
        if self.lines and _LATIN.match(line) and _LATIN.match(self.lines[-1][-1]):
            line = f" {line}"
        self.lines.append(line)
        self.length += len(line)
        self.depth = unclosed(line, self.depth)
        self.parted = self.parted or any(sign in line for sign in _SENTENCE)
        self.titled = self.titled or any(stop in line for stop in self.known.words.title_stops)

    def goes_on(self, line: str) -> bool:
        """Whether ``line`` goes on with it: no number or label begins that, no stop ends this."""
        if self.length + len(line) > LONGEST or self.known.mark(line) or self.known.label.match(line):
            return False
        last = self.lines[-1].rstrip(_AFTER_END) or self.lines[-1]
        if self.depth or last.endswith(tuple(_OPEN_LIST)):
            return True
        if last.endswith(tuple(_ENDS + CLOSING)) or self.known.label.match(self.lines[0]):
            return False
        if self.known.mark(self.lines[0]):
            return self.titled or self.length > self.known.words.title_longest
        return self.length > _FULL_LINE and self.parted
