"""What is to be said of a table that was found: labels written otherwise, amounts in another unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache

from report_builder.figures import printed
from report_builder.model import Figure, Grid, Trouble
from report_builder.recognise.exact import Found, Place, Taken
from report_builder.recognise.labels import amount_stem, bare
from report_builder.recognise.near import unnumbered
from report_builder.spec import Format, Slot

_NOTE_REACH = 4
"""How many rows above a table its unit may stand."""
_LONGEST_NOTE = 20
_LONGEST_QUOTE = 40

Where = Callable[[Grid, int, int], str]


def label_remarks(found: Found, title: str, where: Where) -> Iterator[Trouble]:
    """Labels that were taken for the format's, all in one; and each that is unclear."""
    if found.taken:
        said = "；".join(_taken(found.taken))
        first = found.taken[0]
        lines = {(one.row, one.column) for one in found.taken}
        keys = tuple(key for key, (row, column) in found.places.items() if _is_on(row, column, lines))
        place = where(found.grid, first.row, first.column)
        yield Trouble("label_taken", place, keys, {"table": title, "taken": said})
    for one in found.unclear:
        candidates = "".join(f"“{label}”" for label in one.labels)
        place = where(found.grid, one.row, one.column)
        yield Trouble(
            "label_unclear", place, one.cells, {"label": _short(one.text), "candidates": candidates}
        )


def _taken(taken: Sequence[Taken]) -> Iterator[str]:
    """What was taken for what; labels that lack no more than their ordinal all in one."""
    bald = [one for one in taken if bare(one.text) == unnumbered(bare(one.label))]
    if len(bald) > 1:
        yield f"{len(bald)} 个行名没有序号（“{_short(bald[0].text)}”等）"
    for one in taken:
        if len(bald) < 2 or one not in bald:  # noqa: PLR2004 - one alone is said as all others
            yield f"把“{_short(one.text)}”认作“{one.label}”"


def amount_remarks(
    found: Found, fmt: Format, figure_at: Callable[[Grid, Place], Figure]
) -> Iterator[Trouble]:
    """Amounts beside which another unit is written than the column's; the number stays as it is."""
    for slot in _amounts_of(fmt):
        place = found.places.get(slot.key)
        if place is not None:
            held, written = figure_at(found.grid, place), _written_unit(found, fmt, slot, place)
            if written and held.number is not None:
                yield Trouble("amount_unit", held.source, (slot.key,), _other_unit(fmt, slot, held, written))


@cache
def _amounts_of(fmt: Format) -> tuple[Slot, ...]:
    """The cells of a format that hold an amount in a unit."""
    return tuple(slot for slot in fmt.known_slots.values() if slot.kind == "amount" and slot.column.unit)


def _other_unit(fmt: Format, slot: Slot, held: Figure, written: str) -> dict[str, object]:
    units = fmt.amounts.units
    number = Decimal(held.number or 0) * units[written] / units[slot.column.unit]
    said = {"label": slot.label, "expected": slot.column.unit, "found": written}
    return {**said, "typed": held.text, "converted": printed(number)}


def _written_unit(found: Found, fmt: Format, slot: Slot, place: Place) -> str:
    """The unit that the labels of this cell or a note beside the table state; of two the one that is not asked for."""
    labels = [
        bare(str(found.grid.rows[hit.row][hit.column]))
        for hit in found.hits
        if hit.column == place[1] or hit.row == place[0]
    ]
    stems = (amount_stem(slot.column, slot.column.label), bare(slot.row.label))
    stated = [unit for label in labels if label.startswith(stems) and (unit := _last_unit(fmt, label))]
    written = [*stated, _note(found, fmt)]
    return next((unit for unit in written if unit and unit != slot.column.unit), "")


def _last_unit(fmt: Format, label: str) -> str:
    """The unit that a label ends in."""
    longest_first = sorted(fmt.amounts.units, key=len, reverse=True)
    return next((unit for unit in longest_first if label.endswith(unit)), "")


def _note(found: Found, fmt: Format) -> str:
    """The unit of amounts that stands in a cell of its own above, in or just under the table, if only one does."""
    units = {word + unit: unit for unit in fmt.amounts.units for word in fmt.amounts.words}
    first = min((hit.row for hit in found.hits), default=found.top) - _NOTE_REACH
    rows = found.grid.rows[max(first, 0) : found.bottom + 2]
    texts = (one for row in rows for one in row if isinstance(one, str) and len(one) <= _LONGEST_NOTE)
    said = {units[plain] for text in texts if (plain := bare(text)) in units}
    return said.pop() if len(said) == 1 else ""


def _is_on(row: int, column: int, lines: Iterable[tuple[int, int]]) -> bool:
    """Whether a figure stands beside or below one of these labels."""
    return any(row == at or (column == beside and row > at) for at, beside in lines)


def _short(text: str) -> str:
    """A text as it stands in a message: in one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}…"
