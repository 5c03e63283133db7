"""The year's task plan in a run: what it gives each unit, and the lead office's ledger, matrix and calendar."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from report_builder import ledger, manifest
from report_builder.expansion import expand
from report_builder.model import Assigned, Plan, Return, Task, Unit
from report_builder.pipeline.intake import PLAN, Handed, collected, once_each, sources
from report_builder.pipeline.keys import common, left_as_is
from report_builder.pipeline.place import Options, Place, place_for, year_folder
from report_builder.pipeline.planning import Planned, names_of, plan_files, plan_of, read_plan
from report_builder.pipeline.record import Record, alone
from report_builder.pipeline.together import SUMMARY
from report_builder.registry import Registry
from report_builder.spec import Spec

LEDGER, PROGRESS, CALENDAR = "任务台账", "任务完成", "任务日历"


def assignment(place: Place, handed: Iterable[Handed] = ()) -> ledger.Assignment | None:
    """What the year's plan gives each unit; None where there is no plan.

    Without a registry the units are those that handed something in; before anybody has, those the plan names.
    """
    plan = plan_of(place)
    return None if plan is None else _assigned(plan, place, handed)


def _assigned(plan: Plan, place: Place, handed: Iterable[Handed]) -> ledger.Assignment:
    names = [name for task in plan.tasks for name in names_of(task)]
    units = {one.unit.name: one.unit for one in handed} or {name: Unit(name) for name in names}
    registry = place.registry if place.registry.units else Registry(tuple(units.values()))
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
    """What is said beside a task, by its code: its figures, and how far it came last year if it stood in that plan in the same words."""
    same = ledger.unchanged(plan, before) if before else {}
    tasks = {task["code"]: task for task in last.tasks} if last else {}
    found = {}
    for one in (held.task for held in assigned):
        parts = [f"计划的指标：{one.asked}。进展里请写明实际数。"] if one.targets else []
        if one.code in same:
            parts.append(_remark(same[one.code], tasks.get(same[one.code]), spec))
        if parts:
            found[one.code] = "\n".join(parts)
    return found


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
) -> Mapping[str, manifest.Entry]:
    """The ledger and what is drawn from it, unless nothing in it changed: the lead office's entries with its own.

    Where the year's plan was taken away its ledger goes too; one that `plan` made from a document elsewhere stays.

    Raises:
        OutputError: a file cannot be written.
    """
    entry = last.get(LEDGER)
    if given is not None:
        written = _written(place, handed, given, entry, plan_files(place.options.inputs / str(place.year)))
        return {**last, LEDGER: written}
    if entry is None or not any("/" in name for name in entry.inputs):
        return last
    _clear(entry, year_folder(place))
    return {name: one for name, one in last.items() if name != LEDGER}


def _clear(entry: manifest.Entry, folder: Path) -> None:
    """Takes away what a run wrote; what somebody has changed since is left to them."""
    for name, known in entry.outputs.items():
        with contextlib.suppress(OSError):
            if manifest.sha256(folder / name) == known:
                (folder / name).unlink()


def plan_ledger(options: Options, file: Path) -> Planned:
    """The plan in ``file``, and its year's ledger with what the units have answered so far, as `build` writes it.

    A plan whose year is not known, or before the first format, has no ledger.

    Raises:
        InputError: no such file.  UnreadableError: it cannot be read.  OutputError: the ledger cannot be written.
    """
    planned = read_plan(options, file)
    year = planned.plan.report_year
    place = place_for(options, year) if year and planned.plan.tasks else None
    if place is None:
        return replace(planned, notes=tuple(_no_ledger(planned.plan)))
    handed = once_each(collected(place)[0]) if _any_returns(place) else []
    given = _assigned(planned.plan, place, handed)
    with alone(year_folder(place)), Record(place) as record:
        entry = _written(place, handed, given, record.summary.get(LEDGER), [file])
        record.summary = {**record.summary, LEDGER: entry}
        record.noted()
    written = year_folder(place) / SUMMARY / f"{LEDGER}.xlsx"
    return replace(planned, written=written, notes=tuple(_notes(place, file, handed)))


def _no_ledger(plan: Plan) -> Iterator[str]:
    if plan.tasks and plan.report_year is None:
        yield "不知道是哪一年的方案，没有生成任务台账；请用 --year 写明年度"
    elif plan.tasks:
        yield f"没有适用于 {plan.report_year} 年的报告格式，没有生成任务台账"


def _any_returns(place: Place) -> bool:
    folder = place.options.inputs / str(place.year)
    return folder.is_dir() and bool(sources(folder, place.spec)[0])


def _notes(place: Place, file: Path, handed: Sequence[Handed]) -> Iterator[str]:
    """What the ledger holds, and whether the next run goes by the same plan."""
    folder = place.options.inputs / str(place.year)
    yield f"已读入 {len(handed)} 份报送表里的完成情况" if handed else "还没有单位报送，各项都是“未填报”"
    held = plan_files(folder)
    if not held:
        yield f"{folder} 里没有方案；请把这一份放进去，文件名改为 {PLAN}{file.suffix}，空白表、核对和报告才会用到它"
    elif all(manifest.sha256(one) != manifest.sha256(file) for one in held):
        names = "、".join(one.name for one in held)
        yield f"{folder} 里的方案是 {names}，与这一份不同；build 会按 {names} 重写任务台账"


def _written(
    place: Place,
    handed: Sequence[Handed],
    given: ledger.Assignment,
    last: manifest.Entry | None,
    files: Sequence[Path],
) -> manifest.Entry:
    rets = {one.unit.name: one.ret for one in handed}
    held = ledger.open_ledger(given, place.year, rets, before=plan_before(place), as_of=place.settings.as_of)
    told = ledger.as_json(held)
    known = _known(place, files)
    key = manifest.digest([common(place), told.decode(), repr(held.plan), repr(known)])
    kept = left_as_is(place, last, key)
    if kept is not None:
        return kept
    written = {f"{SUMMARY}/{name}": data for name, data in _files(held, told, place.spec).items()}
    outputs = manifest.write_within(year_folder(place), written)
    return manifest.Entry(LEDGER, key, "built", known, outputs)


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


def _known(place: Place, files: Iterable[Path]) -> dict[str, str]:
    """The plan's file with its digest: by its place among the year's inputs, by its name alone from elsewhere."""
    folder = place.options.inputs / str(place.year)
    return {
        f"{place.year}/{path.name}"
        if path.resolve().parent == folder.resolve()
        else path.name: manifest.sha256(path)
        for path in files
    }
