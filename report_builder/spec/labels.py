"""What a comparison speaks of, in a clerk's words: a section, a table, a row of it, a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report_builder.spec.nouns import Column, Format, Row

_JOIN = "·"
_SECTION = "sections"


@dataclass(frozen=True)
class Label:
    """The words for what a key names: the table or section, then the row with what it belongs to, then the column."""

    table: str
    row: str = ""
    column: str = ""

    def __str__(self) -> str:
        """All of it in one."""
        return _JOIN.join(filter(None, (self.table, self.row, self.column)))


def label(what: str, formats: Sequence[Format], terms: Mapping[str, str]) -> str:
    """The words for ``what`` in one, as :func:`labelled` finds them."""
    return str(labelled(what, formats, terms))


def labelled(what: str, formats: Sequence[Format], terms: Mapping[str, str]) -> Label:
    """The words for ``what`` in the first of the formats that knows it; what none knows keeps its key."""
    return next((said for fmt in formats for said in _labels(what, fmt, terms)), Label(what))


def _labels(what: str, fmt: Format, terms: Mapping[str, str]) -> Iterator[Label]:
    """At most a few: a row is known from each of its cells, and all of them say the same."""
    table, _, rest = what.partition(".")
    if table == _SECTION:
        yield from (Label(one.title) for one in fmt.sections if str(one.number) == rest)
        return
    named = terms.get(table, table)
    if not rest:
        yield from (Label(named) for one in fmt.tables if one.key == table)
    slot = fmt.known_slots.get(what)
    if slot is not None:
        yield Label(named, _row(slot.row), _column(slot.column))
    rows = (one.row for one in fmt.known_slots.values() if f"{one.table}.{one.row.key}" == what)
    yield from (Label(named, _row(row)) for row in rows)


def _row(row: Row) -> str:
    return _JOIN.join((*row.group, row.label))


def _column(column: Column) -> str:
    return _JOIN.join(filter(None, (column.group, column.label)))
