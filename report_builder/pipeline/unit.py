"""One unit: judged, composed, rendered, proved and written; whatever goes wrong with it stays with it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from report_builder import facts, manifest
from report_builder.compose import compose
from report_builder.errors import ReportBuilderError, UnreadableError
from report_builder.history import Held, History, text_of
from report_builder.model import (
    Assigned,
    Block,
    Draft,
    Finding,
    Heading,
    Paragraph,
    Run,
    Section,
    Severity,
)
from report_builder.pipeline.intake import ANSWERED, Answers, Handed, history, own_answers
from report_builder.pipeline.keys import Beside, Job
from report_builder.pipeline.place import Place, year_folder
from report_builder.pipeline.together import told, with_members
from report_builder.progress import filled_up, given
from report_builder.render.typesetter import Setter, here
from report_builder.rule_kinds import Case, Members
from report_builder.spec import Format, Spec
from report_builder.validate import blocks, validate

if TYPE_CHECKING:
    from report_builder import products, repetition
    from report_builder.compare import Comparison
    from report_builder.pipeline.together import Together
    from report_builder.similarity import Text

COMPARED = "年际比对"


@dataclass(frozen=True)
class Told:
    """What a unit gives to the circular: its report against last year's, and its earlier years' texts.

    The texts come without the names to be masked, which are those of all units.
    """

    case: repetition.Case | None
    earlier: tuple[Text, ...]


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
    told: Told | None = None


@dataclass(frozen=True)
class Made:
    """What became of one unit, and its files by name within the year's outputs: whoever asked for it writes them."""

    result: UnitResult
    files: Mapping[str, bytes] = field(default_factory=dict)


def build_unit(place: Place, job: Job, setter: Setter = here) -> Made:
    """One unit from its Return to its files, which are not written yet; whatever goes wrong with it stays with it.

    ``setter`` sets its PDF.
    """
    start = time.perf_counter()
    try:
        made = _built(place, job, setter)
    except ReportBuilderError as fault:
        made = failed(job.name, str(fault))
    except Exception as fault:  # noqa: BLE001 - one unit's mishap must not stop the others; the log names it
        why = f"程序内部出错（{type(fault).__name__}: {fault}，{_line_of(fault)}）；请把 run.log 交给维护人员"
        made = failed(job.name, why)
    return replace(made, result=replace(made.result, seconds=time.perf_counter() - start))


def _line_of(fault: Exception) -> str:
    """The line of the program that went wrong, the innermost of ours."""
    package = Path(__file__).parents[1]
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(package)]
    return f"{Path(ours[-1].filename).relative_to(package).as_posix()} 第 {ours[-1].lineno} 行"


def failed(unit: str, why: str) -> Made:
    return Made(UnitResult(unit, "failed", why=why))


def _built(place: Place, job: Job, setter: Setter) -> Made:
    years = job.years or history(place, job.handed.unit, job.earlier)
    members = None if job.together is None else job.together.members
    around = Around(years, job.answers, job.alike, job.assigned, members)
    one = judged(place, job.handed, around)
    findings, runs = one.findings, one.runs
    held_back = blocks(findings, allowed=bool(place.options.reason)) or job.empty
    begun = None
    if not held_back or (job.together is not None and not job.empty):
        begun = _report_begun(place, job, years, findings, setter)
    comparison = against_last(job.handed, one)
    files = dict(_feedback_files(place, job.handed, one))
    if comparison is not None:
        files |= comparison_files(comparison, one, years.years[-1])
    report, notes = begun() if begun is not None else ({}, ())
    files |= report
    named = {f"{job.within}/{name}": data for name, data in files.items()}
    state = "blocked" if held_back else "built"
    result = UnitResult(
        unit=job.name,
        state=state,
        files=tuple(sorted(named)),
        why=_why(job, findings) if held_back else None,
        findings=tuple(findings),
        runs=tuple(runs),
        notes=notes,
        entry=_entry(place, job, state, named, findings),
        told=told_of(one, comparison),
    )
    return Made(result, named)


@dataclass(frozen=True)
class Around:
    """What a return is judged beside: its years, the unit's answers, other units' reports that share its text, its tasks."""

    history: History
    answers: Answers
    alike: tuple[Held, ...] | None = ()
    assigned: tuple[Assigned, ...] | None = None
    members: Members | None = None


@dataclass(frozen=True)
class Judged:
    """A return that was judged: the case it made, the findings with the unit's answers, and what became of each rule."""

    case: Case
    findings: Sequence[Finding]
    runs: Sequence[Run]


def judged(place: Place, handed: Handed, around: Around) -> Judged:
    """The findings on what was handed in, each with the unit's answer as long as that holds."""
    case = Case(
        handed.ret,
        place.fmt,
        place.spec,
        place.settings,
        handed.unit,
        around.history,
        place.registry.names,
        around.alike,
        around.assigned,
        around.members,
    )
    findings, runs = validate(case)
    said = around.answers
    if not said:
        return Judged(case, findings, runs)
    from report_builder import feedback  # noqa: PLC0415

    return Judged(case, feedback.answered(findings, handed.ret, said), runs)


def against_last(handed: Handed, one: Judged) -> Comparison | None:
    """The report against the newest of its earlier years; None where there is none to compare.

    A report that is held back is compared too: that it repeats last year's may be the very reason.
    """
    return next(iter(against_years(handed, one)), None)


def against_years(handed: Handed, one: Judged) -> Iterator[Comparison]:
    """The report against every earlier year held, the newest first."""
    from report_builder.compare import compared  # noqa: PLC0415 - numpy is needed only where texts are compared

    case = one.case
    if handed.readable:
        for earlier, texts in reversed(list(zip(case.history.years, case.against_years, strict=True))):
            yield compared(Held(case.ret, case.fmt), earlier, texts, case.spec)


def comparison_files(comparison: Comparison, one: Judged, earlier: Held) -> dict[str, bytes]:
    """The comparison with ``earlier`` as a page, as a Word file with tracked changes, and as data."""
    from report_builder.compare import as_json  # noqa: PLC0415
    from report_builder.render import sidebyside, tracked  # noqa: PLC0415 - only where comparisons are written

    now, spec = Held(one.case.ret, one.case.fmt), one.case.spec
    return {
        f"{COMPARED}.json": facts.dumped(as_json(comparison)).encode(),
        f"{COMPARED}.html": sidebyside.side_by_side_page(comparison, now, earlier, one.findings, spec),
        f"{COMPARED}.docx": tracked.write(comparison, now, earlier, spec),
    }


def told_of(one: Judged, comparison: Comparison | None) -> Told:
    """What the circular needs to know of a unit."""
    from report_builder import repetition  # noqa: PLC0415

    return Told(
        repetition.case_of(comparison) if comparison else None,
        tuple(texts_of(one.case.history.years, one.case.spec)),
    )


def texts_of(years: Iterable[Held], spec: Spec) -> Iterator[Text]:
    """The texts of earlier years, of those that have any."""
    return (text for held in years if (text := text_of(held, spec)).sections)


def kept_answers(folder: Path, said: Answers) -> Iterator[str]:
    """Answers written into the outputs' own copy are not lost: it is kept under another name, and that is said."""
    path = folder / f"{ANSWERED}.xlsx"
    if not path.exists():
        return
    from report_builder import feedback  # noqa: PLC0415

    try:
        lost = {
            key
            for key, one in feedback.answers(path.read_bytes()).items()
            if key not in said or said[key].text != one.text
        }
    except (UnreadableError, OSError):
        return
    if lost:
        kept = manifest.kept_aside(path, "填有说明的旧本")
        yield f"输出文件夹里的 {path.name} 填有 {len(lost)} 条单位说明，已另存为 {kept.name}；请把它放进本年度的输入文件夹"


def _entry(
    place: Place, job: Job, state: str, written: Mapping[str, bytes], findings: Sequence[Finding]
) -> manifest.Entry:
    outputs = manifest.digests(written)
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
    return manifest.Entry(job.name, key, state, job.inputs, outputs, reason, tuple(said))


def _feedback_files(place: Place, handed: Handed, one: Judged) -> Iterator[tuple[str, bytes]]:
    from report_builder import feedback  # noqa: PLC0415

    yield f"{ANSWERED}.json", facts.dumped(feedback.as_json(one.findings, one.runs)).encode()
    if one.findings:
        from report_builder import blank  # noqa: PLC0415 - the workbook writer is needed only where one is written
        from report_builder.feedback import returned  # noqa: PLC0415

        opinion = returned.Opinion(handed.unit, place.year, one.findings, handed.ret, one.runs)
        tasks = tuple(map(given, one.case.assigned or ()))
        filling = blank.Filling(place.year, handed.unit, tasks=tasks)
        yield f"{ANSWERED}.xlsx", returned.returned_workbook(opinion, place.spec, filling)


def _with_plan(handed: Handed, assigned: Sequence[Assigned] | None) -> Handed:
    """What was handed in, its tasks called what the plan calls them where the unit left that out."""
    return replace(handed, ret=replace(handed.ret, tasks=filled_up(assigned or (), handed.ret.tasks)))


def _report_begun(
    place: Place, job: Job, history: History, findings: Sequence[Finding], setter: Setter
) -> Callable[[], products.Rendered]:
    """The report, its PDF asked for; called, its files. An aggregate tells of its members, and is marked a draft."""
    from report_builder import products  # noqa: PLC0415 - the renderers are needed only where a report is built

    options, ret, together = place.options, _with_plan(job.handed, job.assigned).ret, job.together
    reason = options.reason if blocks(findings) else ""
    draft = compose(Held(ret, place.fmt), _of_the_same_bodies(job, history), place.spec, reason=reason)
    if together is not None:
        draft, ret = told(draft, together, findings, place.spec), together.traced or ret
    printed = replace(ret, sections=tuple(printed_sections(draft, place.fmt)))
    begun = products.begun(
        draft, printed, place.fmt, place.spec, options.formats, engine=options.engine, setter=setter
    )
    return begun if together is None else partial(_with_members, begun, together)


def _with_members(begun: Callable[[], products.Rendered], together: Together) -> products.Rendered:
    files, notes = begun()
    return with_members(files, together), notes


def _of_the_same_bodies(job: Job, history: History) -> tuple[Held, ...]:
    """The years that a report compares itself with: an aggregate of other members than last year's tells of this year alone.

    The rules look at all years, and explain.
    """
    return () if job.together is not None and history.lineage.told else history.years


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


def _why(job: Job, findings: Sequence[Finding]) -> str:
    """Why a report is not fit to be published; an aggregate is there all the same, as a draft to look at."""
    if job.empty:
        return "没有一个成员的报送可以使用，没有可以汇总的数据"
    return why_blocked(findings) + ("；已生成带标记的汇总草稿" if job.together is not None else "")


def why_blocked(findings: Iterable[Finding]) -> str:
    severities = [finding.severity for finding in findings]
    said = [
        f"{count} 处{word}"
        for word, count in (
            ("退回", severities.count(Severity.REJECT)),
            ("须更正", severities.count(Severity.CORRECT)),
        )
        if count
    ]
    return f"有 {'、'.join(said)}（见 {ANSWERED}.xlsx）"


def checked(place: Place, handed: Handed, beside: Beside, *, write: bool) -> UnitResult:
    own = own_answers(place, handed, beside.answered)
    years = history(place, handed.unit, beside.earlier)
    one = judged(place, handed, Around(years, own, beside.alike, beside.assigned))
    files: dict[str, bytes] = {}
    notes: tuple[str, ...] = ()
    if write:
        notes = tuple(kept_answers(year_folder(place) / handed.folder, own))
        made = _feedback_files(place, handed, one)
        files = {f"{handed.folder}/{file}": data for file, data in made}
        for file, data in files.items():
            manifest.write_file(year_folder(place) / file, data)
    state = "blocked" if blocks(one.findings) else "checked"
    return UnitResult(
        handed.unit.name,
        state,
        tuple(sorted(files)),
        findings=tuple(one.findings),
        runs=tuple(one.runs),
        notes=notes,
    )


def compare_unit(place: Place, job: Job) -> tuple[UnitResult, tuple[Comparison, ...]]:
    """One unit's report against its earlier years: the files ``build`` writes beside it, and no others."""
    one = judged(
        place,
        job.handed,
        Around(history(place, job.handed.unit, job.earlier), job.answers, job.alike, job.assigned),
    )
    found = tuple(against_years(job.handed, one))
    newest = found[0] if found else None
    files = comparison_files(newest, one, one.case.history.years[-1]) if newest is not None else {}
    for name, data in files.items():
        manifest.write_file(job.folder / name, data)
    result = UnitResult(
        job.handed.unit.name, "checked", findings=tuple(one.findings), told=told_of(one, newest)
    )
    return result, found
