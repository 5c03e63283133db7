"""Tables that lost their cells: labels and figures run together in the text, which no reader can take apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from report_builder.spec import Table

_FIGURES = r"[\d\s.,，/／—－\-０-９]"
_LEAST_LABELS = 6
_LEAST_TEXT = 4
_LEAST_LINES = 6
_GAP = 40
_OPEN, _CLOSED = "[（(]", "[）)]"


def without_tables(paragraphs: Sequence[str], tables: Sequence[Table]) -> tuple[tuple[str, ...], bool]:
    """The paragraphs without the runs of labels and figures in them, and whether there were figures in any.

    Where a table stands on many lines, what is between its first and its last is the rest of it.
    """
    if not tables:
        return tuple(paragraphs), False
    parts = [list(_kept(text, tables)) for text in paragraphs]
    torn = [at for at, (text, kept) in enumerate(zip(paragraphs, parts, strict=True)) if kept != [text]]
    if len(torn) >= _LEAST_LINES:
        parts[torn[0] + 1 : torn[-1]] = []
    kept = [part for one in parts for part in one]
    return tuple(kept), _count_digits(kept) < _count_digits(paragraphs)


def _count_digits(texts: Sequence[str]) -> int:
    return sum(sign.isdigit() for text in texts for sign in text)


def _kept(text: str, tables: Sequence[Table]) -> Iterator[str]:
    """What stands before, between and behind the runs; a sign or two are the rest of a label."""
    begun = 0
    runs = _runs(text, tables)
    for start, end in (*runs, (len(text), len(text))):
        part = text[begun:start].strip()
        begun = end
        if len(part) >= (_LEAST_TEXT if runs else 1):
            yield part


def _runs(text: str, tables: Sequence[Table]) -> list[tuple[int, int]]:
    """Where labels and figures follow one another; a few signs between two runs are a label written otherwise."""
    whole, labels = _patterns(tuple(tables))
    runs: list[tuple[int, int]] = []
    for match in whole.finditer(text):
        count = len(labels.findall(match[0]))
        alone = match.span() == (0, len(text)) and count
        if not alone and count < (2 if runs and match.start() - runs[-1][1] < _GAP else _LEAST_LABELS):
            continue
        if runs and match.start() - runs[-1][1] < _GAP:
            runs[-1] = (runs[-1][0], match.end())
        else:
            runs.append(match.span())
    return runs


@cache
def _patterns(tables: tuple[Table, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Runs of labels and figures, and the labels alone."""
    words = sorted({word for table in tables for word in _words(table)}, key=len, reverse=True)
    labels = "|".join(map(_spelt, words))
    return re.compile(f"(?:{labels}|{_FIGURES})+"), re.compile(labels)


def _words(table: Table) -> Iterator[str]:
    yield from filter(None, (table.corner, table.columns_heading))
    for band in table.bands:
        yield from filter(None, (band.title, band.row_heading))
        for column in band.columns:
            yield from filter(None, (column.label, column.group, *column.also))
        for row in band.rows:
            yield from (row.label, *row.group, *row.also)


def _spelt(word: str) -> str:
    """A label with any white space in it, and brackets of either width."""
    signs = (_OPEN if sign in "（(" else _CLOSED if sign in "）)" else re.escape(sign) for sign in word)
    return r"\s*".join(signs)
