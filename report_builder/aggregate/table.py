"""One tidy table of every cell of every unit, its exact sums, and the files it is handed out in.

pandas adds whole numbers only: amounts are counted in their smallest printed fraction, so no sum is rounded. The
value column holds ints, Decimals and None; None is a cell nobody filled in, and takes no part in any sum.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from report_builder.figures import printed, whole
from report_builder.model import Number, Return
from report_builder.spec import Format
from report_builder.workbooks import RISKY

COLUMNS = ("unit", "report_year", "table", "row", "column", "value")
_CELL = "cell"
_EXACT = Context(prec=200)
_INT64 = 2**63
_LEAST_SCALE = 6
"""Of an amount in 万元 six places are a fen."""
_AT_ONCE = 1 << 18
"""Rows that are written at once."""
_NARROW, _WIDE = (38, 18), (76, 38)

Codes = npt.NDArray[np.int32]
"""Texts by their number among those there are."""

Sums = Mapping[str, Mapping[str, Number]]
"""What each place's members come to, cell by cell; a cell that none of them has filled in is not there."""


def tidy(returns: Sequence[Return], fmt: Format) -> pd.DataFrame:
    """A row for every cell of the format in every return of one year, in the order given.

    A return that has a row of the former format has that row's cells in place of those it stands for.
    """
    keys = list(fmt.known_slots)
    code_of = {key: code for code, key in enumerate(keys)}
    usual = tuple(fmt.slots)
    standing = [tuple(fmt.standing(usual, ret.cells)) for ret in returns]
    codes = {own: np.array([code_of[key] for key in own], dtype=np.int32) for own in set(standing)}
    cells = np.concatenate([np.empty(0, np.int32), *(codes[own] for own in standing)])
    units = np.repeat(np.arange(len(returns), dtype=np.int32), [len(own) for own in standing])
    values = [ret.number(key) for ret, own in zip(returns, standing, strict=True) for key in own]
    frame = pd.DataFrame(
        {
            "unit": _named(units, [ret.unit for ret in returns]),
            "report_year": np.int32(returns[0].report_year if returns else 0),
            _CELL: _named(cells, keys),
        }
    )
    for part, name in enumerate(("table", "row", "column")):
        frame[name] = _relabelled(cells, [(*key.split("."),) for key in keys], part)
    frame["value"] = pd.Series(values, dtype=object)
    return frame[[*COLUMNS, _CELL]]


def _named(codes: Codes, names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype=object))


def _relabelled(cells: Codes, parts: Sequence[tuple[str, ...]], part: int) -> pd.Categorical:
    """The table, row or column of each cell; a row's key may have dots in it."""
    said = [(one[0], ".".join(one[1:-1]), one[-1])[part] for one in parts]
    names = list(dict.fromkeys(said))
    return _named(np.array([names.index(one) for one in said], dtype=np.int32)[cells], names)


def sums(
    frame: pd.DataFrame, members: Mapping[str, Sequence[str]], fmt: Format
) -> dict[str, dict[str, Number]]:
    """The sum of each place's members, cell by cell, exact; the order of units and rows says nothing."""
    filled = frame[frame["value"].notna()]
    scale = _scale(filled["value"])
    at = [filled["unit"].cat.codes, filled[_CELL].cat.codes]
    scaled = pd.Series(_scaled(filled["value"], scale), index=at)
    by_unit = scaled.unstack(fill_value=0)  # noqa: PD010 - a pivot would go by way of floats
    there = scaled.notna().unstack(fill_value=False)  # noqa: PD010
    row_of = {unit: row for row, unit in enumerate(frame["unit"].cat.categories[by_unit.index])}
    keys = frame[_CELL].cat.categories[by_unit.columns]
    found = {}
    for place, units in members.items():
        own = [row_of[unit] for unit in units if unit in row_of]
        cells = zip(keys, by_unit.iloc[own].sum(), there.iloc[own].any(), strict=True)
        added = {key: _unscaled(int(number), scale) for key, number, filled_in in cells if filled_in}
        found[place] = in_one_edition(added, fmt)
    return found


def blank(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The cells that each unit has left empty, of those units that left some."""
    empty = frame[frame["value"].isna()]
    found: dict[str, list[str]] = {}
    for unit, key in zip(empty["unit"], empty[_CELL], strict=True):
        found.setdefault(unit, []).append(key)
    return found


def _scale(values: Iterable[Number]) -> int:
    """How many decimal places the finest figure has."""
    return max((-_exponent(one) for one in values if isinstance(one, Decimal)), default=0)


def _exponent(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def _scaled(values: pd.Series, scale: int) -> npt.NDArray[Any]:
    """The figures as whole numbers: machine integers where their sum surely fits, else Python's own."""
    numbers = [
        one * 10**scale if isinstance(one, int) else int(_EXACT.scaleb(one, Decimal(scale))) for one in values
    ]
    most = max(map(abs, numbers), default=0) * len(numbers)
    return np.array(numbers, dtype=np.int64 if most < _INT64 else object)


def _unscaled(number: int, scale: int) -> Number:
    return whole(_EXACT.scaleb(Decimal(number), Decimal(-scale)))


def in_one_edition(cells: Mapping[str, Number], fmt: Format) -> dict[str, Number]:
    """Where some have a row of the former format, the others' rows are added to it: one row cannot be taken apart."""
    settled = dict(cells)
    for former, parts in fmt.stands_for.items():
        if former in settled:
            settled[former] = settled[former] + sum(settled.pop(part) for part in parts if part in settled)
    return settled


def write_parquet(target: BinaryIO, frame: pd.DataFrame, described: Mapping[str, str]) -> None:
    """The table as Parquet: texts, the year as int32, the value as an exact decimal; null is not filled in.

    ``described`` says what each column holds and stands in the file beside it.
    """
    words = pa.string()
    kinds = {
        "report_year": pa.int32(),
        "value": _decimal(_scale(one for one in frame["value"] if one is not None)),
    }
    schema = pa.schema(
        pa.field(name, kinds.get(name, words), metadata={"description": described[name]}) for name in COLUMNS
    )
    with parquet.ParquetWriter(target, schema, compression="zstd", version="2.6") as writer:
        for part in _parts(frame):
            writer.write_table(pa.Table.from_arrays(list(_arrays(part, schema)), schema=schema))


def _arrays(frame: pd.DataFrame, schema: pa.Schema) -> Iterator[pa.Array]:
    for field in schema:
        column = frame[field.name]
        yield pa.array(column.tolist() if field.name == "value" else column, type=field.type)


def _parts(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The table bit by bit: a province's millions of rows are never all texts at once; an empty one is one bit."""
    for at in range(0, max(len(frame), 1), _AT_ONCE):
        yield frame.iloc[at : at + _AT_ONCE]


def _decimal(scale: int) -> pa.DataType:
    digits, most = _NARROW
    return pa.decimal128(digits, max(scale, _LEAST_SCALE)) if scale <= most else pa.decimal256(*_WIDE)


def write_csv(target: BinaryIO, frame: pd.DataFrame) -> None:
    """The table as CSV in UTF-8 with a mark, so that Excel opens it right; an empty value is not filled in."""
    lines = io.TextIOWrapper(target, encoding="utf-8-sig", newline="")
    rows = csv.writer(lines, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for part in _parts(frame):
        rows.writerows(_lines(part))
    lines.detach()


def as_dictionary(rows: Iterable[tuple[str, str]]) -> bytes:
    """What the table's columns and keys mean, as CSV."""
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\r\n").writerows((("name", "meaning"), *rows))
    return lines.getvalue().encode("utf-8-sig")


def _lines(frame: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    safe = {name: f"'{name}" if name.startswith(RISKY) else name for name in frame["unit"].cat.categories}
    units, years, *places, values = (frame[name].tolist() for name in COLUMNS)
    return (
        (safe[unit], str(year), *where, printed(value))
        for unit, year, value, *where in zip(units, years, values, *places, strict=True)
    )
