"""Returns of other makes through the whole job: several units in a file, other kinds of file, rows of another year."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import corpus
import pytest
from conftest import return_of

from report_builder import archive, facts, feedback, pipeline
from report_builder.collect import Source, read_return
from report_builder.compose import compose
from report_builder.editions import read_over
from report_builder.feedback.returned import Opinion, returned_workbook
from report_builder.figures import figure
from report_builder.history import Held, measured, together
from report_builder.model import Finding, Paragraph, Return, Settings, StatutoryTable, Unit
from report_builder.pipeline import Options
from report_builder.readers import sheets
from report_builder.rule_kinds import Case
from report_builder.spec import load_spec
from report_builder.validate import validate

SPEC = load_spec()
FMT = SPEC.formats[-1]
CELLS = corpus.balanced(FMT)
COLUMNS = [column.key for column in FMT.table("requests").bands[0].columns]
(FOREIGN,) = FMT.table("requests").foreign
HEAD = "code,name,aliases,kind,level,parent,successor_of,since,until\n"


def with_single_row() -> dict[str, object]:
    """The balanced figures with the three newer rows as the older one."""
    ours = tuple(f"requests.{row.key}." for row in FOREIGN.ours)
    cells = {key: value for key, value in CELLS.items() if not key.startswith(ours)}
    for column in COLUMNS:
        parts = [int(str(CELLS[f"requests.{row.key}.{column}"])) for row in FOREIGN.ours]
        cells[f"requests.otherwise_closed.{column}"] = sum(parts)
    return cells


def returned(cells: dict[str, object]) -> Return:
    """A return with just these cells, its rows of another format judged."""
    held, troubles = read_over(
        {key: figure(value, f"示例局.xlsx·{key}") for key, value in cells.items()}, FMT
    )
    return replace(return_of(FMT, {}, 2024), cells=held, troubles=tuple(troubles))


def findings(ret: Return) -> list[Finding]:
    return validate(Case(ret, FMT, SPEC, Settings()))[0]


def test_a_former_row_counts_in_every_sum_and_is_asked_about_once() -> None:
    ret = returned(with_single_row())
    assert [one.code for one in findings(ret) if one.code != "B304"] == ["V203"]
    whole = Held(return_of(FMT, CELLS, 2024), FMT)
    for measure in FMT.measures:
        assert measured(measure, Held(ret, FMT)) == measured(measure, whole), measure.key


def test_a_former_row_left_blank_in_one_cell_is_asked_for_there() -> None:
    cells = with_single_row() | {"requests.otherwise_closed.enterprise": None}
    blamed = [one.cells for one in findings(returned(cells)) if one.code == "V201"]
    assert blamed == [("requests.otherwise_closed.enterprise",)]


def test_facts_keep_a_former_row_both_ways() -> None:
    ret = returned(with_single_row())
    document = facts.as_facts(ret, FMT)
    assert document["tables"]["requests"]["otherwise_closed"]["total"] == ret.number(
        "requests.otherwise_closed.total"
    )
    back = facts.read(facts.dumped(document).encode(), "a.json", SPEC)
    assert {
        key: held.number for key, held in back.cells.items() if held.number is not None
    } == with_single_row()
    assert [one.kind for one in back.troubles] == ["other_edition"]
    both = json.loads(facts.dumped(document))
    both["tables"]["requests"][FOREIGN.ours[0].key] = dict.fromkeys(COLUMNS, 0)
    kinds = {one.kind for one in facts.read(json.dumps(both).encode(), "a.json", SPEC).troubles}
    assert kinds == {"unknown_key"}


def test_the_report_says_what_its_table_cannot_show() -> None:
    ret = returned(with_single_row())
    blocks = compose(Held(ret, FMT), (), SPEC).blocks
    at = next(
        at for at, block in enumerate(blocks) if isinstance(block, StatutoryTable) and block.key == "requests"
    )
    said = blocks[at - 1]
    table = blocks[at]
    assert isinstance(said, Paragraph)
    assert isinstance(table, StatutoryTable)
    total = ret.number("requests.otherwise_closed.total")
    assert f"{total}件" in said.text
    assert all(row.label in said.text for row in FOREIGN.ours)
    assert {table.printed[f"requests.{row.key}.{column}"] for row in FOREIGN.ours for column in COLUMNS} == {
        ""
    }
    whole = compose(Held(return_of(FMT, CELLS, 2024), FMT), (), SPEC).blocks
    assert said not in whole


def test_the_returned_workbook_marks_the_rows_a_former_one_stands_for() -> None:
    ret = returned(with_single_row() | {"requests.otherwise_closed.enterprise": "2笔"})
    opinion = Opinion(Unit("示例局"), 2024, findings(ret), ret)
    book = sheets.read(returned_workbook(opinion, SPEC))
    rows = next(grid for grid in book.grids if grid.name == feedback.FINDINGS_SHEET).rows
    links = {str(row[2]): str(row[8]) for row in rows[1:]}
    assert "依申请公开" in links["V203"]
    assert "依申请公开" in links["V202"]


def test_years_of_merged_bodies_add_up_though_one_prints_the_former_row() -> None:
    one, other = Held(returned(with_single_row()), FMT), Held(return_of(FMT, CELLS, 2024), FMT)
    for parts in ((one, other), (other, one)):
        both = together("示例新局", parts)
        for measure in FMT.measures:
            alone = measured(measure, other)
            assert alone is not None
            assert measured(measure, both) == 2 * alone


def test_a_published_page_with_the_former_row_is_read_as_it_stands() -> None:
    cells = with_single_row()
    rows = corpus.flat(FMT.table("requests"), cells, lambda row: [row.label])
    rows = [row for row in rows if row[0] not in {one.label for one in FOREIGN.ours}]
    at = next(at for at, row in enumerate(rows) if str(row[0]).endswith("总计"))
    rows.insert(
        at, [FOREIGN.rows[0].label, *(cells[f"requests.otherwise_closed.{column}"] for column in COLUMNS)]
    )
    grids = corpus.forms(FMT, cells) | {"Sheet2": rows}
    title = FMT.report_title.replace("{unit}", "示例局").replace("{year}", "2024")
    page = corpus.as_page(grids).decode("gb18030").replace("<body>", f"<body><p>{title}</p>")
    ret = archive.from_document(archive.document(page.encode("gb18030")), "a.html", SPEC)
    assert {key: held.number for key, held in ret.cells.items()} == cells
    assert [one.kind for one in ret.troubles] == ["other_edition"]


# --- several units ----------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Options:
    """A fictional place: two units in one workbook this year and the last, a third as text, a fourth as OpenDocument."""
    inputs = tmp_path / "in"
    names = ("示例甲局", "示例乙局", "示例丙局", "示例丁局")
    for year in ("2023", "2024"):
        (inputs / year).mkdir(parents=True)
        rows = [
            row
            for seed, name in enumerate(names[:2], 3)
            for row in corpus.on_one_sheet(FMT, corpus.balanced(FMT, seed), [f"填报单位：{name}"])
        ]
        (inputs / year / "全县汇总.xlsx").write_bytes(corpus.as_xlsx({"汇总": rows}))
    one = corpus.on_one_sheet(FMT, corpus.balanced(FMT, 5))
    (inputs / "2024" / "示例丙局.csv").write_bytes(corpus.as_text(one).encode("gb18030"))
    (inputs / "2024" / "示例丁局.ods").write_bytes(corpus.as_ods(corpus.forms(FMT, corpus.balanced(FMT, 6))))
    units = "".join(f"A{at},{name},,department,county,,,,\n" for at, name in enumerate(names))
    (inputs / "units.csv").write_text(HEAD + units, encoding="utf-8")
    return Options(inputs=inputs, outputs=tmp_path / "out", jobs=1, formats=("html", "json"), reason="示例")


def test_every_unit_of_a_shared_workbook_gets_its_own_report(place: Options) -> None:
    outcome = pipeline.build(place)
    assert {result.unit: result.state for result in outcome.results} == dict.fromkeys(
        ("示例甲局", "示例乙局", "示例丙局", "示例丁局"), "built"
    )
    for seed, name in enumerate(("示例甲局", "示例乙局", "示例丙局", "示例丁局"), 3):
        document = json.loads((outcome.folder / name / "facts.json").read_text(encoding="utf-8"))
        received = corpus.balanced(FMT, seed)["requests.received.total"]
        assert document["tables"]["requests"]["received"]["total"] == received
    assert {result.state for result in pipeline.build(place).results} == {"unchanged"}


def test_each_unit_of_a_shared_workbook_finds_its_own_last_year(place: Options) -> None:
    opened = pipeline.open_place(place)
    held = pipeline.earlier_sources(opened)
    assert set(held) == {"示例甲局", "示例乙局"}
    for seed, name in enumerate(("示例甲局", "示例乙局"), 3):
        ((year, source),) = held[name]
        last = pipeline.read_earlier(SPEC, year, source, opened.registry.registered)
        assert last is not None
        assert (
            last.ret.number("requests.received.total")
            == corpus.balanced(FMT, seed)["requests.received.total"]
        )


def test_a_unit_named_in_a_shared_workbook_that_no_register_knows_is_refused_alone(place: Options) -> None:
    path = place.inputs / "2024" / "全县汇总.xlsx"
    rows = corpus.on_one_sheet(FMT, CELLS, ["填报单位：示例甲局"]) + corpus.on_one_sheet(
        FMT, CELLS, ["填报单位：示例戊局"]
    )
    path.write_bytes(corpus.as_xlsx({"汇总": rows + corpus.on_one_sheet(FMT, CELLS)}))
    results = {result.unit: result for result in pipeline.check(place, write=False).results}
    assert "F104" in {finding.code for finding in results["示例戊局"].findings}
    assert [finding.code for finding in results["全县汇总（未写明单位）"].findings] == ["F113"]
    assert "“示例甲局”“示例戊局”" in results["全县汇总（未写明单位）"].findings[0].message
    assert {finding.severity.value for finding in results["示例甲局"].findings} <= {"explain", "correct"}


def test_one_unit_in_two_files_is_still_refused(place: Options) -> None:
    (place.inputs / "2024" / "示例甲局.xlsx").write_bytes(corpus.as_xlsx(corpus.forms(FMT, CELLS)))
    results = {result.unit: result for result in pipeline.check(place, write=False).results}
    assert "F105" in {finding.code for finding in results["示例甲局"].findings}


def test_a_folder_of_other_kinds_is_read_by_content(tmp_path: Path) -> None:
    for name, data in (
        ("示例甲局.et", corpus.as_xlsx(corpus.forms(FMT, CELLS))),
        ("示例乙局.xls", corpus.as_page(corpus.forms(FMT, CELLS))),
        ("示例丙局.tsv", corpus.as_text(corpus.on_one_sheet(FMT, CELLS), "\t").encode("utf-16")),
        ("示例丁局.xlsm", corpus.with_macro(corpus.as_xlsx(corpus.forms(FMT, CELLS)))),
    ):
        (tmp_path / name).write_bytes(data)
    found, unused = pipeline.sources(tmp_path, SPEC)
    assert [source.name for source in found] == sorted(path.name for path in tmp_path.iterdir())
    assert unused == []
    for source in found:
        assert {
            key: held.number for key, held in read_return(Source(source.main), SPEC, 2024).cells.items()
        } == CELLS


def test_the_text_beside_a_return_is_known_by_the_names_the_form_gives(tmp_path: Path) -> None:
    book = replace(SPEC.workbook, narrative_files=("报告文字.md",))
    folder = tmp_path / "示例局"
    folder.mkdir()
    (folder / "示例局.json").write_text("{}", encoding="utf-8")
    for name in ("正文.md", "报告文字.md"):
        (folder / name).write_text("一、总体情况\n", encoding="utf-8")
    (found,), unused = pipeline.sources(tmp_path, replace(SPEC, workbook=book))
    assert found.text == folder / "报告文字.md"
    assert unused == ["示例局/正文.md"]


def test_inputs_of_every_kind_are_only_read(place: Options) -> None:
    before = {path: path.read_bytes() for path in place.inputs.rglob("*") if path.is_file()}
    pipeline.check(place)
    assert {path: path.read_bytes() for path in place.inputs.rglob("*") if path.is_file()} == before


def test_a_text_beside_several_units_is_nobodys_and_that_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "2024" / "示例县"
    folder.mkdir(parents=True)
    grid = [
        row
        for name in ("示例甲局", "示例乙局")
        for row in corpus.on_one_sheet(FMT, CELLS, [f"填报单位：{name}"])
    ]
    (folder / "报送表.xlsx").write_bytes(corpus.as_xlsx({"汇总": grid}))
    (folder / "正文.txt").write_text("一、总体情况\n甲局写的。\n", encoding="utf-8")
    outcome = pipeline.check(Options(inputs=tmp_path, outputs=tmp_path / "out"), write=False)
    said = [one for result in outcome.results for one in result.findings if one.code == "F114"]
    assert [one.where for one in said] == ["正文.txt"]
    assert "“示例甲局”“示例乙局”" in said[0].message
