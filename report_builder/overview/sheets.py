"""评分.xlsx: a score a unit, every point lost with its rule, place and basis, and how all of it was reckoned."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from report_builder.figures import percent
from report_builder.overview.nouns import Overseen
from report_builder.overview.score import Loss, Marks, Worth, in_points, worths
from report_builder.spec import Spec
from report_builder.workbooks import Book, Cell, Content, Form, Look, Row, Sheet, tabulated, written

_NONE = "—"

_UNITS = Form(
    "汇总",
    (
        ("单位", 30.0),
        ("所属地方", 18.0),
        ("类别", 14.0),
        ("层级", 7.0),
        ("得分", 8.0),
        ("可评分", 8.0),
        ("满分", 7.0),
        ("得分率", 9.0),
        ("覆盖率", 9.0),
        ("同类同级名次", 12.0),
        ("说明", 52.0),
    ),
)
_LOSSES = Form(
    "逐项",
    (
        ("单位", 26.0),
        ("条目", 16.0),
        ("规则", 18.0),
        ("规则分值", 9.0),
        ("扣分", 7.0),
        ("位置", 30.0),
        ("核对结果", 52.0),
        ("依据", 36.0),
    ),
)
_ABOUT = Form(
    "说明",
    (
        ("条目", 18.0),
        ("分值", 7.0),
        ("措辞", 56.0),
        ("规则", 26.0),
        ("规则分值", 9.0),
        ("每处扣分", 9.0),
        ("未说明的每处扣分", 10.0),
        ("核对到的单位", 12.0),
        ("依据", 36.0),
    ),
)
_OF_A_CLAUSE = ("条目", "分值", "措辞", "依据")


@dataclass(frozen=True)
class _Desk:
    """What all sheets are written from."""

    seen: Overseen
    marks: Sequence[Marks]
    spec: Spec
    title: str

    @property
    def notes(self) -> list[str]:
        """What must be known before the scores are read."""
        score = self.spec.score
        said = {"least_coverage": percent(score.least_coverage, 0), "least_group": score.least_group}
        return [note.format(**said) for note in score.notes]


def score_book(seen: Overseen, marks: Sequence[Marks], spec: Spec) -> bytes:
    """评分.xlsx; the same marks give the same bytes."""
    title = f"{seen.place}{seen.report_year}年度政府信息公开工作年度报告编制情况评分"
    desk = _Desk(seen, marks, spec, title)
    return written(
        Book(
            sheets=(_units(desk), _losses(desk), _about(desk)),
            title=title,
            created=dt.datetime(seen.report_year + 1, 1, 1),  # noqa: DTZ001 - a mark in the file, not a moment
            header=title,
        )
    )


def _units(desk: _Desk) -> Sheet:
    rows = [_unit(one, desk) for one in desk.marks]
    rated = sum(one.rate is not None for one in desk.marks)
    notes = [f"应报单位 {len(rows)} 个，其中可以评分的 {rated} 个。", *desk.notes]
    return tabulated(_UNITS, desk.title, notes, rows)


def _unit(one: Marks, desk: _Desk) -> Row:
    unit, words = one.watched.unit, desk.spec.wording.aggregate
    score: list[Content] = [_NONE] if one.rate is None else [in_points(one.got)]
    return (
        *_texts(unit.name, one.watched.government, words.kinds.get(unit.kind, _NONE)),
        *_texts(words.levels.get(unit.level, _NONE)),
        *((content, "plain") for content in (*score, in_points(one.measured), in_points(one.full))),
        _rate(one.rate),
        _rate(one.coverage),
        (_NONE if one.rank is None else f"{one.rank}（共 {one.peers} 个）", "plain"),
        (_remark(one, desk.spec), "plain"),
    )


def _texts(*texts: str) -> Row:
    return tuple((text, "plain") for text in texts)


def _rate(rate: Fraction | None) -> tuple[Content, Look]:
    if rate is None:
        return _NONE, "plain"
    return round(Decimal(rate.numerator) / Decimal(rate.denominator), 4), "rate"


def _remark(one: Marks, spec: Spec) -> str:
    """Where the report stands, why there is no rank, and which rules that count did not run."""
    said = [spec.terms[one.watched.standing.term]]
    if one.rate is None:
        said.append("没有可以评分的内容")
    elif one.rank is None:
        said.append(_no_rank(one, spec))
    reasons: dict[str, list[str]] = {}
    scored = {rule.code for clause in spec.score.clauses for rule in clause.rules}
    for code, why in one.watched.lacked:
        if code in scored:
            reasons.setdefault(why, []).append(code)
    said += [f"{'、'.join(codes)} 没有核对（{why}）" for why, codes in reasons.items()]
    return "；".join(said)


def _no_rank(one: Marks, spec: Spec) -> str:
    if not (one.watched.unit.kind and one.watched.unit.level):
        return "名册没有写明类别、层级，不排名次"
    if one.coverage < Fraction(spec.score.least_coverage):
        return f"覆盖率低于 {percent(spec.score.least_coverage, 0)}，不排名次"
    return f"同类同级只有 {one.peers} 个单位可比，不排名次"


def _losses(desk: _Desk) -> Sheet:
    rows = [_loss(one, loss, desk.spec) for one in desk.marks for loss in one.losses]
    said = "每一行是一处扣分。同一条规则扣到分值为止，再有的问题见该单位的校验意见，不再列出。"
    return tabulated(_LOSSES, desk.title, [said if rows else "没有扣分。"], rows)


def _loss(one: Marks, loss: Loss, spec: Spec) -> Row:
    finding = loss.finding
    return (
        *_texts(one.watched.unit.name, loss.worth.clause.name, _rule(finding.code, spec)),
        (in_points(loss.worth.points), "plain"),
        (in_points(loss.points), "plain"),
        *_texts(finding.where, finding.message, finding.basis),
    )


def _rule(code: str, spec: Spec) -> str:
    return f"{code} {spec.rules[code].name}"


def _about(desk: _Desk) -> Sheet:
    """Every clause by the rules that measure it, how many units each was tried on, and the rules that count for nothing."""
    counted = worths(desk.spec, desk.seen.format_id, desk.seen.weights)
    tried = Counter(code for one in desk.marks for code in one.watched.ran)
    rows = [_worth(one, counted, tried[one.rule.code], desk) for one in counted]
    fmt = desk.spec.format(desk.seen.format_id)
    rest = sorted({*(fmt.rules if fmt is not None else ())} - {one.rule.code for one in counted})
    notes = [*desk.notes, f"不计分的规则：\n{'、'.join(rest) or '无'}。"]
    sheet = tabulated(_ABOUT, desk.title, notes, rows)
    clauses = [one.clause.key for one in counted]
    return replace(sheet, cells=tuple(_together(sheet.cells, clauses, _ABOUT)), filter=None)


def _together(cells: Sequence[Cell], clauses: Sequence[str], form: Form) -> Iterator[Cell]:
    """What all rules of a clause share stands once beside them."""
    first = max(cell.row for cell in cells) - len(clauses) + 1
    for cell in cells:
        at = cell.row - first
        if at < 0 or form.columns[cell.column][0] not in _OF_A_CLAUSE:
            yield cell
        elif at == clauses.index(clauses[at]):
            yield replace(cell, row_span=clauses.count(clauses[at]))


def _worth(one: Worth, counted: Sequence[Worth], tried: int, desk: _Desk) -> Row:
    clause = sum((each.points for each in counted if each.clause is one.clause), Fraction(0))
    costs = (one.rule.fault_costs, one.rule.question_costs)
    return (
        *_texts(one.clause.name),
        (in_points(clause), "plain"),
        *_texts(one.clause.wording, _rule(one.rule.code, desk.spec)),
        (in_points(one.points), "plain"),
        *((in_points(Fraction(cost) * one.factor), "plain") for cost in costs),
        *_texts(f"{tried} / {len(desk.marks)}", one.clause.basis),
    )
