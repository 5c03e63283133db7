"""Tables, text and tasks become a Draft: ordered blocks, from which every product is a plain walk.

Nothing is invented: a sentence is computed from figures that are there, or it is left out; a text the unit did
not write is not written for it (S602 asks for it).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from report_builder.figures import percent, printed
from report_builder.history import Held, measured, not_comparable
from report_builder.model import (
    Block,
    Chart,
    Draft,
    Heading,
    Notice,
    Number,
    Paragraph,
    PlainTable,
    Return,
    StatutoryTable,
    Task,
    Typed,
)
from report_builder.progress import days_late, deadline
from report_builder.recognise import text_block
from report_builder.spec import ChartSpec, Measure, Sentence, Spec, Table
from report_builder.spec.layout import matching
from report_builder.spec.nouns import Change, FieldSpec, SectionSpec

_PLACEHOLDER = re.compile(r"\{(\w+)(:change)?\}")


@dataclass(frozen=True)
class _Desk:
    """What lies on the desk while one report is composed; ``earlier`` is sorted, the newest last."""

    now: Held
    earlier: tuple[Held, ...]
    spec: Spec

    @property
    def last(self) -> Held | None:
        """The year just before, where it is held."""
        newest = self.earlier[-1] if self.earlier else None
        return newest if newest and newest.ret.report_year == self.now.ret.report_year - 1 else None


def compose(now: Held, earlier: Sequence[Held], spec: Spec, *, reason: str = "") -> Draft:
    """The report of ``now``; ``earlier`` are the years held before it, ``reason`` marks it as an overridden draft."""
    ordered = tuple(sorted(earlier, key=lambda held: held.ret.report_year))
    desk = _Desk(now, ordered, spec)
    return Draft(
        unit=now.ret.unit,
        report_year=now.ret.report_year,
        format_id=now.fmt.id,
        title=_filled(now.fmt.report_title, now.ret),
        blocks=tuple(_blocks(desk, reason)),
        published_on=_published_on(now.ret),
    )


def _published_on(ret: Return) -> dt.date | None:
    try:
        return dt.date.fromisoformat(ret.about.get("published_on", ""))
    except ValueError:
        return None


def _filled(text: str, ret: Return) -> str:
    return text.replace("{unit}", ret.unit).replace("{year}", str(ret.report_year))


def _blocks(desk: _Desk, reason: str) -> Iterator[Block]:
    ret, fmt = desk.now.ret, desk.now.fmt
    if reason:
        yield Notice(desk.spec.wording.draft_mark.replace("{reason}", reason))
    yield Heading(0, _filled(fmt.report_title, ret))
    yield from (Paragraph(text) for text in _lead(desk))
    for section in fmt.sections:
        yield Heading(1, section.title)
        yield from _section(desk, section)


def _lead(desk: _Desk) -> Iterator[str]:
    ret = desk.now.ret
    yield from (_filled(text, ret) for text in desk.now.fmt.lead)
    wording = desk.spec.wording
    parts = [
        said.replace("{value}", ret.about[key]) for key, said in wording.contact.items() if ret.about.get(key)
    ]
    if parts:
        yield _filled(wording.contact_sentence, ret).replace("{parts}", "；".join(parts))


def _section(desk: _Desk, section: SectionSpec) -> Iterator[Block]:
    """The fee position where it belongs, the unit's own text, what is computed, the table, the pictures, the tasks."""
    own = desk.now.ret.paragraphs(section.number)
    yield from (Paragraph(text) for text in _fee(desk, section) if text not in own)
    yield from map(text_block, own)
    yield from (Paragraph(text) for text in _sentences(desk, section.number) if text not in own)
    for table in desk.now.fmt.tables:
        if table.section == section.number:
            yield from map(Paragraph, _former_rows(desk, table))
            yield _statutory(table, desk.now.ret)
    yield from (
        chart
        for spec in desk.now.fmt.charts
        if spec.section == section.number
        for chart in _chart(desk, spec)
    )
    if section.tasks:
        yield from _tasks(desk)


def _statutory(table: Table, ret: Return) -> StatutoryTable:
    """The table as printed; a cell without a number shows what was typed, not a zero."""
    texts = {}
    for key in table.slots:
        held = ret.cells.get(key)
        absent = held is None or held.typed is Typed.FORMULA
        texts[key] = (
            "" if absent or held is None else (held.text if held.number is None else printed(held.number))
        )
    return StatutoryTable(table.key, texts)


def _former_rows(desk: _Desk, table: Table) -> Iterator[str]:
    """One sentence for a row of the former format, whose cases no cell of this format's table can show."""
    wording = desk.spec.wording
    for foreign in table.foreign:
        cells = [
            slot
            for slot in table.former.values()
            if slot.row in foreign.rows and slot.key in desk.now.ret.cells
        ]
        count = desk.now.ret.number(cells[-1].key) if cells else None
        if count is not None:
            parts = "".join(wording.former_part.replace("{label}", row.label) for row in foreign.ours)
            said = {
                "row": cells[-1].row.label,
                "count": printed(count),
                "unit": _unit_of(desk, cells[-1].key),
                "parts": parts,
            }
            yield wording.former_row.format_map(said)


def _unit_of(desk: _Desk, key: str) -> str:
    """What the measures that sum this cell, or the cells it stands for, count in."""
    cells = desk.now.fmt.stands_for[key]
    return next((m.unit for m in desk.now.fmt.measures if matching(m.cells, cells)), "")


def _sentences(desk: _Desk, section: int) -> Iterator[str]:
    for sentence in desk.now.fmt.sentences:
        if sentence.section == section:
            text = _sentence(desk, sentence)
            if text:
                yield _filled(text, desk.now.ret)


def _sentence(desk: _Desk, sentence: Sentence) -> str:
    """The sentence with its figures; empty where a figure is missing or there is nothing to say."""
    if sentence.omit_when_zero and _all_zero(desk, sentence.omit_when_zero):
        return ""
    text = sentence.zero if sentence.zero_when and _all_zero(desk, sentence.zero_when) else sentence.text
    parts = _parts(desk, sentence.parts)
    if parts is None:
        return ""
    text = text.replace("{parts}", parts)
    said = {match.group(): _said(desk, match) for match in _PLACEHOLDER.finditer(text)}
    if None in said.values():
        return ""
    return _PLACEHOLDER.sub(lambda match: said[match.group()] or "", text)


def _all_zero(desk: _Desk, keys: Iterable[str]) -> bool:
    measures = desk.now.fmt.measures_by_key
    return all(measured(measures[key], desk.now) == 0 for key in keys)


def _parts(desk: _Desk, keys: Sequence[str]) -> str | None:
    """“予以公开12件，部分公开3件”: the measures that are not zero; None where one cannot be summed."""
    wording, said = desk.spec.wording, []
    for key in keys:
        measure = desk.now.fmt.measures_by_key[key]
        number = measured(measure, desk.now)
        if number is None:
            return None
        if number:
            said.append(
                wording.parts_item.format(label=measure.label, value=printed(number), unit=measure.unit)
            )
    return None if keys and not said else wording.parts_join.join(said)


def _said(desk: _Desk, match: re.Match[str]) -> str | None:
    key, change = match.groups()
    if key in {"year", "unit"}:
        return match.group()
    measure = desk.now.fmt.measures_by_key[key]
    number = measured(measure, desk.now)
    if number is None:
        return None
    return _change(desk, measure, number) if change else printed(number)


def _change(desk: _Desk, measure: Measure, number: Number) -> str:
    """How ``number`` stands to last year's; empty where none is held or the two are not comparable."""
    last = desk.last
    older = last.fmt.measures_by_key.get(measure.key) if last else None
    if last is None or older is None or not_comparable(desk.spec, last.fmt, desk.now.fmt, measure):
        return ""
    base = measured(older, last)
    return "" if base is None else change_in_words(desk.spec.wording.change, measure.unit, base, number)


def change_in_words(change: Change, unit: str, base: Number, now: Number) -> str:
    """“，较上年增加5件、增长16.67%”; no per cent on a base of zero or of a few cases, where it says nothing."""
    difference = max(now, base) - min(now, base)
    if not difference:
        return change.same if now else ""
    if not base:
        return change.from_zero.format(unit=unit)
    small = base < change.percent_base
    more, less = (change.more_small, change.less_small) if small else (change.more, change.less)
    said = percent(Decimal(difference) / Decimal(base), change.percent_places)
    return (more if now > base else less).format(difference=printed(difference), unit=unit, percent=said)


def _fee(desk: _Desk, section: SectionSpec) -> Iterator[str]:
    """The processing-fee position, where the unit's form states one."""
    wording, fee = desk.now.fmt.fee, desk.now.ret.fee
    if not section.fee or wording is None or fee is None or fee.collected is None:
        return
    if not fee.collected:
        yield _filled(wording.none, desk.now.ret)
    elif fee.cases is not None and fee.amount is not None:
        said = wording.collected.replace("{cases}", str(fee.cases)).replace("{amount}", printed(fee.amount))
        yield _filled(said, desk.now.ret)


_SHORT = frozenset({"code", "title", "role", "state", "done_on"})
"""Fields that explain themselves; what of them a task has stands in every table it is in."""


def _tasks(desk: _Desk) -> Iterator[Block]:
    """The task-completion part: a computed summary and a table; nothing where no tasks were given."""
    tasks, wording = desk.now.ret.tasks, desk.spec.wording
    if not tasks:
        return
    yield Heading(2, _filled(wording.task_heading, desk.now.ret))
    parts = _counted("state", wording.task_states, tasks)
    if parts:
        late = sum(days_late(task, deadline(task, None)) > 0 for task in tasks)
        yield Paragraph(
            wording.task_summary.format(
                total=len(tasks),
                roles=_counted("role", wording.task_roles, tasks),
                parts=parts,
                late=wording.task_late.format(count=late) if late else "",
            ).replace("（）", "")
        )
    unfinished = tuple(task for task in tasks if task["state"] in wording.task_unfinished)
    rows = tuple(
        _TaskRow(desk.spec, wording.task_cells, _said_below(task, desk.spec)).of(task) for task in tasks
    )
    yield PlainTable("", wording.task_columns, rows, wording.task_widths)
    if unfinished:
        yield Paragraph(wording.task_unfinished_lead.format(count=len(unfinished)))
        row = _TaskRow(desk.spec, wording.task_unfinished_cells)
        yield PlainTable(
            "",
            wording.task_unfinished_columns,
            tuple(map(row.of, unfinished)),
            wording.task_unfinished_widths,
        )


def _counted(field: str, words: Mapping[str, str], tasks: Sequence[Task]) -> str:
    """“已完成4项、推进中1项”: how many tasks there are of each kind, the kinds in their usual order."""
    counts = {key: sum(task[field] == key for task in tasks) for key in words}
    return "、".join(f"{words[key]}{count}项" for key, count in counts.items() if count)


def _said_below(task: Task, spec: Spec) -> frozenset[str]:
    """What of a task stands in the table of the unfinished ones."""
    if task["state"] not in spec.wording.task_unfinished:
        return frozenset()
    return frozenset(key for cell in spec.wording.task_unfinished_cells for key in cell) - _SHORT


@dataclass(frozen=True)
class _TaskRow:
    """A row of a task table: the fields of each cell, without those told elsewhere."""

    spec: Spec
    cells: Sequence[Sequence[str]]
    elsewhere: frozenset[str] = frozenset()

    def of(self, task: Task) -> tuple[str, ...]:
        return tuple(
            self._cell(task, [field for field in fields if field not in self.elsewhere])
            for fields in self.cells
        )

    def _cell(self, task: Task, fields: Sequence[str]) -> str:
        """The fields of one cell, each on a line; where a cell holds many, each says what it is."""
        specs = {field.key: field for field in self.spec.workbook.sheet("tasks").fields}
        labelled = len(set(fields) - _SHORT) > 1
        said = [(specs[field], self._said(specs[field], task[field])) for field in fields if task[field]]
        apart = "\n" if labelled or any(field.kind == "date" for field, _ in said) else " "
        return apart.join(f"{field.label}：{text}" if labelled else text for field, text in said)

    def _said(self, field: FieldSpec, text: str) -> str:
        wording = self.spec.wording
        names: Mapping[str, Mapping[str, str]] = {"state": wording.task_states, "role": wording.task_roles}
        return _day_in_words(text) if field.kind == "date" else names.get(field.key, {}).get(text, text)


def _day_in_words(text: str) -> str:
    """2025-01-09 as 2025年1月9日, the way official documents write a day; anything else as it is."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"


def _chart(desk: _Desk, spec: ChartSpec) -> Iterator[Chart]:
    """The picture, where it has enough in it to tell something."""
    unit, categories, series = _CHARTS[spec.kind](desk, spec)
    everything: list[Number] = [number for _, numbers in series for number in numbers]
    bars = sum(any(numbers[at] for _, numbers in series) for at in range(len(categories)))
    if sum(everything) >= spec.at_least and bars >= max(spec.parts_at_least, 1):
        title = _filled(spec.title, desk.now.ret)
        yield Chart(
            spec.name, spec.kind, title, unit, categories, series, _alt(title, unit, categories, series)
        )


Plotted = tuple[str, tuple[str, ...], tuple[tuple[str, tuple[Number, ...]], ...]]
_NOTHING: Plotted = ("", (), ())
_MOST_YEARS = 8
"""More years side by side would set their values too small to read."""


def _bars(desk: _Desk, spec: ChartSpec) -> Plotted:
    """One bar a measure, or a column of one row; zeros are left out, they tell nothing as a bar."""
    pairs = _row_pairs(desk, spec.row) if spec.row else _measure_pairs(desk, spec.measures)
    if pairs is None:
        return _NOTHING
    shown = [(label, number) for label, number in pairs if number]
    unit = next((desk.now.fmt.measures_by_key[key].unit for key in spec.measures), _row_unit(desk, spec.row))
    return unit, tuple(label for label, _ in shown), (("", tuple(number for _, number in shown)),)


def _row_unit(desk: _Desk, row: str) -> str:
    """A row of cases is counted as the measures that sum its cells are."""
    owners = (m.unit for m in desk.now.fmt.measures if any(cell.startswith(row + ".") for cell in m.cells))
    return next(owners, "") if row else ""


def _measure_pairs(desk: _Desk, keys: Iterable[str]) -> list[tuple[str, Number]] | None:
    pairs = [
        (measure.label, measured(measure, desk.now))
        for measure in map(desk.now.fmt.measures_by_key.get, keys)
        if measure
    ]
    known = [(label, number) for label, number in pairs if number is not None]
    return known if len(known) == len(pairs) else None


def _row_pairs(desk: _Desk, row: str) -> list[tuple[str, Number]] | None:
    slots = [
        slot
        for key, slot in desk.now.fmt.slots.items()
        if f"{slot.table}.{slot.row.key}" == row and not slot.total_of
    ]
    pairs = [(slot.column.label, desk.now.ret.number(slot.key)) for slot in slots]
    known = [(label, number) for label, number in pairs if number is not None]
    return known if len(known) == len(pairs) else None


def _years(desk: _Desk, spec: ChartSpec) -> Plotted:
    """Every year held in a row up to this one, in which all the measures can be summed and compared."""
    years = [held for held in (*desk.earlier, desk.now) if _comparable(desk, held, spec.measures)]
    years = years[-_MOST_YEARS:]
    labels = tuple(f"{held.ret.report_year}年" for held in years)
    measures = [desk.now.fmt.measures_by_key[key] for key in spec.measures]
    series = tuple(
        (measure.label, tuple(measured(held.fmt.measures_by_key[measure.key], held) or 0 for held in years))
        for measure in measures
    )
    return (measures[0].unit, labels, series) if len(years) > 1 else _NOTHING


def _comparable(desk: _Desk, held: Held, keys: Iterable[str]) -> bool:
    for key in keys:
        measure = held.fmt.measures_by_key.get(key)
        if measure is None or measured(measure, held) is None:
            return False
        if not_comparable(desk.spec, held.fmt, desk.now.fmt, desk.now.fmt.measures_by_key[key]):
            return False
    return True


def _stacked(desk: _Desk, spec: ChartSpec) -> Plotted:
    """A whole table: a bar for each of its rows that is not empty, a piece for each of its columns."""
    table = desk.now.fmt.table(spec.table)
    band = table.bands[0]
    columns = [column for column in band.columns if not column.total_of]
    cells = {
        row.label: [desk.now.ret.number(f"{table.key}.{row.key}.{c.key}") for c in columns]
        for row in band.rows
    }
    if any(number is None for numbers in cells.values() for number in numbers):
        return _NOTHING
    rows = {label: [number or 0 for number in numbers] for label, numbers in cells.items() if any(numbers)}
    unit = _row_unit(desk, f"{table.key}.{band.rows[0].key}")
    series = tuple(
        (column.label, tuple(rows[label][at] for label in rows)) for at, column in enumerate(columns)
    )
    return unit, tuple(rows), tuple((label, numbers) for label, numbers in series if any(numbers))


_CHARTS = {"bars": _bars, "years": _years, "stacked": _stacked}


def _alt(
    title: str, unit: str, categories: Sequence[str], series: Sequence[tuple[str, Sequence[Number]]]
) -> str:
    """The picture in words, for who cannot see it: every value it shows."""
    said = []
    for at, category in enumerate(categories):
        values = "、".join(f"{name}{printed(numbers[at])}{unit}" for name, numbers in series)
        said.append(f"{category}：{values}")
    return f"{title}。{'；'.join(said)}。"
