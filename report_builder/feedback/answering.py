"""What a unit wrote beside the findings in its 校验意见.xlsx, and which finding each answer belongs to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from report_builder.feedback.words import plain
from report_builder.model import Finding, Return
from report_builder.readers import sheets

FINDINGS_SHEET = "逐条"
ANSWER_HEAD, FINGERPRINT_HEAD = "单位说明", "核对码"
FINDING_HEADS = ("条目", "等级", "代码", "规则名称", "位置", "核对结果", "依据", "改法", "本文件中的位置")
_HEADS = (FINDING_HEADS[2], FINDING_HEADS[4], ANSWER_HEAD, FINGERPRINT_HEAD)
_FINGERPRINT_LENGTH = 12
_MARK_LENGTH = 8


def fingerprint(finding: Finding, held: Return | None) -> str:
    """What a unit's answer belongs to: the finding, its facts and what stands in its cells.

    It stands beside the answer in the workbook; an answer whose fingerprint no finding of the day has, has lapsed.
    """
    cells = held.cells if held is not None else {}
    figures = [[key, cells[key].text if key in cells else None] for key in finding.cells]
    said = [finding.code, finding.unit, finding.report_year, figures, plain(finding.facts)]
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
    read = ([row.get(name, "") for name in _HEADS] for row in rows)
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
