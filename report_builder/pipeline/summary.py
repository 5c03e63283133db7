"""`summary`: up the tree, every government's aggregate report, and one table of every cell of every unit.

A member's figures are taken as it handed them in. What keeps an aggregate from being published (a member missing,
one whose return is to be mended, a text not written) does not keep it from being seen: it is made all the same,
marked as a draft, and says what is lacking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report_builder import aggregate, collect, ledger, manifest
from report_builder.aggregate import face
from report_builder.errors import InputError
from report_builder.history import Held
from report_builder.ledger import Ledger
from report_builder.model import Block, Finding, Return, Severity, Unit
from report_builder.pipeline import workers
from report_builder.pipeline.earlier import EarlierYears
from report_builder.pipeline.gathering import beside, gathered
from report_builder.pipeline.intake import (
    Answered,
    Handed,
    answers,
    history,
    own_answers,
)
from report_builder.pipeline.keys import Job, common, is_current, job_for, left_as_is
from report_builder.pipeline.overseeing import overseen
from report_builder.pipeline.place import Options, Place, open_place, year_folder
from report_builder.pipeline.record import Record, alone
from report_builder.pipeline.run import Making, Outcome, Progress, kept_findings, made_of, unwatched
from report_builder.pipeline.together import SUMMARY, TABLES, Together
from report_builder.pipeline.unit import Around, UnitResult, judged, why_blocked
from report_builder.registry import Registry, Tree
from report_builder.validate import blocks

if TYPE_CHECKING:
    from report_builder.aggregate import table

_NOTHING_CAME = "没有报送"
_REFUSED = "报送的文件不能使用（退回）"


def summary(options: Options, progress: Progress = unwatched) -> Outcome:
    """Puts together every government's aggregate, or those asked for by name, and the table of all cells.

    Raises:
        InputError, SpecError, OutputError, WorkersError: the run as a whole cannot be made, or not go on.
    """
    place = open_place(options)
    folder = year_folder(place)
    with alone(folder), workers.hired(options) as hands, Record(place, aggregates=True) as record:
        year = _gathered(place, record)
        asked = _asked(place, year.tree)
        compiled = {
            unit.name: _compiled(year, unit) for unit in year.tree.governments if year.tree.compiled(unit)
        }
        jobs = [_job(year, unit, compiled[unit.name]) for unit in asked]
        results = made_of([*jobs], Making(place, record, hands, progress))
        results.sort(key=lambda result: result.unit)
        tables = _tables(
            year, [aggregate.returned(one, place.fmt, place.spec) for one in compiled.values()], record
        )
        overview = overseen(place, year.found, year.jobs, record, year.ledger)
        record.finished([*results, tables, overview])
    own = tuple(replace(result, unit=job.handed.unit.name) for result, job in _paired(results, jobs))
    return Outcome(place.year, folder, place.spec, own, tuple(year.unused), notes=tuple(_notes(year)))


def _notes(year: _Year) -> Iterator[str]:
    """What to look at first, and what `build` has still to do: of units it has not seen as they are nothing lies there."""
    yield f"总览.html、{TABLES}、报送情况和评分在 {year_folder(year.place) / SUMMARY}"
    unbuilt = sum(not one.files for one in year.found.values())
    if unbuilt:
        yield (
            f"{unbuilt} 个单位的报告还没有生成，或者生成以后报送又有变动；汇总按它们报送的数计算。"
            "请运行 build，再运行一次 summary，总览里才能打开各单位的报告和校验意见"
        )


def _paired(results: Sequence[UnitResult], jobs: Iterable[Job]) -> Iterator[tuple[UnitResult, Job]]:
    by_name = {job.name: job for job in jobs}
    return ((result, by_name[result.unit]) for result in results)


def _asked(place: Place, tree: Tree) -> tuple[Unit, ...]:
    """The governments asked for by name; all that have members where none was.

    Raises:
        InputError: a name that is none of theirs.
    """
    compiled = [unit for unit in tree.governments if tree.compiled(unit)]
    if not place.options.units:
        return tuple(compiled)
    found = []
    for name in dict.fromkeys(place.options.units):
        unit = next((one for one in compiled if one.name == place.registry.registered(name)), None)
        if unit is None:
            known = place.registry.registered(name)
            why = "不是有所属单位的政府，没有汇总报告" if known else "不在 units.csv 中"
            near = Registry(tuple(compiled)).suggestion(name) or "；请核对 --unit"
            raise InputError(f"“{name}”{why}{near}")
        found.append(unit)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class _Year:
    """All that came in for the year, and what is held of earlier ones.

    ``usable`` are the returns that can be counted, by unit; ``wholes`` what governments with members gave
    themselves; ``doubts`` say what is to be mended in a return, ``refused`` which cannot be used at all.
    """

    place: Place
    tree: Tree
    jobs: Mapping[str, Job]
    found: Mapping[str, UnitResult]
    usable: Mapping[str, Return]
    wholes: Mapping[str, Handed]
    doubts: Mapping[str, str]
    refused: Mapping[str, str]
    answered: Sequence[Answered]
    unused: Sequence[str]
    alike: Mapping[str, tuple[Held, ...]]
    earlier: Mapping[str, Sequence[tuple[int, collect.Source]]]
    common: str
    ledger: Ledger | None

    @cached_property
    def frame(self) -> Any:  # noqa: ANN401 - pandas carries no types
        """Every cell of what can be counted, and of what governments gave whose members gave nothing."""
        from report_builder.aggregate import table  # noqa: PLC0415 - pandas is needed by this verb alone

        return table.tidy([*self.usable.values(), *self.given.values()], self.place.fmt)

    @cached_property
    def given(self) -> Mapping[str, Return]:
        """The governments' own returns that hold figures."""
        return {name: one.ret for name, one in self.wholes.items() if _has_figures(one.ret)}

    @cached_property
    def members(self) -> Mapping[str, tuple[Unit, ...]]:
        """Whose figures make up each government's, whether they came in or not."""
        came = {*self.usable, *self.given}
        return {unit.name: self.tree.members(unit, came) for unit in self.tree.governments}

    def returns(self, units: Iterable[Unit]) -> tuple[Return, ...]:
        """What came in of these units and can be counted."""
        held = {**self.given, **self.usable}
        return tuple(held[unit.name] for unit in units if unit.name in held)

    @cached_property
    def sums(self) -> table.Sums:
        """What each government's members come to."""
        from report_builder.aggregate import table  # noqa: PLC0415

        owned = {name: [one.unit for one in self.returns(units)] for name, units in self.members.items()}
        return table.sums(self.frame, owned, self.place.fmt)

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """The digest of what each return adds to a sum, and where it stands."""
        return {ret.unit: _mark(ret) for ret in (*self.given.values(), *self.usable.values())}

    @cached_property
    def years(self) -> EarlierYears:
        """The earlier years, for the aggregates."""
        return EarlierYears(self.place, self.tree, self.earlier)


def _has_figures(ret: Return) -> bool:
    return any(held.number is not None for held in ret.cells.values())


def _gathered(place: Place, record: Record) -> _Year:
    """Reads what came in, and finds for every unit whether its figures can be counted."""
    year, unused = gathered(place)
    said, unread = answers(place)
    tree, key = place.registry.tree(place.year), common(place)
    wholes = {
        one.unit.name: replace(one, ret=aggregate.texts_alone(one.ret))
        for one in year.distinct
        if tree.compiled(one.unit)
    }
    jobs = {
        one.unit.name: job_for(place, one, beside(place, one.unit, year, said), key) for one in year.distinct
    }
    found = {name: _found(place, job, record) for name, job in jobs.items() if name not in wholes}
    refused = {name: _REFUSED for name, one in found.items() if _refused(one, jobs[name])}
    counted = {name: one for name, one in found.items() if name not in refused}
    return _Year(
        place=place,
        tree=tree,
        jobs=jobs,
        found=found,
        usable={name: jobs[name].handed.ret for name in counted},
        wholes=wholes,
        doubts={name: _doubt(one.findings) for name, one in counted.items() if blocks(one.findings)},
        refused=refused,
        answered=said,
        unused=[*unused, *unread],
        alike=year.among.alike,
        earlier=year.earlier,
        common=key,
        ledger=_ledger(place, year.given, year.distinct),
    )


def _ledger(place: Place, given: ledger.Assignment | None, handed: Sequence[Handed]) -> Ledger | None:
    """How far the year's tasks have come; None where there is no plan."""
    if given is None:
        return None
    rets = {one.unit.name: one.ret for one in handed}
    return ledger.open_ledger(given, place.year, rets, as_of=place.settings.as_of)


def _refused(one: UnitResult, job: Job) -> bool:
    """Whether nothing of a return can be counted."""
    return not job.handed.ret.cells or any(finding.severity is Severity.REJECT for finding in one.findings)


def _doubt(findings: Sequence[Finding]) -> str:
    return why_blocked(findings).partition("（")[0]


def _found(place: Place, job: Job, record: Record) -> UnitResult:
    """What was found on a unit's return: as `build` left it where nothing has changed since, else judged here."""
    entry = record.units.get(job.name)
    if entry is not None and is_current(entry, job.key, year_folder(place)):
        findings = kept_findings(record, entry)
        if findings is not None:
            return UnitResult(job.name, entry.state, tuple(sorted(entry.outputs)), findings=findings)
    years = history(place, job.handed.unit, job.earlier)
    one = judged(place, job.handed, Around(years, job.answers, job.alike, job.assigned))
    files = _built_of_the_same(place, job, entry)
    state = "blocked" if blocks(one.findings) else "built" if files else "checked"
    return UnitResult(job.name, state, files, findings=tuple(one.findings), runs=tuple(one.runs))


def _built_of_the_same(place: Place, job: Job, entry: manifest.Entry | None) -> tuple[str, ...]:
    """What `build` made of the very same files, though by other settings or asked for otherwise, as by another day."""
    if entry is None or entry.state != "built" or entry.inputs != job.inputs:
        return ()
    return tuple(sorted(entry.outputs)) if manifest.intact(entry, year_folder(place)) else ()


def _mark(ret: Return) -> str:
    cells = (f"{key} {held.text} {held.number} {held.typed} {held.source}" for key, held in ret.cells.items())
    return manifest.digest([ret.unit, repr(ret.fee), *cells])


def _compiled(year: _Year, unit: Unit) -> aggregate.Compiled:
    """What one government's aggregate is put together from."""
    whole = year.wholes.get(unit.name)
    members = year.members[unit.name]
    returns = year.returns(members)
    came = {one.unit for one in returns}
    return aggregate.Compiled(
        place=unit.name,
        report_year=year.place.year,
        returns=returns,
        sums=year.sums[unit.name],
        given=whole.ret if whole is not None else None,
        apart=year.returns(year.tree.apart(unit)),
        missing={
            one.name: year.refused.get(one.name, _NOTHING_CAME) for one in members if one.name not in came
        },
        doubtful={one.name: year.doubts[one.name] for one in members if one.name in year.doubts},
    )


def _job(year: _Year, unit: Unit, compiled: aggregate.Compiled) -> Job:
    """The work on one government's aggregate, and its key: the digest of all that decides what comes out."""
    place = year.place
    ret = aggregate.returned(compiled, place.fmt, place.spec)
    members = aggregate.members_of(compiled, ret, place.fmt)
    listing = _listing(year, unit, compiled)
    whole = year.wholes.get(unit.name)
    source = whole.source if whole is not None else collect.Source(Path(f"{unit.name}{SUMMARY}"))
    handed = Handed(unit, source, ret)
    own = own_answers(place, handed, year.answered)
    others = year.alike.get(unit.name, ())
    before = year.years.of(unit, compiled)
    key = manifest.digest(
        [
            year.common,
            *map(
                repr,
                (unit, listing, compiled.given, compiled.missing, compiled.doubtful, own, before.lineage),
            ),
            *(f"{one.fmt.id} {_mark(one.ret)} {one.ret.sections!r}" for one in before.years),
            repr([(one.ret.unit, one.ret.sections, one.ret.tasks) for one in others]),
            repr(_tasks(year, unit, ret)),
            *(year.marks[one.unit] for one in (*compiled.returns, *compiled.apart)),
        ]
    )
    inputs = _inputs(year, [unit.name, *(one.unit for one in (*compiled.returns, *compiled.apart))])
    together = Together(members, listing, aggregate.traced(compiled, ret, place.fmt), _tasks(year, unit, ret))
    folder = year_folder(place) / SUMMARY / unit.name
    return Job(handed, (), folder, key, inputs, own, others, years=before, together=together)


def _tasks(year: _Year, unit: Unit, ret: Return) -> tuple[Block, ...]:
    """What the place's members made of the year's tasks; nothing where it tells of its tasks itself."""
    if year.ledger is None or ret.tasks:
        return ()
    own = {unit.name, *(one.name for one in year.members[unit.name])}
    return ledger.summed(ledger.within(year.ledger, own), year.place.spec)


def _inputs(year: _Year, units: Iterable[str]) -> dict[str, str]:
    """The files that went into an aggregate, each with its digest."""
    return {
        name: known for unit in units if unit in year.jobs for name, known in year.jobs[unit].inputs.items()
    }


def _listing(year: _Year, unit: Unit, compiled: aggregate.Compiled) -> face.Listing:
    """The members by the government they stand under, the place's own first."""
    came = {one.unit for one in compiled.returns}
    parts: dict[str, list[str]] = {unit.name: []}
    for one in year.members[unit.name]:
        if one.name in came:
            parts.setdefault(year.tree.government_of(one), []).append(one.name)
    counted = tuple((name, tuple(units)) for name, units in parts.items() if units)
    return face.Listing(counted, tuple(one.name for one in year.tree.apart(unit)))


def _tables(year: _Year, places: Sequence[Return], record: Record) -> UnitResult:
    """汇总表 in its three kinds, and what its columns hold; written only where something in it has changed."""
    from report_builder.aggregate import sheets, table  # noqa: PLC0415 - pandas is needed by this verb alone

    place = year.place
    units = {name: unit for name in year.usable if (unit := place.registry.find(name)) is not None}
    contents = sheets.Contents(place.year, tuple(year.usable.values()), units, year.tree.parents, places)
    key = manifest.digest(
        [
            year.common,
            *map(repr, (sorted(units.items()), [one.cells for one in places])),
            *year.marks.values(),
        ]
    )
    entry = left_as_is(place, record.last.get(TABLES), key)
    if entry is not None:
        return UnitResult(TABLES, "unchanged", tuple(sorted(entry.outputs)), entry=entry)
    own = year.frame[year.frame["unit"].isin(set(year.usable))]
    files = {
        f"{SUMMARY}/{TABLES}.parquet": table.as_parquet(own, place.spec.wording.aggregate.dictionary),
        f"{SUMMARY}/{TABLES}.csv": table.as_csv(own),
        f"{SUMMARY}/{TABLES}-说明.csv": table.as_dictionary(sheets.dictionary(place.fmt, place.spec)),
        f"{SUMMARY}/{TABLES}.xlsx": sheets.workbook(contents, place.fmt, place.spec),
    }
    outputs = manifest.write_within(year_folder(place), files)
    entry = manifest.Entry(TABLES, key, "built", _inputs(year, year.usable), outputs)
    return UnitResult(TABLES, "built", tuple(sorted(files)), entry=entry)


__all__ = ["summary"]
