"""Findings go back to the unit in its own workbook, the cells in question red."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report_builder import blank
from report_builder.feedback.answering import (
    ANSWER_HEAD,
    FINDING_HEADS,
    FINDINGS_SHEET,
    FINGERPRINT_HEAD,
    fingerprint,
)
from report_builder.feedback.words import LAPSED, name, not_run, word
from report_builder.model import Finding, Return, Run, Severity, Unit
from report_builder.spec import Format, Spec
from report_builder.workbooks import Book, Cell, Entry, Look, Sheet, cut, written

OVERVIEW_SHEET, RULES_SHEET = "概况", "按规则"
_FINDING_WIDTHS = (6.0, 6.0, 7.0, 12.0, 18.0, 34.0, 24.0, 30.0, 13.0, 24.0, 18.0)
_RULE_HEADS = ("代码", "规则名称", "等级", "条数", "为什么核对")
_RULE_WIDTHS = (8.0, 26.0, 8.0, 8.0, 72.0)
_OVERVIEW_WIDTHS = (10.0, 10.0, 78.0)
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
_STEP_ANSWER = "只需说明的，写在“逐条”的“单位说明”栏，把本文件保存后放在报送文件旁边（文件名里保留“校验意见”四字即可）；有关数字再有变动时，该条说明失效，请重新填写。"


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


def _marks(opinion: Opinion, spec: Spec) -> dict[str, str]:
    """The comment of each cell that a finding blames, all its findings in it."""
    said: dict[str, list[str]] = defaultdict(list)
    for finding in opinion.findings:
        for key in _targets(finding, opinion, spec):
            head = f"【{word(finding, spec)}】{finding.code} {name(finding.code, spec)}"
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
        cells += _row(row, (code, name(code, spec), spec.terms[severity.value], count, why), "plain")
    return Sheet(RULES_SHEET, _RULE_WIDTHS, tuple(cells), landscape=True, repeat=(0, 0), frozen=(1, 0))


def _one_by_one(
    findings: Sequence[Finding], opinion: Opinion, spec: Spec, places: Mapping[str, str]
) -> Sheet:
    """Every finding, a link to its cell, and a cell for the unit's answer; the last column ties answer to figures."""
    heads = (*FINDING_HEADS, ANSWER_HEAD, FINGERPRINT_HEAD)
    cells = _row(0, heads, "head")
    for row, finding in enumerate(findings, 1):
        said = (row, word(finding, spec), finding.code, name(finding.code, spec), finding.where)
        message = f"{finding.message}\n{LAPSED}：{finding.lapsed}" if finding.lapsed else finding.message
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
    column = len(FINDING_HEADS) - 1
    place = next((places[key] for key in _targets(finding, opinion, spec) if key in places), "")
    if not place:
        return Cell(row, column)
    return Cell(row, column, place.replace("'", ""), "link", link=place)


def _row(row: int, texts: Sequence[str | int], look: Look) -> list[Cell]:
    return [
        Cell(row, column, cut(text) if isinstance(text, str) else text, look)
        for column, text in enumerate(texts)
    ]
