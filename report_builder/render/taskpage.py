"""Ledger → 任务完成.html: tasks × units in one page that asks nothing of the network, to filter and to print.

The matrix travels as a few signs a unit and is drawn by the page's script, fifty units at a time: fifteen
thousand rows of markup would take a browser many seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report_builder.figures import percent
from report_builder.ledger import UNANSWERED, Entry, Ledger, Tally, duties, tally
from report_builder.model import PlannedTask
from report_builder.render.pages import embedded, scripted
from report_builder.spec import Spec

_SIGNS: Mapping[str, str] = {
    "done": "d",
    "doing": "g",
    "not_done": "n",
    "not_applicable": "x",
    UNANSWERED: "u",
}
_ROLE_SIGNS: Mapping[str, str] = {"lead": "L", "responsible": "R", "assist": "A"}
_MARK_BITS: Mapping[str, int] = {"late": 1, "overdue": 2, "without_evidence": 4}
_NOBODY = "."
_PLACES = 1


@dataclass(frozen=True, slots=True)
class Share:
    """A piece of a bar: how many of how many, from where to where in per cent."""

    state: str
    count: int
    start: str
    width: str


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task with what its units come to."""

    task: PlannedTask
    tally: Tally
    rate: str
    shares: Sequence[Share]
    unmatched: Sequence[str]
    same_as: str


def task_page(ledger: Ledger, spec: Spec) -> bytes:
    """The page; equal ledgers give equal bytes."""
    tasks = [task for task in ledger.plan.tasks if ledger.by_task[task.code]]
    whole = tally(ledger.entries, ledger.as_of)
    return scripted(
        "tasks",
        ledger=ledger,
        title=ledger.plan.title or f"{ledger.report_year}年任务分工",
        states={**spec.wording.task_states, UNANSWERED: spec.wording.task_unanswered},
        marks=spec.wording.task_marks,
        whole=whole,
        rate=_rate(whole),
        lines=[_line(task, ledger) for task in ledger.plan.tasks],
        duties=duties(ledger.plan, ledger.as_of),
        data=embedded(_data(ledger, tasks, spec)),
    )


def _rate(counted: Tally) -> str:
    return "—" if counted.rate is None else percent(counted.rate, _PLACES)


def _line(task: PlannedTask, ledger: Ledger) -> TaskLine:
    counted = tally(ledger.by_task[task.code], ledger.as_of)
    return TaskLine(
        task,
        counted,
        _rate(counted),
        tuple(_shares(counted)),
        ledger.unmatched.get(task.code, ()),
        ledger.unchanged.get(task.code, ""),
    )


def _shares(counted: Tally) -> Iterator[Share]:
    """The pieces of a task's bar, in the order of the states."""
    before = 0
    for state in _SIGNS:
        count = counted.states.get(state, 0)
        if count:
            start, width = (f"{100 * number / counted.total:.3f}" for number in (before, count))
            yield Share(state, count, start, width)
            before += count


def _data(ledger: Ledger, tasks: Sequence[PlannedTask], spec: Spec) -> dict[str, object]:
    """What the script draws: the tasks, the words of the signs, and a row a unit."""
    wording = spec.wording
    words = {**wording.task_states, UNANSWERED: wording.task_unanswered}
    return {
        "tasks": [[task.code, task.title] for task in tasks],
        "states": [[sign, words[state]] for state, sign in _SIGNS.items()],
        "roles": [[sign, wording.task_roles[role]] for role, sign in _ROLE_SIGNS.items()],
        "marks": [[bit, wording.task_marks[mark]] for mark, bit in _MARK_BITS.items()],
        "rows": [list(_row(unit, tasks, ledger)) for unit in ledger.units],
    }


def _row(unit: str, tasks: Sequence[PlannedTask], ledger: Ledger) -> Iterator[object]:
    """Name, states, marks and roles as one sign a task, how many there are, the share done, whether anything came in."""
    held = {entry.assigned.task.code: entry for entry in ledger.by_unit[unit]}
    cells = [held.get(task.code) for task in tasks]
    counted = tally(held.values())
    yield unit
    yield "".join(_SIGNS.get(cell.state, "u") if cell else _NOBODY for cell in cells)
    yield "".join(str(_marks(cell, ledger)) if cell else _NOBODY for cell in cells)
    yield "".join(_ROLE_SIGNS[cell.assigned.role] if cell else _NOBODY for cell in cells)
    yield counted.total
    yield _rate(counted)
    yield int(any(cell.came for cell in cells if cell))


def _marks(entry: Entry, ledger: Ledger) -> int:
    wrong = {
        "late": entry.days_late > 0,
        "overdue": entry.days_overdue(ledger.as_of) > 0,
        "without_evidence": entry.without_evidence,
    }
    return sum(bit for mark, bit in _MARK_BITS.items() if wrong[mark])
