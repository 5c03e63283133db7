"""Another unit or another year in the titles above a table: somebody else's form, or last year's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from report_builder.collect.doubles import Own, titles_above
from report_builder.collect.fields import unit_names
from report_builder.collect.tables import Tables
from report_builder.model import Trouble
from report_builder.recognise import Found, bare

_CLAUSES = re.compile(r"[，。；：,;:]")
_Title = tuple[int, int, str]
_NAME = re.compile(r"[\u4e00-\u9fff]{4,30}")


def other_titles(tables: Tables, own: Own, unit: str) -> Iterator[Trouble]:
    """What stands above the tables and can only mean another year or another unit, each once."""
    said: dict[object, Trouble] = {}
    for copies in tables.found.values():
        for found in copies:
            titles = list(titles_above(found))
            if titles:
                for trouble in (
                    *_other_year(tables, found, titles, own),
                    *_other_unit(tables, found, titles, own, unit),
                ):
                    said.setdefault(trouble.facts.get("unit", trouble.kind), trouble)
    yield from said.values()


def _other_year(tables: Tables, found: Found, titles: Sequence[_Title], own: Own) -> Iterator[Trouble]:
    """A title of one other year, where no title above the table speaks of the report year."""
    if any(own.year in own.years(text) for _, _, text in titles):
        return
    for row, column, text in titles:
        years = own.years(text)
        if len(years) == 1 and not _CLAUSES.search(text):
            facts = {"what": "表上方写的年度", "found": f"{years.pop()}年", "expected": f"{own.year}年"}
            yield Trouble("wrong_edition", tables.place(found.grid, row, column), (), facts)


def _other_unit(
    tables: Tables, found: Found, titles: Sequence[_Title], own: Own, unit: str
) -> Iterator[Trouble]:
    """A unit named by the field's label above the table, or a registered name that stands there alone."""
    rows = found.grid.rows[: titles[-1][0] + 1]
    labelled = unit_names(replace(found.grid, rows=rows), tables.spec)
    alone = [(row, column, text) for row, column, text in titles if own.known(text)]
    for row, column, name in (*labelled, *alone):
        if unit and _is_other(name, own):
            facts = {"file_unit": unit, "unit": own.known(name) or name}
            yield Trouble("unit_differs", tables.place(found.grid, row, column), (), facts)


def _is_other(name: str, own: Own) -> bool:
    """Whether this can only be another unit's name: a registered one, or one that shares no whole name with ours."""
    registered = own.known(name)
    if registered:
        return bare(registered) not in own.names and bare(name) not in own.names
    plain = bare(name)
    apart = not any(plain in one or one in plain for one in own.names)
    return apart and _NAME.fullmatch(name.strip()) is not None
