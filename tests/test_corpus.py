"""Any spreadsheet that a unit really sends reads to the same cells, with exactly the findings it deserves."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import corpus
import openpyxl
import pytest
from conftest import DATA
from corpus import (
    Rows,
    as_text,
    as_xlsx,
    balanced,
    flat,
    forms,
    on_one_sheet,
    printed,
    replaced,
    turned,
)
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder.collect import workbook
from report_builder.figures import figure
from report_builder.model import Figure, Finding, Grid, Return, Settings, Typed
from report_builder.readers import sheets
from report_builder.readers.books import Sheets
from report_builder.recognise import search
from report_builder.rule_kinds import Case
from report_builder.spec import Format, Table, load_spec
from report_builder.validate import validate

SPEC = load_spec()
NEWER = SPEC.formats[-1]
OLDER = SPEC.formats[0]
CELLS = balanced(NEWER)
TEXT_RULES = {"S601", "S602", "S603"}


def read(data: bytes, fmt: Format = NEWER) -> Return:
    """The one return in the bytes of a file."""
    (ret,) = workbook.read(sheets.read(data), "示例甲局.xlsx", SPEC, fmt.first_report_year, lambda _: "")
    return ret


def read_rows(*grids: Rows, fmt: Format = NEWER) -> Return:
    """The one return in some sheets."""
    book = Sheets(tuple(Grid(f"Sheet{at}", rows, lettered=True) for at, rows in enumerate(grids, 1)))
    (ret,) = workbook.read(book, "示例甲局.xlsx", SPEC, fmt.first_report_year, lambda _: "")
    return ret


def found(ret: Return, fmt: Format = NEWER) -> list[Finding]:
    """What is said of a return, its text apart."""
    findings, _ = validate(Case(ret, fmt, SPEC, Settings()))
    return [finding for finding in findings if finding.code not in TEXT_RULES and finding.code != "B304"]


def numbers(cells: Mapping[str, Figure]) -> dict[str, object]:
    return {key: held.number for key, held in cells.items()}


def tables(cells: Mapping[str, object] = CELLS, fmt: Format = NEWER) -> dict[str, Rows]:
    return {table.key: printed(table, cells) for table in fmt.tables}


def with_table(key: str, rows: Rows) -> list[Rows]:
    """The three tables, one of them laid out otherwise."""
    return [*(tables() | {key: rows}).values()]


REQUESTS, DISPUTES, PROACTIVE = (NEWER.table(key) for key in ("requests", "disputes", "proactive"))
PLAIN = forms(NEWER, CELLS)
ONE = on_one_sheet(NEWER, CELLS, ["附件"], [], [f"示例甲局{NEWER.first_report_year}年报表"])

KINDS: dict[str, Callable[[], bytes]] = {
    "xlsx": lambda: as_xlsx(PLAIN),
    "xlsm": lambda: corpus.with_macro(as_xlsx(PLAIN)),
    "merged_cells": lambda: corpus.as_merged_xlsx(NEWER, CELLS),
    "pasted_on_one_sheet": lambda: as_xlsx({"粘贴": ONE}),
    "ods": lambda: corpus.as_ods(PLAIN),
    "csv_utf8": lambda: as_text(ONE).encode(),
    "csv_utf8_mark": lambda: as_text(ONE).encode("utf-8-sig"),
    "csv_gb18030": lambda: as_text(ONE).encode("gb18030"),
    "csv_utf16": lambda: as_text(ONE, "\t").encode("utf-16"),
    "csv_semicolon": lambda: as_text(ONE, ";").encode(),
    "tsv": lambda: as_text(ONE, "\t").encode("gb18030"),
    "web_page_named_xls": lambda: corpus.as_page(PLAIN),
    "xml_spreadsheet_named_xls": lambda: corpus.as_xml_spreadsheet(PLAIN),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_reads_to_the_same_cells(kind: str) -> None:
    ret = read(KINDS[kind]())
    assert numbers(ret.cells) == CELLS
    assert ret.troubles == ()
    assert found(ret) == []


@pytest.mark.parametrize("kind", ["hidden.xls", "hidden.ods"])
def test_files_by_another_program_read_the_same_and_their_hidden_parts_are_named(kind: str) -> None:
    ret = read((DATA / "kinds" / kind).read_bytes())
    assert numbers(ret.cells) == CELLS
    said = [str(finding.facts["hidden"]) for finding in found(ret)]
    assert said == ["工作表“Sheet2”的第 6–7 行", "工作表“Sheet3”"]
    assert {finding.code for finding in found(ret)} == {"F110"}


def label_of(row: str) -> str:
    return next(one.label for one in REQUESTS.bands[0].rows if one.key == row)


def vertical_strip(table: Table, cells: Mapping[str, object]) -> Rows:
    """Table four turned on its side: groups and outcomes down, one column of figures."""
    return turned(printed(table, cells))


LAYOUTS: dict[str, Callable[[], list[Rows]]] = {
    "requests_turned": lambda: with_table("requests", turned(printed(REQUESTS, CELLS))),
    "disputes_turned": lambda: with_table("disputes", vertical_strip(DISPUTES, CELLS)),
    "proactive_turned": lambda: with_table("proactive", turned(printed(PROACTIVE, CELLS))),
    "disputes_three_by_five": lambda: with_table(
        "disputes", flat(DISPUTES, CELLS, lambda row: ["".join(row.group), row.label])
    ),
    "disputes_five_by_three": lambda: with_table(
        "disputes", turned(flat(DISPUTES, CELLS, lambda row: [row.label]))
    ),
    "requests_without_groups": lambda: with_table("requests", flat(REQUESTS, CELLS, lambda row: [row.label])),
    "requests_groups_repeated": lambda: with_table(
        "requests", flat(REQUESTS, CELLS, lambda row: [*row.group, *[None] * (2 - len(row.group)), row.label])
    ),
    "requests_groups_in_the_label": lambda: with_table(
        "requests", flat(REQUESTS, CELLS, lambda row: ["".join(row.group[-1:]) + row.label])
    ),
    "requests_ordinals_apart": lambda: with_table("requests", flat(REQUESTS, CELLS, corpus.split_ordinal)),
    "broken_and_bracketed": lambda: with_table(
        "requests",
        replaced(
            printed(REQUESTS, CELLS),
            {
                "（一）予以公开": "(一) 予以\n公开",
                "1.属于国家秘密": "１、属于\u3000国家秘密",
                "3.危及“三安全一稳定”": "3.危及'三安全一稳定'",
                "自然人": " 自 然 人 ",
            },
        ),
    ),
    "rows_above_and_a_note_below": lambda: [
        [*on_one_sheet(NEWER, CELLS, ["x"], ["填表说明"]), [], ["填表人：", "某某"]]
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_to_the_same_cells_from_their_true_places(layout: str) -> None:
    grids = LAYOUTS[layout]()
    ret = read_rows(*grids)
    assert numbers(ret.cells) == CELLS
    assert found(ret) == []
    for held in ret.cells.values():
        sheet, _, address = held.source.partition("·")[2].partition("!")
        row, column = place(address)
        assert figure(grids[int(sheet.removeprefix("Sheet")) - 1][row][column], "").number == held.number


def place(address: str) -> tuple[int, int]:
    """Row and column (0-based) of A1."""
    letters = address.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(address[len(letters) :]) - 1, column - 1


# --- labels that are nearly right -------------------------------------------------------------------------------

TYPING_FAULTS = {
    "a_sign_wrong": ("2.重复申请", "2.重夏申请"),
    "signs_exchanged": ("1.属于国家秘密", "1.属于国家密秘"),
    "a_sign_lacking": ("7.属于行政执法案卷", "7.属于行政执法卷"),
    "two_signs_in_a_long_one": ("1.本机关不掌握相关政府信息", "1.本机构不掌握相关的政府信息"),
    "no_ordinal": (
        "（二）部分公开（区分处理的，只计这一情形，不计其他情形）",
        "部分公开（区分处理的，只计这一情形，不计其他情形）",
    ),
    "no_ordinal_and_the_word_of_a_column": ("3.其他", "其他"),
    "column": ("科研机构", "科研机购"),
}


@pytest.mark.parametrize("fault", TYPING_FAULTS)
def test_a_small_typing_fault_is_taken_and_said(fault: str) -> None:
    old, new = TYPING_FAULTS[fault]
    ret = read_rows(*with_table("requests", replaced(printed(REQUESTS, CELLS), {old: new})))
    assert numbers(ret.cells) == CELLS
    (finding,) = found(ret)
    assert finding.code == "F111"
    assert f"把“{new}”认作“{old}”" in finding.message
    assert len(finding.cells) == (25 if fault == "column" else 7)


def test_faults_in_every_table_are_taken_and_said_once_a_table() -> None:
    grids = [
        replaced(printed(PROACTIVE, CELLS), {"行政处罚": "行政处罸", "本年制发件数": "本年制发数"}),
        replaced(printed(REQUESTS, CELLS), {"自然人": "自燃人", "2.重复申请": "2、重复申清"}),
        replaced(printed(DISPUTES, CELLS), {"结果纠正": "结果纠政", "复议后起诉": "复议后启诉"}),
    ]
    ret = read_rows(*grids)
    assert numbers(ret.cells) == CELLS
    assert [finding.code for finding in found(ret)] == ["F111"] * 3


UNCLEAR = {
    "nearly_two_labels": (
        "proactive",
        {"行政处罚": "行政处强", "行政强制": "行政强处"},
        {"penalties", "coercive_measures"},
    ),
    "no_label_at_all": ("requests", {"2.重复申请": "其余各项"}, {"not_processed.repeated"}),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_an_unclear_label_is_refused_in_one_finding_and_its_figures_are_not_read(case: str) -> None:
    table, changes, rows = UNCLEAR[case]
    ret = read_rows(*with_table(table, replaced(tables()[table], changes)))
    unclear = [finding for finding in found(ret) if finding.code == "F112"]
    assert {finding.facts["label"] for finding in unclear} == set(changes.values())
    lacking = {key for key in CELLS if key not in ret.cells}
    assert {key.partition(".")[2].rpartition(".")[0] for key in lacking} == rows
    assert {cell for finding in unclear for cell in finding.cells} == lacking
    assert "V201" not in {finding.code for finding in found(ret)}


def test_a_nearly_right_label_out_of_its_place_is_not_taken() -> None:
    rows = printed(REQUESTS, CELLS)
    at = next(at for at, row in enumerate(rows) if "2.重复申请" in row)
    rows.append(["2.重夏申请" if one == "2.重复申请" else one for one in rows.pop(at)])
    ret = read_rows(*with_table("requests", rows))
    (finding,) = found(ret)
    assert finding.code == "F112"
    assert "“2.重复申请”" in finding.message
    assert {key for key in CELLS if key not in ret.cells} == set(finding.cells)


def test_a_nearly_right_label_behind_the_figures_is_not_taken() -> None:
    rows = [[*row, None, None] for row in replaced(printed(REQUESTS, CELLS), {"2.重复申请": None})]
    at = next(
        at
        for at, row in enumerate(rows)
        if row[2] is None and row[3] == CELLS["requests.not_processed.repeated.natural_person"]
    )
    rows[at][-1] = "2.重夏申请"
    ret = read_rows(*with_table("requests", rows))
    assert "requests.not_processed.repeated.total" not in ret.cells


def test_outcomes_without_their_label_are_not_taken_for_those_of_the_group_before() -> None:
    rows = printed(DISPUTES, CELLS)
    heads = [
        (at, column)
        for at, row in enumerate(rows)
        for column, one in enumerate(row)
        if one in {"结果维持", "结果纠正"}
    ]
    rows[heads[1][0]][heads[1][1]] = "某某"
    rows[heads[2][0]][heads[2][1]] = "某某"
    ret = read_rows(*with_table("disputes", rows))
    lacking = {key for key in CELLS if key not in ret.cells}
    assert lacking == {"disputes.review.corrected", "disputes.litigation_direct.upheld"}
    assert all(held.number == CELLS[key] for key, held in ret.cells.items())


def test_a_heading_over_illegible_rows_is_not_the_older_single_row() -> None:
    (foreign,) = REQUESTS.foreign
    ours = {row.label: f"某类{at}情形" for at, row in enumerate(foreign.ours)}
    ret = read_rows(*with_table("requests", replaced(printed(REQUESTS, CELLS), ours)))
    assert not any(key in ret.cells for key in REQUESTS.former)
    assert {one.code for one in found(ret)} == {"F112"}


def test_a_row_that_the_format_has_not_is_no_ones_figures() -> None:
    rows = printed(REQUESTS, CELLS)
    rows.insert(10, [None, None, "小计", *[99] * 7])
    ret = read_rows(*with_table("requests", rows))
    assert numbers(ret.cells) == CELLS
    assert found(ret) == []


# --- what is doubtful but readable ------------------------------------------------------------------------------


def test_hidden_rows_columns_and_sheets_are_read_and_said() -> None:
    data = corpus.hidden(as_xlsx(PLAIN), "Sheet2", [6, 7, 9], ["E"])
    data = corpus.hidden(data, "Sheet3", whole=True)
    ret = read(data)
    assert numbers(ret.cells) == CELLS
    findings = found(ret)
    assert [finding.code for finding in findings] == ["F110", "F110"]
    assert "第 6–7、9 行、第 E 列" in findings[0].message
    assert findings[0].facts["count"] == 3 * 7 + 25 - 3
    assert findings[1].cells == tuple(DISPUTES.slots)


def test_hidden_rows_without_figures_are_nobodys_matter() -> None:
    assert found(read(corpus.hidden(as_xlsx({"S": ONE}), "S", [1, 2, 3]))) == []


UNITS = {
    "in_the_label": {"本年收费金额（单位：万元）": "本年收费金额（单位：元）"},
    "short_in_the_label": {"本年收费金额（单位：万元）": "本年收费金额(元)"},
    "beside_the_table": {"本年收费金额（单位：万元）": "本年收费金额", "第二十条第（八）项": "单位：元"},
    "in_the_row": {"本年收费金额（单位：万元）": "本年收费金额", "行政事业性收费": "行政事业性收费（元）"},
}


@pytest.mark.parametrize("case", UNITS)
def test_another_unit_beside_an_amount_is_said_and_nothing_converted(case: str) -> None:
    cells = CELLS | {"proactive.fees.amount": 984361}
    ret = read_rows(*with_table("proactive", replaced(printed(PROACTIVE, cells), UNITS[case])))
    assert ret.number("proactive.fees.amount") == 984361
    (finding,) = [one for one in found(ret) if one.code != "F111"]
    assert (finding.code, finding.cells) == ("V204", ("proactive.fees.amount",))
    assert all(word in finding.message for word in ("984361", "98.4361", "万元", "是元"))


def test_the_columns_own_unit_is_no_matter_however_it_is_written() -> None:
    for label in ("本年收费金额", "本年收费金额（万元）", "本年收费金额\n单位:万元"):
        ret = read_rows(
            *with_table("proactive", replaced(tables()["proactive"], {"本年收费金额（单位：万元）": label}))
        )
        assert found(ret) == []


def test_the_older_formats_amount_is_in_yuan() -> None:
    cells = balanced(OLDER)
    grids = [*tables(cells, OLDER).values()]
    assert found(read_rows(*grids, fmt=OLDER), OLDER) == []
    grids[0] = replaced(grids[0], {"采购总金额": "采购总金额（万元）"})
    assert [one.code for one in found(read_rows(*grids, fmt=OLDER), OLDER)] == ["V204"]


def test_totals_left_blank_are_computed_and_said_once_a_table() -> None:
    cells = {key: None if NEWER.slots[key].total_of else value for key, value in CELLS.items()}
    ret = read_rows(*forms(NEWER, cells).values())
    assert numbers(ret.cells) == CELLS
    assert [finding.code for finding in found(ret)] == ["V205", "V205"]


def test_a_stale_form_is_one_finding_that_says_which_form_to_use() -> None:
    stale = forms(OLDER, balanced(OLDER))
    for data in (
        as_xlsx(stale),
        corpus.as_ods(stale),
        as_text(on_one_sheet(OLDER, balanced(OLDER))).encode(),
    ):
        ret = read(data)
        (finding,) = found(ret)
        assert finding.code == "F106"
        assert NEWER.document in finding.message
        assert "blank" in finding.fix
        assert not ret.cells


TYPED = {
    "two_items": "2笔",
    "amount_in_words": "984361元",
    "formula": "=1+1",
    "slash": "/",
    "command": "=cmd|'/c calc'!A1",
}


@pytest.mark.parametrize("case", TYPED)
def test_words_in_a_count_cell_stay_words(case: str) -> None:
    key = "proactive.licences.decisions"
    rows = as_text(on_one_sheet(NEWER, CELLS | {key: TYPED[case]})).encode()
    ret = read(rows)
    assert ret.cells[key].typed in {Typed.TEXT, Typed.SLASH}
    (finding,) = found(ret)
    assert (finding.code, finding.cells) == ("V202", (key,))


# --- rows of another format -------------------------------------------------------------------------------------


def single_row(values: Mapping[str, int]) -> tuple[dict[str, object], Rows]:
    """Table three of the newer format with the older one's single row, and the cells it should read to."""
    (foreign,) = REQUESTS.foreign
    ours = [f"requests.{row.key}." for row in foreign.ours]
    rows = flat(REQUESTS, CELLS, lambda row: [row.label])
    kept = [row for row in rows if row[0] not in {one.label for one in foreign.ours}]
    at = next(at for at, row in enumerate(kept) if str(row[0]).endswith("总计"))
    kept.insert(at, [foreign.rows[0].label, *values.values()])
    cells = {key: value for key, value in CELLS.items() if not key.startswith(tuple(ours))}
    return cells, kept


def summed_columns() -> dict[str, int]:
    (foreign,) = REQUESTS.foreign
    columns = [column.key for column in REQUESTS.bands[0].columns]
    return {one: sum(int(str(CELLS[f"requests.{row.key}.{one}"])) for row in foreign.ours) for one in columns}


def test_the_older_single_row_counts_as_it_stands_and_is_asked_about() -> None:
    sums = summed_columns()
    cells, rows = single_row(sums)
    ret = read_rows(*with_table("requests", rows))
    assert numbers(ret.cells) == cells | {
        f"requests.otherwise_closed.{one}": value for one, value in sums.items()
    }
    (finding,) = found(ret)
    assert finding.code == "V203"
    assert str(sums["total"]) in finding.message
    slipped = read_rows(*with_table("requests", single_row(sums | {"enterprise": sums["enterprise"] + 1})[1]))
    blamed = {(one.code, cell) for one in found(slipped) for cell in one.cells if one.code != "V203"}
    assert blamed == {
        ("B302", "requests.results_total.enterprise"),
        ("B303", "requests.otherwise_closed.total"),
    }


def test_an_older_single_row_of_zeros_is_three_rows_of_zeros() -> None:
    _, rows = single_row(dict.fromkeys(summed_columns(), 0))
    ret = read_rows(*with_table("requests", rows))
    (foreign,) = REQUESTS.foreign
    assert all(
        ret.number(f"requests.{row.key}.{column.key}") == 0
        for row in foreign.ours
        for column in REQUESTS.bands[0].columns
    )
    assert not any(key in ret.cells for key in REQUESTS.former)


def test_an_older_single_row_with_a_blank_total_is_not_zero() -> None:
    sums = summed_columns()
    _, rows = single_row({**sums, "total": ""})  # type: ignore[dict-item]
    ret = read_rows(*with_table("requests", rows))
    assert ret.number("requests.otherwise_closed.total") == sums["total"]
    assert {one.code for one in found(ret)} == {"V203", "V205"}


@pytest.mark.parametrize("heading", ["beside", "above", "none"])
def test_the_newer_three_rows_in_an_older_year_are_summed_and_never_read_as_one(heading: str) -> None:
    cells = balanced(OLDER)
    (foreign,) = OLDER.table("requests").foreign
    rows: Rows = []
    for row in flat(OLDER.table("requests"), cells, lambda row: [row.label, None]):
        if row[0] != foreign.ours[0].label:
            rows.append(row)
            continue
        if heading == "above":
            rows.append([row[0]])
        for at, one in enumerate(foreign.rows):
            beside = row[0] if heading == "beside" and not at else None
            rows.append(
                [beside, one.label, *(value - 2 if not at else 1 for value in map(int, map(str, row[2:])))]
            )
    ret = read_rows(*[*(tables(cells, OLDER) | {"requests": rows}).values()], fmt=OLDER)
    assert numbers(ret.cells) == cells
    (finding,) = found(ret, OLDER)
    assert finding.code == "V203"
    assert set(finding.cells) == {key for key in cells if key.startswith("requests.otherwise_closed.")}
    assert finding.where.count("xlsx") == 1
    assert finding.where.count("、") == len(foreign.rows) - 1


def test_one_of_the_newer_rows_alone_is_not_the_older_row() -> None:
    cells = balanced(OLDER)
    (foreign,) = OLDER.table("requests").foreign
    rows = flat(OLDER.table("requests"), cells, lambda row: [row.label, None])
    at = next(at for at, row in enumerate(rows) if row[0] == foreign.ours[0].label)
    rows[at][1] = foreign.rows[0].label
    ret = read_rows(*[*(tables(cells, OLDER) | {"requests": rows}).values()], fmt=OLDER)
    assert not any(key.startswith("requests.otherwise_closed.") for key in ret.cells)
    assert {one.code for one in found(ret, OLDER)} == {"F117"}


# --- several units in one workbook ------------------------------------------------------------------------------

UNITS_KNOWN = {"示例甲局": "示例甲局", "示例乙局": "示例乙局", "乙局": "示例乙局"}


@dataclass(frozen=True)
class Several:
    """Sheets of several units, and what should come of them: unit and seed of its figures."""

    sheets: dict[str, Rows]
    units: dict[str, int]
    known: bool = True
    lost: bool = False


def block(seed: int, *head: list[object]) -> Rows:
    return on_one_sheet(NEWER, balanced(NEWER, seed), *head)


SEVERAL = {
    "sheets_named_for_units": Several(
        {"示例甲局": block(3), "乙局": block(4)}, {"示例甲局": 3, "示例乙局": 4}
    ),
    "sheets_without_a_register": Several(
        {"某镇": block(3), "某乡": block(4)}, {"某镇": 3, "某乡": 4}, known=False
    ),
    "sheets_that_name_the_unit": Several(
        {"Sheet1": block(3, ["填报单位：示例甲局"]), "Sheet2": block(4, ["填报单位", "示例乙局"])},
        {"示例甲局": 3, "示例乙局": 4},
    ),
    "blocks_with_the_label": Several(
        {"汇总": block(3, ["单位名称：示例甲局"]) + block(4, [], ["单位名称：", "示例丙局"])},
        {"示例甲局": 3, "示例丙局": 4},
        known=False,
    ),
    "blocks_with_the_name_alone": Several(
        {"汇总": block(3, ["示例甲局"]) + block(4, ["乙局2021年度报表"])}, {"示例甲局": 3, "示例乙局": 4}
    ),
    "a_block_without_a_name": Several(
        {"汇总": block(3, ["示例甲局"]) + block(4, ["示例乙局"]) + block(5)},
        {"示例甲局": 3, "示例乙局": 4},
        lost=True,
    ),
    "three_names_below_their_tables": Several(
        {"汇总": [*block(3), ["示例甲局"], *block(4), ["示例乙局"], *block(5), ["示例丙局"]]}, {}, lost=True
    ),
    "names_below_their_tables": Several(
        {"汇总": [*block(3), ["示例甲局"], *block(4), ["示例乙局"]]}, {}, lost=True
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_several_units_in_one_workbook_are_told_apart(case: str) -> None:
    several = SEVERAL[case]
    known = (lambda name: UNITS_KNOWN.get(name, "")) if several.known else (lambda _: "")
    rets = workbook.read(
        sheets.read(as_xlsx(several.sheets)), "汇总.xlsx", SPEC, NEWER.first_report_year, known
    )
    named = {ret.unit: ret for ret in rets if ret.unit}
    if several.units:
        assert {unit: numbers(ret.cells) for unit, ret in named.items()} == {
            unit: balanced(NEWER, seed) for unit, seed in several.units.items()
        }
        assert all(not found(ret) for ret in named.values())
        assert all(ret.places["unit"].startswith("汇总.xlsx·") for ret in named.values())
    kinds = [trouble.kind for ret in rets if not ret.unit for trouble in ret.troubles]
    assert kinds == ((["unit_untold"] if several.units else ["table_twice"] * 2) if several.lost else [])


def test_a_second_copy_that_is_looked_at_again_is_found_where_it_stands() -> None:
    upper = printed(REQUESTS, {key: f"上{key}" for key in CELLS})
    lower = replaced(printed(REQUESTS, {key: f"下{key}" for key in CELLS}), {"2.重复申请": "2.重夏申请"})
    rows = [*upper, [], *lower]
    first, second = search([Grid("表", rows)], NEWER)["requests"]
    for copy, mark in ((first, "上"), (second, "下")):
        assert {rows[row][column] for row, column in copy.places.values()} == {
            mark + key for key in REQUESTS.slots
        }
    assert [one.row for one in second.taken] == [
        next(at for at, row in enumerate(rows) if "2.重夏申请" in row)
    ]


def test_a_lower_block_keeps_its_addresses_when_it_is_looked_at_again() -> None:
    lower = replaced(block(4, ["示例乙局"]), {"2.重复申请": "2.重夏申请"})
    rows = [*block(3, ["示例甲局"]), *lower]
    at = next(at for at, row in enumerate(rows) if "2.重夏申请" in row)
    data = corpus.hidden(as_xlsx({"汇总": rows}), "汇总", [at + 1])
    rets = workbook.read(
        sheets.read(data), "汇总.xlsx", SPEC, NEWER.first_report_year, lambda name: UNITS_KNOWN.get(name, "")
    )
    other = next(ret for ret in rets if ret.unit == "示例乙局")
    assert numbers(other.cells) == balanced(NEWER, 4)
    for held in other.cells.values():
        row, column = place(held.source.partition("!")[2])
        assert rows[row][column] == held.number
    said = {one.code: one for one in found(other)}
    assert set(said) == {"F110", "F111"}
    assert f"第 {at + 1} 行" in said["F110"].message
    assert said["F111"].where.endswith(f"{at + 1}")


# --- two figures for one cell, and figures that are not there ---------------------------------------------------


def side_by_side(left: Rows, right: Rows, gap: int = 1, lower: int = 0) -> Rows:
    """Two tables beside one another, the right one some rows lower."""
    width = max(map(len, left)) + gap
    right = [*[[] for _ in range(lower)], *right]
    left = [*left, *[[] for _ in range(len(right) - len(left))]]
    right = [*right, *[[] for _ in range(len(left) - len(right))]]
    return [[*one, *[None] * (width - len(one)), *other] for one, other in zip(left, right, strict=True)]


def codes(ret: Return) -> list[str]:
    return [one.code for one in found(ret)]


OTHER = balanced(NEWER, 4)


@pytest.mark.parametrize("lower", [0, 1])
@pytest.mark.parametrize("table", NEWER.tables, ids=lambda table: table.key)
def test_a_second_copy_at_the_right_is_a_second_copy(table: Table, lower: int) -> None:
    other = {key: int(str(OTHER[key])) + 1 if key != AMOUNT else 5 for key in OTHER}
    rows = side_by_side(printed(table, CELLS), printed(table, other), 1, lower)
    said = [one for one in found(read_rows(*with_table(table.key, rows))) if one.code == "F108"]
    assert [str(one.facts["places"]).count("!") for one in said] == [2]
    same = side_by_side(printed(table, CELLS), printed(table, CELLS), 1, lower)
    ret = read_rows(*with_table(table.key, same))
    assert (codes(ret), numbers(ret.cells)) == ([], CELLS)


AMOUNT = next(key for key, slot in NEWER.slots.items() if slot.kind == "amount")


def test_two_units_side_by_side_are_two_returns_read_from_their_own_places() -> None:
    left, right = (
        on_one_sheet(NEWER, cells, [f"填报单位：{name}"])
        for name, cells in (("示例甲局", CELLS), ("示例乙局", OTHER))
    )
    rows = side_by_side(left, right, gap=2)
    book = Sheets((Grid("汇总", rows, lettered=True),))
    rets = workbook.read(book, "汇总.xlsx", SPEC, NEWER.first_report_year, lambda _: "")
    assert [ret.unit for ret in rets] == ["示例甲局", "示例乙局"]
    for ret, cells in zip(rets, (CELLS, OTHER), strict=True):
        assert numbers(ret.cells) == cells
        for held in ret.cells.values():
            row, column = place(held.source.partition("!")[2])
            assert rows[row][column] == held.number


def with_rows_below(*rows: tuple[str, Mapping[str, object]]) -> Rows:
    """Table four with a row of figures for each label, in a column before them."""
    header = printed(DISPUTES, {})[:-1]
    return [
        *([None, *row] for row in header),
        *([label, *printed(DISPUTES, cells)[-1]] for label, cells in rows),
    ]


THIS, LAST = f"{NEWER.first_report_year}年", f"{NEWER.first_report_year - 1}年"
MARKED = {
    "year_below": ((LAST, OTHER), (THIS, CELLS)),
    "year_above": ((THIS, CELLS), (LAST, OTHER)),
    "unit_below": (("示例乙局", OTHER), ("示例甲局", CELLS)),
}


@pytest.mark.parametrize("case", MARKED)
def test_of_several_rows_the_one_marked_is_taken_and_said(case: str) -> None:
    ret = read_rows(*with_table("disputes", with_rows_below(*MARKED[case])))
    assert numbers(ret.cells) == CELLS
    assert codes(ret) == ["F115"]


@pytest.mark.parametrize("labels", [("", ""), (LAST, LAST), (THIS, THIS), ("合计", "其中")])
def test_of_several_rows_none_is_taken_where_none_alone_is_marked(labels: tuple[str, str]) -> None:
    lines = zip(labels, (CELLS, OTHER), strict=True)
    ret = read_rows(*with_table("disputes", with_rows_below(*lines)))
    assert not any(key.startswith("disputes.") for key in ret.cells)
    assert codes(ret) == ["F116"]


TWICE = {
    "proactive": ("行政许可", "行政许可"),
    "requests": ("1.属于国家秘密", "2.重复申请"),
}


@pytest.mark.parametrize("at_end", [True, False])
@pytest.mark.parametrize("table", TWICE)
def test_a_row_named_twice_is_read_from_neither_but_where_both_say_the_same(table: str, at_end: bool) -> None:
    for label in TWICE[table]:
        for change, expected in ((7, ["F116"]), (0, [])):
            rows = tables()[table]
            at = next(at for at, row in enumerate(rows) if label in row)
            again = [one + change if isinstance(one, int) else one for one in rows[at]]
            rows.insert(len(rows) if at_end else at + 1, again)
            ret = read_rows(*with_table(table, rows))
            assert codes(ret) == expected
            (read_from,) = {len(NEWER.slots) - len(ret.cells)}
            assert read_from == (sum(isinstance(one, int) for one in again) if change else 0)
            assert {key: CELLS[key] for key in ret.cells} == numbers(ret.cells)


def test_a_hidden_second_row_is_said_to_be_hidden() -> None:
    rows = tables()["requests"]
    at = next(at for at, row in enumerate(rows) if "2.重复申请" in row)
    rows.insert(at, [one + 7 if isinstance(one, int) else one for one in rows[at]])
    grids = {f"Sheet{number}": one for number, one in enumerate(with_table("requests", rows), 1)}
    said = [
        one for one in found(read(corpus.hidden(as_xlsx(grids), "Sheet2", [at + 1]))) if one.code == "F116"
    ]
    assert [one.message.count("隐藏的") for one in said] == [1]


def test_a_header_repeated_after_a_page_goes_on_with_the_table() -> None:
    rows = tables()["requests"]
    for at in range(5, len(rows) - 1):
        pages: Rows = [*rows[:at], ["续表"], *rows[:3], *rows[at:]]
        ret = read_rows(*with_table("requests", pages))
        assert (numbers(ret.cells), codes(ret)) == (CELLS, [])


def test_two_headings_that_may_both_be_meant_are_named_and_nothing_is_called_blank() -> None:
    label = "本年处理决定数量"
    rows = tables()["proactive"]
    for row in rows:
        if label in row:
            row[row.index(label) : row.index(label) + 2] = [
                label.replace("本年", LAST),
                label.replace("本年", THIS),
            ]
        elif {"行政许可", "行政处罚", "行政强制"} & {str(one) for one in row}:
            row[1:3] = [900, row[1]]
    ret = read_rows(*with_table("proactive", rows))
    assert set(codes(ret)) == {"F112"}
    assert all(LAST in one.message and THIS in one.message for one in found(ret))


def test_a_heading_that_stands_twice_is_read_from_neither() -> None:
    rows = tables()["requests"]
    for row in rows:
        row.insert(4, row[3] + 1 if isinstance(row[3], int) else row[3])
    ret = read_rows(*with_table("requests", rows))
    assert codes(ret) == ["F116"]
    assert not any(key.endswith(".natural_person") for key in ret.cells)


@pytest.mark.parametrize("lines", ["row", "column"])
def test_a_row_or_column_that_lacks_is_one_finding_that_names_the_sheet(lines: str) -> None:
    rows = tables()["requests"]
    if lines == "row":
        del rows[next(at for at, row in enumerate(rows) if "2.重复申请" in row)]
    else:
        for row in rows:
            del row[4]
    (said,) = found(read_rows(*with_table("requests", rows)))
    assert (said.code, "·Sheet2!" in said.where) == ("F117", True)
    assert ("“2.重复申请”一行" if lines == "row" else "“商业企业”一列") in said.message


def test_a_formula_that_went_wrong_is_said_with_what_it_shows() -> None:
    rows = tables()["requests"]
    rows[4][3] = "#REF!"
    grids = {f"Sheet{at}": one for at, one in enumerate(with_table("requests", rows), 1)}
    said = [one for one in found(read(as_xlsx(grids))) if one.code in {"V201", "V202"}]
    assert [(one.code, one.facts["typed"]) for one in said] == [("V202", "公式出错（#REF!）")]


@pytest.mark.parametrize("mark", ["\u200b", "\ufeff", "\xa0", "\xad", "\u2060", "\u200e"])
def test_signs_nobody_sees_are_no_part_of_a_number_or_a_label(mark: str) -> None:
    grids = [
        [[mark + str(one) + mark if isinstance(one, str | int) else one for one in row] for row in rows]
        for rows in tables().values()
    ]
    ret = read_rows(*grids)
    assert (numbers(ret.cells), codes(ret)) == (CELLS, [])


TITLES = {
    "other_year": (f"示例甲局{LAST}度政府信息公开统计表", "F106"),
    "other_unit": ("填报单位：示例乙局", "F107"),
    "other_unit_alone": ("示例乙局", "F107"),
    "own": (f"示例甲局{THIS}度政府信息公开统计表", ""),
    "own_unit": ("填报单位：示例甲局", ""),
    "day": (f"填报日期 {NEWER.first_report_year + 1}年1月10日", ""),
    "note": (f"注：{LAST}的数另表报送。", ""),
}


@pytest.mark.parametrize("title", TITLES)
def test_a_title_of_another_unit_or_year_is_said(title: str) -> None:
    text, code = TITLES[title]
    grids = with_table("requests", [[text], *tables()["requests"]])
    about: Rows = [["单位名称", "示例甲局"]]
    book = Sheets(tuple(Grid(f"Sheet{at}", rows, lettered=True) for at, rows in enumerate([about, *grids])))
    known = {"示例甲局": "示例甲局", "示例乙局": "示例乙局"}
    (ret,) = workbook.read(
        book, "示例甲局.xlsx", SPEC, NEWER.first_report_year, lambda name: known.get(name, "")
    )
    said = found(ret)
    assert [one.code for one in said] == ([code] if code else [])
    assert all(one.where.endswith("Sheet2!A1") for one in said)


def test_the_unit_of_an_amount_under_the_table_is_seen() -> None:
    ret = read_rows(*with_table("proactive", [*tables()["proactive"], ["（单位：元）"]]))
    assert codes(ret) == ["V204"]


def test_of_copies_on_sheets_of_two_years_this_years_is_taken_and_said() -> None:
    grids = [
        Grid(f"{name}{year}", printed(table, cells), lettered=True)
        for year, cells in ((LAST, OTHER), (THIS, CELLS))
        for name, table in zip("甲乙丙", NEWER.tables, strict=True)
    ]
    book = Sheets(tuple(grids))
    (ret,) = workbook.read(book, "示例甲局.xlsx", SPEC, NEWER.first_report_year, lambda _: "")
    assert numbers(ret.cells) == CELLS
    assert set(codes(ret)) == {"F115"}


def test_sheets_named_for_two_units_are_two_returns() -> None:
    names = {sheet.table: sheet.name for sheet in SPEC.workbook.sheets if sheet.table}
    about = SPEC.workbook.sheet("about").name
    grids: list[Grid] = []
    for short, cells in (("甲局", CELLS), ("乙局", OTHER)):
        grids.append(Grid(f"{short}{about}", [["单位名称", f"示例{short}"]], lettered=True))
        grids += [
            Grid(f"{short}{names[table.key]}", printed(table, cells), lettered=True) for table in NEWER.tables
        ]
    rets = workbook.read(Sheets(tuple(grids)), "两局.xlsx", SPEC, NEWER.first_report_year, lambda _: "")
    assert {ret.unit: numbers(ret.cells) for ret in rets} == {"示例甲局": CELLS, "示例乙局": OTHER}


def test_one_number_in_cells_that_were_merged_is_read_for_none_of_them() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(PLAIN)))
    book["Sheet2"].merge_cells("D8:E8")
    out = io.BytesIO()
    book.save(out)
    (said,) = found(read(out.getvalue()))
    assert (said.code, said.facts["range"], len(said.cells)) == ("F118", "Sheet2!D8:E8", 2)


def test_labels_without_ordinals_are_said_once() -> None:
    bald = {row.label: row.label.partition("、")[2] or row.label for row in REQUESTS.bands[0].rows}
    bald |= {row.label: row.label.partition(".")[2] for row in REQUESTS.bands[0].rows if "." in row.label}
    ret = read_rows(*with_table("requests", replaced(printed(REQUESTS, CELLS), bald)))
    assert numbers(ret.cells) == CELLS
    (said,) = found(ret)
    assert (said.code, said.message.count("认作")) == ("F111", 0)


# --- slips in a balanced return ---------------------------------------------------------------------------------


def grids_of(cells: Mapping[str, object]) -> dict[str, Rows]:
    return {table.key: printed(table, cells) for table in NEWER.tables}


def spot(key: str) -> tuple[str, int, int]:
    """Where a cell stands in the printed tables."""
    table = NEWER.table(key.partition(".")[0])
    at = next(one for one in table.layout if one.key == key)
    return table.key, at.row, at.column


def after(seed: int, *changes: tuple[str, object]) -> tuple[dict[str, object], list[Finding]]:
    """The figures of a balanced return, and what is said of its workbook with these cells typed otherwise."""
    cells = balanced(NEWER, seed)
    grids = grids_of(cells)
    for key, value in changes:
        table, row, column = spot(key)
        grids[table][row][column] = value
    return cells, found(read_rows(*grids.values()))


def lines(findings: list[Finding], codes: set[str], at: int) -> set[str]:
    """The rows (1) or columns (2) of the cells that these rules blame."""
    blamed = [cell for one in findings if one.code in codes for cell in one.cells]
    return {
        cell.removesuffix("." + cell.rpartition(".")[2]) if at == 1 else cell.rpartition(".")[2]
        for cell in blamed
    }


KEYS = sorted(CELLS)
SEEDS = st.integers(1, 40)
DOWN, ACROSS = {"B301", "B302"}, {"B303"}


def test_no_balanced_return_is_blamed() -> None:
    assert [after(seed)[1] for seed in range(40)] == [[]] * 40


@effort(max_examples=120)
@given(
    seed=SEEDS,
    key=st.sampled_from([key for key in KEYS if key.startswith("requests.")]),
    by=st.integers(1, 99),
)
def test_a_wrong_count_in_table_three_stands_where_the_blamed_row_and_column_cross(
    seed: int, key: str, by: int
) -> None:
    cells, findings = after(seed, (key, int(str(balanced(NEWER, seed)[key])) + by))
    row, _, column = key.rpartition(".")
    assert cells[key] is not None
    assert lines(findings, ACROSS, 1) == {row}
    assert lines(findings, DOWN, 2) == {column}


@effort(max_examples=60)
@given(
    seed=SEEDS,
    key=st.sampled_from([key for key in KEYS if key.startswith("disputes.")]),
    by=st.integers(1, 99),
)
def test_a_wrong_count_in_table_four_is_blamed_on_its_group(seed: int, key: str, by: int) -> None:
    _, findings = after(seed, (key, int(str(balanced(NEWER, seed)[key])) + by))
    assert [one.code for one in findings] == ["B305"]
    assert lines(findings, {"B305"}, 1) == {key.rpartition(".")[0]}


@effort(max_examples=120)
@given(
    seed=SEEDS,
    key=st.sampled_from(KEYS),
    typed=st.sampled_from([None, "", "2笔", "/", "无", "约3", 1.5, -1, "12 5"]),
)
def test_a_cell_that_holds_no_proper_number_is_named_itself(seed: int, key: str, typed: object) -> None:
    _, findings = after(seed, (key, typed))
    slot = NEWER.slots[key]
    if typed in (None, ""):
        expected = ("V205", (key,)) if slot.total_of else ("V201", (key,))
    elif typed == 1.5 and slot.kind == "amount":
        return  # a proper amount: no identity holds it
    else:
        expected = ("V202", (key,))
    assert expected in [(one.code, one.cells) for one in findings]
    assert all(one.code in {"V201", "V202", "V205", *DOWN, *ACROSS, "B305"} for one in findings)


@effort(max_examples=60)
@given(seed=SEEDS, row=st.sampled_from([row.key for row in REQUESTS.bands[0].rows]), data=st.data())
def test_two_figures_of_a_row_exchanged_are_blamed_on_both_their_columns(
    seed: int, row: str, data: st.DataObject
) -> None:
    columns = [column.key for column in REQUESTS.bands[0].columns if not column.total_of]
    one, other = data.draw(st.permutations(columns))[:2]
    keys = [f"requests.{row}.{column}" for column in (one, other)]
    cells = balanced(NEWER, seed)
    if cells[keys[0]] == cells[keys[1]]:
        return
    _, findings = after(seed, (keys[0], cells[keys[1]]), (keys[1], cells[keys[0]]))
    assert lines(findings, DOWN, 2) == {one, other}
    assert lines(findings, ACROSS, 1) == set()


@effort(max_examples=60)
@given(seed=SEEDS, row=st.sampled_from([row.key for row in REQUESTS.bands[0].rows]))
def test_a_row_typed_one_column_to_the_right_is_named(seed: int, row: str) -> None:
    keys = [f"requests.{row}.{column.key}" for column in REQUESTS.bands[0].columns]
    cells = balanced(NEWER, seed)
    shifted = [(key, cells[before]) for before, key in pairwise(keys)]
    _, findings = after(seed, (keys[0], None), *shifted)
    code = "V205" if NEWER.slots[keys[0]].total_of else "V201"
    assert code in {one.code for one in findings if keys[0] in one.cells}
    assert any(one.code in DOWN | ACROSS for one in findings)


@effort(max_examples=60)
@given(
    seed=SEEDS, column=st.sampled_from([column.key for column in REQUESTS.bands[0].columns]), data=st.data()
)
def test_two_figures_of_a_column_exchanged_are_blamed_on_both_their_rows(
    seed: int, column: str, data: st.DataObject
) -> None:
    one, other = data.draw(st.permutations([row.key for row in REQUESTS.bands[0].rows]))[:2]
    keys = [f"requests.{row}.{column}" for row in (one, other)]
    cells = balanced(NEWER, seed)
    if cells[keys[0]] == cells[keys[1]]:
        return
    _, findings = after(seed, (keys[0], cells[keys[1]]), (keys[1], cells[keys[0]]))
    assert lines(findings, ACROSS, 1) == {f"requests.{row}" for row in (one, other)}


@effort(max_examples=120)
@given(data=st.data())
def test_labels_with_lost_or_changed_signs_never_move_a_figure(data: st.DataObject) -> None:
    fmt = data.draw(st.sampled_from(SPEC.formats))
    table, cells = data.draw(st.sampled_from(fmt.tables)), balanced(fmt)
    rows = printed(table, cells)
    if data.draw(st.booleans()):
        rows = turned(rows)
    texts = [
        (at, column) for at, row in enumerate(rows) for column, one in enumerate(row) if isinstance(one, str)
    ]
    for at, column in data.draw(st.lists(st.sampled_from(texts), min_size=1, max_size=4)):
        text = str(rows[at][column])
        sign = data.draw(st.integers(0, len(text)))
        rows[at][column] = (
            text[:sign] + data.draw(st.sampled_from(["", "某", "其他", "二"])) + text[sign + 1 :]
        )
    ret = read_rows(*(tables(cells, fmt) | {table.key: rows}).values(), fmt=fmt)
    read_cells = numbers(ret.cells)
    assert all(read_cells[key] == cells[key] for key in read_cells)
    lacking = {key for key in cells if key not in read_cells}
    findings = found(ret, fmt)
    assert lacking <= {cell for one in findings for cell in one.cells} or "F102" in {
        one.code for one in findings
    }
