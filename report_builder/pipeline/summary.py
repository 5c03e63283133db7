"""`summary`: up the tree, every government's aggregate report, and one table of every cell of every unit.

A member's figures are taken as it handed them in. What keeps an aggregate from being published (a member missing,
one whose return is to be mended, a text not written) does not keep it from being seen: it is made all the same,
marked as a draft, and says what is lacking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from report_builder import aggregate, collect, ledger, manifest
from report_builder.aggregate import face
from report_builder.errors import InputError
from report_builder.history import Held
from report_builder.ledger import Ledger
from report_builder.model import Block, Finding, Return, Severity, Unit
from report_builder.pipeline import workers
from report_builder.pipeline.adding import Adding
from report_builder.pipeline.earlier import EarlierYears
from report_builder.pipeline.gathering import beside, gathered
from report_builder.pipeline.intake import (
    Answered,
    Handed,
    answers,
    history,
    own_answers,
)
from report_builder.pipeline.keys import Job, common, everything, is_current, job_for, left_as_is
from report_builder.pipeline.overseeing import Besides, overseen, pages_in
from report_builder.pipeline.overseeing import beside as lies_beside
from report_builder.pipeline.place import Options, Place, open_place, year_folder
from report_builder.pipeline.record import Record, alone
from report_builder.pipeline.run import (
    Making,
    Outcome,
    Progress,
    kept_findings,
    made_of,
    unchanged,
    unwatched,
)
from report_builder.pipeline.stowed import Stowage
from report_builder.pipeline.together import SUMMARY, TABLES, Together, place_of
from report_builder.pipeline.unit import Around, UnitResult, judged, why_blocked
from report_builder.registry import Registry, Tree
from report_builder.validate import blocks

_REFUSED = "报送的文件不能使用（退回）"


def summary(options: Options, progress: Progress = unwatched) -> Outcome:
    """Puts together every government's aggregate, or those asked for by name, and the table of all cells.

    Raises:
        InputError, SpecError, OutputError, WorkersError: the run as a whole cannot be made, or not go on.
    """
    place = open_place(options)
    with (
        alone(year_folder(place)),
        workers.hired(options) as hands,
        Record(place, aggregates=True) as record,
    ):
        inputs = everything(place)
        if not options.units and not options.force and record.still_holds(_seen(place, record, inputs)):
            return _as_it_was(place, record)
        year = _gathered(place, record)
        jobs = [_job(place, year, unit) for unit in _asked(place, year.adding.tree)]
        results = made_of(jobs, Making(place, record, hands, progress))
        tables = _tables(place, year, record)
        overview = overseen(place, year.found, year.jobs, record, _besides(year, results, record))
        record.whole = manifest.Whole(_seen(place, record, inputs), tuple(year.unused), tuple(_notes(year)))
        return _ended(place, record, [*results, tables, overview])


def _seen(place: Place, record: Record, inputs: str) -> str:
    """What decides about a whole run: all that decides about `build`'s, how that left each unit, the pages that lie about."""
    folder = year_folder(place)
    left = (f"{name} {one.key} {one.state}" for name, one in sorted(record.units.items()))
    lying = (
        (path.name, pages_in(path))
        for within in (folder, folder / SUMMARY)
        for path in (sorted(within.iterdir()) if within.is_dir() else ())
    )
    about = (place.spec.score, place.spec.oversight, lies_beside(place))
    return manifest.digest(
        [inputs, *map(repr, about), *left, *(f"{name} {pages}" for name, pages in lying if pages)]
    )


def _as_it_was(place: Place, record: Record) -> Outcome:
    """All as the last run left it."""
    aggregates = {name: one for name, one in record.last.items() if place_of(name)}
    others = (
        UnitResult(name, "unchanged", entry=one) for name, one in record.last.items() if not place_of(name)
    )
    return _ended(place, record, [*(unchanged(record, one) for one in aggregates.values()), *others])


def _ended(place: Place, record: Record, results: Sequence[UnitResult]) -> Outcome:
    """Writes the record; an aggregate is told of by its government's name."""
    record.finished(results)
    whole = record.whole
    named = sorted((name, one) for one in results if (name := place_of(one.unit)))
    return Outcome(
        place.year,
        year_folder(place),
        place.spec,
        tuple(replace(one, unit=name) for name, one in named),
        whole.unused,
        notes=(f"总览.html、{TABLES}、报送情况和评分在 {year_folder(place) / SUMMARY}", *whole.notes),
    )


def _besides(year: _Year, results: Iterable[UnitResult], record: Record) -> Besides:
    """What the overview shows beside the units: last year's figures, which aggregates are drafts, the tasks.

    Of an aggregate that was not asked for is told what it was.
    """
    lacking = {name for name, one in year.adding.compiled.items() if one.missing}
    to_mend = {name: one.state == "blocked" for name, one in record.last.items()}
    to_mend |= {one.unit: blocks(one.findings) for one in results}
    drafts = lacking | {place_of(name) for name, mend in to_mend.items() if mend}
    return Besides(year.earlier.last, frozenset(drafts), year.ledger)


def _notes(year: _Year) -> Iterator[str]:
    """What the lead office must know of the run as a whole, the gravest first."""
    adding = year.adding
    astray = adding.astray
    if astray:
        yield (
            f"{len(astray)} 个单位的报送没有计入任何一级汇总：{_named(astray)}；"
            "请核对 units.csv：单位应在名册里，parent 应写它的上级"
        )
    drafts = [name for name, one in adding.compiled.items() if one.missing]
    if drafts:
        yield f"{len(drafts)} 份汇总报告缺少成员的数据，只是标有“汇总草稿”的草稿：{_named(drafts)}"
    unbuilt = [name for name, one in year.found.items() if not one.files]
    if unbuilt:
        yield (
            f"{len(unbuilt)} 个单位的报告还没有生成，或者生成以后报送又有变动：{_named(unbuilt)}；"
            "汇总按它们报送的数计算。请运行 build，再运行一次 summary，总览里才能打开各单位的报告和校验意见"
        )


_NAMED = 10


def _named(units: Sequence[str]) -> str:
    return "、".join(units[:_NAMED]) + (" 等" if len(units) > _NAMED else "")


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
    """All that came in for the year with what was found on it, and what is held of earlier ones.

    ``wholes`` are what governments with members gave themselves.
    """

    jobs: Mapping[str, Job]
    found: Mapping[str, UnitResult]
    wholes: Mapping[str, Handed]
    adding: Adding
    earlier: EarlierYears
    answered: Sequence[Answered]
    unused: Sequence[str]
    alike: Mapping[str, tuple[Held, ...]]
    common: str
    ledger: Ledger | None

    @cached_property
    def marks(self) -> Mapping[str, str]:
        """The digest of what each return adds to a sum, and where it stands."""
        return {ret.unit: _mark(ret) for ret in self.adding.held.values()}


def _gathered(place: Place, record: Record) -> _Year:
    """Reads what came in, and finds for every unit whether its figures can be counted."""
    year, unused = gathered(place, Stowage().away)
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
    adding = Adding(
        place=place,
        tree=tree,
        usable={name: jobs[name].handed.ret for name in counted},
        wholes={name: one.ret for name, one in wholes.items()},
        doubts={name: _doubt(one.findings) for name, one in counted.items() if blocks(one.findings)},
        refused=refused,
    )
    return _Year(
        jobs=jobs,
        found=found,
        wholes=wholes,
        adding=adding,
        earlier=EarlierYears(place, tree, year.earlier),
        answered=said,
        unused=[*unused, *unread],
        alike=year.among.alike,
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


def _job(place: Place, year: _Year, unit: Unit) -> Job:
    """The work on one government's aggregate, and its key: the digest of all that decides what comes out."""
    compiled, ret = year.adding.compiled[unit.name], year.adding.returned[unit.name]
    members = aggregate.members_of(compiled, ret, place.fmt)
    listing = _listing(year, unit, compiled)
    whole = year.wholes.get(unit.name)
    source = whole.source if whole is not None else collect.Source(Path(f"{unit.name}{SUMMARY}"))
    handed = Handed(unit, source, ret)
    own = own_answers(place, handed, year.answered)
    others = year.alike.get(unit.name, ())
    before = year.earlier.of(unit, compiled)
    tasks = _tasks(place, year, unit, ret)
    traced = partial(aggregate.traced, compiled, ret, place.fmt, place.spec)
    key = manifest.digest(
        [
            year.common,
            *map(
                repr,
                (unit, listing, compiled.given, compiled.missing, compiled.doubtful, own, before.lineage),
            ),
            *(f"{one.fmt.id} {_mark(one.ret)} {one.ret.sections!r}" for one in before.years),
            repr([(one.ret.unit, one.ret.sections, one.ret.tasks) for one in others]),
            repr(tasks),
            *(f"{name} {sorted(sums)}" for name, sums in aggregate.printed_sums(compiled, place.fmt).items()),
            *(year.marks[one.unit] for one in (*compiled.returns, *compiled.apart)),
        ]
    )
    inputs = _inputs(year, [unit.name, *(one.unit for one in (*compiled.returns, *compiled.apart))])
    folder = year_folder(place) / SUMMARY / unit.name
    return Job(
        handed,
        (),
        folder,
        key,
        inputs,
        own,
        others,
        years=before,
        together=Together(members, listing, tasks),
        traced=traced,
    )


def _tasks(place: Place, year: _Year, unit: Unit, ret: Return) -> tuple[Block, ...]:
    """What the place's members made of the year's tasks; nothing where it tells of its tasks itself."""
    if year.ledger is None or ret.tasks:
        return ()
    own = {unit.name, *(one.name for one in year.adding.members[unit.name])}
    return ledger.summed(ledger.within(year.ledger, own), place.spec)


def _inputs(year: _Year, units: Iterable[str]) -> dict[str, str]:
    """The files that went into an aggregate, each with its digest."""
    return {
        name: known for unit in units if unit in year.jobs for name, known in year.jobs[unit].inputs.items()
    }


def _listing(year: _Year, unit: Unit, compiled: aggregate.Compiled) -> face.Listing:
    """The members by the government they stand under, the place's own first."""
    came = {one.unit for one in compiled.returns}
    parts: dict[str, list[str]] = {unit.name: []}
    for one in year.adding.members[unit.name]:
        if one.name in came:
            parts.setdefault(year.adding.tree.government_of(one), []).append(one.name)
    counted = tuple((name, tuple(units)) for name, units in parts.items() if units)
    return face.Listing(counted, tuple(one.name for one in year.adding.tree.apart(unit)))


def _tables(place: Place, year: _Year, record: Record) -> UnitResult:
    """汇总表 in its three kinds, and what its columns hold; written only where something in it has changed."""
    from report_builder.aggregate import sheets, table  # noqa: PLC0415 - pandas is needed by this verb alone

    adding = year.adding
    places = tuple(adding.returned.values())
    units = {name: unit for name in adding.usable if (unit := place.registry.find(name)) is not None}
    parents = {name: adding.tree.parents.get(name, "") for name in adding.usable}
    contents = sheets.Contents(place.year, tuple(adding.usable.values()), units, parents, places)
    key = manifest.digest(
        [
            year.common,
            *map(repr, (sorted(units.items()), contents.parents, [one.cells for one in places])),
            *year.marks.values(),
        ]
    )
    entry = left_as_is(place, record.last.get(TABLES), key)
    if entry is not None:
        return UnitResult(TABLES, "unchanged", tuple(sorted(entry.outputs)), entry=entry)
    own = adding.frame[adding.frame["unit"].isin(set(adding.usable))]
    described = place.spec.wording.aggregate.dictionary
    files: dict[str, manifest.Content] = {
        f"{SUMMARY}/{TABLES}.parquet": lambda target: table.write_parquet(target, own, described),
        f"{SUMMARY}/{TABLES}.csv": lambda target: table.write_csv(target, own),
        f"{SUMMARY}/{TABLES}-说明.csv": table.as_dictionary(sheets.dictionary(place.fmt, place.spec)),
        f"{SUMMARY}/{TABLES}.xlsx": lambda target: sheets.write(target, contents, place.fmt, place.spec),
    }
    outputs = manifest.write_within(year_folder(place), files)
    entry = manifest.Entry(TABLES, key, "built", _inputs(year, adding.usable), outputs)
    return UnitResult(TABLES, "built", tuple(sorted(files)), entry=entry)


__all__ = ["summary"]
