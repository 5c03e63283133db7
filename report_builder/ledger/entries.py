"""The ledger: one entry a task and unit, with what the unit answered, and what the entries add up to."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property

from report_builder.figures import day
from report_builder.ledger.assigning import Assignment
from report_builder.model import Assigned, Plan, PlannedTask, Return, Task
from report_builder.progress import answers, days_late, plain

UNANSWERED = "unanswered"
DONE, NOT_APPLICABLE = "done", "not_applicable"
_NUMBER = re.compile(r"\d+")
_NOTHING = Task({})


@dataclass(frozen=True, slots=True)
class Entry:
    """One task as one unit answered it; ``came`` is whether anything came in from the unit at all.

    ``same_as`` is the code of the same task in the plan of the year before, empty where there is none.
    """

    assigned: Assigned
    answer: Task = _NOTHING
    came: bool = False
    published_on: dt.date | None = None
    same_as: str = ""

    @property
    def state(self) -> str:
        """How far the task has come by the unit's own word; UNANSWERED where it gave none."""
        return self.answer["state"] or UNANSWERED

    @property
    def days_late(self) -> int:
        """By how many days it was done too late."""
        return days_late(self.answer, self.assigned.deadline)

    @property
    def without_evidence(self) -> bool:
        """Whether it is done and nothing shows it."""
        return self.state == DONE and not self.answer["evidence"]

    def days_overdue(self, as_of: dt.date | None) -> int:
        """By how many days it is not done though its last day is past; 0 where no day to reckon from is set."""
        due = self.assigned.deadline
        if as_of is None or due is None or self.state in {DONE, NOT_APPLICABLE}:
            return 0
        return max((as_of - due).days, 0)


@dataclass(frozen=True)
class Ledger:
    """A year's plan with what became of it: entries task by task, the units in ``order``, which is the registry's.

    ``unmatched`` are the names that mean no registered unit, by task; ``unchanged`` the codes of the tasks that stood in the plan of the
    year before, each with its code there.
    """

    plan: Plan
    report_year: int
    entries: tuple[Entry, ...]
    order: tuple[str, ...] = ()
    unmatched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unchanged: Mapping[str, str] = field(default_factory=dict)
    as_of: dt.date | None = None

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The units that owe something, in order."""
        owing = {entry.assigned.unit for entry in self.entries}
        return tuple(unit for unit in self.order if unit in owing)

    @cached_property
    def by_task(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries of every task, by its code; none where it falls to nobody."""
        found: dict[str, list[Entry]] = {task.code: [] for task in self.plan.tasks}
        for entry in self.entries:
            found[entry.assigned.task.code].append(entry)
        return {code: tuple(held) for code, held in found.items()}

    @cached_property
    def by_unit(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries of every unit."""
        found: dict[str, list[Entry]] = {unit: [] for unit in self.units}
        for entry in self.entries:
            found[entry.assigned.unit].append(entry)
        return {unit: tuple(held) for unit, held in found.items()}


def open_ledger(
    assignment: Assignment,
    report_year: int,
    rets: Mapping[str, Return] | None = None,
    *,
    before: Plan | None = None,
    as_of: dt.date | None = None,
) -> Ledger:
    """The ledger of a year: ``rets`` are what came in by unit, ``before`` is the plan of the year before."""
    same = unchanged(assignment.plan, before) if before else {}
    entries = [
        entry
        for unit in assignment.by_unit
        for entry in _entries(unit, assignment, (rets or {}).get(unit), same)
    ]
    place = {task.code: number for number, task in enumerate(assignment.plan.tasks)}
    entries.sort(key=lambda entry: place[entry.assigned.task.code])
    return Ledger(
        assignment.plan,
        report_year,
        tuple(entries),
        tuple(assignment.by_unit),
        assignment.unmatched,
        same,
        as_of,
    )


def _entries(
    unit: str, assignment: Assignment, ret: Return | None, same: Mapping[str, str]
) -> Iterator[Entry]:
    assigned = assignment.by_unit[unit]
    said = answers(assigned, ret.tasks) if ret else {}
    published = day(ret.about.get("published_on", "")) if ret else None
    for one in assigned:
        code = one.task.code
        yield Entry(one, said.get(code, _NOTHING), ret is not None, published, same.get(code, ""))


def unchanged(plan: Plan, before: Plan) -> dict[str, str]:
    """The tasks that stood in the plan of the year before in the same words: code to code there.

    Numbers and days may differ; of several that are then alike it is the one with the same numbers, else the first.
    """
    same = {(task.title, task.text): task.code for task in reversed(before.tasks)}
    alike = {_words(task): task.code for task in reversed(before.tasks)}
    found = ((task.code, same.get((task.title, task.text), alike.get(_words(task)))) for task in plan.tasks)
    return {code: there for code, there in found if there is not None}


def _words(task: PlannedTask) -> tuple[str, str]:
    return _NUMBER.sub("#", plain(task.title)), _NUMBER.sub("#", plain(task.text))


def within(ledger: Ledger, units: Collection[str]) -> Ledger:
    """The part of the ledger that concerns these units."""
    return replace(ledger, entries=tuple(one for one in ledger.entries if one.assigned.unit in units))


@dataclass(frozen=True, slots=True)
class Tally:
    """What entries add up to: by state, and of the done ones how many late and how many without evidence."""

    total: int
    states: Mapping[str, int]
    late: int
    overdue: int
    without_evidence: int

    @property
    def counted(self) -> int:
        """How many there are to be done: those that concern the unit."""
        return self.total - self.states.get(NOT_APPLICABLE, 0)

    @property
    def rate(self) -> Decimal | None:
        """The share of those done among those to be done; None where there is nothing to do."""
        return Decimal(self.states.get(DONE, 0)) / self.counted if self.counted else None


def tally(entries: Iterable[Entry], as_of: dt.date | None = None) -> Tally:
    """What the entries add up to; nothing is overdue where no day to reckon from is set."""
    held = tuple(entries)
    states: dict[str, int] = {}
    for entry in held:
        states[entry.state] = states.get(entry.state, 0) + 1
    return Tally(
        len(held),
        states,
        sum(entry.days_late > 0 for entry in held),
        sum(entry.days_overdue(as_of) > 0 for entry in held),
        sum(entry.without_evidence for entry in held),
    )
