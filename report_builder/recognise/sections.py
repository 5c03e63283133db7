"""The headings of a report's text: those of its sections, and those the unit set below them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from report_builder.model import Heading, Paragraph, Section
from report_builder.recognise.labels import LONGEST_LABEL, bare
from report_builder.spec import Format

_SUBHEADING = re.compile(r"[（(][一二三四五六七八九十]+[）)][^。；，]{1,40}")
_ITEM_HEADING = re.compile(r"\d{1,2}[.．、][^。；，]{1,30}")


def split_sections(paragraphs: Sequence[str], fmt: Format) -> tuple[Section, ...]:
    """Paragraphs under the format's section headings, as they follow one another; what stands before is left out."""
    titles = _titles(fmt)
    sections: list[Section] = []
    for text in paragraphs:
        number = titles.get(bare(text)) if len(text) <= LONGEST_LABEL else None
        if number is not None:
            sections.append(Section(number, text, ()))
        elif sections:
            sections[-1] = replace(sections[-1], paragraphs=(*sections[-1].paragraphs, text))
    return tuple(sections)


@cache
def _titles(fmt: Format) -> Mapping[str, int]:
    """Section headings by their bared text, with and without the ordinal the notice prints."""
    titles = {}
    for section in fmt.sections:
        for title in (section.title, *section.also):
            titles[bare(title)] = section.number
            titles.setdefault(bare(title.partition("、")[2]), section.number)
    return titles


def text_block(text: str) -> Heading | Paragraph:
    """A short line that begins with （一） or 1. and ends no sentence is a heading of its level."""
    if _SUBHEADING.fullmatch(text):
        return Heading(2, text)
    return Heading(3, text) if _ITEM_HEADING.fullmatch(text) else Paragraph(text)
