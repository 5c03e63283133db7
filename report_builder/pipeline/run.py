"""The verbs of a run over all units: build, check, blank, read."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from report_builder import archive, manifest, progress
from report_builder.errors import InputError, UnreadableError
from report_builder.model import (
    Finding,
    Return,
    Run,
    Unit,
)
from report_builder.pipeline import tasks, workers
from report_builder.pipeline.circulars import Sent, circulated
from report_builder.pipeline.gathering import Work, desks, gathered, silent, work_of, year_of
from report_builder.pipeline.intake import (
    CIRCULAR,
    Past,
    answers,
    collected,
    earlier_sources,
    handed_in,
    history,
    past,
    source_of,
    sources,
)
from report_builder.pipeline.keys import Job, everything, left_as_is
from report_builder.pipeline.place import (
    Options,
    Place,
    hold_file,
    open_files,
    open_place,
    set_up,
    year_folder,
)
from report_builder.pipeline.record import Record, alone
from report_builder.pipeline.spreading import Hands
from report_builder.pipeline.stowed import Stowage
from report_builder.pipeline.unit import UnitResult, checked, why_blocked
from report_builder.registry import load_registry
from report_builder.render.typesetter import Setter, here
from report_builder.rule_kinds import Case
from report_builder.spec import Format, Spec
from report_builder.validate import blocks, validate

BLANKS = "空白表"


@dataclass(frozen=True)
class Outcome:
    """What a run came to; ``left`` are files of governments whose reports `summary` puts together."""

    year: int
    folder: Path
    spec: Spec
    results: tuple[UnitResult, ...]
    unused: tuple[str, ...] = ()
    absent: tuple[UnitResult, ...] = ()
    silent: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """All findings: those on what came in, then those on what did not."""
        return [finding for result in (*self.results, *self.absent) for finding in result.findings]

    @property
    def runs(self) -> list[Run]:
        """What became of every rule, unit by unit."""
        return [run for result in (*self.results, *self.absent) for run in result.runs]


Progress = Callable[[UnitResult, int, int], None]


def left_to_summary(place: Place) -> tuple[str, ...]:
    """The files that are named after governments whose reports are put together from others'."""
    tree, folder = place.registry.tree(place.year), place.options.inputs / str(place.year)
    named = ((one.name, place.registry.find_file(one.stem)) for one in sources(folder, place.spec)[0])
    return tuple(name for name, unit in named if unit is not None and tree.compiled(unit))


def _work(place: Place, record: Record) -> tuple[list[Job], Work]:
    """The jobs, and what is known of them; the ledger of tasks is written here.

    It needs what all units answered, and afterwards every return goes when its report is made.
    """
    year, unused = gathered(place, Stowage().away)
    if not place.options.units:
        record.summary = dict(tasks.write(place, year.given, year.distinct, record.summary))
    return work_of(place, year, unused)


def unwatched(_result: UnitResult, _done: int, _total: int) -> None:
    """The progress of a run nobody looks at."""


def build(options: Options, progress: Progress = unwatched, setter: Setter = here) -> Outcome:
    """Checks, composes, renders, proves and compares every unit of the year; what has not changed is left as it is.

    Then the lead office is told which reports repeat, unless only some units were asked for. ``setter`` sets the PDFs of
    what this process makes itself.

    Raises:
        InputError, SpecError, OutputError, WorkersError: the run as a whole cannot be made, or not go on.
    """
    place = open_place(options)
    with (
        alone(year_folder(place)),
        workers.hired(options, setter) as hands,
        Record(place) as record,
    ):
        seen = everything(place)
        if not options.units and not options.force and record.still_holds(seen):
            results = [unchanged(record, entry) for entry in record.last.values()]
            return _ended(place, record, results, record.whole.unused, set(record.last))
        jobs, work = _work(place, record)
        results = made_of(jobs, Making(place, record, hands, progress))
        sent = Sent() if options.units else circulated(place, work, results, record.summary.get(CIRCULAR))
        record.summary = {**record.summary, **sent.entries}
        record.whole = manifest.Whole(seen, (*work.unused, *sent.unused))
        return replace(_ended(place, record, results, record.whole.unused, work.came), notes=sent.notes)


@dataclass(frozen=True)
class Making:
    """A run at work: where it writes down what is finished, who does the jobs, and who is told."""

    place: Place
    record: Record
    hands: Hands
    progress: Progress


def made_of(jobs: list[Job], making: Making) -> list[UnitResult]:
    """What came of the jobs; those of which nothing has changed are left as they are. The list of jobs is used up."""
    place, record = making.place, making.record
    results = list(_kept(record, place, jobs))
    same = {result.unit for result in results}
    todo, total = [job for job in jobs if job.name not in same], len(jobs)
    jobs.clear()  # thousands of returns: each goes when its report is made
    with contextlib.closing(making.hands(place, todo)) as coming:
        for job, made in coming:
            results.append(record.kept(job, made))
            making.progress(results[-1], len(results), total)
    return results


def _ended(
    place: Place, record: Record, results: Iterable[UnitResult], unused: Iterable[str], came: Container[str]
) -> Outcome:
    ordered = tuple(sorted(results, key=lambda result: result.unit))
    record.finished(ordered)
    left = left_to_summary(place)
    outcome = Outcome(place.year, year_folder(place), place.spec, ordered, tuple(unused), left=left)
    return with_absent(outcome, place, came)


def _kept(record: Record, place: Place, jobs: Sequence[Job]) -> Iterator[UnitResult]:
    """The units of which nothing has changed."""
    for job in jobs:
        entry = left_as_is(place, record.last.get(job.name), job.key)
        if entry is not None:
            yield unchanged(record, entry)


def unchanged(record: Record, entry: manifest.Entry) -> UnitResult:
    """The unit as the last run left it; what was found then is found again, without building."""
    findings = kept_findings(record, entry) or ()
    state = "blocked" if entry.state == "blocked" else "unchanged"
    why = why_blocked(findings) if state == "blocked" else None
    result = UnitResult(entry.unit, state, tuple(sorted(entry.outputs)), why, findings, entry=entry)
    record.logged(result)
    return result


def kept_findings(record: Record, entry: manifest.Entry) -> tuple[Finding, ...] | None:
    """What the last run found on a unit; None where that cannot be read."""
    from report_builder import feedback  # noqa: PLC0415 - only where something was found

    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return feedback.from_json(record.opinion(entry))
    return None


def with_absent(outcome: Outcome, place: Place, came: Container[str]) -> Outcome:
    """The outcome with the registered units of which nothing came in: judged where a day is set, else only named."""
    if place.options.units:
        return outcome
    absent = silent(place, came)
    if place.settings.as_of is None:
        return replace(outcome, silent=tuple(unit.name for unit in absent))
    return replace(outcome, absent=tuple(_judged_absent(place, unit) for unit in absent))


def _judged_absent(place: Place, unit: Unit) -> UnitResult:
    ret = Return(unit.name, place.year, place.fmt.id, {})
    findings, runs = validate(Case(ret, place.fmt, place.spec, place.settings, unit))
    state = "blocked" if blocks(findings) else "checked"
    return UnitResult(unit.name, state, findings=tuple(findings), runs=tuple(runs))


def check(options: Options, files: Sequence[Path] = (), *, write: bool = True) -> Outcome:
    """Findings only: every unit of the year, or just ``files``; writes the returned workbooks.

    Raises:
        InputError, SpecError, OutputError: as :func:`build`.
    """
    place = open_files(options, files) if files else open_place(options)
    unused: list[str] = []
    if files:
        handed = [one for path in files for one in handed_in(place, source_of(path, place.spec))]
    else:
        handed, unused = collected(place)
    said, unread = answers(place) if (place.options.inputs / str(place.year)).is_dir() else ([], [])
    year = year_of(place, handed, alone=bool(files))
    with alone(year_folder(place)) if write else contextlib.nullcontext():
        results = [checked(place, one, beside, write=write) for one, beside in desks(place, year, said)]
    outcome = Outcome(place.year, year_folder(place), place.spec, tuple(results), (*unused, *unread))
    if files:
        return outcome
    return with_absent(replace(outcome, left=left_to_summary(place)), place, year.came)


def blank(options: Options) -> list[Path]:
    """Writes the year's blank return workbooks: one a unit, or one for all where no unit is known.

    Raises:
        InputError, SpecError, OutputError: as :func:`build`.
    """
    from report_builder import blank as drawing  # noqa: PLC0415

    place = open_place(options)
    held = earlier_sources(place)
    given, before = tasks.assignment(place), tasks.plan_before(place)
    written = []
    for unit in _blank_units(place, held):
        last = _last_year(place, unit, past(place, unit, held))
        filling = drawing.Filling(place.year, unit=unit if unit.name != BLANKS else None, last=last)
        if given is not None:
            assigned = given.by_unit.get(unit.name, ())
            said = tasks.remarks(assigned, given.plan, before, last, place.spec)
            filling = replace(filling, tasks=tuple(map(progress.given, assigned)), remarks=said)
        data = drawing.draw(place.fmt, place.spec.workbook, filling)
        path = year_folder(place) / BLANKS / f"{unit.name}.xlsx"
        manifest.write_file(path, data)
        written.append(path)
    return written


def _last_year(place: Place, unit: Unit, earlier: Sequence[Past]) -> Return | None:
    """Last year's return, of whose figures only those are kept that mean the same under this year's format."""
    last = history(place, unit, [one for one in earlier if one.year == place.year - 1]).year(place.year - 1)
    if last is None:
        return None
    kept = {
        key: figure
        for key, figure in last.ret.cells.items()
        if not place.spec.not_comparable(last.fmt, place.fmt, key)
    }
    return replace(last.ret, cells=kept)


def _blank_units(place: Place, held: Mapping[str, Any]) -> list[Unit]:
    """The units asked for; else all that hand in a return of their own; else one workbook for anybody."""
    if place.options.units:
        units = []
        for name in place.options.units:
            unit = place.registry.find(name)
            if unit is None:
                raise InputError(
                    f"单位“{name}”不在 units.csv 中{place.registry.suggestion(name) or '；请核对 --unit'}"
                )
            units.append(unit)
        return units
    own = list(place.registry.expected(place.year))
    return own or [Unit(name) for name in sorted(held)] or [Unit(BLANKS)]


def read(path: Path, inputs: Path, hint: archive.Hint | None = None) -> tuple[Return, Format, list[Finding]]:
    """A published report as facts, with what is doubtful in it and what the rules of its year find.

    ``hint`` names the unit and year of a report that does not say so itself.

    Raises:
        InputError: no such file.  UnreadableError: it cannot be read.
    """
    hold_file(path)
    settings, spec = set_up(inputs)
    registry = load_registry(inputs)
    ret = archive.read(path, spec, hint)
    fmt = spec.format(ret.format_id)
    if fmt is None:
        raise UnreadableError(f"没有格式 {ret.format_id}", "请核对 format")
    unit = (registry.find(ret.unit) if registry.units else None) or Unit(ret.unit)
    return ret, fmt, validate(Case(ret, fmt, spec, settings, unit, names=registry.names))[0]
