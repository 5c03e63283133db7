"""报送情况.csv: a line a unit, for spreadsheets and for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from report_builder.overview.nouns import Overseen, Watched
from report_builder.spec import Spec

_HEADS = (
    "单位",
    "统一代码",
    "所属地方",
    "类别",
    "层级",
    "状态",
    "期限",
    "发布日期",
    "逾期天数",
    "须更正",
    "要求说明",
    "尚未说明",
    "雷同",
    "原因",
    "文件夹",
)
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def listing(seen: Overseen, spec: Spec) -> bytes:
    """The units in their order; UTF-8 with a mark, so that Excel opens it right. A day not reckoned is left blank."""
    lines = io.StringIO()
    rows = csv.writer(lines, lineterminator="\r\n")
    rows.writerow(_HEADS)
    rows.writerows(map(_safe, _texts(one, spec)) for one in seen.units)
    return lines.getvalue().encode("utf-8-sig")


def _texts(one: Watched, spec: Spec) -> Iterator[str]:
    unit, words = one.unit, spec.wording.aggregate
    yield from (unit.name, unit.code, one.government)
    yield from (words.kinds.get(unit.kind, ""), words.levels.get(unit.level, ""))
    yield spec.terms[one.standing.term]
    yield from ("" if day is None else day.isoformat() for day in (one.due, one.published_on))
    yield "" if one.late is None else str(one.late)
    yield from map(str, (one.to_mend, one.asked, one.unanswered, one.repeats))
    yield from (one.why, one.folder)


def _safe(text: str) -> str:
    """Text that a spreadsheet would run as a formula is marked as text."""
    return f"'{text}" if text.startswith(_RISKY) else text
