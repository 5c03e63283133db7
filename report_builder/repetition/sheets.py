"""雷同通报.xlsx: the circular with a column for the units' replies, the clusters, what was mended, the terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from report_builder.model import Settings, Severity
from report_builder.readers import sheets
from report_builder.repetition.circular import (
    Case,
    Circular,
    Followed,
    Group,
    Outcome,
    Quoted,
    Rates,
    Report,
    mark,
)
from report_builder.spec import Spec, label
from report_builder.spec.nouns import CIRCULAR_NAME, META_SHEET, SENT_BACK
from report_builder.workbooks import Book, Cell, Form, Row, Sheet, cut, tabulated, written

REPLY_HEAD, MARK_HEAD = "整改回复", "核对码"


_CIRCULAR = Form(
    CIRCULAR_NAME,
    (
        ("序号", 6.0),
        ("单位", 20.0),
        ("对照报告", 20.0),
        ("{strict}", 11.0),
        ("{loose}", 11.0),
        ("重复处数", 9.0),
        ("重复较多的段落", 50.0),
        ("处理意见", 9.0),
        ("整改期限", 12.0),
        (REPLY_HEAD, 28.0),
        (MARK_HEAD, 14.0),
    ),
    hidden=1,
    kept=2,
)
_GROUPS = Form(
    "相互雷同",
    (
        ("组", 6.0),
        ("{likely_source}", 30.0),
        ("公布日期", 13.0),
        ("单位", 30.0),
        ("最相近的报告", 30.0),
        ("{shared}", 14.0),
        ("{strict}", 12.0),
        ("{loose}", 12.0),
    ),
    kept=2,
)
_FOLLOWED = Form(
    "整改跟踪",
    (
        ("单位", 28.0),
        ("对照报告", 28.0),
        ("处理意见", 10.0),
        ("首次{strict}", 14.0),
        ("现在{strict}", 14.0),
        ("首次{loose}", 14.0),
        ("现在{loose}", 14.0),
        ("结果", 24.0),
        (REPLY_HEAD, 28.0),
    ),
    kept=2,
)
_NOTHING = {
    _CIRCULAR.name: "没有可以通报的比对结果。",
    _GROUPS.name: "没有发现各单位报告相互雷同。",
    _FOLLOWED.name: "本年度没有要求整改或说明的单位。",
}
_ABOUT_SHEET = "说明"
_ABOUT_WIDTHS = (40.0, 106.0)
_ABOUT = (
    "对照报告：“本单位”的，是与本单位以前年度的报告比；其他的，是与最相近的一份其他单位报告（本年度或以前年度）比。",
    "处理意见按规则给出：“{correct}”的，请在整改期限前改写并重新报送；“{explain}”的，请在“整改回复”栏说明原因；“—”为不需要处理。",
    "经设定为共用文字的单位之间，不作雷同列出。",
    "“首次”是本年度第一次要求处理时的数值，以后各次比对都与它比较。",
    "收回的通报放进本年度的输入文件夹（文件名里保留“{circular}”四字），回复会列入下一次的通报和整改跟踪。",
)
_SENT = Sheet(META_SHEET, (18.0, 40.0), (Cell(0, 0, SENT_BACK), Cell(0, 1, CIRCULAR_NAME)), very_hidden=True)
_QUOTED = 60
_NO_TEXT = "没有可比的文字"
_NOT_FOUND = "—"
_NOT_ASKED = "—"


def workbook(found: Circular, spec: Spec, settings: Settings) -> bytes:
    """雷同通报.xlsx; the same circular gives the same bytes."""
    title = f"{settings.place}{found.report_year}年度政府信息公开工作年度报告雷同通报"
    desk = _Desk(found, spec, settings, title)
    return written(
        Book(
            sheets=(_circular(desk), _groups(desk), _followed(desk), _about(desk), _SENT),
            title=title,
            created=dt.datetime(found.report_year + 1, 1, 1),  # noqa: DTZ001 - a mark in the file, not a moment
            header=title,
        )
    )


def replies(data: bytes) -> dict[str, str]:
    """What units wrote into a 雷同通报.xlsx, by the mark of the case.

    Raises:
        UnreadableError: it is no workbook, or has not the columns for replies.
    """
    rows = sheets.returned_rows(data, CIRCULAR_NAME, (REPLY_HEAD, MARK_HEAD), "发出的雷同通报")
    return {row[MARK_HEAD]: row[REPLY_HEAD] for row in rows if row[MARK_HEAD] and row[REPLY_HEAD]}


@dataclass(frozen=True)
class _Desk:
    """What all sheets are written from."""

    found: Circular
    spec: Spec
    settings: Settings
    title: str

    def word(self, asked: Severity | None) -> str:
        """What a unit is asked."""
        return self.spec.terms[asked] if asked else _NOT_ASKED

    def definitions(self, *names: str) -> Iterator[str]:
        """Terms with what they mean, a line each."""
        terms = self.spec.terms
        return (f"{terms[name]}：{terms[f'{name}_definition']}。" for name in names)


def _name(report: Report, unit: str = "") -> str:
    """A report as the clerk of ``unit`` calls it."""
    return f"{'本单位' if report.unit == unit else report.unit}{report.report_year}年报告"


def _circular(desk: _Desk) -> Sheet:
    cases, due = desk.found.cases, desk.found.deadline
    asked = sum(case.asked is not None for case in cases)
    said = [f"共列出{len(cases)}项比对结果，其中需要处理的{asked}项。"]
    office = desk.settings.lead_office or desk.spec.terms["lead_office"]
    if due:
        said.append(
            f"整改期限：{due.year}年{due.month}月{due.day}日。请填写“{REPLY_HEAD}”栏，在期限前退回{office}。"
        )
    elif asked:
        said.append(f"请填写“{REPLY_HEAD}”栏，退回{office}。")
    rows = [_case(number, case, desk) for number, case in enumerate(cases, 1)]
    return _sheet(_CIRCULAR, rows, [*said, *desk.definitions("strict", "loose")], desk)


def _case(number: int, case: Case, desk: _Desk) -> Row:
    return (
        (number, "count"),
        (case.unit, "plain"),
        (_name(case.against, case.unit), "plain"),
        *_rates(case.rates),
        (case.repeated, "count"),
        ("\n".join(_passage(one, case, desk) for one in case.worst), "plain"),
        (desk.word(case.asked), "plain"),
        (desk.found.deadline if case.asked else None, "day"),
        (desk.found.replies.get(case.pair), "text" if case.asked else "plain"),
        (mark(case.pair, desk.found.report_year), "plain"),
    )


def _rates(rates: Rates | None) -> Row:
    """Strict and loose; no rate at all where the pair is no longer found."""
    if rates is None:
        return ((_NOT_FOUND, "count"), (_NOT_FOUND, "count"))
    given = (rates.strict, rates.loose)
    return tuple((_NO_TEXT, "plain") if rate is None else (rate, "rate") for rate in given)


def _passage(passage: Quoted, case: Case, desk: _Desk) -> str:
    """Where, how, how long, for how many years where they are the unit's own, and how it begins."""
    fmt = desk.spec.format_for(desk.found.report_year)
    section = label(f"sections.{passage.section}", (fmt,) if fmt else (), desk.spec.terms)
    text = passage.text
    begins = text if len(text) <= _QUOTED else f"{text[:_QUOTED]}……"
    years = f"，连续{passage.years_running}年" if case.against.unit == case.unit else ""
    return f"{section}，{desk.spec.terms[passage.how]}，{passage.characters}字{years}：{begins}"


def _groups(desk: _Desk) -> Sheet:
    rows = [row for number, group in enumerate(desk.found.groups, 1) for row in _group(number, group)]
    said = desk.definitions("likely_source", "shared", "strict", "loose")
    return _sheet(_GROUPS, rows, said, desk)


def _group(number: int, group: Group) -> Iterator[Row]:
    for one in group.copies:
        yield (
            (number, "count"),
            (_name(group.source), "plain"),
            (group.published_on, "day"),
            (one.report.unit, "plain"),
            (_name(one.nearest), "plain"),
            (one.shared, "rate"),
            *_rates(one.rates),
        )


def _followed(desk: _Desk) -> Sheet:
    rows = [_one_followed(one, desk) for one in desk.found.followed]
    mended = sum(one.outcome is Outcome.MENDED for one in desk.found.followed)
    said = f"要求处理的共{len(rows)}项，其中{desk.spec.terms[Outcome.MENDED]}{mended}项。"
    return _sheet(_FOLLOWED, rows, (said, *desk.definitions("strict", "loose")), desk)


def _one_followed(one: Followed, desk: _Desk) -> Row:
    (strict, loose), (strict_now, loose_now) = _rates(one.before), _rates(one.now)
    against = _name(one.against, one.unit)
    said: Row = ((one.unit, "plain"), (against, "plain"), (desk.word(one.asked), "plain"))
    reply = desk.found.replies.get((one.unit, one.against))
    outcome = desk.spec.terms[one.outcome]
    return (*said, strict, strict_now, loose, loose_now, (outcome, "plain"), (reply, "plain"))


def _about(desk: _Desk) -> Sheet:
    """What was compared with what, and which units were not compared."""
    cells = [Cell(0, 0, desk.title, "title", column_span=2)]
    for row, text in enumerate(_ABOUT, 1):
        said = f"{row}. {text.format(**desk.spec.terms, circular=CIRCULAR_NAME)}"
        cells.append(Cell(row, 0, said, "note", column_span=2))
    head = len(_ABOUT) + 2
    cells += [Cell(head, 0, "没有比对的单位", "head"), Cell(head, 1, "原因", "head")]
    left_out = [*desk.found.not_compared.items()] or [("没有", "")]
    for at, texts in enumerate(left_out, head + 1):
        cells += [Cell(at, column, cut(text), "plain") for column, text in enumerate(texts)]
    return Sheet(_ABOUT_SHEET, _ABOUT_WIDTHS, tuple(cells), landscape=True)


def _sheet(form: Form, rows: Sequence[Row], said: Iterable[str], desk: _Desk) -> Sheet:
    """The table with the terms' own words over its columns, and what is said of it where there is nothing."""
    columns = [(text.format(**desk.spec.terms), width) for text, width in form.columns]
    notes = [*said] if rows else [_NOTHING[form.name]]
    return tabulated(replace(form, columns=columns), desk.title, notes, rows)
