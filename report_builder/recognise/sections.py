"""The section headings of a report's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from report_builder.model import Section
from report_builder.recognise.labels import LONGEST_LABEL, bare
from report_builder.spec import Format


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
