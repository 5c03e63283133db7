"""A task-plan document → the year's Plan, whatever its layout: numbered paragraphs, labelled lines, tables.

Nothing is dropped: what fits no reading is listed with its text and the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from report_builder.model import Document, Grid, NotUnderstood, Plan, PlannedTask
from report_builder.plan.days import dues_of
from report_builder.plan.heading import Heading, heading_of
from report_builder.plan.outline import responsibilities
from report_builder.plan.paragraphs import Found, addressed, closing_material, from_passages
from report_builder.plan.passages import LONGEST, Passage, passages
from report_builder.plan.printed import as_json, told
from report_builder.plan.tables import Table, from_table
from report_builder.plan.targets import targets_of
from report_builder.plan.tasks import NOBODY, Material, Reading, all_planned
from report_builder.plan.vocabulary import Vocabulary, vocabulary
from report_builder.spec import PlanWords

__all__ = ["as_json", "read", "told"]

_TOO_LONG = f"这一段超过 {LONGEST} 字，没有拆读"
_NO_YEAR = "没有写明是哪一年的方案"
_NO_TASK = "没有读出任务：没有编号的段落，也没有认出表头的表"
_NO_BODY = "整份方案没有写明责任单位"
_IN_FRONT = "没有编号，没有作为任务"
_BELOW_HEADING = "标题和第一项任务之间的文字，没有作为任务；里面的时限、指标或要求没有分给任何单位"
_UNTITLED = "（没有标题）"
_BESIDE_TABLES = "在任务表以外，没有写明责任单位，没有作为任务"


def read(document: Document, words: PlanWords, year: int | None = None) -> Plan:
    """The plan in ``document``; ``year`` is its year where it does not say so itself."""
    known = vocabulary(words)
    parted = _Parted(known)
    for item in passages((*([document.title] if document.title else []), *document.items), known):
        parted.take(item)
    found = from_passages(parted.passages, known)
    heading = heading_of([*found.before, *parted.above], known, "")
    materials, beside = _together(parted, found, known)
    told = "\n".join(passage.text for passage in parted.passages)
    reading = Reading(known, heading.year or year, any(word in told for word in words.one_lead))
    tasks, doubts = all_planned(materials, reading)
    front = _in_front(found.before, heading, reading, whole=not tasks)
    below = _introductions(found.introductions, reading)
    listed = [*parted.doubts, *found.doubts, *beside, *front, *below, *doubts]
    return Plan(
        heading.title,
        heading.document,
        heading.year or year,
        tuple(tasks),
        tuple(_held(heading, year, tasks, listed)),
    )


@dataclass
class _Parted:
    """A document's passages and tables apart, each table with the heading above it."""

    known: Vocabulary
    passages: list[Passage] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    doubts: list[NotUnderstood] = field(default_factory=list)
    behind: int = 0

    def take(self, item: Passage | Grid) -> None:
        if isinstance(item, Grid):
            self._take_table(item)
        elif len(item.text) > LONGEST:
            self.doubts.append(NotUnderstood(item.text, _TOO_LONG, item.where))
        else:
            self.passages.append(item)

    def _take_table(self, grid: Grid) -> None:
        """A numbered line right above a table is its section."""
        headed = len(self.passages) > self.behind and self.known.mark(self.passages[-1].text)
        section = self.passages[-1].text if headed else ""
        table = from_table(grid, section, self.known)
        if headed and table.materials:
            self.passages.pop()
        self.behind = len(self.passages)
        self.tables.append(table)
        self.doubts += table.doubts

    @property
    def materials(self) -> list[Material]:
        return [material for table in self.tables for material in table.materials]

    @property
    def above(self) -> list[Passage]:
        """The lines above the tables' heads."""
        return [Passage(line, "") for table in self.tables for line in table.above]


def _together(parted: _Parted, found: Found, known: Vocabulary) -> tuple[list[Material], list[NotUnderstood]]:
    """The tasks of tables and paragraphs; beside a table of tasks a paragraph that names nobody is none."""
    tabled = parted.materials
    if not tabled:
        return found.materials, []
    tasks = [one for one in found.materials if one.told and not one.inherited]
    beside = [
        NotUnderstood(f"{one.title}\n{one.joined}", _BESIDE_TABLES, one.where)
        for one in found.materials
        if one not in tasks
    ]
    behind = [one for one in parted.passages[parted.behind :] if one in found.before]
    closing = [closing_material(behind, known)] if behind and not found.materials else []
    if closing:
        found.before = [one for one in found.before if one not in behind]
    return [*tasks, *tabled, *closing], beside


def _in_front(
    before: Sequence[Passage], heading: Heading, reading: Reading, *, whole: bool
) -> Iterator[NotUnderstood]:
    """What stands before the first task, names bodies or days, and is no task; ``whole`` where there is no task."""
    for at, passage in enumerate(before):
        if at > heading.at and (
            whole
            or responsibilities(passage.text, reading.known)
            or dues_of(passage.text, reading.known, reading.year).dues
        ):
            yield NotUnderstood(passage.text, _IN_FRONT, passage.where)


def _introductions(below: Sequence[Passage], reading: Reading) -> Iterator[NotUnderstood]:
    """What stands between a heading and its tasks and sets days or figures, or says what somebody is to do."""
    known = reading.known
    for passage in below:
        days = dues_of(passage.text, known, reading.year)
        if days.dues or days.doubts or targets_of(passage.text, known) or any(addressed(passage.text, known)):
            yield NotUnderstood(passage.text, _BELOW_HEADING, passage.where)


def _held(
    heading: Heading, year: int | None, tasks: Sequence[PlannedTask], listed: Sequence[NotUnderstood]
) -> Iterator[NotUnderstood]:
    """The list, led by what concerns the whole plan; where nobody at all is named that is said once."""
    title = heading.title or _UNTITLED
    if heading.year is None:
        used = f"，按 {year} 年读取" if year else ""
        yield NotUnderstood(title, f"{_NO_YEAR}{used}")
    if not tasks:
        yield NotUnderstood(title, _NO_TASK)
    nobody = [one for one in listed if one.why == NOBODY]
    whole = len(nobody) > 1 and len(nobody) == len(tasks)
    if whole:
        yield NotUnderstood(title, _NO_BODY)
    yield from (one for one in listed if not (whole and one.why == NOBODY))
