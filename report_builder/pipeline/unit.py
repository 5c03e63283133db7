"""One unit: judged, composed, rendered, proved and written; whatever goes wrong with it stays with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from report_builder import facts, manifest
from report_builder.compose import compose
from report_builder.errors import ReportBuilderError, UnreadableError
from report_builder.history import Held, History
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
from report_builder.rule_kinds import Case, Members
from report_builder.spec import Format
from report_builder.validate import blocks, validate


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
class Made:
    """What became of one unit, and its files by name within the year's outputs: whoever asked for it writes them."""

    result: UnitResult
    files: Mapping[str, bytes] = field(default_factory=dict)


def build_unit(place: Place, job: Job) -> Made:
    """One unit from its Return to its files, which are not written yet; whatever goes wrong with it stays with it."""
    start = time.perf_counter()
    try:
        made = _built(place, job)
    except ReportBuilderError as fault:
        made = failed(job.name, str(fault))
    except Exception as fault:  # noqa: BLE001 - one unit's mishap must not stop the others; the log names it
        why = f"程序内部出错（{type(fault).__name__}: {fault}）；请把 run.log 交给维护人员"
        made = failed(job.name, why)
    return replace(made, result=replace(made.result, seconds=time.perf_counter() - start))


def failed(unit: str, why: str) -> Made:
    return Made(UnitResult(unit, "failed", why=why))


def _built(place: Place, job: Job) -> Made:
    years = job.years or history(place, job.handed.unit, job.earlier)
    members = None if job.together is None else job.together.members
    around = Around(years, job.answers, job.alike, job.assigned, members)
    findings, runs = judged(place, job.handed, around)
    held_back = blocks(findings, allowed=bool(place.options.reason)) or job.empty
    files = dict(_feedback_files(place, job.handed, Judged(findings, runs, job.assigned)))
    notes: tuple[str, ...] = ()
    if not held_back or (job.together is not None and not job.empty):
        report, notes = _report_files(place, job, years, findings)
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


def judged(place: Place, handed: Handed, around: Around) -> tuple[Sequence[Finding], Sequence[Run]]:
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
        return findings, runs
    from report_builder import feedback  # noqa: PLC0415

    return feedback.answered(findings, handed.ret, said), runs


def kept_answers(folder: Path, said: Answers) -> Iterator[str]:
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
    return manifest.Entry(job.name, key, state, job.inputs, outputs, reason, tuple(said))


@dataclass(frozen=True)
class Judged:
    """What was found on a return, and the tasks it was held against."""

    findings: Sequence[Finding]
    runs: Sequence[Run]
    assigned: tuple[Assigned, ...] | None


def _feedback_files(place: Place, handed: Handed, judged: Judged) -> Iterator[tuple[str, bytes]]:
    from report_builder import blank, feedback  # noqa: PLC0415

    findings, runs = judged.findings, judged.runs
    yield f"{ANSWERED}.json", facts.dumped(feedback.as_json(findings, runs)).encode()
    if findings:
        case = feedback.Case(handed.unit, place.year, findings, handed.ret, runs)
        tasks = tuple(map(given, judged.assigned or ()))
        filling = blank.Filling(place.year, handed.unit, tasks=tasks)
        yield f"{ANSWERED}.xlsx", feedback.returned_workbook(case, place.spec, filling)


def _with_plan(handed: Handed, assigned: Sequence[Assigned] | None) -> Handed:
    """What was handed in, its tasks called what the plan calls them where the unit left that out."""
    return replace(handed, ret=replace(handed.ret, tasks=filled_up(assigned or (), handed.ret.tasks)))


def _report_files(
    place: Place, job: Job, history: History, findings: Sequence[Finding]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """The report's files, and what a clerk should know of them; an aggregate tells of its members, and is marked a draft."""
    from report_builder import products  # noqa: PLC0415 - the renderers are needed only where a report is built

    options, ret = place.options, _with_plan(job.handed, job.assigned).ret
    reason = options.reason if blocks(findings) else ""
    draft = compose(Held(ret, place.fmt), history.years, place.spec, reason=reason)
    if job.together is not None:
        draft, ret = told(draft, job.together, findings, place.spec), job.together.traced
    printed = replace(ret, sections=tuple(printed_sections(draft, place.fmt)))
    files, notes = products.render(
        draft, printed, place.fmt, place.spec, options.formats, engine=options.engine
    )
    return files if job.together is None else with_members(files, job.together), notes


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
    return f"有{'、'.join(said)}（见 {ANSWERED}.xlsx）"


def checked(place: Place, handed: Handed, beside: Beside, *, write: bool) -> UnitResult:
    own = own_answers(place, handed, beside.answered)
    years = history(place, handed.unit, beside.earlier)
    findings, runs = judged(place, handed, Around(years, own, beside.alike, beside.assigned))
    files: dict[str, bytes] = {}
    notes: tuple[str, ...] = ()
    if write:
        notes = tuple(kept_answers(year_folder(place) / handed.folder, own))
        made = _feedback_files(place, handed, Judged(findings, runs, beside.assigned))
        files = {f"{handed.folder}/{file}": data for file, data in made}
        for file, data in files.items():
            manifest.write_file(year_folder(place) / file, data)
    state = "blocked" if blocks(findings) else "checked"
    return UnitResult(
        handed.unit.name, state, tuple(sorted(files)), findings=tuple(findings), runs=tuple(runs), notes=notes
    )
