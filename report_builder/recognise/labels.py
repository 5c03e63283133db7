"""The labels of a format as a typist may vary them, and what stands for what."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from report_builder.spec import Amounts, Band, Column, Format, Row, Table

LONGEST_LABEL = 80
_BRACKETED = re.compile(r"[（(][^（）()]*[）)]$")


class Hit(NamedTuple):
    """A cell whose text is a label of the format, and what that label may stand for."""

    row: int
    column: int
    label: str


@dataclass(frozen=True)
class Names:
    """One table's labels, bared, and what they stand for."""

    table: Table
    rows: Mapping[str, str]
    columns: Mapping[str, str]
    bands: tuple[tuple[Mapping[str, str], Mapping[str, str]], ...]


@lru_cache(maxsize=4096)
def bare(label: str) -> str:
    """A label without anything a typist varies: white space, punctuation, full or half width."""
    text = unicodedata.normalize("NFKC", label)
    return "".join(sign for sign in text if sign.isalnum())


@cache
def names_of(fmt: Format, table: Table) -> Names:
    """The labels of one table of ``fmt``."""
    bands = tuple((row_names(band.rows), _column_names(band, fmt.amounts)) for band in table.bands)
    rows = {label: key for names, _ in bands for label, key in names.items()}
    columns = {label: key for _, names in bands for label, key in names.items()}
    return Names(table, rows, columns, bands)


def row_names(rows: tuple[Row, ...]) -> dict[str, str]:
    """Row keys by their bared labels."""
    return {bare(label): row.key for row in rows for label in (row.label, *row.also)}


def _column_names(band: Band, amounts: Amounts) -> dict[str, str]:
    """Column keys by their bared labels; that of an amount with any unit, since the unit is judged apart (V204)."""
    return {
        label: column.key for column in reversed(band.columns) for label in column_labels(column, amounts)
    }


def column_labels(column: Column, amounts: Amounts) -> Iterator[str]:
    """The bared labels of one column."""
    for label in (column.label, *column.also):
        stem = amount_stem(column, label)
        if stem:
            yield stem
            yield from (stem + word + unit for unit in amounts.units for word in ("", *amounts.words))
        yield bare(label)


def amount_stem(column: Column, label: str) -> str:
    """The bared label of an amount without the unit printed in brackets behind it; empty for a count."""
    return bare(_BRACKETED.sub("", label)) if column.unit else ""


@cache
def vocabulary(fmt: Format) -> frozenset[str]:
    """Every bared label of the format's rows and columns."""
    tables = (names_of(fmt, table) for table in fmt.tables)
    return frozenset(label for names in tables for label in (*names.rows, *names.columns))
