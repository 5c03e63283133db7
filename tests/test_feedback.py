"""What goes back to the unit: sentences, JSON, and its own workbook with the cells in question red."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from conftest import return_of

from report_builder import blank, feedback
from report_builder.errors import UnreadableError
from report_builder.feedback import returned
from report_builder.figures import figure
from report_builder.model import Finding, Return, Run, Section, Settings, Severity, State, Unit
from report_builder.rule_kinds import Case
from report_builder.spec import load_spec
from report_builder.validate import validate

SPEC = load_spec()
FMT = SPEC.formats[-1]
YEAR = FMT.first_report_year
UNIT = Unit("示例市教育局")
CELL = "requests.carried_out.natural_person"
INDEX = ["概况", "按规则", "逐条"]
RED = "FFFFC7CE"


def finding(**changes: Any) -> Finding:
    """The finding of the house's own example."""
    rule = SPEC.rules["B301"]
    facts = {"column": "自然人", "left": 15, "right": 14, "difference": 1}
    base = Finding(
        code="B301",
        severity=Severity.CORRECT,
        unit=UNIT.name,
        report_year=YEAR,
        where="示例市教育局.xlsx·依申请公开!D30",
        cells=(CELL,),
        facts=facts,
        message=rule.message.format_map(facts),
        basis=FMT.rules["B301"],
        fix=rule.fix,
    )
    return replace(base, **changes)


UNWRITTEN = finding(
    code="S602", cells=(), where="正文.docx", facts={}, message="“五”没有写。", basis="格式", fix="请写明。"
)
ASKED = finding(
    code="V205",
    severity=Severity.EXPLAIN,
    cells=("requests.received.total",),
    facts={"value": Decimal("1.50")},
)


def held(**cells: object) -> Return:
    return return_of(FMT, {key.replace("__", "."): value for key, value in cells.items()}, YEAR)


def opened(*findings: Finding, ret: Return | None = None, unread: bool = False) -> Any:
    opinion = returned.Opinion(UNIT, YEAR, findings, None if unread else ret or held())
    return openpyxl.load_workbook(io.BytesIO(returned.returned_workbook(opinion, SPEC)))


def listed(book: Any) -> list[dict[str, Any]]:
    """The rows of 逐条, by their heads."""
    head, *rows = book["逐条"].iter_rows()
    names = [cell.value for cell in head]
    return [dict(zip(names, row, strict=True)) for row in rows]


def red(book: Any) -> set[str]:
    return {
        f"{sheet.title}!{cell.coordinate}"
        for sheet in book
        if sheet.title not in {*INDEX, "填报说明"}
        for row in sheet.iter_rows()
        for cell in row
        if cell.fill.fgColor.rgb == RED
    }


def at(book: Any, key: str) -> Any:
    """The cell of a key, through the drawing's own list of places."""
    drawn = blank.sheets(FMT, SPEC.workbook, blank.Filling(YEAR, UNIT, filled=held()))
    sheet, _, address = blank.places(drawn)[key].rpartition("!")
    return book[sheet.strip("'")][address]


# Sentences


def test_a_finding_in_words() -> None:
    assert feedback.sentences(finding(), SPEC) == (
        "示例市教育局.xlsx·依申请公开!D30  更正 B301 申请收办不平\n"
        "  “自然人”列收到 15 件，办结与结转合计 14 件，相差 1 件。\n"
        f"  依据：{FMT.rules['B301']}\n"
        f"  改法：{SPEC.rules['B301'].fix}"
    )


@pytest.mark.parametrize("severity", list(Severity), ids=lambda severity: severity.value)
def test_each_severity_has_its_word(severity: Severity) -> None:
    head = feedback.sentences(finding(severity=severity), SPEC).splitlines()[0]
    assert f"  {SPEC.terms[severity.value]} B301 " in head


def test_every_line_of_a_message_is_indented_and_an_answer_is_shown() -> None:
    said = feedback.sentences(finding(message="甲\n乙", answer="系统迁移"), SPEC)
    assert said.splitlines()[1:3] == ["  甲", "  乙"]
    assert said.endswith("\n  单位说明：系统迁移")


# JSON


def test_json_is_the_contracts_document_and_comes_back() -> None:
    run = Run("B301", UNIT.name, State.NOT_APPLICABLE, "没有读到报表")
    document = feedback.as_json([finding(), ASKED], [run])
    said = {"code": "B301", "unit": UNIT.name, "state": "not_applicable"}
    assert document["runs"] == [said | {"why": "没有读到报表"}]
    text = json.dumps(document, ensure_ascii=False)
    first, second = json.loads(text)["findings"]
    keys = "code severity unit report_year where cells facts message basis fix answer"
    assert list(first) == keys.split()
    assert (first["severity"], first["cells"], first["answer"]) == ("correct", [CELL], None)
    assert second["facts"] == {"value": "1.50"}
    assert feedback.from_json(text)[0] == finding()


# The returned workbook


def test_index_sheets_stand_first_and_count_what_was_found() -> None:
    book = opened(ASKED, finding(), finding(), UNWRITTEN)
    assert book.sheetnames[:3] == INDEX
    assert book.sheetnames[3:-2] == [sheet.name for sheet in SPEC.workbook.sheets]
    counts = {row[0].value: row[1].value for row in book["概况"].iter_rows() if isinstance(row[1].value, int)}
    assert counts == {"退回": 0, "更正": 3, "说明": 1}
    rules = [tuple(cell.value for cell in row[:4]) for row in book["按规则"].iter_rows(min_row=2)]
    assert rules == [
        ("B301", "申请收办不平", "更正", 2),
        ("S602", "应写的文字没有写", "更正", 1),
        ("V205", "总计由程序算出", "说明", 1),
    ]
    assert [row["代码"].value for row in listed(book)] == ["B301", "B301", "S602", "V205"]


def test_the_gravest_stand_first_whatever_their_code() -> None:
    mild, grave = finding(severity=Severity.EXPLAIN), replace(UNWRITTEN, severity=Severity.REJECT)
    assert [row["等级"].value for row in listed(opened(mild, grave))] == ["退回", "说明"]


def test_blamed_cells_and_only_those_are_red_and_say_why() -> None:
    book = opened(finding(), UNWRITTEN, ret=held(**{CELL.replace(".", "__"): 7}))
    cell = at(book, CELL)
    assert red(book) == {f"依申请公开!{cell.coordinate}"}
    assert cell.value == 7
    assert not cell.protection.locked
    assert cell.comment.text == (
        f"【更正】B301 申请收办不平：{finding().message}\n改法：{SPEC.rules['B301'].fix}"
    )


def test_two_findings_on_one_cell_are_both_in_its_comment() -> None:
    other = finding(code="V202", severity=Severity.REJECT, message="这一格是文字。")
    text = at(opened(finding(), other), CELL).comment.text
    assert "【更正】B301" in text
    assert "【退回】V202" in text
    assert "这一格是文字。" in text


def test_a_finding_at_a_labelled_field_marks_that_field() -> None:
    where = "示例局.xlsx·基本信息!C9"
    ret = replace(held(), places={"unit": where})
    book = opened(finding(code="F107", cells=(), where=where), ret=ret)
    assert red(book) == {f"基本信息!{at(book, 'about.unit').coordinate}"}


def test_each_finding_is_linked_to_its_cell_in_this_workbook() -> None:
    book = opened(finding(), UNWRITTEN)
    first, second = listed(book)
    sheet, _, address = first["本文件中的位置"].hyperlink.location.rpartition("!")
    assert (sheet.strip("'"), address) == ("依申请公开", at(book, CELL).coordinate)
    assert second["位置"].value == "正文.docx"
    assert second["本文件中的位置"].hyperlink is None


def test_what_was_typed_stays_as_typed() -> None:
    ret = held(requests__received__natural_person="=1+1", requests__received__enterprise="/")
    book = opened(finding(), ret=ret)
    typed = at(book, "requests.received.natural_person")
    assert (typed.value, typed.data_type, typed.quotePrefix) == ("=1+1", "s", True)
    assert at(book, "requests.received.enterprise").value == "/"


@pytest.mark.parametrize("start", list("=+-@\t"), ids=["equals", "plus", "minus", "at", "tab"])
def test_text_in_the_index_is_never_a_formula(start: str) -> None:
    (row,) = listed(opened(finding(message=f"{start}cmd|' /C calc'!A0")))
    assert row["核对结果"].data_type == "s"
    assert row["核对结果"].quotePrefix


def test_an_unreadable_return_gives_the_index_alone() -> None:
    unread = finding(code="F101", severity=Severity.REJECT, cells=(), where="示例局.xlsx")
    book = opened(unread, unread=True)
    assert book.sheetnames == INDEX
    assert listed(book)[0]["代码"].value == "F101"
    empty = Return("", YEAR, FMT.id, {}, origin="示例局.xlsx")
    assert opened(unread, ret=empty).sheetnames == INDEX


def test_a_return_without_findings_says_so() -> None:
    texts = [cell.value for row in opened()["概况"].iter_rows() for cell in row]
    assert "没有发现需要处理的问题。" in texts


def test_same_findings_same_bytes() -> None:
    opinion = returned.Opinion(UNIT, YEAR, (finding(), ASKED), held())
    assert returned.returned_workbook(opinion, SPEC) == returned.returned_workbook(opinion, SPEC)


def test_a_real_check_is_returned_whole() -> None:
    ret = held(
        requests__received__natural_person=3, requests__received__total="", disputes__review__upheld="2笔"
    )
    findings, _ = validate(Case(ret, FMT, SPEC, Settings()))
    book = opened(*findings, ret=ret)
    assert len(listed(book)) == len(findings) > 2
    blamed = {key for one in findings for key in one.cells}
    assert {cell.partition("!")[2] for cell in red(book)} == {at(book, key).coordinate for key in blamed}


# The unit's answers


def answered_file(said: str, ret: Return) -> bytes:
    """校验意见.xlsx as a unit saves it, with an answer to its first finding."""
    data = returned.returned_workbook(returned.Opinion(UNIT, YEAR, (ASKED, finding()), ret), SPEC)
    book = openpyxl.load_workbook(io.BytesIO(data))
    row = next(row for row in listed(book) if row["代码"].value == "V205")
    assert not row["单位说明"].protection.locked
    row["单位说明"].value = said
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_an_answer_comes_back_to_its_own_finding() -> None:
    ret = held(requests__received__total=4)
    said = feedback.answers(answered_file("系统迁移所致", ret))
    first, second = feedback.answered((finding(), ASKED), ret, said)
    assert (first.answer, second.answer) == (None, "系统迁移所致")
    again = openpyxl.load_workbook(
        io.BytesIO(returned.returned_workbook(returned.Opinion(UNIT, YEAR, (first, second), ret), SPEC))
    )
    assert [row["单位说明"].value for row in listed(again)] == [None, "系统迁移所致"]


def test_an_answer_lapses_when_its_figures_change() -> None:
    before, after = held(requests__received__total=4), held(requests__received__total=5)
    said = feedback.answers(answered_file("系统迁移所致", before))
    assert feedback.answered((ASKED,), after, said)[0].answer is None
    other = replace(ASKED, facts={"value": Decimal(2)})
    assert feedback.answered((other,), before, said)[0].answer is None


def test_an_answer_outlives_changes_elsewhere() -> None:
    before = held(requests__received__total=4)
    after = replace(
        held(requests__received__total=4, disputes__review__upheld=9),
        sections=(Section(1, "一、", ("改写。",)),),
    )
    cells = dict(after.cells) | {"requests.received.total": figure(4, "另一个文件.xlsx·A1")}
    said = feedback.answers(answered_file("系统迁移所致", before))
    assert feedback.answered((ASKED,), replace(after, cells=cells), said)[0].answer == "系统迁移所致"


def test_another_workbook_holds_no_answers() -> None:
    with pytest.raises(UnreadableError, match="核对码"):
        feedback.answers(blank.draw(FMT, SPEC.workbook, blank.Filling(YEAR, UNIT)))


def test_a_finding_on_the_text_marks_and_links_the_cell_it_was_typed_into() -> None:
    aspects = FMT.section(1).aspects
    texts = ("开头。", f"（一）{aspects[0]}", "第一段。", f"（三）{aspects[2]}", "第三段。", "又一段。")
    section = Section(1, FMT.section(1).title, texts, tuple(f"示例.xlsx·文字材料!B{row}" for row in range(6)))
    ret = return_of(FMT, unit=UNIT.name, sections=(section,))
    for row, drawn_in in ((0, "B5"), (2, "B6"), (5, "B8")):
        one = replace(finding(), cells=(), where=section.places[row])
        data = returned.returned_workbook(returned.Opinion(UNIT, YEAR, [one], ret), SPEC)
        book = openpyxl.load_workbook(io.BytesIO(data))
        marked = [cell.coordinate for line in book["文字材料"].iter_rows() for cell in line if cell.comment]
        assert marked == [drawn_in]
        assert f"文字材料!{drawn_in}" in [cell.value for cell in book["逐条"][2]]
