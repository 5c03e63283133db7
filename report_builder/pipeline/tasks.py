"""The year's task plan in a run: what it gives each unit, and the lead office's ledger, matrix and calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from report_builder import ledger, manifest
from report_builder.expansion import expand
from report_builder.model import Assigned, Plan, Return, Task, Unit
from report_builder.pipeline.intake import PLAN, Handed
from report_builder.pipeline.keys import common
from report_builder.pipeline.place import Place, year_folder
from report_builder.pipeline.planning import plan_of
from report_builder.pipeline.together import SUMMARY
from report_builder.registry import Registry
from report_builder.spec import Spec

LEDGER, PROGRESS, CALENDAR = "任务台账", "任务完成", "任务日历"


def assignment(place: Place, handed: Iterable[Handed] = ()) -> ledger.Assignment | None:
    """What the year's plan gives each unit; None where there is no plan.

    Without a registry the units are those that handed something in.
    """
    plan = plan_of(place)
    if plan is None:
        return None
    units = tuple({one.unit.name: one.unit for one in handed}.values())
    registry = place.registry if place.registry.units else Registry(units)
    names = [name for task in plan.tasks for name in (*task.lead, *task.responsible, *task.assist)]
    meant, _ = expand(names, registry, place.spec.plan)
    return ledger.assign(plan, lambda name: meant[name], registry, place.year)


def assigned_to(unit: Unit, held: ledger.Assignment | None) -> tuple[Assigned, ...] | None:
    """The tasks of one unit; None where there is no plan."""
    return None if held is None else held.by_unit.get(unit.name, ())


def plan_before(place: Place) -> Plan | None:
    """The plan of the year before, where it is held."""
    return plan_of(replace(place, year=place.year - 1))


def remarks(
    assigned: Sequence[Assigned], plan: Plan, before: Plan | None, last: Return | None, spec: Spec
) -> dict[str, str]:
    """What is said beside each task that stood in last year's plan in the same words, by its code: how far it came then."""
    same = ledger.unchanged(plan, before) if before else {}
    tasks = {task["code"]: task for task in last.tasks} if last else {}
    codes = (one.task.code for one in assigned if one.task.code in same)
    return {code: _remark(same[code], tasks.get(same[code]), spec) for code in codes}


def _remark(code: str, task: Task | None, spec: Spec) -> str:
    parts = [f"上年计划的任务 {code} 与这一项文字相同。"]
    if task is not None and task["state"]:
        parts.append(f"上年填报：{spec.wording.task_states.get(task['state'], task['state'])}。")
        if task["next_step"]:
            parts.append(f"上年写的后续举措：{task['next_step']}")
    return "\n".join(parts)


def write(
    place: Place,
    given: ledger.Assignment | None,
    handed: Sequence[Handed],
    last: Mapping[str, manifest.Entry],
) -> dict[str, manifest.Entry]:
    """The ledger and what is drawn from it, unless nothing in it changed: the lead office's entries with its own.

    Without a plan there is none.

    Raises:
        OutputError: a file cannot be written.
    """
    others = {name: entry for name, entry in last.items() if name != LEDGER}
    return others if given is None else others | {LEDGER: _written(place, handed, given, last.get(LEDGER))}


def _written(
    place: Place, handed: Sequence[Handed], given: ledger.Assignment, last: manifest.Entry | None
) -> manifest.Entry:
    rets = {one.unit.name: one.ret for one in handed}
    held = ledger.open_ledger(given, place.year, rets, before=plan_before(place), as_of=place.settings.as_of)
    told = ledger.as_json(held)
    key = manifest.digest([common(place), told.decode(), repr(held.plan)])
    folder = year_folder(place)
    if last is not None and last.key == key and manifest.intact(last, folder) and not place.options.force:
        return last
    written = {f"{SUMMARY}/{name}": data for name, data in _files(held, told, place.spec).items()}
    manifest.write_files({folder / name: data for name, data in written.items()})
    return _record(place, key, written)


def _files(held: ledger.Ledger, told: bytes, spec: Spec) -> Mapping[str, bytes]:
    from report_builder.ledger import sheets  # noqa: PLC0415 - only where the ledger changed
    from report_builder.render import taskpage  # noqa: PLC0415

    return {
        f"{LEDGER}.json": told,
        f"{LEDGER}.xlsx": sheets.workbook(held, spec),
        f"{PROGRESS}.xlsx": sheets.matrix(held, spec),
        f"{PROGRESS}.html": taskpage.task_page(held, spec),
        f"{CALENDAR}.ics": ledger.calendar(held.plan, held.report_year),
    }


def _record(place: Place, key: str, written: Mapping[str, bytes]) -> manifest.Entry:
    import hashlib  # noqa: PLC0415

    folder = place.options.inputs / str(place.year)
    inputs = {
        path.relative_to(place.options.inputs).as_posix(): manifest.sha256(path) for path in _plans(folder)
    }
    outputs = {name: hashlib.sha256(data).hexdigest() for name, data in written.items()}
    return manifest.Entry(LEDGER, key, "built", inputs, outputs)


def _plans(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"{PLAN}.*") if path.is_file())
