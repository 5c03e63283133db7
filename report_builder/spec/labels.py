"""What a comparison speaks of, in a clerk's words: a section, a table, a row of it, a cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from report_builder.spec.nouns import Column, Format, Row

_JOIN = "·"
_SECTION = "sections"


def label(what: str, formats: Sequence[Format], terms: Mapping[str, str]) -> str:
    """The words for ``what`` in the first of the formats that knows it; what none knows keeps its key."""
    return next((said for fmt in formats for said in _labels(what, fmt, terms)), what)


def _labels(what: str, fmt: Format, terms: Mapping[str, str]) -> Iterator[str]:
    """At most a few: a row is known from each of its cells, and all of them say the same."""
    table, _, rest = what.partition(".")
    if table == _SECTION:
        yield from (one.title for one in fmt.sections if str(one.number) == rest)
        return
    if not rest:
        yield from (terms.get(one.key, one.key) for one in fmt.tables if one.key == table)
    slot = fmt.known_slots.get(what)
    if slot is not None:
        yield _JOIN.join((terms.get(table, table), *_row(slot.row), *_column(slot.column)))
    for held in fmt.known_slots.values():
        if rest and f"{held.table}.{held.row.key}" == what:
            yield _JOIN.join((terms.get(table, table), *_row(held.row)))


def _row(row: Row) -> tuple[str, ...]:
    return (*row.group, row.label)


def _column(column: Column) -> tuple[str, ...]:
    return (column.group, column.label) if column.group else (column.label,)
