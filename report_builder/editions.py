"""Rows that another format prints where this one has others: counted as they stand, never divided by guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from report_builder.figures import printed
from report_builder.model import Figure, Trouble, Typed
from report_builder.spec import Foreign, Format, Table


def read_over(cells: Mapping[str, Figure], fmt: Format) -> tuple[dict[str, Figure], list[Trouble]]:
    """The cells as they count, and what is to be said of each row of another format among them.

    A former row that is 0 throughout tells all: its parts are 0. One with cases in it stays one row.
    """
    kept, troubles = dict(cells), []
    for table in fmt.tables:
        for foreign in table.foreign:
            row = {key: kept[key] for key in _former_keys(table, foreign) if key in kept}
            if row and _is_zero(table, row):
                zeros = {part: _zero(row[key]) for key in row for part in fmt.stands_for[key]}
                kept = {key: held for key, held in kept.items() if key not in row} | zeros
                troubles.append(_said(foreign, zeros, "各格都是 0，各项按 0 计"))
            elif row:
                count = printed(next(reversed(row.values())).number) or "未填"
                troubles.append(
                    _said(foreign, row, f"按一行计入（总计 {count}），不代为拆分，报告表中这几项留空")
                )
    return kept, troubles


def _former_keys(table: Table, foreign: Foreign) -> Iterator[str]:
    return (key for key, slot in table.former.items() if slot.row in foreign.rows)


def _zero(held: Figure) -> Figure:
    return held if held.number == 0 else replace(held, number=0, typed=Typed.COMPUTED)


def _is_zero(table: Table, row: Mapping[str, Figure]) -> bool:
    """Whether every cell of a whole former row is 0; a total left blank is reckoned by its parts."""
    parts = [held for key, held in row.items() if not table.former[key].total_of]
    totals = [held for key, held in row.items() if table.former[key].total_of]
    nothing = all(held.number == 0 for held in parts)
    return (
        len(row) == len(table.former)
        and nothing
        and not any(held.number or held.text.strip("0") for held in totals)
    )


def added_up(foreign: Foreign, cells: Mapping[str, Figure]) -> Trouble:
    """What is to be said where several rows of another format were summed as this one's."""
    return _said(foreign, cells, "按各行之和计入")


def _said(foreign: Foreign, cells: Mapping[str, Figure], kept: str) -> Trouble:
    rows = {
        side: "、".join(f"“{row.label}”" for row in rows)
        for side, rows in (("printed", foreign.rows), ("ours", foreign.ours))
    }
    return Trouble("other_edition", next(iter(cells.values())).source, tuple(cells), {**rows, "kept": kept})


def summed(parts: Sequence[Figure]) -> Figure:
    """Several rows as the one this format has: their sum; where one holds no number, that one as it stands."""
    lacking = next((part for part in parts if part.number is None), None)
    if lacking is not None or len(parts) == 1:
        return lacking or parts[0]
    number = sum(part.number for part in parts if part.number is not None)
    return Figure(number, Typed.NUMBER, printed(number), _together([part.source for part in parts]))


def _together(sources: Sequence[str]) -> str:
    """“X.xlsx·依申请公开!D24、D25、D26”: the sheet is named once."""
    sheet = f"{sources[0].rpartition('!')[0]}!"
    if not all(one.startswith(sheet) for one in sources):
        return "、".join(sources)
    return sheet + "、".join(one.removeprefix(sheet) for one in sources)
