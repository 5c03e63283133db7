"""Findings go back to the unit: as sentences, as JSON, and as its own workbook with the cells in question red."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from report_builder import blank
from report_builder.model import Finding, Return, Run, Severity, Unit
from report_builder.readers import sheets
from report_builder.spec import Format, Spec
from report_builder.workbooks import Book, Cell, Entry, Look, Sheet, cut, written

OVERVIEW_SHEET, RULES_SHEET, FINDINGS_SHEET = "概况", "按规则", "逐条"
ANSWER_HEAD, FINGERPRINT_HEAD = "单位说明", "核对码"
_FINDING_HEADS = ("条目", "等级", "代码", "规则名称", "位置", "核对结果", "依据", "改法", "本文件中的位置")
_FINDING_WIDTHS = (6.0, 6.0, 7.0, 12.0, 18.0, 34.0, 24.0, 30.0, 13.0, 24.0, 18.0)
_ANSWER_HEADS = (_FINDING_HEADS[2], _FINDING_HEADS[4], ANSWER_HEAD, FINGERPRINT_HEAD)
_RULE_HEADS = ("代码", "规则名称", "等级", "条数", "为什么核对")
_RULE_WIDTHS = (8.0, 26.0, 8.0, 8.0, 72.0)
_OVERVIEW_WIDTHS = (10.0, 10.0, 78.0)
_MANY_CODES = 12
_FINGERPRINT_LENGTH = 12
_MARK_LENGTH = 8
_WHAT_TO_DO: Mapping[Severity, str] = {
    Severity.REJECT: "不能据以编制报告：请改正后重新报送。",
    Severity.CORRECT: "数字或文字需要更正：请改正后重新报送；确属实际情况的，请与主管部门核对。",
    Severity.EXPLAIN: "不影响编制报告：请核对；属实的，在“逐条”的“单位说明”栏写明情况。",
}
_SEVERITIES = tuple(Severity)
_STEPS_DRAWN = (
    "“逐条”列出每一条的位置、结果、依据和改法；点“本文件中的位置”可以跳到本文件中标红的格，批注写有原因。",
    "本文件是核对用的副本。请在原来报送的文件中改正，再放进本年度的文件夹；改在本文件里的数字不会被采用。",
)
_STEPS_UNREAD = (
    "没有从报送的文件中读出报表，本文件只列意见；“逐条”列出每一条的位置、结果、依据和改法。",
    "请按改法处理后，把文件重新放进本年度的文件夹。",
)
_LAPSED = "原说明（有关数字已变动，须重新说明）"
_STEP_ANSWER = "只需说明的，写在“逐条”的“单位说明”栏，把本文件保存后放在报送文件旁边（文件名里保留“校验意见”四字即可）；有关数字再有变动时，该条说明失效，请重新填写。"


def sentences(finding: Finding, spec: Spec) -> str:
    """A finding in words: where, how grave, which rule; what was found; on what basis; how to mend it."""
    head = f"{finding.where}  {_word(finding, spec)} {finding.code} {_name(finding.code, spec)}".rstrip()
    parts = [finding.message, f"依据：{finding.basis}", f"改法：{finding.fix}"]
    if finding.answer:
        parts.append(f"单位说明：{finding.answer}")
    if finding.lapsed:
        parts.append(f"{_LAPSED}：{finding.lapsed}")
    return "\n".join((head, *(_indented(part) for part in parts)))


def as_json(findings: Sequence[Finding], runs: Sequence[Run]) -> dict[str, object]:
    """The document ``check --json`` prints and 校验意见.json holds; a decimal is a string, no figure is rounded."""
    return {
        "findings": [_finding_json(finding) for finding in findings],
        "runs": [_run_json(run) for run in runs],
    }


def _run_json(run: Run) -> dict[str, str]:
    """A rule that did not run says why."""
    said = {"code": run.code, "unit": run.unit, "state": run.state.value}
    return said | ({"why": run.why} if run.why else {})


def not_run(runs: Sequence[Run]) -> list[str]:
    """Which rules did not run and why, a line a reason; how many units that concerns, where there are several."""
    units = len({run.unit for run in runs})
    reasons: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.why:
            reasons[run.why].append(run)
    return [f"{_codes(held)}：{why}{_how_many(held, units)}" for why, held in reasons.items()]


def _codes(runs: Sequence[Run]) -> str:
    codes = sorted({run.code for run in runs})
    return "、".join(codes) if len(codes) <= _MANY_CODES else f"除读取文件以外的 {len(codes)} 条规则"


def _how_many(runs: Sequence[Run], units: int) -> str:
    concerned = len({run.unit for run in runs})
    return f"（{concerned} 个单位）" if units > 1 and concerned < units else ""


def fingerprint(finding: Finding, held: Return | None) -> str:
    """What a unit's answer belongs to: the finding, its facts and what stands in its cells.

    It stands beside the answer in the workbook; an answer whose fingerprint no finding of the day has, has lapsed.
    """
    cells = held.cells if held is not None else {}
    figures = [[key, cells[key].text if key in cells else None] for key in finding.cells]
    said = [finding.code, finding.unit, finding.report_year, figures, _plain(finding.facts)]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return unit_mark(finding.unit, finding.report_year) + _hashed(text, _FINGERPRINT_LENGTH)


def unit_mark(unit: str, report_year: int) -> str:
    """How every fingerprint of one unit's report year begins, so that its answers are found among all."""
    return _hashed(f"{unit}\n{report_year}", _MARK_LENGTH)


def _hashed(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a unit wrote beside one finding, and which finding that was."""

    code: str
    where: str
    text: str


def answers(data: bytes) -> dict[str, Answer]:
    """What a unit wrote into its 校验意见.xlsx, by fingerprint.

    Raises:
        UnreadableError: it is no workbook, or has not the columns for answers.
    """
    rows = sheets.returned_rows(data, FINDINGS_SHEET, (ANSWER_HEAD, FINGERPRINT_HEAD), "发回的校验意见")
    read = ([row.get(name, "") for name in _ANSWER_HEADS] for row in rows)
    return {mark: Answer(code, where, text) for code, where, text, mark in read if mark and text}


def together(first: Answer, second: Answer) -> Answer:
    """Two answers to one finding: both, unless one says it already."""
    return first if second.text in first.text else replace(first, text=f"{first.text}；{second.text}")


def answered(
    findings: Sequence[Finding], held: Return | None, said: Mapping[str, Answer]
) -> tuple[Finding, ...]:
    """The findings with the answers that still belong to them.

    One whose figures have changed is asked again; what was answered before is shown beside it.
    """
    marks = [fingerprint(finding, held) for finding in findings]
    lapsed = {(one.code, one.where): one.text for mark, one in said.items() if mark not in marks}
    return tuple(
        replace(finding, answer=said[mark].text)
        if mark in said
        else replace(finding, lapsed=lapsed.get((finding.code, finding.where), ""))
        for finding, mark in zip(findings, marks, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Opinion:
    """One unit's report year as it goes back: what was read (None where nothing was), and what was found."""

    unit: Unit
    report_year: int
    findings: Sequence[Finding]
    held: Return | None = None
    runs: Sequence[Run] = ()


def returned_workbook(opinion: Opinion, spec: Spec, filling: blank.Filling | None = None) -> bytes:
    """校验意见.xlsx: three index sheets, then the unit's return drawn afresh with its own values, the cells red.

    ``filling`` gives what the blank of this unit held (last year, its tasks); values and marks come from ``opinion``.
    Where no statutory cell was read there is nothing to draw and the index sheets stand alone.
    """
    fmt = spec.format_for(opinion.report_year)
    if opinion.held is None or not opinion.held.cells or fmt is None:
        return written(_index_book(opinion, spec))
    given = filling or blank.Filling(opinion.report_year, opinion.unit)
    filled = blank.Filling(
        opinion.report_year,
        opinion.unit,
        given.last,
        given.tasks,
        filled=opinion.held,
        marks=_marks(opinion, spec),
    )
    drawn = blank.sheets(fmt, spec.workbook, filled)
    index = _index(opinion, spec, blank.places(drawn))
    return written(blank.book(fmt, spec.workbook, filled, (*index, *drawn), sent_back=True))


def _index_book(opinion: Opinion, spec: Spec) -> Book:
    return Book(
        sheets=_index(opinion, spec, {}),
        title=_title(opinion),
        created=dt.datetime(opinion.report_year, 1, 1),  # noqa: DTZ001 - a mark in the file, not a moment
        header=f"{opinion.unit.name}　{opinion.report_year}年度",
    )


def _title(opinion: Opinion) -> str:
    return f"{opinion.unit.name}{opinion.report_year}年度报告填报校验意见"


def _word(finding: Finding, spec: Spec) -> str:
    return spec.terms[finding.severity.value]


def _name(code: str, spec: Spec) -> str:
    return spec.rules[code].name if code in spec.rules else ""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _finding_json(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "unit": finding.unit,
        "report_year": finding.report_year,
        "where": finding.where,
        "cells": list(finding.cells),
        "facts": _plain(finding.facts),
        "message": finding.message,
        "basis": finding.basis,
        "fix": finding.fix,
        "answer": finding.answer,
    } | ({"lapsed": finding.lapsed} if finding.lapsed else {})


def from_json(text: str) -> tuple[Finding, ...]:
    """The findings of a 校验意见.json, as they were.

    Raises:
        ValueError, KeyError, TypeError: it is no such document.
    """
    return tuple(
        Finding(**item | {"severity": Severity(item["severity"]), "cells": tuple(item["cells"])})
        for item in json.loads(text)["findings"]
    )


def _plain(fact: object) -> object:
    """A fact as JSON knows it."""
    if isinstance(fact, Mapping):
        return {str(key): _plain(value) for key, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [_plain(value) for value in fact]
    if isinstance(fact, Decimal):
        return f"{fact:f}"
    return fact if fact is None or isinstance(fact, str | int | float) else str(fact)


def _marks(opinion: Opinion, spec: Spec) -> dict[str, str]:
    """The comment of each cell that a finding blames, all its findings in it."""
    said: dict[str, list[str]] = defaultdict(list)
    for finding in opinion.findings:
        for key in _targets(finding, opinion, spec):
            head = f"【{_word(finding, spec)}】{finding.code} {_name(finding.code, spec)}"
            said[key].append(f"{head}：{finding.message}\n改法：{finding.fix}")
    return {key: "\n".join(parts) for key, parts in said.items()}


def _targets(finding: Finding, opinion: Opinion, spec: Spec) -> tuple[str, ...]:
    """The drawn cells a finding blames: for a former row those it stands for, for a labelled field that field."""
    fmt = spec.format_for(opinion.report_year)
    former = fmt.stands_for if fmt is not None else {}
    cells = tuple(drawn for key in finding.cells for drawn in former.get(key, (key,)))
    if opinion.held is None or fmt is None:
        return cells
    about = tuple(f"about.{key}" for key, place in opinion.held.places.items() if place == finding.where)
    return (*_text_cells(finding, opinion.held, fmt), *cells) or about


def _text_cells(finding: Finding, held: Return, fmt: Format) -> Iterator[str]:
    """The cell of the narrative sheet that a finding on the text stands at."""
    known = {section.number: section for section in fmt.sections}
    for section in held.sections:
        if finding.where in section.places and section.number in known:
            number = section.places.index(finding.where)
            yield blank.key_of_paragraph(known[section.number], section.paragraphs, number)


def _index(opinion: Opinion, spec: Spec, places: Mapping[str, str]) -> tuple[Sheet, ...]:
    ranked = sorted(opinion.findings, key=lambda finding: _SEVERITIES.index(finding.severity))
    return (_overview(opinion, spec), _by_rule(ranked, spec), _one_by_one(ranked, opinion, spec, places))


def _overview(opinion: Opinion, spec: Spec) -> Sheet:
    """How many findings of each severity, what that means, and what to do next."""
    span = len(_OVERVIEW_WIDTHS)
    counts = Counter(finding.severity for finding in opinion.findings)
    cells = [
        Cell(0, 0, _title(opinion), "title", column_span=span),
        *_row(2, ("等级", "条数", "怎么办"), "head"),
    ]
    for row, severity in enumerate(_SEVERITIES, 3):
        cells += _row(row, (spec.terms[severity.value], counts[severity], _WHAT_TO_DO[severity]), "plain")
    notes = [*_steps(opinion), "", "", *_unasked(opinion)]
    cells += [
        Cell(row, 0, cut(note), "note", column_span=span)
        for row, note in enumerate(notes, 4 + len(_SEVERITIES))
        if note
    ]
    return Sheet(OVERVIEW_SHEET, _OVERVIEW_WIDTHS, tuple(cells))


def _unasked(opinion: Opinion) -> Iterator[str]:
    """No finding is no proof that a rule ran: those that did not are named."""
    lines = not_run(opinion.runs)
    if lines:
        yield "下列规则没有核对："
        yield from lines


def _steps(opinion: Opinion) -> Iterator[str]:
    if not opinion.findings:
        yield "没有发现需要处理的问题。"
        return
    steps = [*(_STEPS_DRAWN if opinion.held and opinion.held.cells else _STEPS_UNREAD)]
    if any(finding.severity is Severity.EXPLAIN for finding in opinion.findings):
        steps.append(_STEP_ANSWER)
    yield from (f"{number}. {step}" for number, step in enumerate(steps, 1))


def _by_rule(findings: Sequence[Finding], spec: Spec) -> Sheet:
    """Each rule that found something: how often, and why it is asked."""
    counts = Counter((finding.severity, finding.code) for finding in findings)
    cells = _row(0, _RULE_HEADS, "head")
    for row, ((severity, code), count) in enumerate(counts.items(), 1):
        why = spec.rules[code].why if code in spec.rules else ""
        cells += _row(row, (code, _name(code, spec), spec.terms[severity.value], count, why), "plain")
    return Sheet(RULES_SHEET, _RULE_WIDTHS, tuple(cells), landscape=True, repeat=(0, 0), frozen=(1, 0))


def _one_by_one(
    findings: Sequence[Finding], opinion: Opinion, spec: Spec, places: Mapping[str, str]
) -> Sheet:
    """Every finding, a link to its cell, and a cell for the unit's answer; the last column ties answer to figures."""
    heads = (*_FINDING_HEADS, ANSWER_HEAD, FINGERPRINT_HEAD)
    cells = _row(0, heads, "head")
    for row, finding in enumerate(findings, 1):
        said = (row, _word(finding, spec), finding.code, _name(finding.code, spec), finding.where)
        message = f"{finding.message}\n{_LAPSED}：{finding.lapsed}" if finding.lapsed else finding.message
        cells += _row(row, (*said, message, finding.basis, finding.fix), "plain")
        cells.append(_link(row, finding, opinion, spec, places))
        answer = Cell(row, len(heads) - 2, finding.answer or "", "text", entry=Entry("text"))
        cells += [answer, Cell(row, len(heads) - 1, fingerprint(finding, opinion.held), "plain")]
    return Sheet(
        name=FINDINGS_SHEET,
        widths=_FINDING_WIDTHS,
        cells=tuple(cells),
        landscape=True,
        repeat=(0, 0),
        frozen=(1, 0),
        filter=(0, 0, len(findings), len(heads) - 2),
        hidden_columns=(len(heads) - 1,),
    )


def _link(row: int, finding: Finding, opinion: Opinion, spec: Spec, places: Mapping[str, str]) -> Cell:
    """The first blamed cell that is drawn in this workbook; nothing where the finding blames none of them."""
    column = len(_FINDING_HEADS) - 1
    place = next((places[key] for key in _targets(finding, opinion, spec) if key in places), "")
    if not place:
        return Cell(row, column)
    return Cell(row, column, place.replace("'", ""), "link", link=place)


def _row(row: int, texts: Sequence[str | int], look: Look) -> list[Cell]:
    return [
        Cell(row, column, cut(text) if isinstance(text, str) else text, look)
        for column, text in enumerate(texts)
    ]
