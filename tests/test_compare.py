"""Two reports side by side: figures across formats, texts, tasks, and the contract's document."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import PUBLISHED, published_cells, return_of
from hypothesis import given
from hypothesis import strategies as st
from texts import FIELDS, RIVERS, SCHOOLS, Base

from report_builder.cli import main
from report_builder.compare import Basis, Comparison, as_json, compare
from report_builder.figures import figure
from report_builder.history import Held, text_of
from report_builder.model import Figure, Section, Settings, Task
from report_builder.pipeline import Options, compare_files
from report_builder.similarity import How
from report_builder.spec import Format, Spec, load_spec

SPEC = load_spec()
OLDER, NEWER = SPEC.formats[0], SPEC.formats[-1]
BASIS = Basis(SPEC, names=("甲山市", "乙水市", "东示县"))
SINGLE = "requests.otherwise_closed"
THREE = [
    f"{row}.total" for concord in SPEC.concordance if concord.relation == "split_into" for row in concord.into
]


def held(
    fmt: Format = NEWER,
    cells: dict[str, object] | None = None,
    base: Base = SCHOOLS,
    year: int = 0,
    **fields: Any,
) -> Held:
    """A report with the text of one of the bases."""
    sections = tuple(
        Section(one.number, one.title, base.sections[one.number])
        for one in fmt.sections
        if one.number in base.sections
    )
    made = {"unit": base.unit, "sections": sections} | fields
    return Held(return_of(fmt, cells, year or fmt.first_report_year, **made), fmt)


def cell(comparison: Comparison, key: str) -> tuple[object, ...]:
    one = next(one for one in comparison.cells if one.cell == key)
    return one.earlier, one.now, one.change, one.ratio


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
def test_a_report_against_itself_shows_no_change(fmt: Format) -> None:
    ours = held(fmt, {"requests.received.total": 7})
    found = compare(ours, ours, BASIS)
    assert found.overlap.strict.ratio == found.overlap.loose.ratio == 1
    assert {one.how for one in found.passages} == {How.VERBATIM}
    assert {one.cell for one in found.cells} == set(fmt.slots)
    assert {one.change for one in found.cells} == {0}
    assert not found.not_comparable


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_changes_are_exact_and_turn_round(before: int, after: int) -> None:
    key = "requests.received.total"
    now, earlier = held(cells={key: after}, year=2024), held(cells={key: before}, year=2023)
    forth, back = compare(now, earlier, BASIS), compare(earlier, now, BASIS)
    ratio = Decimal(after - before) / before if before else None
    assert cell(forth, key) == (before, after, after - before, ratio)
    assert cell(back, key)[:3] == (after, before, before - after)
    assert forth.not_comparable == back.not_comparable
    assert forth.overlap == back.overlap


def test_a_blank_is_not_zero() -> None:
    key = "requests.received.total"
    now, earlier = held(cells={key: None}, year=2024), held(cells={key: 5}, year=2023)
    assert cell(compare(now, earlier, BASIS), key) == (5, None, None, None)


def test_three_rows_are_set_against_the_one_they_were() -> None:
    now = held(cells=dict(zip(THREE, (1, 2, 4), strict=True)))
    earlier = held(OLDER, {f"{SINGLE}.total": 5}, year=NEWER.first_report_year - 1)
    split = {**earlier.ret.cells}
    assert f"{SINGLE}.total" in split
    found = compare(now, earlier, BASIS)
    assert cell(found, f"{SINGLE}.total") == (5, 7, 2, Decimal("0.4"))
    keys = [one.cell for one in found.cells]
    assert len(keys) == len(set(keys))
    assert not set(THREE) & set(keys)
    assert {row.rpartition(".")[0] for row in THREE} <= {one.what for one in found.not_comparable}
    turned = compare(earlier, now, BASIS)
    assert cell(turned, f"{SINGLE}.total") == (7, 5, -2, Decimal(-2) / 7)


def test_the_one_row_printed_under_the_newer_format_counts_too() -> None:
    old_row = {
        f"{SINGLE}.{slot.column.key}": figure(6, "")
        for slot in NEWER.slots.values()
        if slot.table == "requests"
    }
    now = held(cells=dict(zip(THREE, (1, 2, 4), strict=True)), year=2023)
    before = held(year=2022)
    kept: dict[str, Figure] = {
        key: one for key, one in before.ret.cells.items() if not key.startswith(f"{SINGLE}.")
    }
    before = replace(before, ret=replace(before.ret, cells=kept | old_row))
    assert cell(compare(now, before, BASIS), f"{SINGLE}.total")[:3] == (6, 7, 1)


def test_what_the_concordance_sets_apart_is_named_with_its_reason() -> None:
    found = compare(held(), held(OLDER, year=2020), BASIS)
    why = {one.what: one.why for one in found.not_comparable}
    assert "口径不同" in why["proactive"]
    assert not [one for one in found.cells if one.cell.startswith("proactive.")]
    assert {one.cell.partition(".")[0] for one in found.cells} == {"requests", "disputes"}


def test_missing_tables_and_sections_are_named() -> None:
    now = held(year=2024)
    cells = {key: one for key, one in now.ret.cells.items() if not key.startswith("disputes.")}
    earlier = replace(now, ret=replace(now.ret, report_year=2023, cells=cells, sections=now.ret.sections[:1]))
    found = compare(now, earlier, BASIS)
    assert {one.cell.partition(".")[0] for one in found.cells} == {"proactive", "requests"}
    why = {one.what: one.why for one in found.not_comparable}
    assert why == {
        "disputes": "2023年的报告里没有读到这张表",
        "sections.5": "2023年的报告没有这一部分的文字",
    }
    spoken = replace(
        now, ret=replace(now.ret, sections=(*now.ret.sections, Section(2, "二", ("另有说明。",))))
    )
    assert [one.what for one in compare(spoken, now, BASIS).not_comparable] == ["sections.2"]


def test_tasks_are_compared_with_the_section_that_holds_them() -> None:
    done = Task(
        {
            "title": "公开规划",
            "measures": "把十四个规划的文本、图纸、解读放进一个专题，按年份排列，方便查找。",
            "state": "done",
        }
    )
    other = Task(
        {
            "title": "公开规划",
            "measures": "逐村张贴收费清单，由村干部念给不识字的老人听，另设电话答疑。",
            "state": "done",
        }
    )
    now, same, unlike = (
        held(year=year, tasks=(task,)) for year, task in ((2024, done), (2023, done), (2023, other))
    )
    number = next(one.number for one in NEWER.sections if one.tasks)
    for earlier, ratio in ((same, 1), (unlike, 0)):
        part = compare(now, earlier, BASIS).overlap.section(number)
        assert part is not None
        assert part.loose.ratio == ratio
    assert "公开规划" not in str(text_of(now, SPEC).sections)


def test_only_the_sections_the_format_names_are_compared() -> None:
    spoken = held()
    extra = replace(spoken.ret, sections=(*spoken.ret.sections, Section(3, "三", ("说明文字。",))))
    assert [one.number for one in text_of(Held(extra, NEWER), SPEC).sections] == [1, 5]
    assert [one.number for fmt in SPEC.formats for one in fmt.sections if one.compared] == [1, 5, 6] * 2


def test_units_years_and_the_place_are_masked_and_its_wording_taken_out() -> None:
    phrase = "按照统一要求认真抓好落实"
    settings = Settings(place="东示县", statutory_wording=(phrase,))
    now = held(base=replace(SCHOOLS, sections={1: (f"东示县某某局公布了9件。{phrase}。",)}), unit="某某局")
    earlier = held(base=replace(SCHOOLS, sections={1: (f"某某委公布了7件。{phrase}。",)}), unit="某某委")
    found = compare(now, earlier, Basis(SPEC, settings))
    assert found.overlap.strict.ratio == 1
    assert [place.text for place in found.taken_out] == [phrase]


def test_years_running_are_counted_over_all_years_held() -> None:
    years = [held(year=year) for year in (2021, 2022, 2023)]
    found = compare(held(year=2024), years[-1], BASIS, years)
    assert {one.years_running for one in found.passages} == {4}


def test_the_document_is_the_contracts() -> None:
    fees = "proactive.fees.amount"
    now = held(cells={"requests.received.total": 3525, fees: Decimal("12.50")}, year=2024)
    earlier = held(cells={"requests.received.total": 3511, fees: Decimal("12.25")}, year=2023)
    said = as_json(compare(now, earlier, BASIS))
    assert list(said) == [
        "unit", "report_year", "against", "strict", "loose", "sections", "passages", "cells", "not_comparable",
    ]  # fmt: skip
    assert said["against"] == {"unit": "甲山市教育局", "report_year": 2023}
    assert said["sections"][0] == {"number": 1, "strict": 1.0, "loose": 1.0}
    assert set(said["passages"][0]) == {"section", "kind", "text", "earlier", "years_running", "characters"}
    cells = {one.pop("cell"): one for one in said["cells"]}
    assert cells["requests.received.total"] == {"earlier": 3511, "now": 3525, "change": 14, "ratio": 0.00399}
    assert cells[fees] == {"earlier": "12.25", "now": "12.5", "change": "0.25", "ratio": 0.02041}
    assert json.loads(json.dumps(said, ensure_ascii=False)) == json.loads(json.dumps(said))


def test_against_a_report_without_a_text_no_rate_is_told() -> None:
    said = as_json(compare(held(year=2024), held(year=2023, sections=()), BASIS))
    assert (said["strict"], said["loose"]) == (None, None)
    assert {one["loose"] for one in said["sections"]} == {None}


def test_unlike_reports_have_nothing_in_common() -> None:
    said = as_json(compare(held(base=RIVERS), held(base=FIELDS), BASIS))
    assert said["strict"] == 0
    assert said["loose"] <= 0.1
    assert said["passages"] == []
    empty = as_json(compare(held(sections=()), held(sections=()), BASIS))
    assert (empty["strict"], empty["loose"], empty["sections"]) == (None, None, [])


def before(path: Path) -> Path:
    """The same body's report of the year before."""
    return path.with_name(f"{path.stem[:-4]}{int(path.stem[-4:]) - 1}.json")


@pytest.mark.parametrize(
    "path", [path for path in PUBLISHED if before(path).is_file()], ids=lambda path: path.stem
)
def test_published_figures_stand_side_by_side(path: Path, spec: Spec) -> None:
    now, earlier = (published_held(file, spec) for file in (path, before(path)))
    found = compare(now, earlier, Basis(spec))
    key = "requests.received.total"
    assert cell(found, key)[:2] == (earlier.ret.number(key), now.ret.number(key))
    assert any(one.what == "proactive" for one in found.not_comparable) == (now.fmt is not earlier.fmt)


def published_held(path: Path, spec: Spec) -> Held:
    fmt = spec.format_for(int(path.stem[-4:]))
    assert fmt is not None
    return Held(return_of(fmt, published_cells(path, fmt), int(path.stem[-4:])), fmt)


def test_two_files_of_any_kind_are_compared_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = Path(__file__).parents[1] / "data_inputs"
    unit = "示例省教育厅"
    files = [str(inputs / year / f"{unit}.xlsx") for year in ("2023", "2024")]
    common = ["--inputs", str(inputs), "--outputs", str(tmp_path)]
    assert main(["compare", *files, "--json", *common]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["unit"], document["against"]) == (unit, {"unit": unit, "report_year": 2023})
    assert document["strict"] < document["loose"] * 2 < 1
    assert main(["compare", files[1], files[1], *common]) == 0
    said = capsys.readouterr().out
    assert "整句重复率 100.0%，片段重复率 100.0%" in said
    assert "【逐字重复】" in said


def test_two_files_get_the_page_and_the_document_a_unit_gets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = Path(__file__).parents[1] / "data_inputs"
    unit = "示例省教育厅"
    files = [str(inputs / year / f"{unit}.xlsx") for year in ("2023", "2024")]
    common = ["--inputs", str(inputs), "--outputs", str(tmp_path)]
    assert main(["compare", *files, *common]) == 0
    folder = tmp_path / "两份比对" / f"{unit}2024年对照{unit}2023年"
    assert str(folder / "年际比对.html") in capsys.readouterr().out
    assert main(["compare", "--unit", unit, *common]) == 0
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "2024" / unit).iterdir()}
    mine = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert mine.keys() == theirs.keys()
    assert {name for name in mine if mine[name] != theirs[name]} <= {"年际比对.html"}


def test_a_title_that_no_folder_can_bear_names_one_all_the_same(tmp_path: Path) -> None:
    old, new = (tmp_path / name for name in ("old.json", "new.json"))
    for path, year in ((old, 2023), (new, 2024)):
        said: dict[str, object] = {
            "unit": "../甲山市:教育局" * 30,
            "report_year": year,
            "format": "2021",
            "tables": {},
        }
        path.write_text(json.dumps(said | {"schema": 1, "sections": []}), encoding="utf-8")
    made = compare_files(old, new, Options(inputs=tmp_path, outputs=tmp_path / "out"))
    assert made.folder.parent == tmp_path / "out" / "两份比对"
    assert {path.name for path in made.folder.iterdir()} == {
        "年际比对.html",
        "年际比对.docx",
        "年际比对.json",
    }


def test_a_copied_return_is_found_among_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in" / "2024"
    shutil.copytree(Path(__file__).parents[1] / "data_inputs" / "2024", folder)
    (folder / "乙市抄袭局.xlsx").write_bytes((folder / "示例省教育厅.xlsx").read_bytes())
    arguments = ["compare", "--inputs", str(tmp_path / "in"), "--outputs", str(tmp_path / "out"), "--json"]
    assert main(arguments) == 0
    clusters = json.loads(capsys.readouterr().out)["clusters"]
    units = [{one["source"]["unit"], *(copy["unit"] for copy in one["copies"])} for one in clusters]
    assert units == [{"示例省教育厅", "乙市抄袭局"}]
    summary = tmp_path / "out" / "2024" / "汇总"
    told = json.loads((summary / "雷同.json").read_text(encoding="utf-8"))["units"]
    assert "correct" in {one["asked"] for one in told if one["unit"] in units[0]}
    cells = {
        cell for row in openpyxl.load_workbook(summary / "雷同通报.xlsx").worksheets[0].values for cell in row
    }
    assert units[0] & cells


def test_each_unit_gets_its_page_and_its_tracked_file(tmp_path: Path) -> None:
    inputs = Path(__file__).parents[1] / "data_inputs"
    unit = "示例省教育厅"
    arguments = ["compare", "--inputs", str(inputs), "--outputs", str(tmp_path), "--unit", unit]
    assert main(arguments) == 0
    folder = tmp_path / "2024" / unit
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(first) == {"年际比对.html", "年际比对.docx", "年际比对.json"}
    assert main(arguments) == 0
    assert first == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert not (tmp_path / "2024" / "汇总").exists()


def test_which_of_two_files_cannot_be_read_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, data in (("旧.docx", b"x"), ("新.pdf", b"")):
        (tmp_path / name).write_bytes(data)
    assert main(["compare", str(tmp_path / "旧.docx"), str(tmp_path / "新.pdf")]) == 1
    assert capsys.readouterr().err.startswith("旧.docx：")


def test_a_return_is_no_report_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(__file__).parents[1] / "data_inputs" / "2024" / "示例省教育厅.xlsx"
    assert main(["read", str(path)]) == 1
    assert "这是电子表格，不是年度报告；报送表请用 report-builder check 核对" in capsys.readouterr().err
