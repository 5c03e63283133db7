"""What stands in a return's sheets beside the statutory tables: labelled fields, the task list, the narrative."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from report_builder import facts
from report_builder.figures import day, figure, printed
from report_builder.model import Grid, ProcessingFee, Section, Task, Trouble
from report_builder.recognise import bare
from report_builder.spec import Format, Spec
from report_builder.spec.nouns import FieldSpec, SectionSpec, SheetSpec

_SEPARATOR = re.compile(r"[;；、,，\s]+")
_ISO_DAY = re.compile(r"(\d{4})\D+(\d{1,2})\D+(\d{1,2})\D*")
_NAMED = re.compile(r"([^:：]{2,12})[:：](.{2,80})")


class Fields:
    """The sheets of one return under one format; ``holders`` are the grids that statutory tables stand in."""

    def __init__(
        self, name: str, grids: Sequence[Grid], holders: Iterable[Grid], spec: Spec, fmt: Format
    ) -> None:
        self.name, self.grids, self.spec, self.fmt = name, grids, spec, fmt
        self.holders = {id(grid) for grid in holders}

    def place(self, grid: Grid, row: int, column: int) -> str:
        """Where a cell stands, in the clerk's words."""
        return f"{self.name}·{grid.name}!{grid.address(row, column)}"

    def _sheet_grids(self, sheet: SheetSpec) -> list[Grid]:
        """The sheet of that name, else those without tables, then those with."""
        named = [grid for grid in self.grids if bare(grid.name) == bare(sheet.name)]
        return named or sorted(self.grids, key=lambda grid: id(grid) in self.holders)

    def fields(self, holds: str) -> tuple[dict[str, str], dict[str, str]]:
        """The labelled fields of one sheet: what was typed, and where, by field key."""
        sheet = self.spec.workbook.sheet(holds)
        names = _field_names(sheet.fields)
        typed: dict[str, str] = {}
        places: dict[str, str] = {}
        for grid in self._sheet_grids(sheet):
            for at, row in enumerate(grid.rows):
                for column, content in enumerate(row):
                    field = names.get(bare(content)) if content and isinstance(content, str) else None
                    if field is not None and field.key not in places:
                        beside, text = _beside(row, column, field)
                        typed[field.key], places[field.key] = text, self.place(grid, at, beside)
        return {key: text for key, text in typed.items() if text}, places

    def field_troubles(self, about: Mapping[str, str], places: Mapping[str, str]) -> Iterator[Trouble]:
        """Days in 基本信息 that are none."""
        for field in self.spec.workbook.sheet("about").fields:
            typed = about.get(field.key, "")
            if field.kind == "date" and typed and day(typed) is None:
                said = {"label": field.label, "typed": typed, "choices": field.hint}
                yield Trouble("unknown_choice", places[field.key], (), said)

    def fee(self) -> tuple[ProcessingFee | None, list[Trouble]]:
        """The processing-fee position; None where its sheet is left empty."""
        typed, places = self.fields("fee")
        if not typed:
            return None, []
        field = next(one for one in self.spec.workbook.sheet("fee").fields if one.choices)
        said = typed.get(field.key, "")
        troubles = []
        if said and said not in field.choices:
            choices = {"label": field.label, "typed": said, "choices": "、".join(field.choices)}
            troubles.append(Trouble("unknown_choice", places[field.key], (), choices))
        collected = {"true": True, "false": False}.get(field.choices.get(said, ""))
        cells = {key: places[key] for key in ("cases", "amount") if typed.get(key)}
        stated = ProcessingFee(collected, _count(typed.get("cases")), _amount(typed.get("amount")), cells)
        return stated, [*troubles, *self._no_numbers(stated, typed, places)]

    def _no_numbers(
        self, stated: ProcessingFee, typed: Mapping[str, str], places: Mapping[str, str]
    ) -> Iterator[Trouble]:
        """What stands in the place of a number and is none."""
        read = {"cases": stated.cases, "amount": stated.amount}
        for field in self.spec.workbook.sheet("fee").fields:
            if field.kind in _EXPECTED and typed.get(field.key) and read[field.key] is None:
                said = {"label": field.label, "typed": typed[field.key], "choices": _EXPECTED[field.kind]}
                yield Trouble("unknown_choice", places[field.key], (), said)

    def tasks(self) -> tuple[tuple[Task, ...], list[Trouble]]:
        """The rows under the header of the task sheet that name a task."""
        sheet = self.spec.workbook.sheet("tasks")
        names = _field_names(sheet.fields)
        for grid in self._sheet_grids(sheet):
            header, columns = _task_header(grid, names)
            if columns:
                rows = [self._task(grid, at, columns) for at in range(header + 1, len(grid.rows))]
                filled = [(task, troubles) for task, troubles in rows if task.fields or task.due]
                named = tuple(_named([task for task, _ in filled]))
                return named, [one for _, troubles in filled for one in troubles]
        return (), []

    def _task(self, grid: Grid, at: int, columns: Mapping[int, FieldSpec]) -> tuple[Task, list[Trouble]]:
        row = grid.rows[at]
        fields: dict[str, str] = {}
        due: tuple[str, ...] = ()
        troubles = []
        for column, field in columns.items():
            text = in_words(row[column]) if column < len(row) else ""
            if field.choices and text and text not in field.choices:
                said = {"label": field.label, "typed": text, "choices": "、".join(field.choices)}
                troubles.append(Trouble("unknown_choice", self.place(grid, at, column), (), said))
            if field.key == "due":
                due = tuple(_day(part) for part in _SEPARATOR.split(text) if part)
            elif text:
                fields[field.key] = field.choices.get(text, "") if field.choices else _dated(field, text)
        before = f"{self.name}·{grid.name}!"
        places = {field.key: before + grid.address(at, column) for column, field in columns.items()}
        return Task({key: text for key, text in fields.items() if text}, due, places), troubles

    def sections(self) -> tuple[Section, ...]:
        """The narrative sheet: a row per section or aspect, one paragraph a line."""
        for grid in self._sheet_grids(self.spec.workbook.sheet("narrative")):
            texts = _narrative(grid, self.fmt, self.spec.workbook.narrative_columns)
            if texts is not None:
                return tuple(self._section(grid, section, texts) for section in self.fmt.sections)
        return ()

    def _section(self, grid: Grid, section: SectionSpec, texts: _Texts) -> Section:
        written = texts.get(section.number, [])
        places = tuple(self.place(grid, *place) for _, place in written)
        return Section(section.number, section.title, tuple(text for text, _ in written), places)


def _named(tasks: Iterable[Task]) -> Iterator[Task]:
    """A row without a task's name goes on with the task above it, whose cells reach down over it."""
    name: dict[str, str] = {}
    for task in tasks:
        own = {key: task[key] for key in ("code", "title") if task[key]}
        name = own or name
        yield replace(task, fields={**name, **task.fields})


def unit_names(grid: Grid, spec: Spec) -> Iterator[tuple[int, int, str]]:
    """The units a grid names by the label of that field, beside it or in its own cell: row, column, name."""
    field = next(one for one in spec.workbook.sheet("about").fields if one.key == "unit")
    labels = {bare(label) for label in (field.label, *field.also)}
    for at, row in enumerate(grid.rows):
        for column, content in enumerate(row):
            if content and isinstance(content, str):
                match = _NAMED.fullmatch(content.strip())
                if match and bare(match[1]) in labels:
                    yield at, column, match[2].strip()
                elif bare(content) in labels:
                    beside, text = _beside(row, column, field)
                    if text:
                        yield at, beside, text


def _field_names(fields: Iterable[FieldSpec]) -> dict[str, FieldSpec]:
    return {bare(label): field for field in fields for label in (field.label, *field.also)}


def _beside(row: Sequence[object], column: int, field: FieldSpec) -> tuple[int, str]:
    """What was typed to the right of a label; the template's own hint there is not an answer."""
    for at in range(column + 1, len(row)):
        text = in_words(row[at])
        if text:
            return (at, "") if field.hint and text == field.hint else (at, _dated(field, text))
    return column + 1, ""


def _dated(field: FieldSpec, text: str) -> str:
    return _day(text) if field.kind == "date" else text


def _day(text: str) -> str:
    """A day as ISO where it is one in any common writing; else the words as they are (每季度)."""
    match = _ISO_DAY.fullmatch(text.strip())
    if match is None:
        return text
    try:
        return dt.date(*map(int, match.groups())).isoformat()
    except ValueError:
        return text


def in_words(content: object) -> str:
    """A cell's content in words: numbers as typed, days as ISO."""
    if isinstance(content, str):
        return content.strip()
    if content is None:
        return ""
    if isinstance(content, dt.datetime):
        return content.date().isoformat()
    if isinstance(content, int | float | Decimal) and not isinstance(content, bool):
        return printed(figure(content, "").number) or str(content)
    return str(content).strip()


_EXPECTED: Mapping[str, str] = {"count": "0 或正整数", "amount": "0 或正数"}


def _count(said: str | None) -> int | None:
    count = facts.decimal(said)
    return int(count) if count is not None and count == int(count) and count >= 0 else None


def _amount(said: str | None) -> Decimal | None:
    amount = facts.decimal(said)
    return amount if amount is not None and amount >= 0 else None


def _task_header(grid: Grid, names: Mapping[str, FieldSpec]) -> tuple[int, dict[int, FieldSpec]]:
    for at, row in enumerate(grid.rows):
        columns = {
            column: field
            for column, content in enumerate(row)
            if content.__class__ is str and content and (field := names.get(bare(str(content)))) is not None
        }
        if len(columns) > len(names) / 4 and {"code", "title"} & {field.key for field in columns.values()}:
            return at, columns
    return 0, {}


_Texts = dict[int, list[tuple[str, tuple[int, int]]]]
"""The paragraphs of each section, with the row and column of the cell they stand in."""


def _narrative(grid: Grid, fmt: Format, headers: tuple[str, ...]) -> _Texts | None:
    labels = [bare(header) for header in headers]
    for at, row in enumerate(grid.rows):
        said = [bare(content) if isinstance(content, str) else "" for content in row]
        if all(label in said for label in labels):
            return _paragraphs(grid, at + 1, (said.index(labels[0]), said.index(labels[1])), fmt)
    return None


def _paragraphs(grid: Grid, first: int, columns: tuple[int, int], fmt: Format) -> _Texts:
    """Section rows open a section, aspect rows put their own heading above their text, others go on."""
    titles = {bare(title): section for section in fmt.sections for title in (section.title, *section.also)}
    paragraphs: _Texts = {}
    number = fmt.sections[0].number
    label, text = columns
    for at, row in enumerate(grid.rows[first:], first):
        said = in_words(row[label]) if label < len(row) else ""
        lines = [
            line.strip()
            for line in (in_words(row[text]) if text < len(row) else "").splitlines()
            if line.strip()
        ]
        section = titles.get(bare(said))
        if section is not None:
            number = section.number
        elif said and lines:
            paragraphs.setdefault(number, []).append((said, (at, label)))
        paragraphs.setdefault(number, []).extend((line, (at, text)) for line in lines)
    return paragraphs
