"""One tidy table of every cell of every unit, its exact sums, and the files it is handed out in.

pandas adds whole numbers only: amounts are counted in their smallest printed fraction, so no sum is rounded. The
value column holds ints, Decimals and None; None is a cell nobody filled in, and takes no part in any sum.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from report_builder.figures import printed, whole
from report_builder.model import Number, Return
from report_builder.spec import Format
from report_builder.workbooks import RISKY

COLUMNS = ("unit", "report_year", "table", "row", "column", "value")
_CELL = "cell"
_PLACE = "place"
_EXACT = Context(prec=200)
_INT64 = 2**63
_LEAST_SCALE = 6
"""Of an amount in 万元 six places are a fen."""
_NARROW, _WIDE = (38, 18), (76, 38)

Sums = Mapping[str, Mapping[str, Number]]
"""What each place's members come to, cell by cell; a cell that none of them has filled in is not there."""


def tidy(returns: Sequence[Return], fmt: Format) -> pd.DataFrame:
    """A row for every cell of the format in every return of one year, in the order given.

    A return that has a row of the former format has that row's cells in place of those it stands for.
    """
    keys = list(fmt.known_slots)
    code_of = {key: code for code, key in enumerate(keys)}
    usual = tuple(fmt.slots)
    units: list[int] = []
    cells: list[int] = []
    values: list[Number | None] = []
    for at, ret in enumerate(returns):
        own = fmt.standing(usual, ret.cells)
        units.extend([at] * len(own))
        cells.extend(code_of[key] for key in own)
        values.extend(map(ret.number, own))
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


def _named(codes: Sequence[int], names: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(
        np.asarray(codes, dtype=np.int32), categories=pd.Index(names, dtype=object)
    )


def _relabelled(cells: Sequence[int], parts: Sequence[tuple[str, ...]], part: int) -> pd.Categorical:
    """The table, row or column of each cell; a row's key may have dots in it."""
    said = [(one[0], ".".join(one[1:-1]), one[-1])[part] for one in parts]
    names = list(dict.fromkeys(said))
    codes = [names.index(one) for one in said]
    return _named([codes[cell] for cell in cells], names)


def sums(
    frame: pd.DataFrame, members: Mapping[str, Sequence[str]], fmt: Format
) -> dict[str, dict[str, Number]]:
    """The sum of each place's members, cell by cell, exact; the order of units and rows says nothing."""
    filled = frame[frame["value"].notna()]
    scale = _scale(filled["value"])
    scaled = _scaled(filled["value"], scale)
    held = pd.DataFrame({"unit": filled["unit"].cat.codes, _CELL: filled[_CELL].cat.codes, "value": scaled})
    added = held.merge(_owned(frame, members), on="unit").groupby([_PLACE, _CELL], sort=False)["value"].sum()
    places, keys = list(members), frame[_CELL].cat.categories
    found: dict[str, dict[str, Number]] = {place: {} for place in places}
    for (place, cell), number in added.items():
        found[places[place]][keys[cell]] = _unscaled(int(number), scale)
    return {place: in_one_edition(cells, fmt) for place, cells in found.items()}


def _owned(frame: pd.DataFrame, members: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Which unit counts in which place, both by number: the unit's in the table, the place's in ``members``."""
    number = {unit: at for at, unit in enumerate(frame["unit"].cat.categories)}
    pairs = [(number[unit], at) for at, units in enumerate(members.values()) for unit in units]
    return pd.DataFrame(pairs, columns=["unit", _PLACE], dtype=np.int32)


def _scale(values: Iterable[Number]) -> int:
    """How many decimal places the finest figure has."""
    return max((-_exponent(one) for one in values if isinstance(one, Decimal)), default=0)


def _exponent(number: Decimal) -> int:
    return int(number.as_tuple().exponent)


def _scaled(values: pd.Series, scale: int) -> pd.Series:
    """The figures as whole numbers: machine integers where their sum surely fits, else Python's own."""
    numbers = [
        one * 10**scale if isinstance(one, int) else int(_EXACT.scaleb(one, Decimal(scale))) for one in values
    ]
    most = max(map(abs, numbers), default=0) * len(numbers)
    return pd.Series(numbers, index=values.index, dtype="int64" if most < _INT64 else object)


def _unscaled(number: int, scale: int) -> Number:
    return whole(_EXACT.scaleb(Decimal(number), Decimal(-scale)))


def in_one_edition(cells: Mapping[str, Number], fmt: Format) -> dict[str, Number]:
    """Where some have a row of the former format, the others' rows are added to it: one row cannot be taken apart."""
    settled = dict(cells)
    for former, parts in fmt.stands_for.items():
        if former in settled:
            settled[former] = settled[former] + sum(settled.pop(part) for part in parts if part in settled)
    return settled


def as_parquet(frame: pd.DataFrame, described: Mapping[str, str]) -> bytes:
    """The table as Parquet: texts, the year as int32, the value as an exact decimal; null is not filled in.

    ``described`` says what each column holds and stands in the file beside it.
    """
    words = pa.string()
    kinds = {
        "report_year": pa.int32(),
        "value": _decimal(_scale(one for one in frame["value"] if one is not None)),
    }
    fields = [
        pa.field(name, kinds.get(name, words), metadata={"description": described[name]}) for name in COLUMNS
    ]
    arrays = [
        pa.array(frame[name].tolist() if name == "value" else frame[name], type=one.type)
        for name, one in zip(COLUMNS, fields, strict=True)
    ]
    target = io.BytesIO()
    parquet.write_table(
        pa.Table.from_arrays(arrays, schema=pa.schema(fields)), target, compression="zstd", version="2.6"
    )
    return target.getvalue()


def _decimal(scale: int) -> pa.DataType:
    digits, most = _NARROW
    return pa.decimal128(digits, max(scale, _LEAST_SCALE)) if scale <= most else pa.decimal256(*_WIDE)


def as_csv(frame: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8 with a mark, so that Excel opens it right; an empty value is not filled in."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    rows.writerows(_lines(frame))
    return lines.getvalue().encode("utf-8-sig")


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
