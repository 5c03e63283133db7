"""The only module that knows the order of the steps: from a folder of returns to finished reports.

A run is: find the returns, collect them, see which changed, build those (each unit for itself, in a process
of its own where there are several), write the manifest. A unit that fails or is held back stops no other.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report_builder import archive, collect, facts, manifest
from report_builder.compose import compose
from report_builder.errors import InputError, OutputError, ReportBuilderError, SpecError, UnreadableError
from report_builder.history import Held, History, together
from report_builder.model import (
    Block,
    Draft,
    Finding,
    Heading,
    Paragraph,
    Return,
    Run,
    Section,
    Settings,
    Severity,
    Trouble,
    Unit,
)
from report_builder.registry import Registry, load_registry, load_settings, unfit_name
from report_builder.render import template
from report_builder.rule_kinds import Case
from report_builder.spec import Format, Spec, load_spec
from report_builder.spec.toml import nearest
from report_builder.validate import blocks, hold_rules, validate

if TYPE_CHECKING:
    from report_builder import feedback

FORMATS = ("docx", "pdf", "html", "csv", "json")
REPORT = "年度报告"
ANSWERED = "校验意见"
BLANKS = "空白表"
PLAN = "plan"
_YEAR_FOLDER = re.compile(r"\d{4}")
_YEARS_BACK = 2
"""How many earlier years the rules look at; a report's chart looks at all."""
_TEXTS = ("正文.docx", "正文.md", "正文.txt")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp")


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    inputs: Path = Path("data_inputs")
    outputs: Path = Path("outputs")
    year: int | None = None
    units: tuple[str, ...] = ()
    jobs: int = 0
    formats: tuple[str, ...] = FORMATS
    reason: str = ""
    force: bool = False
    as_of: dt.date | None = None


@dataclass(frozen=True)
class Place:
    """All that holds for every unit of a run."""

    options: Options
    spec: Spec
    registry: Registry
    settings: Settings
    year: int
    fmt: Format


@dataclass(frozen=True)
class Handed:
    """What was handed in for one unit: the files, and the return read from them."""

    unit: Unit
    source: collect.Source
    ret: Return

    @property
    def folder(self) -> str:
        """The name of its folder of outputs; a name unfit for that gives way to the file's."""
        return self.source.stem if unfit_name(self.unit.name) else self.unit.name


@dataclass(frozen=True)
class Past:
    """One earlier year of a unit: the files of all bodies whose figures it is the sum of."""

    year: int
    parts: tuple[collect.Source, ...]


Answers = Mapping[str, "feedback.Answer"]
"""What units wrote into the workbooks they were sent, by fingerprint."""


@dataclass(frozen=True)
class Job:
    """One unit's work: what was handed in, the years held before, its answers, and where the outputs go."""

    handed: Handed
    earlier: tuple[Past, ...]
    folder: Path
    key: str
    inputs: Mapping[str, str]
    answers: Answers


@dataclass(frozen=True)
class UnitResult:
    """How one unit ended: built, unchanged, blocked or failed; ``files`` are relative to the year's outputs."""

    unit: str
    state: str
    files: tuple[str, ...] = ()
    why: str | None = None
    findings: tuple[Finding, ...] = ()
    runs: tuple[Run, ...] = ()
    notes: tuple[str, ...] = ()
    entry: manifest.Entry | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    year: int
    folder: Path
    spec: Spec
    results: tuple[UnitResult, ...]
    unused: tuple[str, ...] = ()
    absent: tuple[UnitResult, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """All findings: those on what came in, then those on what did not."""
        return [finding for result in (*self.results, *self.absent) for finding in result.findings]

    @property
    def runs(self) -> list[Run]:
        """What became of every rule, unit by unit."""
        return [run for result in (*self.results, *self.absent) for run in result.runs]


Progress = Callable[[UnitResult, int, int], None]


@cache
def _spec(further: str) -> Spec:
    spec = load_spec(Path(further) if further else None)
    hold_rules(spec)
    return spec


def set_up(inputs: Path) -> tuple[Settings, Spec]:
    """What the place has set, and the formats and rules it works by: its own in ``spec_dir`` beside the package's.

    Raises:
        SpecError: a broken setting or spec.  InputError: ``spec_dir`` is no folder.
    """
    settings = load_settings(inputs)
    further = inputs / settings.spec_dir if settings.spec_dir else None
    if further is not None and not further.is_dir():
        raise InputError(f"settings.toml：spec_dir 指向的文件夹 {settings.spec_dir} 不存在")
    spec = _spec(str(further or ""))
    _check_settings(settings, spec)
    return settings, spec


def open_place(options: Options) -> Place:
    """The spec, registry and settings for a run.

    Raises:
        InputError: no such folder, no year in it, no format for the year, unknown unit.
        SpecError: a broken setting or spec.
    """
    if not options.inputs.is_dir():
        raise InputError(f"没有找到输入文件夹 {options.inputs}；请核对 --inputs，或先建立这个文件夹")
    settings, spec = set_up(options.inputs)
    settings = replace(settings, as_of=options.as_of or settings.as_of)
    year = options.year or newest_year(options.inputs)
    fmt = spec.format_for(year)
    if fmt is None:
        first = spec.formats[0].first_report_year
        raise InputError(f"没有适用于 {year} 年的报告格式；现有格式从 {first} 年起")
    return Place(options, spec, load_registry(options.inputs), settings, year, fmt)


def _check_settings(settings: Settings, spec: Spec) -> None:
    """Rules a setting names must exist; nothing lets an unusable return through."""
    for code in (*settings.severities, *settings.thresholds):
        if code not in spec.rules:
            raise SpecError(f"settings.toml：没有规则 {code}{nearest(code, spec.rules)}")
    for code, severity in settings.severities.items():
        if spec.rules[code].severity == Severity.REJECT.value and severity is not Severity.REJECT:
            raise SpecError(
                f"settings.toml：rules.{code} 是退回，不能改为 {severity.value}；退回的报送不能据以编制报告"
            )
    for code, threshold in settings.thresholds.items():
        if spec.rules[code].threshold is None:
            raise SpecError(f"settings.toml：thresholds.{code}：规则 {code} 没有界限可调")
        if threshold < 0:
            raise SpecError(f"settings.toml：thresholds.{code} 是 {threshold}，应为 0 或正数")


def years(inputs: Path) -> list[int]:
    """The report years that have a folder, oldest first."""
    return sorted(
        int(path.name) for path in inputs.iterdir() if path.is_dir() and _YEAR_FOLDER.fullmatch(path.name)
    )


def newest_year(inputs: Path) -> int:
    """The newest report year that has a folder.

    Raises:
        InputError: there is none.
    """
    held = years(inputs)
    if not held:
        raise InputError(
            f"{inputs} 里没有年度文件夹；请建立如 {inputs.name}/2024 的文件夹，把各单位的报送表放进去"
        )
    return held[-1]


def sources(folder: Path, *, published: bool = False) -> tuple[list[collect.Source], list[str]]:
    """The returns in a year's folder, by name, and the files that are none; a sub-folder is one unit's return."""
    found: list[collect.Source] = []
    unused: list[str] = []
    for path in sorted(folder.iterdir(), key=lambda path: unicodedata.normalize("NFC", path.name)):
        if _is_none(path) or path.name.startswith(("~$", ".")):
            continue
        if path.is_dir():
            source, left = in_folder(path, published=published)
            found.append(source)
            unused += left
        elif collect.is_return(path) or (published and path.suffix.lower() in archive.KINDS):
            found.append(collect.Source(path))
        else:
            unused.append(path.name)
    return found, unused


def _is_none(path: Path) -> bool:
    """Whether a file is known to be no return: the year's plan, an opinion that came back."""
    return path.stem == PLAN or (ANSWERED in path.stem and not path.is_dir())


def in_folder(folder: Path, *, published: bool = False) -> tuple[collect.Source, list[str]]:
    """The return in a unit's own folder, and what lies there unused; without one the folder is refused by name."""
    files = [
        path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(("~$", "."))
    ]
    files = [path for path in files if not _is_none(path)]
    text = next((path for path in files if path.name.lower() in _TEXTS), None)
    mains = [path for path in files if collect.is_return(path)]
    if published:
        reports = (path for path in files if path.suffix.lower() in archive.KINDS and path != text)
        mains += sorted(reports, key=lambda path: archive.KINDS.index(path.suffix.lower()))
        mains = mains[:1]
    pictures = {path for path in files if path.suffix.lower() in _PICTURES}
    left = [f"{folder.name}/{path.name}" for path in files if path not in {*mains, text, *pictures}]
    main = mains[0] if mains else folder
    return collect.Source(main, text, folder, len(mains)), [] if published else left


def _collected(place: Place) -> tuple[list[Handed], list[str]]:
    folder = place.options.inputs / str(place.year)
    if not folder.is_dir():
        held = "、".join(map(str, years(place.options.inputs))) or "无"
        raise InputError(f"{place.options.inputs} 里没有 {place.year} 年的文件夹；现有年度：{held}")
    found, unused = sources(folder)
    if not found:
        raise InputError(
            f"{folder} 里没有报送表；请把各单位的 .xlsx 放进去（空白表用 report-builder blank 生成）"
        )
    return [one for source in found for one in _handed(place, source)], unused


def _handed(place: Place, source: collect.Source) -> list[Handed]:
    """What one file holds: the return of the unit it is named after, or those of several units."""
    rets = collect.read_returns(source, place.spec, place.year, place.registry.registered)
    if len(rets) == 1:
        return [_named(place, source, rets[0])]
    return [_among_others(place, source, ret) for ret in rets]


def _among_others(place: Place, source: collect.Source, ret: Return) -> Handed:
    """One of several units in a file: it is whoever its own part names; what names nobody stays with the file."""
    unit = place.registry.find(ret.unit)
    troubles = []
    if unit is None:
        unit = Unit(ret.unit or f"{source.stem}（未写明单位）")
        if ret.unit:
            said = {"unit": ret.unit, "suggestion": place.registry.suggestion(ret.unit)}
            troubles.append(Trouble("unknown_unit", ret.places.get("unit", source.name), (), said))
    return Handed(unit, source, replace(ret, unit=unit.name, troubles=(*ret.troubles, *troubles)))


def _named(place: Place, source: collect.Source, ret: Return) -> Handed:
    """The unit a return belongs to: by its file's name, else by the name inside; each doubt is a Trouble."""
    registry = place.registry
    by_file, inside = registry.find_file(source.stem), registry.find(ret.unit)
    troubles = []
    unit = by_file or inside
    if unit is None:
        said = ret.unit or source.stem
        facts_ = {"unit": said, "suggestion": registry.suggestion(said) or registry.suggestion(source.stem)}
        troubles.append(Trouble("unknown_unit", source.name, (), facts_))
        unit = Unit(source.stem)
    elif registry.units and ret.unit and unit is not inside:
        where = ret.places.get("unit", source.name)
        troubles.append(Trouble("unit_differs", where, (), {"file_unit": unit.name, "unit": ret.unit}))
    return Handed(unit, source, replace(ret, unit=unit.name, troubles=(*ret.troubles, *troubles)))


def _once_each(
    collected: Iterable[Handed],
) -> list[Handed]:
    """One return a unit; where there are several none is chosen, and the first says so for all."""
    groups: dict[str, list[Handed]] = {}
    for one in collected:
        groups.setdefault(one.unit.name, []).append(one)
    return [group[0] if len(group) == 1 else _twice(group) for group in groups.values()]


def _twice(group: Sequence[Handed]) -> Handed:
    first = group[0]
    names = "、".join(one.source.name for one in group)
    trouble = Trouble("unit_twice", first.source.name, (), {"count": len(group), "files": names})
    return replace(first, ret=replace(first.ret, troubles=(*first.ret.troubles, trouble)))


def _chosen(place: Place, collected: Sequence[Handed]) -> list[Handed]:
    """The units asked for by name; all where none was.

    Raises:
        InputError: a name no return and no registered unit has.
    """
    if not place.options.units:
        return list(collected)
    held = {one.unit.name: one for one in collected}
    chosen = []
    for name in dict.fromkeys(place.options.units):
        unit = place.registry.find(name)
        if unit is None or unit.name not in held:
            known = Registry(tuple(one.unit for one in collected))
            why = "没有报送" if unit and place.registry.units else "不在名册和报送中"
            raise InputError(f"单位“{name}”{place.year} 年{why}{known.suggestion(name) or '；请核对 --unit'}")
        if held[unit.name] not in chosen:
            chosen.append(held[unit.name])
    return chosen


def earlier_sources(place: Place) -> dict[str, list[tuple[int, collect.Source]]]:
    """What is held of earlier years, by unit, the oldest year first."""
    held: dict[str, dict[int, collect.Source]] = {}
    for year in years(place.options.inputs):
        if year < place.year and place.spec.format_for(year) is not None:
            for source in sorted(sources(place.options.inputs / str(year), published=True)[0], key=_rank):
                for unit, part in _owners(place, year, source) if source.main.is_file() else ():
                    held.setdefault(unit, {}).setdefault(year, part)
    return {unit: sorted(by_year.items()) for unit, by_year in held.items()}


def _owners(place: Place, year: int, source: collect.Source) -> list[tuple[str, collect.Source]]:
    """The units an earlier year's file belongs to: the one it is named after, else the registered ones in it.

    Where any name would do, for lack of a registry, a text file must be a report by what is in it.
    """
    unit = place.registry.find_file(source.stem)
    named = place.registry.units or source.main.suffix.lower() != _ANY_TEXT
    if unit is not None and (named or _published(place.spec, year, source.main) is not None):
        return [(unit.name, source)]
    if unit is not None:
        return []
    if not collect.is_return(source.main):
        published = _published(place.spec, year, source.main)
        name = place.registry.registered(published.unit) if published else ""
        return [(name, source)] if name else []
    inside = collect.read_returns(source, place.spec, year, place.registry.registered)
    names = dict.fromkeys(place.registry.registered(ret.unit) for ret in inside)
    return [(name, replace(source, part_of=name)) for name in names if name]


_ANY_TEXT = ".txt"


def _published(spec: Spec, year: int, path: Path) -> Return | None:
    """A published report of ``year``; None where it cannot be read, or is of another year by its own title."""
    try:
        ret = archive.read(path, spec, archive.Hint(year=year))
    except UnreadableError:
        return None
    return ret if ret.report_year == year else None


def _rank(source: collect.Source) -> int:
    """Of several files for one earlier year the return itself comes first, then facts, then the published report."""
    kinds = (*collect.WORKBOOKS, ".json", *archive.KINDS)
    suffix = source.main.suffix.lower()
    return kinds.index(suffix) if suffix in kinds else len(kinds)


def read_earlier(
    spec: Spec, year: int, source: collect.Source, known: collect.Known = lambda _: ""
) -> Held | None:
    """An earlier year's return or published report; None where it cannot be read (it was judged in its own year).

    A published report may hold its text only; one that names another registered unit is not this one's.
    """
    if source.main.suffix.lower() not in (*collect.WORKBOOKS, ".json"):
        published = _published(spec, year, source.main)
        mine = [] if published is None or _is_another(published.unit, source, known) else [published]
    else:
        rets = collect.read_returns(source, spec, year, known)
        mine = [ret for ret in rets if ret.cells]
        mine = [ret for ret in mine if not source.part_of or known(ret.unit) == source.part_of]
    ret = mine[0] if mine else None
    fmt = spec.format(ret.format_id) if ret is not None else None
    return Held(ret, fmt) if ret is not None and fmt is not None and ret.report_year == year else None


def _is_another(unit: str, source: collect.Source, known: collect.Known) -> bool:
    """Whether a title names a registered unit and the file's name another."""
    titled, named = known(unit), known(source.stem)
    return bool(titled and named and titled != named)


def past(
    place: Place, unit: Unit, held: Mapping[str, Sequence[tuple[int, collect.Source]]]
) -> tuple[Past, ...]:
    """The earlier years of ``unit``, the oldest first; before it was merged or renamed they are its predecessors'.

    A year that one of the predecessors lacks is left out: half a sum is none.
    """
    own = dict(held.get(unit.name, ()))
    names = place.registry.lineage(unit, place.year).predecessors
    before = [dict(held.get(name, ())) for name in names]
    begun = int(unit.since[:4]) if unit.since else max(own, default=place.year)
    years_held = {*own, *(year for one in before for year in one)}
    found = []
    for year in sorted(years_held):
        if not before or (year in own and year >= begun):
            found.append(Past(year, (own[year],)))
        elif all(year in one for one in before):
            mine = [own[year]] if year in own else []
            found.append(Past(year, (*mine, *(one[year] for one in before))))
    return tuple(found)


def _history(place: Place, unit: Unit, earlier: Sequence[Past]) -> History:
    """The earlier years, read; one that cannot be read whole is not held."""
    held = []
    for one in earlier:
        parts = [
            read_earlier(place.spec, one.year, source, place.registry.registered) for source in one.parts
        ]
        read = [part for part in parts if part is not None]
        if len(read) == len(parts) and len({part.fmt.id for part in read}) == 1:
            held.append(together(unit.name, read))
    return History(tuple(held), place.registry.lineage(unit, place.year))


def _jobs(place: Place) -> tuple[list[Job], list[str], list[Handed]]:
    collected, unused = _collected(place)
    held = earlier_sources(place)
    said, unread = answers(place)
    common = manifest.digest(
        [manifest.program_digest(_templates()), _settings_digest(place), *_asked(place.options)]
    )
    jobs = [
        _job(place, handed, past(place, handed.unit, held), said, common)
        for handed in _chosen(place, _once_each(collected))
    ]
    return jobs, [*unused, *unread], collected


def _templates() -> Path:
    return template("report.docx").parent


def _settings_digest(place: Place) -> str:
    formats = [fmt.sha256 for fmt in place.spec.formats]
    return manifest.digest(
        [
            repr(part)
            for part in (
                _lasting(place.settings),
                formats,
                sorted(place.spec.rules.items()),
                *_companions(place.spec),
            )
        ]
        + [_fonts_digest()]
    )


def _lasting(settings: Settings) -> tuple[Settings, bool]:
    """What is set, but for the day: a report says the same tomorrow, only whether days are reckoned at all counts."""
    return replace(settings, as_of=None), settings.as_of is not None


def _companions(spec: Spec) -> tuple[object, ...]:
    return spec.wording, spec.workbook, spec.concordance, sorted(spec.terms.items()), vars(spec.published)


def _fonts_digest() -> str:
    from report_builder import fonts  # noqa: PLC0415 - only runs that may build look for fonts

    found = fonts.find()
    return manifest.digest(
        sorted(f"{face.role} {face.path.name} {face.path.stat().st_size}" for face in found.faces)
    )


def _asked(options: Options) -> tuple[str, ...]:
    return (*sorted(options.formats), options.reason)


def _job(
    place: Place, handed: Handed, earlier: tuple[Past, ...], said: Sequence[Answered], common: str
) -> Job:
    """The work and its key: the digest of all that decides what comes out."""
    root = place.options.inputs
    own = _own_answers(place, handed, said)
    answered = [one.path for one in said if own.keys() & one.answers.keys()]
    before = [path for one in earlier for source in one.parts for path in source.files]
    files = [*handed.source.files, *before, *answered]
    inputs = {collect.shown(path.relative_to(root).as_posix()): _content(path) for path in files}
    read = (f"{name} {known}" for name, known in sorted(inputs.items()))
    lineage = place.registry.lineage(handed.unit, place.year)
    key = manifest.digest([repr(handed.unit), repr(lineage), repr(handed.ret.troubles), common, *read])
    return Job(handed, earlier, _year_folder(place) / handed.folder, key, inputs, own)


@dataclass(frozen=True)
class Answered:
    """One workbook that came back with answers in it."""

    path: Path
    answers: Answers


def answers(place: Place) -> tuple[list[Answered], list[str]]:
    """The workbooks that came back with the units' answers, and the names of those that cannot be read."""
    folder = place.options.inputs / str(place.year)
    inside = [path for sub in sorted(folder.iterdir()) if sub.is_dir() for path in sorted(sub.iterdir())]
    found, unread = [], []
    for path in (*sorted(folder.iterdir()), *inside):
        if ANSWERED in path.stem and path.suffix.lower() in collect.WORKBOOKS and collect.is_return(path):
            from report_builder import feedback  # noqa: PLC0415 - only where something came back

            try:
                found.append(Answered(path, feedback.answers(path.read_bytes())))
            except (UnreadableError, OSError) as fault:
                why = fault.reason if isinstance(fault, UnreadableError) else fault.strerror
                unread.append(f"{path.name}（单位说明没有读到：{why}）")
    return found, unread


def _own_answers(place: Place, handed: Handed, said: Sequence[Answered]) -> Answers:
    """The answers that are this unit's; where two workbooks answer one finding, the later by name counts."""
    if not said:
        return {}
    from report_builder import feedback  # noqa: PLC0415

    mark = feedback.unit_mark(handed.unit.name, place.year)
    return {key: answer for one in said for key, answer in one.answers.items() if key.startswith(mark)}


def _content(path: Path) -> str:
    """The digest of an input; empty for a folder, or a file that has gone since it was found."""
    try:
        return manifest.sha256(path)
    except OSError:
        return ""


def _year_folder(place: Place) -> Path:
    return place.options.outputs / str(place.year)


def build(options: Options, progress: Progress | None = None) -> Outcome:
    """Checks, composes, renders and proves every unit of the year; what has not changed is left as it is.

    Raises:
        InputError, SpecError, OutputError: the run as a whole cannot be made.
    """
    place = open_place(options)
    jobs, unused, collected = _jobs(place)
    folder = _year_folder(place)
    _prepare(folder)
    last = manifest.load(folder)
    kept = [
        job for job in jobs if not options.force and _is_current(last.get(job.handed.unit.name), job, folder)
    ]
    results = [_unchanged(last[job.handed.unit.name], job, folder) for job in kept]
    done_already = {job.handed.unit.name for job in kept}
    todo = [job for job in jobs if job.handed.unit.name not in done_already]
    done = len(results)
    for result in _run(place, todo):
        results.append(result)
        done += 1
        if progress:
            progress(result, done, len(jobs))
    results.sort(key=lambda result: result.unit)
    _clear_stale(folder, last, results)
    _record(place, folder, last, results, {job.handed.unit.name for job in jobs})
    return Outcome(
        place.year, folder, place.spec, tuple(results), tuple(unused), tuple(_absent(place, collected))
    )


def _absent(place: Place, collected: Sequence[Handed]) -> Iterator[UnitResult]:
    """The registered units of which nothing came in; asked for by the day only, and not where units were named."""
    if place.settings.as_of is None or place.options.units:
        return
    came = {one.unit.name for one in collected}
    for unit in place.registry.expected(place.year):
        if unit.name not in came:
            ret = Return(unit.name, place.year, place.fmt.id, {})
            findings, runs = validate(Case(ret, place.fmt, place.spec, place.settings, unit))
            state = "blocked" if blocks(findings) else "checked"
            yield UnitResult(unit.name, state, findings=tuple(findings), runs=tuple(runs))


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.tmp"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as fault:
        raise OutputError(
            f"输出文件夹 {folder} 写不进去（{fault.strerror}）；请检查权限和磁盘空间，或用 --outputs 换一处"
        ) from fault


def _is_current(entry: manifest.Entry | None, job: Job, folder: Path) -> bool:
    return (
        entry is not None
        and entry.key == job.key
        and entry.state != "failed"
        and manifest.intact(entry, folder)
    )


def _unchanged(entry: manifest.Entry, job: Job, folder: Path) -> UnitResult:
    """The unit as the last run left it; what was found then is found again, without building."""
    from report_builder import feedback  # noqa: PLC0415 - its import draws in the workbook writer

    findings: tuple[Finding, ...] = ()
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        findings = feedback.from_json(
            (folder / job.folder.name / f"{ANSWERED}.json").read_text(encoding="utf-8")
        )
    state = "blocked" if entry.state == "blocked" else "unchanged"
    why = _why_blocked(findings) if state == "blocked" else None
    return UnitResult(job.handed.unit.name, state, tuple(sorted(entry.outputs)), why, findings, entry=entry)


def _why_blocked(findings: Iterable[Finding]) -> str:
    severities = [finding.severity for finding in findings]
    said = [
        f"{count} 处{word}"
        for word, count in (
            ("退回", severities.count(Severity.REJECT)),
            ("须更正", severities.count(Severity.CORRECT)),
        )
        if count
    ]
    return f"有{'、'.join(said)}（见 {ANSWERED}.xlsx）"


def _run(place: Place, jobs: Sequence[Job]) -> Iterator[UnitResult]:
    """The jobs' results as they come, from as many processes as were asked for and are of use."""
    workers = min(place.options.jobs or os.cpu_count() or 1, len(jobs))
    if workers <= 1:
        yield from (build_unit(place, job) for job in jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        pending = {pool.submit(build_unit, place, job): job for job in jobs}
        try:
            for future in as_completed(pending):
                try:
                    yield future.result()
                except BrokenProcessPool:
                    yield UnitResult(
                        pending[future].handed.unit.name, "failed", why="处理它的进程意外终止；请重新运行"
                    )
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def build_unit(place: Place, job: Job) -> UnitResult:
    """One unit from its Return to its files; whatever goes wrong with it stays with it."""
    start = time.perf_counter()
    try:
        result = _built(place, job)
    except ReportBuilderError as fault:
        result = UnitResult(job.handed.unit.name, "failed", why=str(fault))
    except Exception as fault:  # noqa: BLE001 - one unit's mishap must not stop the others; the log names it
        result = UnitResult(
            job.handed.unit.name,
            "failed",
            why=f"程序内部出错（{type(fault).__name__}: {fault}）；请把 run.log 交给维护人员",
        )
    return replace(result, seconds=time.perf_counter() - start)


def _built(place: Place, job: Job) -> UnitResult:
    history = _history(place, job.handed.unit, job.earlier)
    findings, runs = _judged(place, job.handed, history, job.answers)
    held_back = blocks(findings, allowed=bool(place.options.reason))
    files = dict(_feedback_files(place, job.handed, findings, runs))
    notes: tuple[str, ...] = ()
    if not held_back:
        overridden = place.options.reason if blocks(findings) else ""
        report, notes = _report_files(place, job.handed, history, overridden)
        files |= report
    notes = (*notes, *_kept_answers(job.folder, job.answers))
    written = {f"{job.folder.name}/{name}": data for name, data in files.items()}
    for name, data in written.items():
        manifest.write_file(job.folder.parent / name, data)
    state = "blocked" if held_back else "built"
    return UnitResult(
        unit=job.handed.unit.name,
        state=state,
        files=tuple(sorted(written)),
        why=_why_blocked(findings) if held_back else None,
        findings=tuple(findings),
        runs=tuple(runs),
        notes=notes,
        entry=_entry(place, job, state, written, findings),
    )


def _judged(
    place: Place, handed: Handed, history: History, said: Answers
) -> tuple[Sequence[Finding], Sequence[Run]]:
    """The findings on what was handed in, each with the unit's answer as long as that holds."""
    case = Case(handed.ret, place.fmt, place.spec, place.settings, handed.unit, history, place.registry.names)
    findings, runs = validate(case)
    if not said:
        return findings, runs
    from report_builder import feedback  # noqa: PLC0415

    return feedback.answered(findings, handed.ret, said), runs


def _kept_answers(folder: Path, said: Answers) -> Iterator[str]:
    """Answers written into the outputs' own copy are not lost: it is kept under another name, and that is said."""
    path = folder / f"{ANSWERED}.xlsx"
    if not path.exists():
        return
    from report_builder import feedback  # noqa: PLC0415

    try:
        data = path.read_bytes()
        lost = {
            key
            for key, one in feedback.answers(data).items()
            if key not in said or said[key].text != one.text
        }
    except (UnreadableError, OSError):
        return
    if lost:
        kept = path.with_name(f"{ANSWERED}（填有说明的旧本）.xlsx")
        manifest.write_file(kept, data)
        yield f"输出文件夹里的 {path.name} 填有 {len(lost)} 条单位说明，已另存为 {kept.name}；请把它放进本年度的输入文件夹"


def _entry(
    place: Place, job: Job, state: str, written: Mapping[str, bytes], findings: Sequence[Finding]
) -> manifest.Entry:
    import hashlib  # noqa: PLC0415

    outputs = {name: hashlib.sha256(data).hexdigest() for name, data in written.items()}
    reason = place.options.reason if state == "built" and blocks(findings) else ""
    complete = (
        state != "built"
        or "pdf" not in place.options.formats
        or any(name.endswith(".pdf") for name in outputs)
    )
    key = job.key if complete else ""  # without Pango there was no PDF: try again next time
    said = [
        {"code": one.code, "where": one.where, "answer": one.answer}
        for one in findings
        if one.answer is not None
    ]
    return manifest.Entry(job.handed.unit.name, key, state, job.inputs, outputs, reason, tuple(said))


def _feedback_files(
    place: Place, handed: Handed, findings: Sequence[Finding], runs: Sequence[Run]
) -> Iterator[tuple[str, bytes]]:
    from report_builder import feedback  # noqa: PLC0415

    yield f"{ANSWERED}.json", facts.dumped(feedback.as_json(findings, runs)).encode()
    if findings:
        case = feedback.Case(handed.unit, place.year, findings, handed.ret, runs)
        yield f"{ANSWERED}.xlsx", feedback.returned_workbook(case, place.spec)


def _report_files(
    place: Place, handed: Handed, history: History, reason: str
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    draft = compose(Held(handed.ret, place.fmt), history.years, place.spec, reason=reason)
    printed = replace(handed.ret, sections=tuple(printed_sections(draft, place.fmt)))
    from report_builder import products  # noqa: PLC0415 - the renderers are needed only where a report is built

    return products.render(draft, printed, place.fmt, place.spec, place.options.formats)


def printed_sections(draft: Draft, fmt: Format) -> Iterator[Section]:
    """The report's text as it is printed, by section: what every product shows and every reader gets back."""
    numbers = {section.title: section.number for section in fmt.sections}
    current: Section | None = None
    for block in draft.blocks:
        if isinstance(block, Heading) and block.level == 1:
            if current is not None:
                yield current
            current = Section(numbers[block.text], block.text, ())
        elif current is not None:
            current = replace(current, paragraphs=(*current.paragraphs, *_text(block)))
    if current is not None:
        yield current


def _text(block: Block) -> tuple[str, ...]:
    return (block.text,) if isinstance(block, Heading | Paragraph) else ()


def _clear_stale(folder: Path, last: Mapping[str, manifest.Entry], results: Sequence[UnitResult]) -> None:
    """Pictures and opinions of the last run that a unit built anew no longer has; its reports are never removed."""
    for result in results:
        if result.state == "built" and result.unit in last:
            for name in set(last[result.unit].outputs) - set(result.files):
                if "/charts/" in name or name.endswith(f"{ANSWERED}.xlsx"):
                    (folder / name).unlink(missing_ok=True)


def _record(
    place: Place,
    folder: Path,
    last: Mapping[str, manifest.Entry],
    results: Sequence[UnitResult],
    present: set[str],
) -> None:
    """The manifest and the log. A unit not asked for this time stays on record as it was."""
    entries = {name: entry for name, entry in last.items() if name not in present and place.options.units}
    entries |= {result.unit: result.entry for result in results if result.entry is not None}
    formats = {fmt.id: fmt.sha256 for fmt in place.spec.formats}
    rules = {code: manifest.digest([repr(rule)]) for code, rule in place.spec.rules.items()}
    data = manifest.dumped(entries.values(), report_year=place.year, formats=formats, rules=rules)
    manifest.write_file(folder / manifest.FILE, data)
    lines = [
        f"{r.unit}\t{r.state}\t{r.seconds:.2f}s\t{r.why or ''}\n" for r in results if r.state != "unchanged"
    ]
    if lines:
        manifest.write_file(folder / "run.log", "".join(lines).encode())


def check(options: Options, files: Sequence[Path] = (), *, write: bool = True) -> Outcome:
    """Findings only: every unit of the year, or just ``files``; writes the returned workbooks.

    Raises:
        InputError, SpecError, OutputError: as :func:`build`.
    """
    place = open_files(options, files) if files else open_place(options)
    unused: list[str] = []
    if files:
        collected = [one for source in map(_source, files) for one in _handed(place, source)]
    else:
        collected, unused = _collected(place)
    said, unread = answers(place) if (place.options.inputs / str(place.year)).is_dir() else ([], [])
    held = earlier_sources(place)
    results = [
        _checked(place, handed, past(place, handed.unit, held)[-_YEARS_BACK:], said, write=write)
        for handed in _chosen(place, _once_each(collected))
    ]
    absent = () if files else tuple(_absent(place, collected))
    return Outcome(place.year, _year_folder(place), place.spec, tuple(results), (*unused, *unread), absent)


def _source(path: Path) -> collect.Source:
    return in_folder(path)[0] if path.is_dir() else collect.Source(path)


def open_files(options: Options, files: Sequence[Path]) -> Place:
    """The place for single files: the year asked for, else the one their folder is named after, else the newest held."""
    for path in files:
        if not path.exists():
            raise InputError(f"没有找到文件 {path}；请核对路径")
    in_folders = [
        int(path.resolve().parent.name)
        for path in files
        if _YEAR_FOLDER.fullmatch(path.resolve().parent.name)
    ]
    if options.year or not in_folders:
        return open_place(options)
    inputs = options.inputs if options.inputs.is_dir() else files[0].resolve().parent.parent
    return open_place(replace(options, year=in_folders[0], inputs=inputs))


def _checked(
    place: Place, handed: Handed, earlier: Sequence[Past], said: Sequence[Answered], *, write: bool
) -> UnitResult:
    own = _own_answers(place, handed, said)
    findings, runs = _judged(place, handed, _history(place, handed.unit, earlier), own)
    files: dict[str, bytes] = {}
    notes: tuple[str, ...] = ()
    if write:
        notes = tuple(_kept_answers(_year_folder(place) / handed.folder, own))
        made = _feedback_files(place, handed, findings, runs)
        files = {f"{handed.folder}/{file}": data for file, data in made}
        for file, data in files.items():
            manifest.write_file(_year_folder(place) / file, data)
    state = "blocked" if blocks(findings) else "checked"
    return UnitResult(
        handed.unit.name, state, tuple(sorted(files)), findings=tuple(findings), runs=tuple(runs), notes=notes
    )


def blank(options: Options) -> list[Path]:
    """Writes the year's blank return workbooks: one a unit, or one for all where no unit is known.

    Raises:
        InputError, SpecError, OutputError: as :func:`build`.
    """
    from report_builder import blank as drawing  # noqa: PLC0415

    place = open_place(options)
    held = earlier_sources(place)
    written = []
    for unit in _blank_units(place, held):
        last = _last_year(place, unit, past(place, unit, held))
        filling = drawing.Filling(place.year, unit=unit if unit.name != BLANKS else None, last=last)
        data = drawing.draw(place.fmt, place.spec.workbook, filling)
        path = _year_folder(place) / BLANKS / f"{unit.name}.xlsx"
        manifest.write_file(path, data)
        written.append(path)
    return written


def _last_year(place: Place, unit: Unit, earlier: Sequence[Past]) -> Return | None:
    """Last year's return, of whose figures only those are kept that mean the same under this year's format."""
    last = _history(place, unit, [one for one in earlier if one.year == place.year - 1]).year(place.year - 1)
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
    own = [unit for unit in place.registry.units if unit.kind != "government"]
    return own or [Unit(name) for name in sorted(held)] or [Unit(BLANKS)]


def read(path: Path, inputs: Path, hint: archive.Hint | None = None) -> tuple[Return, Format, list[Finding]]:
    """A published report as facts, with what is doubtful in it and what the rules of its year find.

    ``hint`` names the unit and year of a report that does not say so itself.

    Raises:
        InputError: no such file.  UnreadableError: it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"没有找到文件 {path}；请核对路径")
    settings, spec = set_up(inputs)
    registry = load_registry(inputs)
    ret = archive.read(path, spec, hint)
    fmt = spec.format(ret.format_id)
    if fmt is None:
        raise UnreadableError(f"没有格式 {ret.format_id}", "请核对 format")
    unit = (registry.find(ret.unit) if registry.units else None) or Unit(ret.unit)
    return ret, fmt, validate(Case(ret, fmt, spec, settings, unit, names=registry.names))[0]
