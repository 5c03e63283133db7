"""The nouns every step shares. All are frozen: a step returns something new, it changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache

Number = int | Decimal
UNIT_KINDS = ("government", "office", "department", "township", "vertical", "institution")
UNIT_LEVELS = ("province", "city", "county", "township")


class Severity(StrEnum):
    """What happens next to a return with such a finding."""

    REJECT = "reject"
    CORRECT = "correct"
    EXPLAIN = "explain"


class State(StrEnum):
    """What became of one rule on one unit; a rule that did not run says so."""

    HELD = "held"
    FOUND = "found"
    NOT_APPLICABLE = "not_applicable"
    INSUFFICIENT_DATA = "insufficient_data"


class Typed(StrEnum):
    """How a cell was filled. Only NUMBER and COMPUTED carry a number; none of the others is zero."""

    NUMBER = "number"
    COMPUTED = "computed"
    BLANK = "blank"
    SLASH = "slash"
    DASH = "dash"
    NONE_WORD = "none_word"
    TEXT = "text"
    FORMULA = "formula"


@dataclass(frozen=True, slots=True)
class Figure:
    """One statutory cell: the number, how it was typed, and the cell it came from."""

    number: Number | None
    typed: Typed
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a report's text: its number (1-based), its heading as written, its paragraphs.

    ``places`` are the paragraphs' cells where they were typed into a spreadsheet, else empty.
    """

    number: int
    title: str
    paragraphs: tuple[str, ...]
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """How far one task of the yearly plan has come, in the words of the unit (fields: CONTRACT facts.json).

    ``places`` are the cells of its fields by their keys, blank ones too; they say nothing of the task itself.
    """

    fields: Mapping[str, str]
    due: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __getitem__(self, name: str) -> str:
        """The field ``name``, empty where the unit wrote nothing."""
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Due:
    """A day by which something of a task is due; ``on`` is None where the plan names no date (第一时间).

    ``repeats`` is "quarterly" where the day is one of a row; ``verbatim`` is the plan's own wording.
    """

    on: dt.date | None
    what: str
    verbatim: str
    repeats: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure a task names that can be checked: 不低于4%. ``relation`` is at_least, at_most or equal."""

    relation: str
    number: Decimal
    unit: str
    verbatim: str


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """One task of the yearly plan as its document words it; units are named as written, groups not expanded."""

    code: str
    section: str
    title: str
    text: str
    lead: tuple[str, ...] = ()
    responsible: tuple[str, ...] = ()
    assist: tuple[str, ...] = ()
    responsibility: str = ""
    due: tuple[Due, ...] = ()
    targets: tuple[Target, ...] = ()
    note: str = ""

    @property
    def asked(self) -> str:
        """The clauses that name its figures, as the plan words them; empty where it names none."""
        return "；".join(dict.fromkeys(target.verbatim for target in self.targets))


@dataclass(frozen=True, slots=True)
class Assigned:
    """One task of the plan as it falls to one unit, which answers for it in its return.

    ``role`` is the weightiest in which the plan names it: lead, responsible or assist; ``named`` is the plan's own
    name for it, or for the group it belongs to. ``bearer`` is the government it answers for, empty otherwise.
    """

    unit: str
    task: PlannedTask
    role: str
    named: str
    bearer: str = ""

    @property
    def deadline(self) -> dt.date | None:
        """The last of the task's days; None where the plan names no date."""
        return max((due.on for due in self.task.due if due.on is not None), default=None)


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A passage of a plan that no reading fits: its text, where it stands, and why."""

    text: str
    why: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A year's task plan, read from its document; nothing of it is dropped: what fits nowhere is listed."""

    title: str
    document: str
    report_year: int | None
    tasks: tuple[PlannedTask, ...]
    not_understood: tuple[NotUnderstood, ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessingFee:
    """The processing-fee position: not the administrative charges of table two. Amount in yuan.

    ``places`` are the cells of cases and amount by their keys; they say nothing of the position itself.
    """

    collected: bool | None
    cases: int | None
    amount: Decimal | None
    places: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something the reader met on the way; ``kind`` is claimed by one rule, which turns it into a Finding."""

    kind: str
    where: str
    cells: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Return:
    """What one unit handed in for one report year, or what its published report says.

    ``cells`` maps "table.row.column" to its Figure and holds every cell that was found, blank ones too;
    a cell of the format that is absent was not in the file. ``about`` holds 基本信息 by the keys of
    ``workbook.toml``. ``own_headings`` is true where the section headings are the unit's own words.
    """

    unit: str
    report_year: int
    format_id: str
    cells: Mapping[str, Figure]
    sections: tuple[Section, ...] = ()
    tasks: tuple[Task, ...] = ()
    fee: ProcessingFee | None = None
    about: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    own_headings: bool = False
    troubles: tuple[Trouble, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    def number(self, key: str) -> Number | None:
        """The number in cell ``key``; None where it is absent or holds no number."""
        figure = self.cells.get(key)
        return None if figure is None else figure.number

    @property
    def has_figures(self) -> bool:
        """Whether a number stands in any cell."""
        return any(figure.number is not None for figure in self.cells.values())

    def paragraphs(self, number: int) -> tuple[str, ...]:
        """The paragraphs of section ``number``, in order; empty where there is none."""
        return tuple(
            text for section in self.sections if section.number == number for text in section.paragraphs
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one unit, explained so that a clerk can mend it.

    ``answer`` is what the unit says to it; ``lapsed`` what it said before the figures changed.
    """

    code: str
    severity: Severity
    unit: str
    report_year: int
    where: str
    cells: tuple[str, ...]
    facts: Mapping[str, object]
    message: str
    basis: str
    fix: str
    answer: str | None = None
    lapsed: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """What became of one rule on one unit; ``why`` says what was lacking where it did not run."""

    code: str
    unit: str
    state: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """One row of units.csv."""

    name: str
    code: str = ""
    aliases: tuple[str, ...] = ()
    kind: str = ""
    level: str = ""
    parent: str = ""
    successor_of: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    change: str = ""
    excluded_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """What units.csv records of a merger, split, transfer or new name that touches a unit's last year.

    ``predecessors`` are the bodies whose last year is this unit's; ``told`` says in words what happened, and
    is empty where figures of the two years belong to one unchanged body.
    """

    predecessors: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """data_inputs/settings.toml with its defaults (CONTRACT.md)."""

    place: str = ""
    lead_office: str = ""
    website: str = ""
    deadlines: Mapping[str, str] = field(default_factory=dict)
    as_of: dt.date | None = None
    thresholds: Mapping[str, Decimal] = field(default_factory=dict)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    statutory_wording: tuple[str, ...] = ()
    shared_groups: tuple[tuple[str, ...], ...] = ()
    mend_by: str = ""
    time_limit_s: int = 300
    spec_dir: str = ""
    score: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: level 0 is the title, 1–4 are 一、（一）1.（1）."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of body text."""

    text: str


@dataclass(frozen=True, slots=True)
class StatutoryTable:
    """A table of the format with the printed text of every cell, by cell key."""

    key: str
    printed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table that is ours, not the law's: a caption, a header row, rows; ``widths`` in parts of the text width."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures: ``series`` are (name, values), one value per category; ``alt`` says it in words."""

    name: str
    kind: str
    title: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[Number, ...]], ...]
    alt: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A visible mark that the document is a draft, with the recorded reason."""

    text: str


Block = Heading | Paragraph | StatutoryTable | PlainTable | Chart | Notice


@dataclass(frozen=True, slots=True)
class Draft:
    """The composed report: ordered blocks, from which every product is a plain walk."""

    unit: str
    report_year: int
    format_id: str
    title: str
    blocks: tuple[Block, ...]
    published_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as a file shows it, read or not yet understood: a sheet, a Word, HTML or PDF table.

    ``rows[r][c]`` is what stands at (r, c), 0-based, in the file's own grid columns: a merged cell's content
    stands at its top-left place, its other places are None. ``name`` is what a clerk calls it (a sheet's
    name, “第3张表”). ``lettered`` grids have spreadsheet addresses (D6), others row and column numbers.
    ``first_row`` and ``first_column`` are where it begins in the file, for a part of a sheet.
    """

    name: str
    rows: Sequence[Sequence[object]]
    lettered: bool = False
    first_row: int = 0
    first_column: int = 0

    def at(self, row: int, column: int) -> object:
        """What stands there; None beyond the rows, which need not be of one length."""
        cells = self.rows[row] if row < len(self.rows) else ()
        return cells[column] if column < len(cells) else None

    def address(self, row: int, column: int) -> str:
        """The place in the file's own words: D6 in a spreadsheet, 第6行第4列 elsewhere."""
        if not self.lettered:
            return f"第{self.first_row + row + 1}行第{self.first_column + column + 1}列"
        return f"{_letters(self.first_column + column)}{self.first_row + row + 1}"


@cache
def _letters(column: int) -> str:
    """A spreadsheet's name for a column (0-based): A, …, Z, AA."""
    letters = ""
    rest = column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


@dataclass(frozen=True, slots=True)
class Document:
    """A text document taken apart: paragraphs (stripped, empty ones left out) and tables, in reading order.

    ``pictures`` are the items (0-based) before which a picture stands that may hold words. ``about`` is what a web
    page states of itself apart from its text, by lower-case name. ``furnished``: a site's own words may stand
    around the report; ``run_together``: headings, text and figures may stand in one line, so no figure is one.
    ``depths`` tell, for a page, how far its markup closes between an item and the next. ``remarks`` are what a
    reader of the file must know of the reading: what was left out, which version of the text this is.
    """

    items: tuple[str | Grid, ...]
    title: str = ""
    pictures: tuple[int, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    furnished: bool = False
    run_together: bool = False
    depths: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
