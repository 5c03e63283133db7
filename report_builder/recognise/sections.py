"""The headings of a report's text: those of its sections, and those the unit set below them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from report_builder.model import Heading, Paragraph, Section
from report_builder.recognise.labels import LONGEST_LABEL, bare
from report_builder.recognise.near import apart
from report_builder.spec import Format, Published

_ORDINAL = re.compile(r"\s*第?([一二三四五六七八九十]{1,2})\s*(?:部分)?\s*[、.．,，:：\s]\s*")
_BRACKETS = ("（", "(", "[", "【")
_SENTENCE = re.compile("[。；，;]")
_SHORT, _LONG = 4, 9
"""Signs a heading must have to be known with one typing fault, and with two."""


@dataclass(frozen=True, eq=False)
class Headings:
    """A format's section headings: by their bared text, and each with its ordinal and its words apart."""

    known: Mapping[str, int]
    titles: tuple[tuple[str, str, int], ...]

    @property
    def numbers(self) -> frozenset[int]:
        """The numbers of all sections."""
        return frozenset(self.known.values())

    def number(self, text: str) -> int | None:
        """The section that ``text`` heads: its words as the format has them, or with a small typing fault.

        An ordinal in brackets heads a part of a section, whatever stands behind it.
        """
        if len(text) > LONGEST_LABEL or text.lstrip().startswith(_BRACKETS):
            return None
        exactly = self.known.get(bare(text))
        return exactly if exactly is not None else self._nearly(text)

    def _nearly(self, text: str) -> int | None:
        ordinal = _ORDINAL.match(text)
        if ordinal is None or _SENTENCE.search(text, ordinal.end()):
            return None
        words = bare(text[ordinal.end() :])
        number = self.known.get(words)
        return number if number is not None else self._alike(ordinal[1], words)

    def _alike(self, ordinal: str, words: str) -> int | None:
        near = {
            number
            for own, title, number in self.titles
            if own == ordinal and apart(words, title) <= _allowed(title)
        }
        return near.pop() if len(near) == 1 else None

    def parted(self, text: str, *, nearly: bool) -> Iterator[str]:
        """The text with each heading in it as a line of its own; ``nearly``: also with a small typing fault."""
        begun = 0
        for ordinal in _ORDINAL.finditer(text):
            if ordinal.start() < begun:
                continue
            end = self._end(text, ordinal, nearly=nearly)
            if end and (text[end:].strip() or text[: ordinal.start()].strip()):
                yield text[begun : ordinal.start()].strip()
                yield text[ordinal.start() : end].strip()
                begun = end
        yield text[begun:].strip() if begun else text

    def _end(self, text: str, ordinal: re.Match[str], *, nearly: bool) -> int:
        """Where the heading ends that begins with this ordinal; 0 where none does."""
        own = [title for sign, title, _ in self.titles if sign == ordinal[1]]
        for title in sorted(own, key=len, reverse=True):
            end = _spelt(text, ordinal.end(), title)
            if end:
                return end
        return _nearly_spelt(text, ordinal.end(), own) if nearly else 0


def _allowed(title: str) -> int:
    return 0 if len(title) < _SHORT else 1 if len(title) < _LONG else 2


def _spelt(text: str, start: int, title: str) -> int:
    """Where ``title``, bared, ends in the text from ``start``; 0 where it does not stand there."""
    at = start
    for sign in title:
        while at < len(text) and not bare(text[at]):
            at += 1
        if at >= len(text) or bare(text[at]) != sign:
            return 0
        at += 1
    return at


def _nearly_spelt(text: str, start: int, titles: Sequence[str]) -> int:
    """Where the nearest of the long titles ends, if it begins and ends as printed and few signs differ between."""
    found: list[tuple[int, int]] = []
    for title in titles:
        for size in range(len(title), len(title) + 6):
            said = bare(text[start : start + size])
            if len(title) >= _LONG and said and said[0] == title[0] and said[-1] == title[-1]:
                found.append((apart(said, title), start + size))
    distance, end = min(found, default=(_LONG, 0))
    return end if distance <= 2 else 0  # noqa: PLR2004 - as _allowed has it for a long title


@cache
def headings_of(fmt: Format, published: Published | None = None) -> Headings:
    """The headings of ``fmt``, with and without the ordinals the notice prints, and what offices write for them."""
    known: dict[str, int] = {}
    titles = []
    for section in fmt.sections:
        others = published.headings.get(section.title, ()) if published else ()
        for title in (section.title, *section.also):
            ordinal, _, words = title.partition("、")
            known[bare(title)] = section.number
            known.setdefault(bare(words), section.number)
            titles.append((ordinal, bare(words), section.number))
        ordinal = section.title.partition("、")[0]
        for words in others:
            known.setdefault(bare(f"{ordinal}{words}"), section.number)
            titles.append((ordinal, bare(words), section.number))
    return Headings(known, tuple(titles))


_SUBHEADING = re.compile(r"[（(][一二三四五六七八九十]+[）)][^。；，]{1,40}")
_ITEM_HEADING = re.compile(r"\d{1,2}[.．、][^。；，]{1,30}")


def split_sections(paragraphs: Sequence[str], fmt: Format) -> tuple[Section, ...]:
    """Paragraphs under the format's section headings, as they follow one another; what stands before is left out."""
    headings = headings_of(fmt)
    sections: list[Section] = []
    for text in paragraphs:
        number = headings.number(text)
        if number is not None:
            sections.append(Section(number, text, ()))
        elif sections:
            sections[-1] = replace(sections[-1], paragraphs=(*sections[-1].paragraphs, text))
    return tuple(sections)


def text_block(text: str) -> Heading | Paragraph:
    """A short line that begins with （一） or 1. and ends no sentence is a heading of its level."""
    if _SUBHEADING.fullmatch(text):
        return Heading(2, text)
    return Heading(3, text) if _ITEM_HEADING.fullmatch(text) else Paragraph(text)
