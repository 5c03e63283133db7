"""A Plan as the contract's ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    return {"text": one.text, "why": one.why} | ({"where": one.where} if one.where else {})
