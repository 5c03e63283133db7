"""Kinds that look at the year's tasks: answered, told of as they should be, in time, and in words of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from report_builder.model import Assigned, State, Task
from report_builder.progress import Alike, alike, days_late, deadline, owned, rows_of, told, unplanned
from report_builder.rule_kinds import places
from report_builder.rule_kinds.case import Blame, Case, Outcome, outcome
from report_builder.spec import Rule
from report_builder.spec.toml import nearest

_NO_PLAN = "本年度没有任务计划，或计划没有给本单位的任务"
_NO_TASKS = "没有填写任务完成情况"


def tasks_answered(_rule: Rule, case: Case) -> Outcome:
    """Every task the plan gives the unit has a row, and the row tells its state."""
    if not case.assigned:
        return Outcome(State.NOT_APPLICABLE, why=_NO_PLAN)
    rows = rows_of(case.assigned, case.ret.tasks)
    return outcome(
        _unanswered(case, one, rows[one.task.code])
        for one in case.assigned
        if not any(row["state"] for row in rows[one.task.code])
    )


def _unanswered(case: Case, one: Assigned, rows: list[Task]) -> Blame:
    due = one.deadline
    facts = {
        "code": one.task.code,
        "title": one.task.title,
        "role": _word(case, "role", one.role),
        "due": f"，应于 {due.isoformat()} 前完成" if due else "",
        "problem": f"没有填“{_label(case, 'state')}”" if rows else "表里没有这一行",
    }
    where = place(case, rows[0], "state") if rows else places.sheet(case, "tasks")
    return Blame((cell(one.task.code, "state"),), facts, where)


def tasks_told(rule: Rule, case: Case) -> Outcome:
    """A task in one of these states is told of in these fields; of fields named together one will do.

    With ``when`` “past_due” only tasks are meant whose last day falls into the report year: at its end they are late.
    """
    wanted: tuple[tuple[str, ...], ...] = rule.params["fields"]
    blames, ran = [], False
    for task, one in owned(case.assigned or (), case.ret.tasks):
        if task["state"] not in rule.params["states"] or not _is_meant(rule, case, task, one):
            continue
        ran = True
        missing = [fields for fields in wanted if not any(task[field] for field in fields)]
        if missing:
            blames.append(_untold(case, task, [fields[0] for fields in missing]))
    return _ran(case, blames, ran=ran)


def _is_meant(rule: Rule, case: Case, task: Task, one: Assigned | None) -> bool:
    due = deadline(task, one)
    return rule.params["when"] == "always" or (due is not None and due.year <= case.ret.report_year)


def _untold(case: Case, task: Task, missing: list[str]) -> Blame:
    facts = _named(task) | {
        "state": _word(case, "state", task["state"]),
        "missing": "、".join(f"“{_label(case, field)}”" for field in missing),
    }
    cells = tuple(cell(task["code"], field) for field in missing)
    return Blame(cells, facts, place(case, task, missing[0]))


def tasks_in_time(_rule: Rule, case: Case) -> Outcome:
    """No task was done after its last day: the plan's, or the one in the unit's own row where the plan does not give it."""
    blames, ran = [], False
    for task, one in owned(case.assigned or (), case.ret.tasks):
        due = deadline(task, one)
        ran = ran or bool(task["state"] == "done" and task["done_on"] and due)
        days = days_late(task, due)
        if days and due:
            facts = _named(task) | {"due": due.isoformat(), "done_on": task["done_on"], "days": days}
            blames.append(Blame((cell(task["code"], "done_on"),), facts, place(case, task, "done_on")))
    return _ran(case, blames, ran=ran)


def tasks_planned(_rule: Rule, case: Case) -> Outcome:
    """Every row speaks of a task the plan gives the unit."""
    if case.assigned is None:
        return Outcome(State.NOT_APPLICABLE, why=_NO_PLAN)
    return outcome(_stray(case, task) for task in unplanned(case.assigned, case.ret.tasks))


def _stray(case: Case, task: Task) -> Blame:
    planned = [f"{one.task.code} {one.task.title}" for one in case.assigned or ()]
    near = nearest(f"{task['code']} {task['title']}", planned)
    return Blame(
        (cell(task["code"], "code"),), _named(task) | {"suggestion": near}, place(case, task, "code")
    )


def tasks_as_planned(_rule: Rule, case: Case) -> Outcome:
    """Role and days in a row are the plan's."""
    rows = rows_of(case.assigned or (), case.ret.tasks)
    if not any(rows.values()):
        return Outcome(State.NOT_APPLICABLE, why=_NO_TASKS if case.assigned else _NO_PLAN)
    return outcome(
        blame
        for one in case.assigned or ()
        for row in rows[one.task.code]
        for blame in _apart(case, one, row)
    )


def _apart(case: Case, one: Assigned, row: Task) -> Iterator[Blame]:
    planned = tuple(due.on.isoformat() for due in one.task.due if due.on)
    said = [text for text in row.due if text in planned or text[:1].isdigit()]
    if said and sorted(said) != sorted(planned):
        yield _differs(case, row, "due", ("；".join(row.due), "；".join(planned) or "没有写明日期"))
    if row["role"] and row["role"] != one.role:
        words = (_word(case, "role", row["role"]), _word(case, "role", one.role))
        yield _differs(case, row, "role", words)


def _differs(case: Case, row: Task, field: str, words: tuple[str, str]) -> Blame:
    facts = _named(row) | {"label": _label(case, field), "typed": words[0], "planned": words[1]}
    return Blame((cell(row["code"], field),), facts, place(case, row, field))


def tasks_repeat(rule: Rule, case: Case) -> Outcome:
    """No task's progress is told in the words of another task, or of last year's."""
    own = [task for task in case.ret.tasks if told(task)]
    if not own:
        return Outcome(State.NOT_APPLICABLE, why=_NO_TASKS)
    earlier = rule.params["against"] == "earlier"
    others = list(case.last.ret.tasks) if earlier and case.last else [] if earlier else own
    if not others:
        return Outcome(State.INSUFFICIENT_DATA, why="没有上年的任务完成情况")
    threshold = case.threshold(rule)
    found = (
        one for one in alike(own, others, case.spec, rule.params["at_least"]) if one.share.reaches(threshold)
    )
    pairs = {frozenset((id(one.task), id(one.other))): one for one in found}
    return outcome(_repeated(case, one) for one in pairs.values())


def _repeated(case: Case, one: Alike) -> Blame:
    field = "progress" if one.task["progress"] else "measures"
    facts = _named(one.task) | {
        "other": f"{one.other['code']}“{one.other['title']}”",
        "share": one.share.in_words(),
    }
    return Blame((cell(one.task["code"], field),), facts, place(case, one.task, field))


def _ran(case: Case, blames: list[Blame], *, ran: bool) -> Outcome:
    if not ran:
        return Outcome(State.NOT_APPLICABLE, why="没有这样的任务" if case.ret.tasks else _NO_TASKS)
    return outcome(blames)


def _named(task: Task) -> dict[str, object]:
    return {"code": task["code"], "title": task["title"]}


def _label(case: Case, field: str) -> str:
    return next(one.label for one in case.spec.workbook.sheet("tasks").fields if one.key == field)


def _word(case: Case, field: str, key: str) -> str:
    """A state or role in the words of the return's drop-down."""
    fields: Mapping[str, Mapping[str, str]] = {
        one.key: one.choices for one in case.spec.workbook.sheet("tasks").fields
    }
    return next((label for label, value in fields[field].items() if value == key), key)


def cell(code: str, field: str) -> str:
    """The key of a field of a task's row, by which its cell in the returned workbook is found."""
    return f"tasks.{code}.{field}"


def place(case: Case, task: Task, field: str) -> str:
    """Where a field of a task's row stands, in the clerk's words; the row's number where it has no such cell."""
    return task.places.get(field) or task.places.get("code") or places.sheet(case, "tasks")
