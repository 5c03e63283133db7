"""The return workbook is the format, drawn: its labels, what is open, what may be typed, what adds up, what comes back."""

from __future__ import annotations

import hashlib
import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import return_of
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter, range_boundaries

from report_builder import blank
from report_builder.collect import read_return
from report_builder.errors import SpecError
from report_builder.figures import figure, numeral
from report_builder.model import Figure, ProcessingFee, Return, Section, Task, Typed, Unit
from report_builder.spec import Format, Slot, Table, Workbook, load_format, load_spec
from report_builder.spec.nouns import SheetSpec
from report_builder.workbooks import Cell, lines_of, rectangles

SPEC = load_spec()
UNIT = Unit("示例市教育局", code="11220000000000001X")
FORMATS = pytest.mark.parametrize("fmt", SPEC.formats, ids=[fmt.id for fmt in SPEC.formats])
NEWEST = SPEC.formats[-1]
TASKS = (
    Task({"code": "3.1", "title": "更新公开目录", "role": "lead"}, ("2024-06-30", "2024-12-31")),
    Task({"code": "3.2", "title": "解读重要文件", "role": "assist"}, ("每季度",)),
)
VALIDATIONS = {"count": ("whole", "greaterThanOrEqual"), "amount": ("decimal", "greaterThanOrEqual")}


def opened(data: bytes, *, values: bool = False) -> Any:
    """The workbook as openpyxl reads it: with formulas, or with their stored results."""
    return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def drawn(fmt: Format = NEWEST, *, workbook: Workbook = SPEC.workbook, **given_: Any) -> bytes:
    filling: dict[str, Any] = {"report_year": fmt.first_report_year, "unit": UNIT} | given_
    return blank.draw(fmt, workbook, blank.Filling(**filling))


def sheet_of(table: Table, workbook: Workbook = SPEC.workbook) -> SheetSpec:
    return next(sheet for sheet in workbook.sheets if sheet.table == table.key)


def top_of(sheet: Any, table: Table) -> int:
    """The row (1-based) where the printed table begins: that of its first label."""
    return next(row for row in range(1, 20) if sheet.cell(row, 1).value == table.layout[0].text)


def covered(sheet: Any, table: Table, role: str) -> dict[str, set[str]]:
    """The addresses each printed cell of a role covers, by its key or label, reckoned from the layout alone."""
    top = top_of(sheet, table)
    found: dict[str, set[str]] = {}
    for placed in table.layout:
        if placed.role == role:
            down, across = range(placed.row_span), range(placed.column_span)
            found[placed.key or f"{placed.row}.{placed.column}"] = {
                f"{get_column_letter(placed.column + 1 + c)}{placed.row + top + r}"
                for r, c in product(down, across)
            }
    return found


def opened_tables(data: bytes, fmt: Format) -> Iterator[tuple[Any, Table]]:
    book = opened(data)
    return ((book[sheet_of(table).name], table) for table in fmt.tables)


def unlocked(sheet: Any) -> set[str]:
    return {cell.coordinate for row in sheet.iter_rows() for cell in row if not cell.protection.locked}


def reader(sheet: Any, slot: Slot, shape: str) -> Any:
    """An independent look for one figure, as a person finds it: where its row's label meets its column's."""
    cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    stub = next(cell for cell in cells if cell.value == slot.row.label)
    heads = [cell for cell in cells if cell.value == slot.column.label]
    if shape == "strip":
        merge = next(rng for rng in sheet.merged_cells.ranges if stub.coordinate in rng)
        head = next(cell for cell in heads if merge.min_col <= cell.column <= merge.max_col)
        below = max(cell.row for cell in cells if cell.row < head.row + 5)
        return sheet.cell(below + 1, head.column).value
    head = max((cell for cell in heads if cell.row < stub.row), key=lambda cell: cell.row)
    return sheet.cell(stub.row, head.column).value


# What stands where


@FORMATS
def test_sheets_are_those_of_the_template(fmt: Format) -> None:
    book = opened(drawn(fmt))
    visible = [sheet.title for sheet in book if sheet.sheet_state == "visible"]
    hidden = {sheet.title: sheet.sheet_state for sheet in book if sheet.sheet_state != "visible"}
    assert visible == [sheet.name for sheet in SPEC.workbook.sheets]
    assert hidden == {"字典": "veryHidden", "_模板": "veryHidden"}


@FORMATS
def test_every_label_stands_in_its_merged_range(fmt: Format) -> None:
    for sheet, table in opened_tables(drawn(fmt), fmt):
        top = top_of(sheet, table)
        merged = {str(rng) for rng in sheet.merged_cells.ranges}
        for placed in table.layout:
            row, column = placed.row + top, placed.column + 1
            last = f"{get_column_letter(column + placed.column_span - 1)}{row + placed.row_span - 1}"
            cell = sheet.cell(row, column)
            assert placed.role == "value" or cell.value == placed.text
            assert cell.coordinate == last or f"{cell.coordinate}:{last}" in merged


@FORMATS
def test_only_figures_and_fields_are_unlocked(fmt: Format) -> None:
    data = drawn(fmt)
    book = opened(data)
    assert all(sheet.protection.sheet and not sheet.protection.password for sheet in book)
    for sheet, table in opened_tables(data, fmt):
        assert unlocked(sheet) == set().union(*covered(sheet, table, "value").values())
    about = book[SPEC.workbook.sheet("about").name]
    labels = {cell.value: cell.offset(column=1).coordinate for cell in about["B"] if cell.value}
    assert unlocked(about) == {labels[field.label] for field in SPEC.workbook.sheet("about").fields}
    assert not unlocked(book[SPEC.workbook.sheet("instructions").name])


@FORMATS
def test_a_validation_of_the_right_kind_covers_every_figure(fmt: Format) -> None:
    for sheet, table in opened_tables(drawn(fmt), fmt):
        rules = sheet.data_validations.dataValidation
        for key, addresses in covered(sheet, table, "value").items():
            (rule,) = [rule for rule in rules if addresses <= cells_of(rule.sqref)]
            kind = table.slots[key].kind
            assert (rule.type, rule.operator) == VALIDATIONS.get(kind, ("whole", None))
            assert kind == "change" or float(rule.formula1) == 0
            assert rule.showErrorMessage
            assert re.search("[一-龥]", rule.error)
            assert re.search("[一-龥]", rule.prompt)
            assert table.slots[key].column.unit in rule.prompt


def cells_of(ranges: Any) -> set[str]:
    return {cell for rng in str(ranges).split() for cell in expanded(rng)}


def expanded(rng: str) -> set[str]:
    left, top, right, bottom = range_boundaries(rng)
    return {
        f"{get_column_letter(column)}{row}"
        for row, column in product(range(top, bottom + 1), range(left, right + 1))
    }


def test_drop_downs_and_their_names_hold_the_choices() -> None:
    book = opened(drawn())
    for spec in SPEC.workbook.sheets:
        choices = [field.choices for field in spec.fields if field.choices]
        lists = [rule for rule in book[spec.name].data_validations.dataValidation if rule.type == "list"]
        assert len(lists) == len(choices)
        for rule, wanted in zip(lists, choices, strict=True):
            ((title, rng),) = book.defined_names[rule.formula1].destinations
            assert [row[0].value for row in book[title][rng]] == list(wanted)


def test_a_date_field_takes_days_only() -> None:
    book = opened(drawn())
    for holds in ("about", "tasks"):
        spec = SPEC.workbook.sheet(holds)
        kinds = {rule.type for rule in book[spec.name].data_validations.dataValidation}
        assert ("date" in kinds) == any(field.kind == "date" for field in spec.fields)


def test_the_workbook_says_what_it_is_in_hidden_places() -> None:
    book = opened(drawn())
    about = {row[0].value: row[1].value for row in book["_模板"].iter_rows()}
    assert about == {
        "format": NEWEST.id,
        "report_year": NEWEST.first_report_year,
        "unit": UNIT.name,
        "template_version": SPEC.workbook.template_version,
    }
    assert {prop.name: prop.value for prop in book.custom_doc_props.props} == about


def test_fields_of_the_unit_are_filled_in() -> None:
    sheet = opened(drawn())[SPEC.workbook.sheet("about").name]
    values = {cell.value: cell.offset(column=1).value for cell in sheet["B"] if cell.value}
    assert values["单位名称"] == UNIT.name
    assert values["统一代码"] == UNIT.code
    assert values["报告年度"] == NEWEST.first_report_year


@FORMATS
def test_it_prints_on_a4_one_page_wide(fmt: Format) -> None:
    book = opened(drawn(fmt))
    for spec in SPEC.workbook.sheets:
        sheet = book[spec.name]
        assert sheet.page_setup.paperSize == 9
        assert (sheet.page_setup.orientation == "landscape") == spec.landscape
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert spec.holds == "tasks" or sheet.page_setup.fitToWidth in {None, 1}
        assert "&A" in sheet.oddFooter.center.text
    matrix = next(table for table in fmt.tables if table.shape == "matrix")
    top = top_of(book[sheet_of(matrix).name], matrix)
    assert book[sheet_of(matrix).name].print_title_rows == f"${top}:${top + matrix.header_rows - 1}"


def test_a_row_is_as_high_as_its_label_needs() -> None:
    table = NEWEST.table("requests")
    sheet = opened(drawn())[sheet_of(table).name]
    row_of = {cell.value: cell.row for row in sheet.iter_rows(max_col=3) for cell in row if cell.value}
    height = {label: sheet.row_dimensions[row].height for label, row in row_of.items()}
    longest = max((row.label for row in table.bands[0].rows), key=len)
    assert height[longest] > 1.5 * height[table.bands[0].rows[0].label]


def test_an_invented_format_needs_no_change_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "3000.toml"
    path.write_text(INVENTED, encoding="utf-8")
    fmt = load_format(path)
    workbook = replace(
        SPEC.workbook,
        sheets=(SheetSpec("借阅", "table", "loans"), *(s for s in SPEC.workbook.sheets if not s.table)),
        carried={"loans.left": "loans.begun"},
        beside={"day": "night"},
    )
    last = Return(
        "示例馆", 2999, "3000", {"loans.left.day": figure(8, ""), "loans.begun.night": figure(5, "")}
    )
    sheet = opened(drawn(fmt, workbook=workbook, last=last))["借阅"]
    table = fmt.tables[0]
    values = covered(sheet, table, "value")
    assert unlocked(sheet) == set().union(*values.values())
    assert sheet[min(values["loans.begun.day"])].value == 8
    assert sum_of(sheet, values["loans.begun.all"]) == values["loans.begun.day"] | values["loans.begun.night"]
    beside = sheet.cell(int(min(values["loans.begun.day"])[1:]), table.column_count + 1)
    assert beside.value == 5
    assert "上年白天" in [cell.value for row in sheet.iter_rows() for cell in row]


INVENTED = """
id = "3000"
document = "示例〔3000〕1号"
issued = 3000-01-01
title = "示例馆年度报告格式"
first_report_year = 3000
report_title = "{unit}{year}年借阅报告"
lead = []

[[sections]]
number = 1
title = "一、借阅情况"
text = "required"

[[tables]]
key = "loans"
shape = "matrix"
section = 1
widths = [3000, 1000, 1000, 1000]
corner = "借阅"
value = "count"
columns = [
  { key = "day", label = "白天" },
  { key = "night", label = "夜间" },
  { key = "all", label = "合计", total_of = ["*"] },
]
rows = [{ key = "begun", label = "甲、上年未还" }, { key = "left", label = "乙、年末未还" }]

[rules]
"""


def test_a_table_without_a_sheet_is_named() -> None:
    less = replace(SPEC.workbook, sheets=tuple(s for s in SPEC.workbook.sheets if s.table != "disputes"))
    with pytest.raises(SpecError, match=r"workbook\.toml.*disputes"):
        drawn(workbook=less)


# What adds up


def sum_of(sheet: Any, addresses: set[str]) -> set[str]:
    """The cells the formula at this place adds up."""
    (formula,) = {sheet[a].value for a in addresses if sheet[a].value is not None}
    match = re.fullmatch(r'=IF\(COUNT\((.*)\)=0,"",SUM\((.*)\)\)', formula)
    assert match is not None
    counted, summed = match.groups()
    assert counted == summed
    return {cell for rng in summed.split(",") for cell in expanded(rng)}


@FORMATS
def test_totals_add_up_exactly_their_own_parts(fmt: Format) -> None:
    for sheet, table in opened_tables(drawn(fmt), fmt):
        values = covered(sheet, table, "value")
        for slot in table.slots.values():
            if slot.total_of:
                assert sum_of(sheet, values[slot.key]) == set().union(*(values[key] for key in slot.total_of))
            else:
                assert {sheet[address].value for address in values[slot.key]} == {None}


def test_a_blank_total_stores_nothing_not_zero() -> None:
    data = drawn()
    for sheet, table in opened_tables(data, NEWEST):
        stored = opened(data, values=True)[sheet.title]
        for key, addresses in covered(sheet, table, "value").items():
            assert all(not stored[a].value and stored[a].value != 0 for a in addresses), key


def stored_at(data: bytes, key: str) -> Any:
    """The stored result and the formula or number of one cell."""
    table = NEWEST.table(key.partition(".")[0])
    sheet = opened(data)[sheet_of(table).name]
    (address, *_) = sorted(covered(sheet, table, "value")[key])
    return opened(data, values=True)[sheet.title][address].value, sheet[address].value


def test_a_filled_total_stores_its_sum() -> None:
    ret = return_of(NEWEST, {"requests.granted.enterprise": 4, "requests.refused.third_party.enterprise": 3})
    cells = {k: f for k, f in ret.cells.items() if not NEWEST.slots[k].total_of}
    data = drawn(filled=replace(ret, cells=cells))
    for key in ("requests.results_total.enterprise", "requests.results_total.total"):
        value, formula = stored_at(data, key)
        assert value == 7
        assert str(formula).startswith("=IF(COUNT(")


@pytest.mark.parametrize("typed", [9, "/", "九"], ids=["number", "slash", "text"])
def test_what_was_typed_into_a_total_takes_the_place_of_its_formula(typed: object) -> None:
    ret = return_of(NEWEST, {"requests.received.natural_person": 4, "requests.received.total": typed})
    assert stored_at(drawn(filled=ret), "requests.received.total") == (typed, typed)


def test_a_typed_total_counts_in_the_total_of_totals() -> None:
    ret = return_of(NEWEST, {"requests.results_total.enterprise": 6})
    cells = {key: f for key, f in ret.cells.items() if key != "requests.results_total.total"}
    assert stored_at(drawn(filled=replace(ret, cells=cells)), "requests.results_total.total")[0] == 6


# What comes from last year


def last_year(**cells: object) -> Return:
    keys = {key.replace("__", "."): value for key, value in cells.items()}
    return Return(
        UNIT.name,
        NEWEST.first_report_year - 1,
        NEWEST.id,
        {key: figure(value, "") for key, value in keys.items()},
    )


def test_last_years_remainder_is_carried_in_and_says_so() -> None:
    data = drawn(last=last_year(requests__carried_out__natural_person=3, requests__carried_out__enterprise=0))
    table = NEWEST.table("requests")
    sheet = opened(data)[sheet_of(table).name]
    values = covered(sheet, table, "value")
    carried = sheet[min(values["requests.carried_in.natural_person"])]
    assert carried.value == 3
    assert not carried.protection.locked
    assert "上年“四、结转下年度继续办理”为 3" in carried.comment.text
    assert sheet[min(values["requests.carried_in.enterprise"])].value == 0
    assert sheet[min(values["requests.carried_in.other_body"])].value is None
    assert stored_at(data, "requests.carried_in.total")[0] == 3


def test_a_filled_return_keeps_its_own_figure_and_names_last_years() -> None:
    ret = return_of(NEWEST, {"requests.carried_in.natural_person": ""})
    data = drawn(filled=ret, last=last_year(requests__carried_out__natural_person=3))
    assert stored_at(data, "requests.carried_in.natural_person") == (None, None)


def test_last_years_stock_stands_beside_the_table_and_never_in_it() -> None:
    table = NEWEST.table("proactive")
    data = drawn(last=last_year(proactive__regulations__in_force=12))
    sheet = opened(data)[sheet_of(table).name]
    (shown,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == 12]
    assert shown.column > table.column_count
    assert shown.protection.locked
    assert sheet.cell(shown.row, 1).value == "规章"
    label = SPEC.workbook.beside_label.format(label="现行有效件数")
    assert sheet.cell(shown.row - 1, shown.column).value == label
    without = opened(drawn())[sheet_of(table).name]
    assert without.max_column == table.column_count


# What was filled in comes back


@FORMATS
def test_each_figure_stands_where_its_labels_meet(fmt: Format) -> None:
    numbers: Mapping[str, object] = {key: number for number, key in enumerate(fmt.slots, 1)}
    book = opened(drawn(fmt, filled=return_of(fmt, numbers)), values=True)
    for table in fmt.tables:
        for slot in table.slots.values():
            found = reader(book[sheet_of(table).name], slot, table.shape)
            assert found == numbers[slot.key], slot.key


CONTENTS = st.one_of(
    st.integers(-5, 10**9),
    st.decimals(0, 10**6, places=4),
    st.sampled_from(["", "/", "—", "无", "2笔", "=1+1", "+3甲", "-", "@x", "1,23", "３件"]),
)


@FORMATS
@effort(max_examples=12)
@given(data=st.data())
def test_whatever_is_typed_is_collected_again(
    fmt: Format, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    keys = [key for key, slot in fmt.slots.items() if not slot.total_of]
    typed = data.draw(st.dictionaries(st.sampled_from(keys), CONTENTS, max_size=30))
    ret = return_of(fmt, typed)
    path = tmp_path_factory.mktemp("filled") / "示例局.xlsx"
    path.write_bytes(drawn(fmt, filled=ret))
    back = read_return(path, SPEC, ret.report_year)
    assert {key: seen(back.cells[key]) for key in keys} == {key: seen(ret.cells[key]) for key in keys}


def seen(read: Figure) -> tuple[object, Typed, str]:
    return read.number, read.typed, read.text if read.number is None else ""


def test_a_whole_return_comes_back(tmp_path: Path) -> None:
    aspects = NEWEST.section(1).aspects
    ret = return_of(
        NEWEST,
        tasks=(
            Task(
                {**TASKS[0].fields, "state": "done", "done_on": "2024-03-05", "measures": "逐月核对"},
                TASKS[0].due,
            ),
            TASKS[1],
        ),
        fee=ProcessingFee(collected=True, cases=2, amount=Decimal("70.5")),
        sections=(
            Section(
                1,
                "一、总体情况",
                ("开头。", f"（二）{aspects[1]}", "第一段。", "第二段。", f"（五）{aspects[4]}", "末段。"),
            ),
            Section(5, "五、", ("目录更新不及时。" * 90, "已明确专人。" * 120, "按月核对。" * 160)),
        ),
        about={"published_on": "2025-01-20", "phone": "0431-00000000"},
    )
    path = tmp_path / "示例局.xlsx"
    path.write_bytes(drawn(filled=ret, tasks=TASKS))
    back = read_return(path, SPEC, ret.report_year)
    assert back.tasks == ret.tasks
    assert back.fee == ret.fee
    assert back.about == ret.about
    for number in (1, 2, 5):
        assert back.paragraphs(number) == ret.paragraphs(number)


@pytest.mark.parametrize(
    "paragraphs",
    [
        ("（二）依申请公开", "后者。", "（一）主动公开", "前者。"),
        ("（一）主动公开",),
        ("（一）主动公开", "（二）依申请公开", "乙。"),
    ],
    ids=["other-order", "heading-alone", "heading-without-text"],
)
def test_aspects_out_of_order_or_empty_are_neither_moved_nor_lost(
    tmp_path: Path, paragraphs: tuple[str, ...]
) -> None:
    path = tmp_path / "示例局.xlsx"
    path.write_bytes(drawn(filled=return_of(NEWEST, sections=(Section(1, "一、", paragraphs),))))
    assert read_return(path, SPEC, NEWEST.first_report_year).paragraphs(1) == paragraphs


def test_a_blank_workbook_collects_as_nothing_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "示例局.xlsx"
    path.write_bytes(drawn(tasks=()))
    back = read_return(path, SPEC, NEWEST.first_report_year)
    assert list(back.cells) == list(NEWEST.slots)
    assert {read.number for read in back.cells.values()} == {None}
    assert (back.troubles, back.fee, back.tasks, back.unit) == ((), None, (), UNIT.name)
    assert not any(section.paragraphs for section in back.sections)


def test_long_text_is_cut_with_a_word_and_long_numbers_are_not_rounded() -> None:
    ret = return_of(
        NEWEST,
        {"proactive.fees.amount": Decimal("12345678901234567.25")},
        sections=(Section(1, "一、", ("长" * 40_000,)),),
    )
    data = drawn(filled=ret)
    assert stored_at(data, "proactive.fees.amount")[0] == "12345678901234567.25"
    texts = [cell.value for row in opened(data)["文字材料"].iter_rows() for cell in row if cell.value]
    longest = max(texts, key=len)
    assert longest.startswith("长")
    assert longest.endswith("从略）")
    assert len(longest) <= 32_767


# The unit's own tasks


def test_what_the_plan_says_of_a_task_is_locked() -> None:
    spec = SPEC.workbook.sheet("tasks")
    sheet = opened(drawn(tasks=TASKS))[spec.name]
    (head,) = [row for row in sheet.iter_rows() if row[0].value == spec.fields[0].label]
    at = {field.key: head[column].column for column, field in enumerate(spec.fields)}
    first = {key: sheet.cell(head[0].row + 1, column) for key, column in at.items()}
    assert (first["code"].value, first["role"].value) == ("3.1", "牵头")
    assert first["due"].value == "2024-06-30；2024-12-31"
    assert {key for key, cell in first.items() if cell.protection.locked} == {"code", "title", "role", "due"}
    assert sheet.max_row == head[0].row + len(TASKS)


def test_a_filled_task_of_the_plan_stays_locked_and_the_units_own_does_not() -> None:
    spec = SPEC.workbook.sheet("tasks")
    own = Task({"code": "9.9", "title": "自行开展的工作"})
    ret = return_of(NEWEST, tasks=(TASKS[1], own))
    sheet = opened(drawn(filled=ret, tasks=TASKS))[spec.name]
    locked = {row[0].value: row[0].protection.locked for row in sheet.iter_rows() if row[0].value}
    assert {code: locked[code] for code in ("3.1", "3.2", "9.9")} == {"3.1": True, "3.2": True, "9.9": False}


def test_without_tasks_there_are_blank_rows_to_write_in() -> None:
    spec = SPEC.workbook.sheet("tasks")
    open_cells = unlocked(opened(drawn())[spec.name])
    assert len(open_cells) >= 20 * len(spec.fields)


# Marks, bytes, numerals


def test_a_marked_cell_is_red_and_says_why() -> None:
    key = "disputes.review.upheld"
    data = drawn(marks={key: "【更正】请核对"}, filled=return_of(NEWEST, {key: 5}))
    table = NEWEST.table("disputes")
    sheet = opened(data)[sheet_of(table).name]
    values = covered(sheet, table, "value")
    red = {
        cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"
    }
    assert red == values[key]
    assert sheet[min(red)].comment.text == "【更正】请核对"


def test_a_section_and_a_field_can_be_marked_too() -> None:
    book = opened(drawn(marks={"sections.5": "【更正】没有写", "fee.collected": "【更正】没有填"}))
    labels = {cell.value: cell.offset(column=1) for cell in book["文字材料"]["A"]}
    assert labels[NEWEST.section(5).title].comment.text == "【更正】没有写"
    fields = {cell.value: cell.offset(column=1) for cell in book["信息处理费"]["B"]}
    assert fields["是否收取"].comment.text == "【更正】没有填"


def test_a_program_that_drew_before_draws_the_same_bytes_as_a_fresh_one() -> None:
    code = (
        "import sys, hashlib; from report_builder import blank; from report_builder.spec import load_spec;"
        "s = load_spec(); f = s.formats[-1]; w = blank.draw(f, s.workbook, blank.Filling(f.first_report_year));"
        "sys.stdout.write(hashlib.sha256(w).hexdigest())"
    )
    filling = blank.Filling(NEWEST.first_report_year)
    drawn()
    here = hashlib.sha256(blank.draw(NEWEST, SPEC.workbook, filling)).hexdigest()
    fresh = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fresh.stdout == here


def test_nothing_in_the_file_tells_the_time_of_drawing() -> None:
    with zipfile.ZipFile(io.BytesIO(drawn())) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}
        assert f"{NEWEST.first_report_year}-01-01T00:00:00Z" in parts.read("docProps/core.xml").decode()


@pytest.mark.parametrize(
    ("number", "said"), [(1, "一"), (9, "九"), (10, "十"), (11, "十一"), (20, "二十"), (35, "三十五")]
)
def test_numerals(number: int, said: str) -> None:
    assert numeral(number) == said


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1))
def test_runs_cover_the_cells_and_nothing_else(places: set[tuple[int, int]]) -> None:
    runs = rectangles(Cell(row, column) for row, column in places)
    inside = [
        (row, column)
        for top, left, bottom, right in runs
        for row, column in product(range(top, bottom + 1), range(left, right + 1))
    ]
    assert sorted(inside) == sorted(places)


@given(st.text(alphabet="甲乙a1，", max_size=80), st.integers(8, 60))
def test_a_narrower_column_never_needs_fewer_lines(text: str, width: int) -> None:
    assert lines_of(text, float(width), 10) >= lines_of(text, float(width + 9), 10)
    assert lines_of(text + "\n" + text, float(width), 10) == 2 * lines_of(text, float(width), 10)
