"""A Plan as the contract's ledger, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from report_builder.model import Due, NotUnderstood, Plan, PlannedTask, Target, Unit


def as_json(plan: Plan, meant: Mapping[str, Sequence[Unit]] | None = None) -> dict[str, object]:
    """The ledger of CONTRACT.md; ``units`` beside each task are the registered ones its names mean, where known."""
    return {
        "title": plan.title,
        "document": plan.document,
        "report_year": plan.report_year,
        "tasks": [_task(task, meant) for task in plan.tasks],
        "not_understood": [_listed(one) for one in plan.not_understood],
    }


def _task(task: PlannedTask, meant: Mapping[str, Sequence[Unit]] | None) -> dict[str, object]:
    names = dict.fromkeys([*task.lead, *task.responsible, *task.assist])
    units = (
        {}
        if meant is None
        else {"units": {name: [unit.name for unit in meant.get(name, ())] for name in names}}
    )
    return {
        "code": task.code,
        "section": task.section,
        "title": task.title,
        "text": task.text,
        "lead": list(task.lead),
        "responsible": list(task.responsible),
        "assist": list(task.assist),
        "responsibility": task.responsibility,
        "note": task.note,
        "due": [_due(due) for due in task.due],
        "targets": [_target(target) for target in task.targets],
        **units,
    }


def _due(due: Due) -> dict[str, object]:
    told: dict[str, object] = {
        "on": due.on.isoformat() if due.on else None,
        "what": due.what,
        "verbatim": due.verbatim,
    }
    return told | ({"repeats": due.repeats} if due.repeats else {})


def _target(target: Target) -> dict[str, object]:
    return {
        "relation": target.relation,
        "number": str(target.number),
        "unit": target.unit,
        "verbatim": target.verbatim,
    }


def _listed(one: NotUnderstood) -> dict[str, object]:
    where = {"where": one.where} if one.where else {}
    return {"text": one.text, "why": one.why, **where}


_ROLES = (("牵头", "lead"), ("责任", "responsible"), ("配合", "assist"))
_NOT_DATED = "没有具体日期"


def told(plan: Plan, meant: Mapping[str, Sequence[Unit]] | None = None) -> Iterator[str]:
    """The plan in lines for a reader: title, sections, tasks with who does them and by when."""
    year = f"{plan.report_year} 年" if plan.report_year else "年度不明"
    yield plan.title or "（没有标题）"
    yield "，".join(filter(None, [plan.document, year, f"{len(plan.tasks)} 项任务"]))
    section = ""
    for task in plan.tasks:
        if task.section != section:
            section = task.section
            yield f"\n{section}"
        yield from _task_lines(task, meant)


def _task_lines(task: PlannedTask, meant: Mapping[str, Sequence[Unit]] | None) -> Iterator[str]:
    yield f"{task.code} {task.title}"
    for label, role in _ROLES:
        names: Sequence[str] = getattr(task, role)
        if names:
            yield f"    {label}：{'、'.join(_counted(name, meant) for name in names)}"
    rows: dict[tuple[str, str], list[str]] = {}
    for due in task.due:
        rows.setdefault((due.what, due.verbatim), []).append(due.on.isoformat() if due.on else _NOT_DATED)
    for (what, _), days in rows.items():
        yield f"    时限：{'、'.join(days)} {what}"
    for target in task.targets:
        yield f"    指标：{target.verbatim}"
    if task.note:
        yield f"    备注：{task.note}"


def _counted(name: str, meant: Mapping[str, Sequence[Unit]] | None) -> str:
    """The name, with how many registered units it stands for where that is not one."""
    count = 1 if meant is None else len(meant.get(name, ()))
    return name if count == 1 else f"{name}（{count} 个单位）" if count else f"{name}（名册中没有）"
