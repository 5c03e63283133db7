"""What a unit wrote of its tasks, held against what the plan gives it: which row answers which task, and how well."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from report_builder.figures import day
from report_builder.model import Assigned, Section, Task

if TYPE_CHECKING:
    import datetime as dt

    from report_builder.similarity import Share
    from report_builder.spec import Spec

UNFINISHED = ("doing", "not_done")


def plain(text: str) -> str:
    """A number or name without what a typist varies: width and white space."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def rows_of(assigned: Sequence[Assigned], tasks: Iterable[Task]) -> dict[str, list[Task]]:
    """The rows that speak of each assigned task, by its code: those with its number, or with its name and none."""
    by_name = {plain(one.task.title): one.task.code for one in assigned if one.task.title}
    by_code = {plain(one.task.code): one.task.code for one in assigned}
    found: dict[str, list[Task]] = {one.task.code: [] for one in assigned}
    for task in tasks:
        code = by_code.get(plain(task["code"])) if task["code"] else by_name.get(plain(task["title"]))
        if code is not None:
            found[code].append(task)
    return found


def answers(assigned: Sequence[Assigned], tasks: Iterable[Task]) -> dict[str, Task]:
    """The row that answers each task, by code: the first in which its state is told; tasks without one are left out."""
    found = rows_of(assigned, tasks)
    told = {code: next((row for row in rows if row["state"]), None) for code, rows in found.items()}
    return {code: row for code, row in told.items() if row is not None}


def unplanned(assigned: Sequence[Assigned], tasks: Iterable[Task]) -> Iterator[Task]:
    """The rows that speak of no task the plan gives the unit."""
    rows = list(tasks)
    known = {id(row) for found in rows_of(assigned, rows).values() for row in found}
    return (row for row in rows if id(row) not in known and (row["code"] or row["title"]))


def given(one: Assigned) -> Task:
    """What the plan says of a task, as the first fields of its row in the return."""
    fields = {"code": one.task.code, "title": one.task.title, "role": one.role}
    return Task(fields, tuple(due.on.isoformat() if due.on else due.verbatim for due in one.task.due))


def filled_up(assigned: Sequence[Assigned], tasks: Sequence[Task]) -> tuple[Task, ...]:
    """The unit's rows, each with what the plan says of its task where the unit left that out."""
    return tuple(_with_plan(task, one) for task, one in owned(assigned, tasks))


def owned(assigned: Sequence[Assigned], tasks: Sequence[Task]) -> tuple[tuple[Task, Assigned | None], ...]:
    """The unit's rows, each with the task of the plan it speaks of."""
    found = rows_of(assigned, tasks)
    owners = {id(row): one for one in assigned for row in found[one.task.code]}
    return tuple((task, owners.get(id(task))) for task in tasks)


def _with_plan(task: Task, one: Assigned | None) -> Task:
    if one is None:
        return task
    said = given(one)
    own = {key: text for key, text in task.fields.items() if text}
    return Task({**said.fields, **own}, task.due or said.due, task.places)


def deadline(task: Task, one: Assigned | None) -> dt.date | None:
    """The last day by which a task is due: the plan's, else the one that stands in the unit's own row."""
    if one is not None:
        return one.deadline
    return max(filter(None, map(day, task.due)), default=None)


def days_late(task: Task, due: dt.date | None) -> int:
    """By how many days a task was done after its last day; 0 where it was not, or no day is told."""
    done = day(task["done_on"])
    if task["state"] != "done" or done is None or due is None:
        return 0
    return max((done - due).days, 0)


@dataclass(frozen=True, slots=True)
class Alike:
    """A task whose progress is told in the words of another, and how much of it is."""

    task: Task
    other: Task
    share: Share


def alike(tasks: Sequence[Task], others: Sequence[Task], spec: Spec, at_least: int) -> Iterator[Alike]:
    """For each task the other one whose progress it repeats most, by the loose measure of the comparison.

    ``others`` may be the same tasks: none is then held against itself. Texts of fewer than ``at_least`` masked n-grams are left aside: set phrases
    (“已按时完成”) say nothing.
    """
    mine, theirs = _grams(tasks, spec), _grams(others, spec)
    from report_builder.similarity import Share  # noqa: PLC0415 - numpy is needed only where texts are compared

    for at, grams in mine.items():
        if len(grams) < at_least:
            continue
        shared = [
            (len(grams & held), -other) for other, held in theirs.items() if others[other] is not tasks[at]
        ]
        most, other = max(shared, default=(0, 0))
        if most:
            yield Alike(tasks[at], others[-other], Share(most, len(grams)))


def told(task: Task) -> str:
    """What a row tells of its progress; where it tells none, of its measures."""
    return task["progress"] or task["measures"]


def _grams(tasks: Sequence[Task], spec: Spec) -> Mapping[int, frozenset[int]]:
    """The masked n-grams of each task's progress, by its place among the tasks."""
    from report_builder.similarity import Text, masked  # noqa: PLC0415 - as above

    sections = tuple(Section(at, "", (told(task),)) for at, task in enumerate(tasks) if told(task))
    if not sections:
        return {}
    text = masked(Text("", 0, sections), spec.statutory)
    pairs = zip(text.section_of[text.grams_at].tolist(), text.grams.tolist(), strict=True)
    return {at: frozenset(gram for _, gram in held) for at, held in groupby(pairs, key=lambda pair: pair[0])}
