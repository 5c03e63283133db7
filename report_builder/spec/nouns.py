"""What a format file, a rule file and their companions say, as frozen nouns."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from report_builder.spec.oversight import Oversight, Score

Value = Literal["count", "change", "amount"]
Role = Literal["title", "head", "corner", "stub", "value"]


@dataclass(frozen=True)
class Column:
    """A column of figures: ``value`` is the kind of number, ``unit`` that of an amount, ``span`` its width when printed."""

    key: str
    label: str
    group: str = ""
    value: Value | None = None
    unit: str = ""
    span: int = 1
    total_of: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """A row of figures; ``group`` lists the labels that span it, outermost first."""

    key: str
    label: str
    group: tuple[str, ...] = ()
    total_of: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Band:
    """A run of rows under one header. Table two prints several, the other tables are one band each."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    row_heading: str = ""


@dataclass(frozen=True)
class Slot:
    """One statutory cell: where it belongs, what number it takes, and what it must be the sum of."""

    key: str
    table: str
    row: Row
    column: Column
    kind: Value
    total_of: tuple[str, ...]

    @property
    def label(self) -> str:
        """The cell in a clerk's words: its row and its column."""
        return f"{self.row.label}·{self.column.label}"


@dataclass(frozen=True)
class Placed:
    """One printed cell of a table: its place and spans (0-based), its label, or the key of the figure in it."""

    row: int
    column: int
    row_span: int
    column_span: int
    role: Role
    text: str = ""
    key: str = ""


@dataclass(frozen=True)
class Foreign:
    """Rows that another format prints where this one has ``ours``: one for several, or several for one."""

    rows: tuple[Row, ...]
    ours: tuple[Row, ...]


@dataclass(frozen=True)
class Amounts:
    """The units an amount may be counted in, each in the smallest, and the words that stand before a unit."""

    units: Mapping[str, Decimal] = field(default_factory=dict)
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """One statutory table; its slots and printed layout follow from shape and bands alone.

    ``foreign`` follows from the concordance, ``former`` from it: the cells of one row of another format that
    stand for several of this one.
    """

    key: str
    shape: Literal["bands", "matrix", "strip"]
    section: int
    widths: tuple[int, ...]
    bands: tuple[Band, ...]
    corner: str = ""
    columns_heading: str = ""
    slots: Mapping[str, Slot] = field(default_factory=dict)
    layout: tuple[Placed, ...] = ()
    header_rows: int = 0
    foreign: tuple[Foreign, ...] = ()
    former: Mapping[str, Slot] = field(default_factory=dict)

    @cached_property
    def row_count(self) -> int:
        """How many rows the printed table has."""
        return max(placed.row + placed.row_span for placed in self.layout)

    @property
    def column_count(self) -> int:
        """How many columns the printed table has."""
        return len(self.widths)


@dataclass(frozen=True)
class SectionSpec:
    """One of the six sections: ``text`` says whether the unit must write it itself."""

    number: int
    title: str
    also: tuple[str, ...] = ()
    text: Literal["required", "optional"] = "optional"
    aspects: tuple[str, ...] = ()
    max_characters: int | None = None
    hint: str = ""
    fee: bool = False
    tasks: bool = False
    compared: bool = False


@dataclass(frozen=True)
class Measure:
    """A named sum of cells; ``cells`` may hold ``*`` for any run of characters in a key."""

    key: str
    label: str
    unit: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sentence:
    """A sentence computed from measures; ``zero`` replaces it where all of ``zero_when`` are zero."""

    section: int
    text: str
    zero: str = ""
    zero_when: tuple[str, ...] = ()
    omit_when_zero: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChartSpec:
    """A picture: of measures, of one ``row`` by column, or of a whole ``table``; drawn only where it tells something."""

    name: str
    section: int
    kind: Literal["bars", "years", "stacked"]
    title: str
    measures: tuple[str, ...] = ()
    row: str = ""
    table: str = ""
    at_least: int = 0
    parts_at_least: int = 1


@dataclass(frozen=True)
class FeeWording:
    """How section six states the processing-fee position, and the words by which a unit's own text states it."""

    none: str
    collected: str
    stated_by: tuple[str, ...]
    denied_by: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Format:
    """One published format of the report: the law for the report years it governs."""

    id: str
    document: str
    issued: dt.date
    title: str
    first_report_year: int
    report_title: str
    lead: tuple[str, ...]
    sections: tuple[SectionSpec, ...]
    tables: tuple[Table, ...]
    rules: Mapping[str, str]
    measures: tuple[Measure, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    charts: tuple[ChartSpec, ...] = ()
    fee: FeeWording | None = None
    deadlines: Mapping[str, str] = field(default_factory=dict)
    last_report_year: int | None = None
    amounts: Amounts = field(default_factory=Amounts)
    sha256: str = ""

    @cached_property
    def slots(self) -> dict[str, Slot]:
        """Every statutory cell by its key, in printed order."""
        return {key: slot for table in self.tables for key, slot in table.slots.items()}

    @cached_property
    def known_slots(self) -> dict[str, Slot]:
        """Every cell a return may hold: those of this format, and a former row's that stand for several of them."""
        return {
            key: slot for table in self.tables for key, slot in (*table.slots.items(), *table.former.items())
        }

    @cached_property
    def totals(self) -> tuple[Slot, ...]:
        """The cells that are sums, those down a column before those along a row."""
        totals = (slot for slot in self.known_slots.values() if slot.total_of)
        return tuple(sorted(totals, key=lambda slot: bool(slot.column.total_of)))

    @cached_property
    def stands_for(self) -> dict[str, tuple[str, ...]]:
        """The cells of this format that each cell of a former row stands for."""
        return {
            f"{table.key}.{foreign.rows[0].key}.{column.key}": tuple(
                f"{table.key}.{row.key}.{column.key}" for row in foreign.ours
            )
            for table in self.tables
            for foreign in table.foreign
            if len(foreign.rows) == 1
            for column in table.bands[0].columns
        }

    def standing(self, keys: Sequence[str], held: Container[str]) -> Sequence[str]:
        """The cells that count for ``keys`` in a return that holds ``held``: a former row's one for those it became."""
        for former, parts in self.stands_for.items():
            if former in held and parts[0] in keys and set(parts) <= set(keys):
                keys = [former if key == parts[0] else key for key in keys if key not in parts[1:]]
        return keys

    @cached_property
    def measures_by_key(self) -> dict[str, Measure]:
        """The measures by their key."""
        return {measure.key: measure for measure in self.measures}

    def table(self, key: str) -> Table:
        """The table ``key``."""
        return next(table for table in self.tables if table.key == key)

    def section(self, number: int) -> SectionSpec:
        """The section ``number``."""
        return next(section for section in self.sections if section.number == number)


@dataclass(frozen=True)
class Example:
    """A rule's own example: cells set in an otherwise empty-but-zero return, and the cells it must blame.

    ``last`` are the cells of the year before under the format that governs it, likewise zero elsewhere;
    ``before`` those of earlier years by how far back they lie (“-2”); without either no earlier year is held.
    ``last_sections`` are the texts of the year before, ``other_sections``
    those of another unit. ``absent`` is a unit of which nothing came in; ``repeat`` writes each section so many times, {year}, {last} and {next} in
    it are the report year and its neighbours; days are of the
    year after the report year. ``tasks`` are rows of the unit's own and ``last_tasks`` those of the year before, ``plan``
    what the plan gives the unit (code, title, role, due); ``planned`` is a plan that gives it nothing. ``names`` are other registered units. ``severity`` and ``says`` are what the finding must be and hold, where given.
    ``members`` make the return an aggregate given by hand: their figures by cell (“” is left empty); ``apart`` are
    those of bodies not counted, ``missing`` and ``doubtful`` say why, by member; ``member_fees`` are their processing fees.
    """

    name: str
    blames: tuple[tuple[str, ...], ...] = ()
    cells: Mapping[str, object] = field(default_factory=dict)
    last: Mapping[str, object] = field(default_factory=dict)
    last_sections: Mapping[str, str] = field(default_factory=dict)
    other_sections: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    told: str = ""
    unit_kind: str = ""
    as_of: str = ""
    published_on: str = ""
    absent: bool = False
    repeat: int = 1
    severity: Literal["", "reject", "correct", "explain"] = ""
    says: str = ""
    sections: Mapping[str, str] = field(default_factory=dict)
    headings: tuple[str, ...] = ()
    fee: Mapping[str, object] = field(default_factory=dict)
    trouble: Mapping[str, object] = field(default_factory=dict)
    plan: tuple[Mapping[str, object], ...] = ()
    planned: bool = False
    tasks: tuple[Mapping[str, object], ...] = ()
    last_tasks: tuple[Mapping[str, object], ...] = ()
    names: tuple[str, ...] = ()
    members: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    apart: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    member_fees: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    state: Literal["held", "found", "not_applicable", "insufficient_data"] = "found"


@dataclass(frozen=True)
class Rule:
    """One rule as its file states it; its basis stands in the formats that list it."""

    code: str
    name: str
    kind: str
    severity: Literal["reject", "correct", "explain"]
    message: str
    fix: str
    why: str
    examples: tuple[Example, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    threshold: Decimal | None = None


@dataclass(frozen=True)
class Concord:
    """What became of a table, row or column from one format to the next, and why."""

    from_format: str
    to_format: str
    what: str
    relation: Literal["continues", "split_into", "not_comparable"]
    why: str
    into: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """How a change from last year is said; ``percent_base`` is the smallest base for which a per cent says anything."""

    more: str
    less: str
    same: str
    from_zero: str
    more_small: str
    less_small: str
    percent_base: int
    percent_places: int


@dataclass(frozen=True)
class AggregateWording:
    """What an aggregate says of its members, and what keeps it a draft.

    ``named`` is how many units a sentence names, ``listed`` how many the list of members; ``dictionary`` says what
    the columns of the table of all cells hold.
    """

    lead: str
    lead_apart: str
    mark: str
    mark_join: str
    missing: str
    doubtful: str
    blank: str
    unwritten: str
    open: str
    open_besides: str
    and_more: str
    heading: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]
    missing_row: str
    apart_row: str
    many: str
    named: int
    listed: int
    kinds: Mapping[str, str]
    levels: Mapping[str, str]
    dictionary: Mapping[str, str]


@dataclass(frozen=True)
class Wording:
    """The program's own set phrases in a report."""

    change: Change
    aggregate: AggregateWording
    parts_item: str
    parts_join: str
    contact: Mapping[str, str]
    contact_sentence: str
    draft_mark: str
    task_heading: str
    task_summary: str
    task_late: str
    task_columns: tuple[str, ...]
    task_widths: tuple[int, ...]
    task_cells: tuple[tuple[str, ...], ...]
    task_states: Mapping[str, str]
    task_roles: Mapping[str, str]
    task_unanswered: str
    task_marks: Mapping[str, str]
    task_unfinished: tuple[str, ...]
    task_unfinished_lead: str
    task_unfinished_columns: tuple[str, ...]
    task_unfinished_widths: tuple[int, ...]
    task_unfinished_cells: tuple[tuple[str, ...], ...]
    task_sum: str
    former_row: str
    former_part: str
    placeholders: tuple[str, ...]
    empty_words: tuple[str, ...]
    aspect_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class StatutoryWording:
    """What the comparison takes out before it counts, and what it masks and leaves aside (statutory.toml).

    ``least_passage`` is in masked characters; ``least_shared`` a share of a report.
    """

    statutory: tuple[str, ...]
    stock: tuple[str, ...]
    own_words: tuple[str, ...]
    task_fields: tuple[str, ...]
    least_passage: int
    least_shared: Decimal

    def with_phrases(self, phrases: tuple[str, ...]) -> StatutoryWording:
        """With a place's own phrases (settings.toml) beside the package's."""
        return replace(self, statutory=(*self.statutory, *phrases))


@dataclass(frozen=True)
class FieldSpec:
    """One labelled field of a sheet of the return: ``choices`` become a drop-down, ``kind`` a check on entry."""

    key: str
    label: str
    also: tuple[str, ...] = ()
    hint: str = ""
    kind: Literal["text", "count", "amount", "date", "year"] = "text"
    choices: Mapping[str, str] = field(default_factory=dict)
    width: int = 16


@dataclass(frozen=True)
class SheetSpec:
    """One sheet of the return workbook: its name, its instructions, and the table or fields on it."""

    name: str
    holds: Literal["instructions", "about", "table", "fee", "tasks", "narrative"]
    table: str = ""
    instructions: tuple[str, ...] = ()
    fields: tuple[FieldSpec, ...] = ()
    landscape: bool = False


META_SHEET = "_模板"
"""The hidden sheet by which the template knows its own workbooks again."""
SENT_BACK = "sent_back"
"""The mark there of what was sent out to units, and is no return when it comes back."""
OPINION_NAME, CIRCULAR_NAME = "校验意见", "雷同通报"
"""What they are called, by their files."""


@dataclass(frozen=True)
class Workbook:
    """The layout of the return workbook (CONTRACT.md, data_inputs)."""

    template_version: str
    sheets: tuple[SheetSpec, ...]
    narrative_columns: tuple[str, str]
    narrative_files: tuple[str, ...]
    carried: Mapping[str, str]
    beside: Mapping[str, str]
    beside_label: str
    amounts: Amounts = field(default_factory=Amounts)

    def sheet(self, holds: str) -> SheetSpec:
        """The sheet that holds fields of this sort."""
        return next(sheet for sheet in self.sheets if sheet.holds == holds)


@dataclass(frozen=True, eq=False)
class Topic:
    """What a clause is about: words that name it, what may stand between its verbs and their numbers, its units.

    In the sections named, a paragraph is about it from the start. ``yields``: its concepts do not end another
    topic in the same sentence (“受理许可申请398件，结转42件”). ``disclosure``: it is requests for information;
    ``if_disclosed``: it counts only where it is over such requests. ``noun``: the concept of which there are none
    where it is denied by a word that ends so (“无政府信息公开申请”).
    """

    key: str
    words: tuple[str, ...]
    objects: tuple[str, ...]
    units: tuple[str, ...]
    sections: tuple[int, ...] = ()
    yields: bool = False
    disclosure: bool = False
    if_disclosed: bool = False
    noun: str = ""
    nouns: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Concept:
    """What a word counts: sums of measures, any of which makes a number true.

    ``tails`` may end any of the words. ``asked`` are true only in a sense of which the unit is asked, ``near`` are named where a number is wrong.
    ``own``: the word says by itself what it is about. ``flow``: it goes on where a list of parts ends;
    ``whole``: it is a total of its own, so it ends such a list;
    ``noun``: behind a verb it is what is done (“办结申请总数”).
    ``done``: of these nothing can be left; ``stock``: it is counted at the year's end. ``none``: the unit may say that there was none;
    ``applicant``: of such, that there were none only where requests are named with them.
    ``once_done``: the concept it is where it is denied behind what is done.
    """

    key: str
    topic: str
    words: tuple[str, ...]
    readings: tuple[tuple[str, ...], ...]
    asked: tuple[tuple[str, ...], ...] = ()
    near: tuple[tuple[str, ...], ...] = ()
    tails: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    wholes: tuple[str, ...] = ()
    own: bool = False
    flow: bool = False
    whole: bool = False
    noun: bool = False
    done: bool = False
    stock: bool = False
    none: bool = False
    applicant: bool = False
    once_done: str = ""


@dataclass(frozen=True, eq=False)
class NothingWords:
    """“全部办结”: the measures that are then zero, by what was counted where it matters."""

    words: tuple[str, ...]
    topic: str
    left: tuple[str, ...]
    of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class SelfWords:
    """Units whose names end so, and the words that such a unit is not to call itself by."""

    endings: tuple[str, ...]
    wrong: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words by which sentences speak of the tables; what each list is for stands in lexicon.toml."""

    units: tuple[str, ...]
    days: tuple[str, ...]
    about: tuple[str, ...]
    about_after: tuple[str, ...]
    about_behind: tuple[str, ...]
    roughly: tuple[str, ...]
    fillers: tuple[str, ...]
    joins: tuple[str, ...]
    this: tuple[str, ...]
    relative: tuple[str, ...]
    last: tuple[str, ...]
    undated: tuple[str, ...]
    added_up: tuple[str, ...]
    planned: tuple[str, ...]
    elsewhere: tuple[str, ...]
    any_one: tuple[str, ...]
    members: tuple[str, ...]
    whole_places: tuple[str, ...]
    government_endings: tuple[str, ...]
    place_endings: tuple[str, ...]
    ourselves: tuple[str, ...]
    body_endings: tuple[str, ...]
    foreign: tuple[str, ...]
    passing: tuple[str, ...]
    blockers: tuple[str, ...]
    but: tuple[str, ...]
    narrowing: tuple[str, ...]
    of_some: tuple[str, ...]
    about_matter: tuple[str, ...]
    reasons: tuple[str, ...]
    channels: tuple[str, ...]
    disclosing: tuple[str, ...]
    asking: tuple[str, ...]
    parts: tuple[str, ...]
    among: tuple[str, ...]
    amidst: tuple[str, ...]
    listing: tuple[str, ...]
    summed_up: tuple[str, ...]
    summed_of_them: tuple[str, ...]
    this_many: Mapping[str, int]
    results: tuple[tuple[str, ...], ...]
    sorted_by: tuple[str, ...]
    sorted_ends: tuple[str, ...]
    sorted_as: tuple[str, ...]
    more_of_them: tuple[str, ...]
    respectively: tuple[str, ...]
    each: tuple[str, ...]
    against: tuple[str, ...]
    against_before: tuple[str, ...]
    against_with: tuple[str, ...]
    against_behind: tuple[str, ...]
    in_comparison: tuple[str, ...]
    more: tuple[str, ...]
    less: tuple[str, ...]
    somewhat: tuple[str, ...]
    same: tuple[str, ...]
    reaching: tuple[str, ...]
    rates: tuple[str, ...]
    more_or_fewer: tuple[str, ...]
    of: str
    doubled: Mapping[str, int]
    shares: tuple[str, ...]
    share_of: tuple[str, ...]
    none: tuple[str, ...]
    all: tuple[str, ...]
    each_one: tuple[str, ...]
    on_time: tuple[str, ...]
    period_words: tuple[str, ...]
    period_apart: tuple[str, ...]
    report_now: tuple[str, ...]
    report_heads: tuple[str, ...]
    report_below: tuple[str, ...]
    report_apart: tuple[str, ...]
    report_tails: tuple[str, ...]
    looking_ahead: tuple[str, ...]
    before_subject: tuple[str, ...]
    openings: tuple[str, ...]
    reporting: tuple[str, ...]
    offices_of_others: tuple[str, ...]
    to_ask: tuple[str, ...]
    known_as: tuple[str, ...]
    self_words: tuple[SelfWords, ...]
    topics: tuple[Topic, ...]
    concepts: tuple[Concept, ...]
    nothing_left: tuple[NothingWords, ...]

    @cached_property
    def concepts_by_key(self) -> dict[str, Concept]:
        """The concepts by their key."""
        return {concept.key: concept for concept in self.concepts}

    @cached_property
    def topics_by_key(self) -> dict[str, Topic]:
        """The topics by their key."""
        return {topic.key: topic for topic in self.topics}

    def topic(self, key: str) -> Topic:
        """The topic ``key``."""
        return self.topics_by_key[key]

    def concept(self, key: str) -> Concept:
        """The concept ``key``."""
        return self.concepts_by_key[key]

    def place_of(self, names: Iterable[str], kind: str) -> str:
        """The place a government speaks for, by the last sign of its name (市, 县…); empty for any other body."""
        for name in names:
            bare = re.sub(r"[（(].*", "", name)
            ending = next((end for end in self.government_endings if bare.endswith(end)), "")
            if ending or kind == "government" or bare.endswith(self.place_endings):
                place = bare.removesuffix(ending)
                return next((end for end in self.place_endings if place.endswith(end)), "")
        return ""

    @cached_property
    def finished(self) -> frozenset[str]:
        """Every word that, with 全部 before it, says that nothing is left."""
        return frozenset(word for nothing in self.nothing_left for word in nothing.words)


@dataclass(frozen=True, eq=False)
class Published:
    """By what a published report is told from the site around it; what each list is for stands in published.toml."""

    title_names: tuple[str, ...]
    title_heads: tuple[str, ...]
    title_tails: tuple[str, ...]
    title_joins: tuple[str, ...]
    title_signs: str
    no_names: tuple[str, ...]
    periods: tuple[str, ...]
    published_labels: tuple[str, ...]
    published_data: tuple[str, ...]
    ends: tuple[str, ...]
    ends_with: tuple[str, ...]
    headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class GroupWords:
    """Names that stand for many units: those of these kinds and levels; without levels, those of the place named."""

    words: tuple[str, ...]
    kinds: tuple[str, ...]
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ExpansionWords:
    """What may stand around a name without changing whom it means."""

    each: tuple[str, ...]
    own: tuple[str, ...]
    governments: tuple[str, ...]
    vague: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RoleWords:
    """By what a plan tells who leads, who is responsible and who assists; names end in ``bodies``."""

    lead_labels: tuple[str, ...]
    responsible_labels: tuple[str, ...]
    assist_labels: tuple[str, ...]
    due_labels: tuple[str, ...]
    lead: tuple[str, ...]
    assist: tuple[str, ...]
    responsible: tuple[str, ...]
    verbs: tuple[str, ...]
    and_others: str
    others: tuple[str, ...]
    others_note: str
    openings: tuple[str, ...]
    bodies: tuple[str, ...]
    joins: tuple[str, ...]
    longest_name: int
    telling: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DayWords:
    """Days as a plan writes them, and the day of the year they mean: “{month}-end”, “12-31”."""

    said: tuple[str, ...]
    on: str
    open: bool = False


@dataclass(frozen=True, eq=False)
class RepeatWords:
    """What comes round: each of its days is a deadline, unless an ``unclear`` word follows."""

    words: tuple[str, ...]
    ends: tuple[str, ...]
    unclear: tuple[str, ...]
    repeats: str
    on: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class WhenWords:
    """By what a plan tells the day by which something is due."""

    years: Mapping[str, int]
    before: tuple[str, ...]
    not_before: tuple[str, ...]
    not_behind: tuple[str, ...]
    told_of: tuple[str, ...]
    since: tuple[str, ...]
    completions: tuple[str, ...]
    joins: tuple[str, ...]
    undated: tuple[str, ...]
    lasting: tuple[str, ...]
    hints: tuple[str, ...]
    clause_joins: tuple[str, ...]
    modals: tuple[str, ...]
    objects: tuple[str, ...]
    everybody: tuple[str, ...]
    matter_ends: tuple[str, ...]
    days: tuple[DayWords, ...]
    repeats: tuple[RepeatWords, ...]


@dataclass(frozen=True, eq=False)
class TargetWords:
    """By what a plan names a figure to be reached: before the number, or behind its unit."""

    at_least: tuple[str, ...]
    at_most: tuple[str, ...]
    equal: tuple[str, ...]
    at_least_behind: tuple[str, ...]
    at_most_behind: tuple[str, ...]
    units: tuple[str, ...]
    percent: str


@dataclass(frozen=True, eq=False)
class PlanWords:
    """By what words a task plan is read; what each list is for stands in plan.toml."""

    title_ends: tuple[str, ...]
    title_not: tuple[str, ...]
    title_around: tuple[tuple[str, ...], ...]
    numberings: tuple[tuple[str, ...], ...]
    title_stops: tuple[str, ...]
    title_longest: int
    furniture: tuple[str, ...]
    closing_section: str
    closing_title: str
    addressing: tuple[str, ...]
    one_lead: tuple[str, ...]
    roles: RoleWords
    when: WhenWords
    targets: TargetWords
    columns: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, str]
    expansion: ExpansionWords
    groups: tuple[GroupWords, ...]


@dataclass(frozen=True, eq=False)
class Spec:
    """All that the law and the lead office ask, as data."""

    formats: tuple[Format, ...]
    rules: Mapping[str, Rule]
    concordance: tuple[Concord, ...]
    wording: Wording
    workbook: Workbook
    terms: Mapping[str, str]
    lexicon: Lexicon
    statutory: StatutoryWording
    published: Published
    plan: PlanWords
    score: Score
    oversight: Oversight

    def format_for(self, report_year: int) -> Format | None:
        """The one format that governs ``report_year``: the newest begun by then; None where none does."""
        begun = [fmt for fmt in self.formats if fmt.first_report_year <= report_year]
        newest = begun[-1] if begun else None
        return newest if newest and report_year <= (newest.last_report_year or report_year) else None

    def format(self, format_id: str) -> Format | None:
        """The format with this id; None where it is unknown."""
        return next((fmt for fmt in self.formats if fmt.id == format_id), None)

    def not_comparable(self, older: Format, newer: Format, key: str) -> str:
        """Why cell ``key`` cannot be set against the older format; empty where it can."""
        for concord in self.between(older, newer):
            if concord.relation == "not_comparable" and (key + ".").startswith(concord.what + "."):
                return concord.why
        return ""

    def between(self, older: Format, newer: Format) -> tuple[Concord, ...]:
        """What became of the figures on the way from one format to a later one."""
        first = self.formats.index(older)
        steps = itertools.pairwise(self.formats[first : self.formats.index(newer) + 1])
        pairs = {(earlier.id, later.id) for earlier, later in steps}
        return tuple(one for one in self.concordance if (one.from_format, one.to_format) in pairs)
