"""Returns are read by their labels wherever tables stand, and whatever is wrong with a file is said in one sentence."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from conftest import PUBLISHED, published_cells, return_of
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder import blank
from report_builder.collect import Source, read_return
from report_builder.figures import figure
from report_builder.model import Grid, ProcessingFee, Return, Settings, Task, Typed
from report_builder.recognise import find_tables, split_sections
from report_builder.rule_kinds import Case
from report_builder.spec import Format, Spec, load_spec
from report_builder.validate import validate

SPEC = load_spec()


def drawn(fmt: Format, ret: Return) -> bytes:
    """The workbook of a filled return."""
    return blank.draw(fmt, SPEC.workbook, blank.Filling(ret.report_year, filled=ret))


def saved(tmp_path: Path, data: bytes, name: str = "示例局.xlsx") -> Path:
    """A file with these bytes."""
    path = tmp_path / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_figures_survive_the_workbook(path: Path, tmp_path: Path, spec: Spec) -> None:
    year = int(path.stem[-4:])
    fmt = spec.format_for(year)
    assert fmt is not None
    cells = published_cells(path, fmt)
    back = read_return(saved(tmp_path, drawn(fmt, return_of(fmt, cells, year))), spec, year)
    assert back.format_id == fmt.id
    assert not back.troubles
    for key, value in cells.items():
        assert back.cells[key].number == figure(value, "").number
        if figure(value, "").typed is Typed.TEXT:
            assert back.cells[key].text == value
        assert f"!{back.cells[key].source.rpartition('!')[2]}" in back.cells[key].source


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
@effort(max_examples=20)
@given(data=st.data())
def test_tables_are_found_wherever_their_rows_and_columns_stand(fmt: Format, data: st.DataObject) -> None:
    table = fmt.table("requests")
    top, left = data.draw(st.integers(0, 5)), data.draw(st.integers(0, 3))
    rows = data.draw(st.permutations(range(table.header_rows, table.row_count)))
    columns = data.draw(st.permutations(range(3, table.column_count)))
    at_row = {
        old: top + (new if old < table.header_rows else table.header_rows + rows.index(old))
        for new, old in enumerate(range(table.row_count))
    }
    at_column = {
        old: left + (old if old < 3 else 3 + columns.index(old)) for old in range(table.column_count)
    }
    grid: list[list[object]] = [[None] * (left + table.column_count) for _ in range(top + table.row_count)]
    for placed in table.layout:
        grid[at_row[placed.row]][at_column[placed.column]] = placed.key or placed.text
    found = find_tables(Grid("表", grid), fmt)
    places = next(one.places for one in found if one.table == "requests")
    assert {key: grid[row][column] for key, (row, column) in places.items()} == {
        key: key for key in table.slots
    }


def test_text_files_beside_the_workbook_give_the_narrative(tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    folder = tmp_path / "示例局"
    folder.mkdir()
    book = saved(folder, drawn(fmt, return_of(fmt)), "报送.xlsx")
    lines = [f"# {section.title}\n\n第{section.number}部分的正文。\n" for section in fmt.sections]
    text = folder / "正文.md"
    text.write_text("\n".join(lines), encoding="gb18030")
    ret = read_return(Source(book, text, folder), SPEC, fmt.first_report_year)
    assert [(s.number, s.paragraphs) for s in ret.sections] == [
        (n, (f"第{n}部分的正文。",)) for n in range(1, 7)
    ]
    assert ret.own_headings


def test_headings_are_known_in_their_long_and_short_forms() -> None:
    fmt = SPEC.formats[-1]
    long_form = fmt.section(2).also[0]
    sections = split_sections(["前言", long_form, "甲", fmt.section(5).title.partition("、")[2], "乙"], fmt)
    assert [(s.number, s.paragraphs) for s in sections] == [(2, ("甲",)), (5, ("乙",))]


def test_tasks_and_fee_come_back(tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    task = Task(
        {
            "code": "1.2",
            "title": "目录更新",
            "role": "lead",
            "state": "done",
            "done_on": "2024-06-30",
            "progress": "已完成",
        },
        ("2024-06-30",),
    )
    ret = return_of(fmt, {}, 2024, tasks=(task,))
    back = read_return(saved(tmp_path, drawn(fmt, ret)), SPEC, 2024)
    assert (back.tasks, back.fee) == ((task,), ret.fee)
    assert back.sections[0].paragraphs == ret.sections[0].paragraphs


@pytest.mark.parametrize(
    ("cell", "typed", "said"),
    [
        ("cases", "1.5", "“件数”填的是“1.5”，只能填：0 或正整数"),
        ("cases", "x", "“件数”填的是“x”"),
        ("amount", -5, "“金额（元）”填的是“-5”"),
    ],
    ids=["half", "word", "negative"],
)
def test_what_is_no_number_of_the_fee_is_found_where_it_stands(
    cell: str, typed: object, said: str, tmp_path: Path
) -> None:
    fmt = SPEC.formats[-1]
    ret = return_of(
        fmt, {}, 2024, unit="示例局", fee=ProcessingFee(collected=False, cases=0, amount=Decimal(0))
    )
    path = saved(tmp_path, drawn(fmt, ret))
    book = openpyxl.load_workbook(path)
    sheet = book["信息处理费"]
    label = {"cases": "件数", "amount": "金额（元）"}[cell]
    place = next(one for row in sheet.iter_rows() for one in row if one.value == label)
    sheet.cell(place.row, place.column + 1, typed)
    book.save(path)
    found = [
        one
        for one in validate(Case(read_return(path, SPEC, 2024), fmt, SPEC, Settings()))[0]
        if one.code == "V206"
    ]
    assert [one.where for one in found] == [
        f"{path.name}·信息处理费!{sheet.cell(place.row, place.column + 1).coordinate}"
    ]
    assert said in found[0].message


def test_a_typed_total_wins_and_a_blank_one_is_computed(tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    ret = return_of(fmt, {"requests.received.natural_person": 4, "requests.received.total": 5})
    book = openpyxl.load_workbook(
        io.BytesIO(drawn(fmt, ret))
    )  # saved by openpyxl, formulas lose their values
    out = io.BytesIO()
    book.save(out)
    back = read_return(saved(tmp_path, out.getvalue()), SPEC, fmt.first_report_year)
    assert back.cells["requests.received.total"].number == 5
    computed = [held for held in back.cells.values() if held.typed is Typed.COMPUTED]
    assert all(held.number is not None for held in computed)
    assert not [trouble for trouble in back.troubles if trouble.kind == "formula_without_value"]


def without_value(data: bytes) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(data))
    fmt = SPEC.formats[-1]
    sheet = book[next(s.name for s in SPEC.workbook.sheets if s.table == "proactive")]
    row = next(
        r for r in range(1, 40) if sheet.cell(r, 1).value == fmt.table("proactive").bands[1].rows[0].label
    )
    sheet.cell(row, 2).value = "=1+1"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def stray_cell(data: bytes) -> bytes:
    return edited(
        data, rb"</sheetData>", rb'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )


def edited(data: bytes, old: bytes, new: bytes) -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in source.infolist():
            content = source.read(info)
            if info.filename == "xl/worksheets/sheet3.xml":
                assert old in content
                content = content.replace(old, new, 1)
            target.writestr(info.filename, content)
    return out.getvalue()


def bomb(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in zipfile.ZipFile(io.BytesIO(data)).infolist():
            target.writestr(info.filename, zipfile.ZipFile(io.BytesIO(data)).read(info))
        target.writestr("xl/worksheets/sheet99.xml", b" " * (200 * 2**20))
    return out.getvalue()


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "zero_bytes": (lambda _: b"", "文件是空的（0 字节）"),
    "text_renamed": (lambda _: "单位,年度".encode(), "不是电子表格"),
    "cut_off": (lambda data: data[: len(data) // 2], "已损坏"),
    "zip_of_nothing": (lambda _: b"PK\x05\x06" + b"\0" * 18, "不是电子表格"),
    "encrypted": (
        lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "打开密码",
    ),
    "stray_cell": (stray_cell, "超过读取上限"),
    "zip_bomb": (bomb, "展开后超过"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_get_one_clear_sentence(case: str, tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    make, words = HOSTILE[case]
    ret = read_return(saved(tmp_path, make(drawn(fmt, return_of(fmt)))), SPEC, fmt.first_report_year)
    assert [trouble.kind for trouble in ret.troubles] == ["unreadable"]
    assert words in str(ret.troubles[0].facts["reason"])
    assert ret.troubles[0].facts["mend"]


def test_a_formula_without_a_stored_value_is_named_with_its_cell(tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    ret = read_return(saved(tmp_path, without_value(drawn(fmt, return_of(fmt)))), SPEC, fmt.first_report_year)
    trouble = next(one for one in ret.troubles if one.kind == "formula_without_value")
    assert trouble.cells == ("proactive.licences.decisions",)
    assert "!B" in trouble.where
    assert trouble.facts["formula"] == "=1+1"


def test_a_workbook_of_another_year_or_format_is_named(tmp_path: Path) -> None:
    older, newer = SPEC.formats[:2]
    path = saved(tmp_path, drawn(older, return_of(older)))
    ret = read_return(path, SPEC, newer.first_report_year)
    assert [(one.kind, one.facts["what"]) for one in ret.troubles] == [("wrong_edition", "格式")]
    assert newer.document in str(ret.troubles[0].facts["expected"])
    assert not ret.cells
    again = read_return(saved(tmp_path, drawn(newer, return_of(newer))), SPEC, newer.first_report_year + 1)
    assert [(one.kind, one.facts["what"]) for one in again.troubles] == [("wrong_edition", "报告年度")]


def test_facts_from_another_system_are_read_like_a_workbook(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        b'{"unit": "x", "report_year": 2024, "tables": {"requests": {"received": {"total": "2\xe7\xac\x94", "enterprise": null}}}}',
        "a.json",
    )
    ret = read_return(path, SPEC, 2024)
    assert ret.cells["requests.received.total"].typed is Typed.TEXT
    assert ret.cells["requests.received.enterprise"].number is None
    assert {t.kind for t in ret.troubles} == {"table_missing"}
    for broken in (b"{", b"[]", b'{"report_year": "x"}', b"\xff\xfe"):
        assert read_return(saved(tmp_path, broken, "b.json"), SPEC, 2024).troubles[0].kind == "unreadable"


def test_amounts_stay_exact(tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    ret = return_of(fmt, {"proactive.fees.amount": Decimal("72701.2578")})
    back = read_return(saved(tmp_path, drawn(fmt, ret)), SPEC, fmt.first_report_year)
    assert back.number("proactive.fees.amount") == Decimal("72701.2578")


NOT_NUMBERS = ["7\n1", "12 5", "5²", "①", "1,23", "1e5", "10" * 30, "＃", "TRUE", "12%", "约3"]


@pytest.mark.parametrize("number", range(len(NOT_NUMBERS)))
def test_nothing_that_must_be_guessed_is_a_number(number: int) -> None:
    assert figure(NOT_NUMBERS[number], "").number is None
    assert figure(NOT_NUMBERS[number], "").typed is Typed.TEXT


def test_sums_that_a_spreadsheet_computed_lose_their_binary_noise() -> None:
    assert figure(72701.2 + 0.0578, "").number == Decimal("72701.2578")
    assert figure(Decimal("1e99999999"), "").number is None


def printed_grid(fmt: Format, table: str, value: object) -> list[list[object]]:
    """One table as it is printed, every figure ``value``."""
    layout = fmt.table(table)
    rows: list[list[object]] = [[None] * layout.column_count for _ in range(layout.row_count)]
    for placed in layout.layout:
        rows[placed.row][placed.column] = value if placed.key else placed.text
    return rows


@pytest.mark.parametrize("table", ["proactive", "requests", "disputes"])
def test_a_table_that_stands_twice_is_found_twice(table: str) -> None:
    fmt = SPEC.formats[-1]
    grid = Grid("表", [*printed_grid(fmt, table, 1), [], *printed_grid(fmt, table, 2)])
    found = [one for one in find_tables(grid, fmt) if one.table == table]
    assert [{grid.rows[row][column] for row, column in one.places.values()} for one in found] == [{1}, {2}]
    assert not any(one.missing for one in found)


@pytest.mark.parametrize(
    "order", [("disputes", "requests", "proactive"), ("requests", "disputes", "proactive")]
)
def test_tables_one_under_another_without_a_gap_keep_apart(order: tuple[str, ...]) -> None:
    fmt = SPEC.formats[-1]
    values = {table: at for at, table in enumerate(order)}
    grid = Grid("表", [row for table in order for row in printed_grid(fmt, table, values[table])])
    for one in find_tables(grid, fmt):
        assert {grid.rows[row][column] for row, column in one.places.values()} == {values[one.table]}
        assert not one.missing


def test_slips_in_facts_from_another_system_are_named(tmp_path: Path) -> None:
    text = (
        '{"unit": "x", "report_year": 2024, "format": "2030", "tables": {"requests": {"recieved": {"total": 1}}},'
        ' "tasks": [{"title": "t", "state": "finished", "due": "2024-01-01"}],'
        ' "processing_fee": {"collected": true, "cases": -3, "amount": "-5"}}'
    )
    ret = read_return(saved(tmp_path, text.encode(), "a.json"), SPEC, 2024)
    said = {
        (trouble.kind, str(trouble.facts.get("key", trouble.facts.get("typed")))) for trouble in ret.troubles
    }
    assert {
        ("unknown_key", "2030"),
        ("unknown_key", "requests.recieved.total"),
        ("unknown_choice", "finished"),
    } <= said
    assert ret.fee is not None
    assert (ret.fee.cases, ret.fee.amount, ret.tasks[0].due) == (None, None, ("2024-01-01",))
    surrogate = saved(tmp_path, b'{"unit": "\\ud800", "tables": {}, "report_year": 2024}', "b.json")
    assert read_return(surrogate, SPEC, 2024).troubles[0].kind == "unreadable"


def test_text_in_two_places_is_said_so(tmp_path: Path) -> None:
    fmt = SPEC.formats[-1]
    book = saved(tmp_path, drawn(fmt, return_of(fmt)))
    text = saved(tmp_path, f"{fmt.section(1).title}\n写了。".encode(), "正文.TXT")
    ret = read_return(Source(book, text, tmp_path), SPEC, fmt.first_report_year)
    assert "narrative_twice" in [trouble.kind for trouble in ret.troubles]
    assert ret.paragraphs(1) == ("写了。",)
