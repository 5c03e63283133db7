"""任务台账.xlsx, a row a task and unit, and 任务完成.xlsx, tasks × units with what they add up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from report_builder.ledger.calendar import duties
from report_builder.ledger.entries import DONE, NOT_APPLICABLE, UNANSWERED, Entry, Ledger, Tally, tally
from report_builder.model import Due, PlannedTask
from report_builder.spec import Spec
from report_builder.workbooks import Content, Listing, listed

_ANSWERED = (
    "measures",
    "steps",
    "division",
    "supervision",
    "progress",
    "problems",
    "reason",
    "next_step",
    "evidence",
)
_WIDTHS: Mapping[str, float] = {"measures": 32.0, "progress": 32.0}
_COUNTED = ("项数", "已完成率")
_NONE = "—"
_ASKED = "计划的指标"


def workbook(ledger: Ledger, spec: Spec) -> bytes:
    """任务台账.xlsx: every task and unit with what was answered, the plan's tasks, and what in it was not understood."""
    desk = _Desk(ledger, spec)
    lists = [_entries(desk), _tasks(desk)]
    if ledger.plan.not_understood:
        lists.append(_not_understood(desk))
    return listed(lists, desk.title, _drawn(ledger))


def matrix(ledger: Ledger, spec: Spec) -> bytes:
    """任务完成.xlsx: a row a unit, a column a task; then the tasks and the units with their rates, and the days."""
    desk = _Desk(ledger, spec)
    return listed([_crossed(desk), _by_task(desk), _by_unit(desk), _days(desk)], desk.title, _drawn(ledger))


def _drawn(ledger: Ledger) -> dt.datetime:
    return dt.datetime(ledger.report_year, 1, 1)  # noqa: DTZ001 - a mark in the file, not a moment


@dataclass(frozen=True)
class _Desk:
    """The ledger and the words it is told in."""

    ledger: Ledger
    spec: Spec

    @property
    def title(self) -> str:
        """The plan's own title."""
        return self.ledger.plan.title or f"{self.ledger.report_year}年任务分工"

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The fields of the task sheet by the words that head them there."""
        return {field.key: field.label for field in self.spec.workbook.sheet("tasks").fields}

    @cached_property
    def states(self) -> Mapping[str, str]:
        """The states in words, that of an unanswered task too."""
        wording = self.spec.wording
        return {**wording.task_states, UNANSWERED: wording.task_unanswered}

    @cached_property
    def red(self) -> frozenset[str]:
        """What a reader must not overlook."""
        wording = self.spec.wording
        words = (*wording.task_marks.values(), self.states["not_done"], self.states[UNANSWERED])
        return frozenset(words)

    def word(self, entry: Entry) -> str:
        """An entry's state, and behind it what is wrong with it."""
        return "\n".join((self.states.get(entry.state, entry.state), *self.marks(entry)))

    def marks(self, entry: Entry) -> Iterator[str]:
        """What is wrong with an entry, in words."""
        words = self.spec.wording.task_marks
        if entry.days_late:
            yield words["late"]
        if entry.days_overdue(self.ledger.as_of):
            yield words["overdue"]
        if entry.without_evidence:
            yield words["without_evidence"]

    def role(self, entry: Entry) -> str:
        return self.spec.wording.task_roles.get(entry.assigned.role, entry.assigned.role)


def _entries(desk: _Desk) -> Listing:
    """The ledger itself."""
    labels = desk.labels
    columns = [
        (labels["code"], 9.0),
        (labels["title"], 24.0),
        ("责任单位", 22.0),
        (labels["role"], 9.0),
        ("计划写明的责任单位", 18.0),
        (labels["due"], 13.0),
        (_ASKED, 18.0),
        (labels["state"], 11.0),
        (labels["done_on"], 12.0),
        ("需要注意", 13.0),
        *((labels[key], _WIDTHS.get(key, 22.0)) for key in _ANSWERED),
        ("公布日期", 12.0),
        ("上年同一任务", 13.0),
    ]
    rows = (_entry(entry, desk) for entry in desk.ledger.entries)
    said = [
        f"共 {len(desk.ledger.entries)} 行，一项任务一个单位一行。“上年同一任务”是上年计划里文字相同的任务的编号。"
    ]
    return Listing("任务台账", desk.title, tuple(columns), rows, tuple(said), desk.red, frozen=3)


def _entry(entry: Entry, desk: _Desk) -> Iterator[Content]:
    one, answer = entry.assigned, entry.answer
    yield one.task.code
    yield one.task.title
    yield one.unit
    yield desk.role(entry)
    yield f"{one.named}（{one.bearer}）" if one.bearer and one.bearer != one.named else one.named
    yield _dues(one.task.due)
    yield one.task.asked
    yield desk.states.get(entry.state, entry.state)
    yield answer["done_on"]
    yield "、".join(desk.marks(entry))
    yield from (answer[key] for key in _ANSWERED)
    yield entry.published_on.isoformat() if entry.published_on else ""
    yield entry.same_as


def _dues(due: Iterable[Due]) -> str:
    return "；".join(one.on.isoformat() if one.on else one.verbatim for one in due)


def _tasks(desk: _Desk) -> Listing:
    """The plan, task by task, as its document words it."""
    columns = (
        (desk.labels["code"], 9.0),
        ("部分", 20.0),
        (desk.labels["title"], 24.0),
        ("任务内容", 60.0),
        ("责任分工（原文）", 30.0),
        (desk.labels["due"], 14.0),
        (_ASKED, 18.0),
        ("责任单位数", 8.0),
        ("名册里没有的单位", 24.0),
        ("上年同一任务", 12.0),
    )
    rows = (_task(task, desk) for task in desk.ledger.plan.tasks)
    return Listing("任务清单", desk.title, columns, rows, (), desk.red, frozen=1)


def _task(task: PlannedTask, desk: _Desk) -> Iterator[Content]:
    yield from (task.code, task.section, task.title, task.text, task.responsibility, _dues(task.due))
    yield task.asked
    yield len(desk.ledger.by_task[task.code])
    yield "、".join(desk.ledger.unmatched.get(task.code, ()))
    yield desk.ledger.unchanged.get(task.code, "")


def _not_understood(desk: _Desk) -> Listing:
    """The passages no reading fits, so that nothing is lost."""
    rows = ((one.where, one.text, one.why) for one in desk.ledger.plan.not_understood)
    columns = (("位置", 18.0), ("原文", 70.0), ("原因", 40.0))
    return Listing("没有读懂的文字", desk.title, columns, rows, ("下列文字没有归入任何一项任务，请核对。",))


def _crossed(desk: _Desk) -> Listing:
    """Units down, tasks across."""
    ledger = desk.ledger
    tasks = [task for task in ledger.plan.tasks if ledger.by_task[task.code]]
    columns = [("责任单位", 26.0), *((f"{task.code}\n{task.title}", 11.0) for task in tasks), *_heads()]
    rows = (_unit_row(unit, tasks, desk) for unit in ledger.units)
    said = [_as_of(ledger), "空白是计划没有给这个单位的任务。"]
    return Listing(
        "任务完成", desk.title, tuple(columns), rows, tuple(filter(None, said)), desk.red, frozen=1
    )


def _as_of(ledger: Ledger) -> str:
    return (
        f"逾期以 {ledger.as_of.isoformat()} 为准计算。"
        if ledger.as_of
        else "没有设定计算日，不判断逾期未完成。"
    )


def _heads() -> Iterator[tuple[str, float]]:
    return ((text, 9.0) for text in _COUNTED)


def _unit_row(unit: str, tasks: Sequence[PlannedTask], desk: _Desk) -> Iterator[Content]:
    entries = {entry.assigned.task.code: entry for entry in desk.ledger.by_unit[unit]}
    yield unit
    yield from (desk.word(entries[task.code]) if task.code in entries else "" for task in tasks)
    counted = tally(entries.values())
    yield counted.total
    yield rate(counted)


def rate(counted: Tally) -> Content:
    """The share done, exact; a dash where nothing was to be done."""
    return _NONE if counted.rate is None else counted.rate.quantize(Decimal("0.0001"))


def _sums(desk: _Desk) -> tuple[tuple[str, float], ...]:
    states = desk.states
    marks = desk.spec.wording.task_marks
    names = (states[DONE], states["doing"], states["not_done"], states[NOT_APPLICABLE], states[UNANSWERED])
    return tuple((name, 9.0) for name in ("项数", *names, "已完成率", *marks.values()))


def _summed(entries: Sequence[Entry], desk: _Desk) -> Iterator[Content]:
    counted = tally(entries, desk.ledger.as_of)
    yield counted.total
    yield from (
        counted.states.get(state, 0) for state in (DONE, "doing", "not_done", NOT_APPLICABLE, UNANSWERED)
    )
    yield rate(counted)
    yield from (counted.late, counted.overdue if desk.ledger.as_of else _NONE, counted.without_evidence)


def _by_task(desk: _Desk) -> Listing:
    """Each task with what its units come to."""
    ledger = desk.ledger
    columns = (
        (desk.labels["code"], 9.0),
        (desk.labels["title"], 32.0),
        (desk.labels["due"], 14.0),
        (_ASKED, 18.0),
        *_sums(desk),
    )
    rows = (
        (task.code, task.title, _dues(task.due), task.asked, *_summed(ledger.by_task[task.code], desk))
        for task in ledger.plan.tasks
    )
    return Listing("各任务", desk.title, columns, rows, _rate_told(), frozen=2)


def _by_unit(desk: _Desk) -> Listing:
    """Each unit with what its tasks come to."""
    ledger = desk.ledger
    columns = (("责任单位", 32.0), *_sums(desk), ("是否报送", 10.0))
    rows = (
        (unit, *_summed(held, desk), "已报送" if held[0].came else "没有报送")
        for unit, held in ledger.by_unit.items()
    )
    return Listing("各单位", desk.title, columns, rows, _rate_told(), frozenset({"没有报送"}), frozen=1)


def _rate_told() -> tuple[str, ...]:
    return ("已完成率 = 已完成 ÷（项数 − 不涉及）。",)


def _days(desk: _Desk) -> Listing:
    """The days of the plan, in order."""
    columns = (
        ("日期", 12.0),
        (desk.labels["code"], 9.0),
        ("到期事项", 44.0),
        ("计划原文", 44.0),
        ("距今", 14.0),
    )
    rows = (
        (one.on.isoformat(), one.task.code, one.what, one.due.verbatim, one.left_told)
        for one in duties(desk.ledger.plan, desk.ledger.as_of)
    )
    return Listing("时限", desk.title, columns, rows, (_as_of(desk.ledger),), frozen=2)
