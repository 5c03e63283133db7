"""The report within a file: its sections by their headings, what stands before them, where it ends.

A site's page names every unit and lists other reports around the article. The article begins at its first
heading; it ends where the markup that holds all headings closes, or at the first of the words that end one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from report_builder.model import Document, Grid, Section
from report_builder.recognise import Headings
from report_builder.spec import Published

_LONGEST_END = 60
_LEAST_CONTENTS = 3


@dataclass(frozen=True)
class Line:
    """One item with its number in the file: several lines may come of one paragraph."""

    at: int
    item: str | Grid


@dataclass(frozen=True)
class Part:
    """One section as it stands in the file: its heading, its items, and the numbers between which they lie."""

    number: int
    title: str
    items: tuple[str | Grid, ...]
    first: int
    end: int

    @property
    def section(self) -> Section:
        """The section as text."""
        return Section(self.number, self.title, self.paragraphs)

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Its text without its tables."""
        return tuple(item for item in self.items if isinstance(item, str))


@dataclass(frozen=True)
class Article:
    """The sections in the order of the file, the lines before each report in it, and those after the last section."""

    parts: tuple[Part, ...]
    leads: tuple[tuple[str, ...], ...]
    after: tuple[str, ...]


def find_article(document: Document, headings: Headings, published: Published) -> Article:
    """The report in ``document``; without any heading it has no sections, and all its lines stand before."""
    lines = _lines(document, headings, published)
    numbers = [_number(line, headings) for line in lines]
    marks = _without_contents([at for at, number in enumerate(numbers) if number is not None], numbers)
    if not marks:
        return Article((), (_texts(lines),), ())
    end = _end(document, lines, marks, published)
    bounds = list(pairwise([*marks, end]))
    parts = tuple(_part(lines, numbers[first] or 0, first, last) for first, last in bounds)
    begins = [
        at
        for at, (part, before) in enumerate(zip(parts, (None, *parts), strict=False))
        if before is None or part.number < before.number
    ]
    leads = (_texts(lines[marks[at - 1] + 1 if at else 0 : marks[at]]) for at in begins)
    return Article(parts, tuple(leads), _texts(lines[end:]))


def _texts(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(line.item for line in lines if isinstance(line.item, str))


def _number(line: Line, headings: Headings) -> int | None:
    return headings.number(line.item) if isinstance(line.item, str) else None


def _part(lines: Sequence[Line], number: int, first: int, end: int) -> Part:
    items = tuple(line.item for line in lines[first + 1 : end])
    last = lines[end].at if end < len(lines) else lines[-1].at + 1
    return Part(number, str(lines[first].item), items, lines[first].at, last)


def _lines(document: Document, headings: Headings, published: Published) -> list[Line]:
    """The items; headings that run into their text are lines of their own where the file has no other."""
    lines = [Line(at, item) for at, item in enumerate(document.items)]
    found = {_number(line, headings) for line in lines}
    parts = [part for line in lines for part in _parted(line, document, headings, found)]
    return (
        [one for part in parts for one in _without_tail(part, published)] if document.run_together else parts
    )


def _without_tail(line: Line, published: Published) -> Iterator[Line]:
    """A word of the site's that ends a line which has run together, as a line of its own."""
    text, _, last = line.item.rpartition(" ") if isinstance(line.item, str) else ("", "", "")
    yield from ((Line(line.at, text), Line(line.at, last)) if text and _ends(last, published) else (line,))


def _parted(line: Line, document: Document, headings: Headings, found: set[int | None]) -> Iterator[Line]:
    if not isinstance(line.item, str) or len(found) > len(headings.numbers):
        yield line
        return
    parts = list(headings.parted(line.item, nearly=document.run_together))
    if not document.run_together and not found.isdisjoint(map(headings.number, parts[1::2])):
        parts = [line.item]
    yield from (Line(line.at, part) for part in parts if part)


def _without_contents(marks: list[int], numbers: Sequence[int | None]) -> list[int]:
    """The headings without those of a table of contents: several in a row that all come again."""
    run: list[int] = []
    for at in marks:
        run = [*run, at] if run and at == run[-1] + 1 else [at]
        later = {numbers[mark] for mark in marks if mark > at}
        if len(run) >= _LEAST_CONTENTS and later.issuperset(numbers[mark] for mark in run):
            return _without_contents([mark for mark in marks if mark not in _whole_run(marks, run)], numbers)
    return marks


def _whole_run(marks: Sequence[int], run: Sequence[int]) -> set[int]:
    """The headings of a table of contents, up to the first that comes again right behind it."""
    return {mark for mark in marks if run[0] <= mark <= run[-1]}


def _end(document: Document, lines: Sequence[Line], marks: Sequence[int], published: Published) -> int:
    """The line before which the report ends."""
    end = _closing(document, lines, marks)
    if document.furnished:
        after = range(marks[-1] + 1, end)
        end = next((at for at in after if _ends(lines[at].item, published)), end)
    return end


def _closing(document: Document, lines: Sequence[Line], marks: Sequence[int]) -> int:
    """The line before which the markup that holds all headings closes, if the last section stands in it too."""
    first, last = lines[marks[0]].at, lines[marks[-1]].at
    depths = document.depths
    if not depths or first == last:
        return len(lines)
    shared = min(depths[first:last])
    closing = next((at for at in range(last, len(depths)) if depths[at] < shared), len(depths) - 1)
    end = next((at for at, line in enumerate(lines) if line.at > closing), len(lines))
    return end if end > marks[-1] + 1 else len(lines)


def _ends(item: str | Grid, published: Published) -> bool:
    """Whether a line is the site's own, behind the report."""
    if not isinstance(item, str) or len(item) > _LONGEST_END:
        return False
    return "".join(item.split()) in published.ends or item.startswith(published.ends_with)
