"""Up the tree: sums that plain Python finds again, members that are named, drafts that say what they lack."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from conftest import DATA, published_cells, return_of
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from report_builder import archive, blank, collect, pipeline, spec
from report_builder.aggregate import sheets, table
from report_builder.cli import main
from report_builder.model import Finding, Number, ProcessingFee, Return, Section
from report_builder.pipeline import Options
from report_builder.pipeline.place import _spec
from report_builder.pipeline.summary import summary
from report_builder.spec import Format, load_spec

ROOT = Path(__file__).resolve().parents[1]
DEMONSTRATION = ROOT / "data_inputs"
QUICK = ("docx", "html", "csv", "json")
YEAR = 2024
SPEC = load_spec()
FORMAT = SPEC.formats[-1]
UNITS = """code,name,aliases,kind,level,parent,successor_of,since,until,change,excluded_from
C,甲山市人民政府,,government,city,,,,,,
C1,甲山市教育局,,department,city,C,,,,,
C2,甲山市税务局,,vertical,city,C,,,,,
D,东示县人民政府,,government,county,C,,,,,
D1,东示县教育局,,department,county,D,,,,,
D2,东示县水利局,,department,county,D,,,,,
E,南示县人民政府,,government,county,C,,,,,
E1,南示县教育局,,department,county,E,,,,,
"""
OWN = {"甲山市教育局": 3, "甲山市税务局": 100, "东示县教育局": 5, "东示县水利局": 7, "南示县教育局": 11}


def cells_of(count: int) -> dict[str, object]:
    """A balanced return with so many applications."""
    rows = ("received", "granted", "results_total")
    return {f"requests.{row}.{column}": count for row in rows for column in ("natural_person", "total")}


def workbook(unit: str, cells: Mapping[str, object], **fields: Any) -> bytes:
    ret = return_of(FORMAT, cells, YEAR, unit=unit, **fields)
    return blank.draw(FORMAT, SPEC.workbook, blank.Filling(YEAR, filled=ret))


def government(unit: str, cells: Mapping[str, object] | None = None) -> bytes:
    """What a government hands in for its aggregate: its texts, and no figures but those given."""
    words = "工作考核、社会评议照常进行，没有责任追究；"
    made = return_of(FORMAT, {}, YEAR, unit=unit)
    texts = tuple(
        replace(one, paragraphs=(words + one.paragraphs[0],) if one.number == 1 else one.paragraphs)
        for one in made.sections
    )
    ret = return_of(
        FORMAT, dict.fromkeys(FORMAT.slots) | dict(cells or {}), YEAR, unit=unit, sections=texts, fee=None
    )
    return blank.draw(FORMAT, SPEC.workbook, blank.Filling(YEAR, filled=ret))


@pytest.fixture
def place(tmp_path: Path) -> Options:
    """A city with its own bureau, a body led from above, and two counties."""
    year = tmp_path / "in" / str(YEAR)
    year.mkdir(parents=True)
    (tmp_path / "in" / "units.csv").write_text(UNITS, encoding="utf-8")
    for unit, count in OWN.items():
        (year / f"{unit}.xlsx").write_bytes(workbook(unit, cells_of(count)))
    for unit in ("甲山市人民政府", "东示县人民政府", "南示县人民政府"):
        (year / f"{unit}.xlsx").write_bytes(government(unit))
    return Options(inputs=tmp_path / "in", outputs=tmp_path / "out", jobs=1, formats=QUICK)


def states(outcome: pipeline.Outcome) -> dict[str, str]:
    return {result.unit: result.state for result in outcome.results}


def codes(outcome: pipeline.Outcome, unit: str) -> list[str]:
    """The rules that found something; texts made by chance may be alike by chance, which is not looked at here."""
    return [one.code for one in findings(outcome, unit) if one.code != "R502"]


def findings(outcome: pipeline.Outcome, unit: str) -> list[Finding]:
    return [one for result in outcome.results for one in result.findings if result.unit == unit]


def facts_of(options: Options, unit: str) -> dict[str, Any]:
    text = (options.outputs / str(YEAR) / "汇总" / unit / "facts.json").read_text(encoding="utf-8")
    held: dict[str, Any] = json.loads(text)
    return held


def received(options: Options, unit: str) -> object:
    return facts_of(options, unit)["tables"]["requests"]["received"]["total"]


def page(options: Options, unit: str) -> str:
    return (options.outputs / str(YEAR) / "汇总" / unit / "年度报告.html").read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Every output but the log, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "run.log"
    }


# --- the demonstration, added again by hand ---------------------------------------------------------------------


MEMBERS = {
    "东示县人民政府": ["东示县人民政府办公室", "东示县自然资源局", "东示县示禾镇人民政府"],
    "南示县人民政府": ["南示县人民政府办公室", "南示县农业农村局"],
}
MEMBERS["甲山市人民政府"] = ["甲山市人民政府办公室", "甲山市人力资源和社会保障局", *MEMBERS["东示县人民政府"]]
MEMBERS["乙水市人民政府"] = [
    "乙水市人民政府办公室",
    "乙水市市场监督管理局",
    "乙水市住房和城乡建设局",
    *MEMBERS["南示县人民政府"],
]
MEMBERS["示例省人民政府"] = [
    "示例省人民政府办公厅",
    "示例省教育厅",
    "示例省财政厅",
    "示例省生态环境厅",
    "示例省古籍保护中心",
    *MEMBERS["甲山市人民政府"],
    *MEMBERS["乙水市人民政府"],
]


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Options:
    options = Options(
        inputs=DEMONSTRATION, outputs=tmp_path_factory.mktemp("demonstration"), jobs=1, formats=QUICK
    )
    outcome = summary(options)
    assert set(states(outcome).values()) == {"built"}
    assert [finding for finding in outcome.findings if finding.severity != "explain"] == []
    return options


@pytest.mark.parametrize("unit", MEMBERS)
def test_every_total_of_the_demonstration_is_found_again_in_plain_python(
    demonstration: Options, unit: str
) -> None:
    facts = facts_of(demonstration, unit)
    returns = [
        collect.read_return(DEMONSTRATION / str(YEAR) / f"{one}.xlsx", SPEC, YEAR) for one in MEMBERS[unit]
    ]
    for key, slot in FORMAT.slots.items():
        total: Number = 0
        for ret in returns:
            number = ret.number(key)
            assert number is not None
            total += number
        held = facts["tables"][slot.table][slot.row.key][slot.column.key]
        assert Decimal(str(held)) == total, key
    assert facts["aggregate"]["members"] == MEMBERS[unit]
    assert facts["aggregate"]["missing"] == {}


def test_a_sum_names_the_cells_it_is_the_sum_of_and_the_sums_below(demonstration: Options) -> None:
    key, named = "requests.received.total", "依申请公开!J8"
    facts = facts_of(demonstration, "东示县人民政府")
    assert facts["sources"][key] == " + ".join(f"{one}.xlsx·{named}" for one in MEMBERS["东示县人民政府"])
    own = [f"{one}.xlsx·{named}" for one in MEMBERS["甲山市人民政府"][:2]]
    below = f"东示县人民政府（汇总）·依申请公开·{FORMAT.slots[key].label}"
    assert facts_of(demonstration, "甲山市人民政府")["sources"][key] == " + ".join([*own, below])


def figures(facts: Mapping[str, Any]) -> dict[str, Number]:
    """The figures of a report by the keys of their cells."""
    return {
        f"{table}.{row}.{column}": number
        for table, rows in facts["tables"].items()
        for row, columns in rows.items()
        for column, number in columns.items()
        if number is not None
    }


def addends(options: Options) -> dict[str, Number]:
    """Every figure that a sum may name, by where it stands: those of returns and those of aggregates."""
    found: dict[str, Number] = {}
    for path in (options.inputs / str(YEAR)).iterdir():
        cells = collect.read_return(path, SPEC, YEAR).cells.values()
        found |= {held.source: held.number for held in cells if held.number is not None}
    sheet = {one.table: one.name for one in SPEC.workbook.sheets}
    for folder in (options.outputs / str(YEAR) / "汇总").iterdir():
        for key, number in figures(facts_of(options, folder.name)).items() if folder.is_dir() else ():
            slot = FORMAT.known_slots[key]
            found[f"{folder.name}（汇总）·{sheet[slot.table]}·{slot.label}"] = number
    return found


def cells_named(source: str) -> list[str]:
    """The cells that a source names, one by one: “甲.xlsx·表!J1、J2 + 乙.xlsx·表!J1 + 2 格填 0”."""
    parts = [part for part in source.split(" + ") if not part.endswith(" 格填 0")]
    named = [(part.partition("!")[0], part.partition("!")[2].split("、")) for part in parts]
    return [f"{sheet}!{cell}" if cell else sheet for sheet, cells in named for cell in cells]


def assert_traced(options: Options, unit: str) -> None:
    """What every figure of a report is traced to comes to that figure."""
    known, facts = addends(options), facts_of(options, unit)
    assert figures(facts)
    for key, held in figures(facts).items():
        added = sum(Decimal(str(known[cell])) for cell in cells_named(facts["sources"][key]))
        assert added == Decimal(str(held)), key


@pytest.mark.parametrize("unit", MEMBERS)
def test_every_figure_is_traced_to_figures_that_come_to_it(demonstration: Options, unit: str) -> None:
    assert_traced(demonstration, unit)


def test_reports_of_the_demonstration_read_back_as_they_were_summed(demonstration: Options) -> None:
    folder = demonstration.outputs / str(YEAR) / "汇总" / "示例省人民政府"
    back = archive.read(folder / "年度报告.docx", SPEC)
    assert back.unit == "示例省人民政府"
    assert back.number("requests.received.total") == received(demonstration, "示例省人民政府")
    assert "汇总草稿" not in page(demonstration, "示例省人民政府")
    assert "示例省税务局" in page(demonstration, "示例省人民政府")


# --- sums ------------------------------------------------------------------------------------------------------


KEYS = ("requests.received.natural_person", "requests.carried_in.other_body", "proactive.fees.amount")
COUNTS = st.one_of(st.none(), st.integers(0, 10**18))
AMOUNTS = st.one_of(st.none(), st.decimals(0, 10**9, allow_nan=False, places=6))


@st.composite
def returns(draw: st.DrawFn) -> list[Return]:
    """Returns of some units, each with a few cells filled, left empty or not."""
    return [
        return_of(
            FORMAT,
            {key: draw(AMOUNTS if key.endswith("amount") else COUNTS) for key in KEYS},
            YEAR,
            unit=f"示例{at}局",
        )
        for at in range(draw(st.integers(1, 5)))
    ]


def written(write: Callable[..., None], *contents: object) -> bytes:
    """What a file would hold that writes itself."""
    target = io.BytesIO()
    write(target, *contents)
    return target.getvalue()


def added(rets: list[Return], members: Mapping[str, list[str]]) -> dict[str, dict[str, Number]]:
    return table.sums(table.tidy(rets, FORMAT), members, FORMAT)


@effort(max_examples=40)
@given(returns(), st.data())
def test_sums_are_exact_additive_and_blind_to_order(rets: list[Return], data: st.DataObject) -> None:
    names = [ret.unit for ret in rets]
    cut = data.draw(st.integers(0, len(names)))
    mixed = data.draw(st.permutations(rets))
    found = added(rets, {"all": names, "one": names[:cut], "other": names[cut:]})
    assert added(mixed, {"all": data.draw(st.permutations(names))})["all"] == found["all"]
    for key in KEYS:
        numbers = [number for ret in rets if (number := ret.number(key)) is not None]
        assert (key in found["all"]) == bool(numbers)
        assert found["all"].get(key, 0) == sum(numbers)
        assert found["one"].get(key, 0) + found["other"].get(key, 0) == found["all"].get(key, 0)


def test_a_row_of_the_former_format_is_added_to_others_and_never_taken_apart() -> None:
    ours = return_of(FORMAT, {"requests.otherwise_closed.other.total": 2}, YEAR, unit="示例甲局")
    former = next(iter(key for key in FORMAT.stands_for if key.endswith(".total")))
    parts = FORMAT.stands_for[former]
    cells = {key: held for key, held in ours.cells.items() if key not in parts}
    old = replace(
        ours, unit="示例乙局", cells=cells | {former: replace(ours.cells[parts[-1]], number=5, text="5")}
    )
    found = added([ours, old], {"place": ["示例甲局", "示例乙局"]})["place"]
    assert found[former] == 7
    assert not set(parts) & set(found)


def test_the_table_of_all_cells_reads_back_exactly(tmp_path: Path) -> None:
    amounts = {"proactive.fees.amount": Decimal("0.1234567"), "requests.received.total": None}
    rets = [return_of(FORMAT, amounts, YEAR, unit="=示例甲局"), return_of(FORMAT, {}, YEAR, unit="示例乙局")]
    frame = table.tidy(rets, FORMAT)
    words = SPEC.wording.aggregate.dictionary
    (tmp_path / "t.parquet").write_bytes(written(table.write_parquet, frame, words))
    back = pd.read_parquet(tmp_path / "t.parquet")
    assert tuple(back.columns) == table.COLUMNS
    assert len(back) == 2 * len(FORMAT.slots)
    first = back[back["unit"] == "=示例甲局"].set_index(["table", "row", "column"])["value"]
    assert first["proactive", "fees", "amount"] == Decimal("0.1234567")
    assert pd.isna(first["requests", "received", "total"])
    assert first["requests", "carried_in", "total"] == 0
    assert written(table.write_parquet, frame, words) == (tmp_path / "t.parquet").read_bytes()
    lines = written(table.write_csv, frame).decode("utf-8-sig").splitlines()
    assert lines[0] == ",".join(table.COLUMNS)
    assert "'=示例甲局,2024,proactive,fees,amount,0.1234567" in lines
    assert "'=示例甲局,2024,requests,received,total," in lines


@pytest.mark.parametrize("fmt", SPEC.formats, ids=lambda fmt: fmt.id)
def test_every_format_is_summed_cell_by_cell_changes_downwards_too(fmt: Format) -> None:
    numbers = {
        key: at - 3 if slot.kind == "change" else at for at, (key, slot) in enumerate(fmt.slots.items())
    }
    rets = [return_of(fmt, numbers, unit=unit) for unit in ("示例甲局", "示例乙局")]
    found = table.sums(table.tidy(rets, fmt), {"place": ["示例甲局", "示例乙局"]}, fmt)["place"]
    assert found == {key: 2 * number for key, number in numbers.items()}


def test_text_in_the_workbook_stays_text_and_every_row_is_there() -> None:
    names = ("=1+1", "示例<甲>&乙局")
    rets = [return_of(FORMAT, {"proactive.fees.amount": Decimal("0.1")}, YEAR, unit=name) for name in names]
    contents = sheets.Contents(YEAR, rets, {}, {}, rets)
    data = written(sheets.write, contents, FORMAT, SPEC)
    assert data == written(sheets.write, contents, FORMAT, SPEC)
    cells = openpyxl.load_workbook(io.BytesIO(data))["明细"]
    held = [
        (row[0].value, row[0].data_type, row[9].value, row[8].value) for row in cells.iter_rows(min_row=2)
    ]
    expected = [
        (name, "s", key, 0.1 if key == "proactive.fees.amount" else 0)
        for name in names
        for key in FORMAT.slots
    ]
    assert held == expected


def test_a_table_of_nothing_is_written_all_the_same() -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(written(sheets.write, sheets.Contents(YEAR, (), {}, {}, ()), FORMAT, SPEC))
    )
    assert book["明细"].max_row == 1


def test_where_nothing_can_be_counted_the_overview_is_there_all_the_same(place: Options) -> None:
    for unit in OWN:
        (place.inputs / str(YEAR) / f"{unit}.xlsx").write_bytes(b"")
    outcome = summary(place)
    assert set(states(outcome).values()) == {"blocked"}
    assert (place.outputs / str(YEAR) / "汇总" / "总览.html").is_file()


# --- a place's run ---------------------------------------------------------------------------------------------


def test_members_are_summed_leaf_by_leaf_and_bodies_led_from_above_are_not(place: Options) -> None:
    outcome = summary(place)
    assert set(states(outcome).values()) == {"built"}
    assert [received(place, unit) for unit in ("甲山市人民政府", "东示县人民政府", "南示县人民政府")] == [
        26,
        12,
        11,
    ]
    book = openpyxl.load_workbook(place.outputs / str(YEAR) / "汇总" / "汇总表.xlsx", read_only=True)
    assert book["明细"].calculate_dimension() == f"A1:J{1 + len(OWN) * len(FORMAT.slots)}"
    rows = list(book["明细"].iter_rows(values_only=True))
    assert len(rows) == 1 + len(OWN) * len(FORMAT.slots)
    taxes = ("甲山市税务局", "实行垂直领导的单位", "市级", "甲山市人民政府", YEAR)
    assert sum(row[:5] == taxes for row in rows) == len(FORMAT.slots)
    heads = next(book["各级汇总"].iter_rows(values_only=True))
    assert heads[3:] == ("甲山市人民政府", "东示县人民政府", "南示县人民政府")


def test_the_same_inputs_give_the_same_bytes_and_a_second_run_changes_nothing(
    place: Options, tmp_path: Path
) -> None:
    summary(place)
    before = contents(place.outputs)
    assert set(states(summary(place)).values()) == {"unchanged"}
    assert contents(place.outputs) == before
    summary(replace(place, outputs=tmp_path / "again", jobs=2))
    assert contents(tmp_path / "again") == before


def test_what_one_member_corrects_flows_up_to_its_ancestors_and_nowhere_else(place: Options) -> None:
    pipeline.build(place)
    summary(place)
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").write_bytes(workbook("东示县水利局", cells_of(8)))
    rebuilt = {unit for unit, state in states(pipeline.build(place)).items() if state == "built"}
    assert rebuilt == {"东示县水利局"}
    assert states(summary(place)) == {
        "甲山市人民政府": "built",
        "东示县人民政府": "built",
        "南示县人民政府": "unchanged",
    }
    assert received(place, "甲山市人民政府") == 27
    manifest = json.loads((place.outputs / str(YEAR) / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["unit"] for entry in manifest["units"]} == set(OWN)
    names = {entry["unit"] for entry in manifest["summary"]}
    assert names == {
        "汇总表",
        "总览",
        "雷同通报",
        *(f"{unit}（汇总）" for unit in ("甲山市人民政府", "东示县人民政府", "南示县人民政府")),
    }


def test_a_text_changed_at_a_member_leaves_the_aggregate_alone(place: Options) -> None:
    summary(place)
    other = (
        Section(1, FORMAT.section(1).title, return_of(FORMAT, {}, YEAR, unit="别的").sections[0].paragraphs),
    )
    sections = (*other, *return_of(FORMAT, {}, YEAR, unit="别的").sections[1:])
    data = workbook("东示县水利局", cells_of(7), sections=sections)
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").write_bytes(data)
    assert set(states(summary(place)).values()) == {"unchanged"}


def test_a_member_that_disappears_is_named_on_the_face_and_in_the_record(place: Options) -> None:
    summary(place)
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").unlink()
    outcome = summary(place)
    assert states(outcome) == {
        "甲山市人民政府": "built",
        "东示县人民政府": "built",
        "南示县人民政府": "unchanged",
    }
    assert codes(outcome, "东示县人民政府") == ["A802"]
    assert received(place, "东示县人民政府") == 5
    assert facts_of(place, "甲山市人民政府")["aggregate"]["missing"] == {"东示县水利局": "没有报送"}
    for unit in ("甲山市人民政府", "东示县人民政府"):
        assert (
            "汇总草稿，不用于公布：有1个单位的数据没有计入（没有报送，或报送的文件不能使用）：东示县水利局。"
            in page(place, unit)
        )


def test_a_given_figure_is_printed_and_what_it_lacks_is_named(place: Options) -> None:
    path = place.inputs / str(YEAR) / "东示县人民政府.xlsx"
    path.write_bytes(government("东示县人民政府", cells_of(5)))
    outcome = summary(place)
    assert states(outcome)["东示县人民政府"] == "blocked"
    assert states(outcome)["甲山市人民政府"] == "built"
    own = [one for one in findings(outcome, "东示县人民政府") if one.code == "A801"]
    assert set(codes(outcome, "东示县人民政府")) == {"A801"}
    assert "汇总填 5，2 个成员相加为 12，相差 7（正好等于东示县水利局的数，可能没有计入）" in own[0].message
    assert "东示县水利局 7、东示县教育局 5" in own[0].message
    assert received(place, "东示县人民政府") == 5
    assert received(place, "甲山市人民政府") == 26
    assert "：有6处须更正" in page(place, "东示县人民政府")
    released = summary(replace(place, reason="示例：先行报审"))
    assert states(released)["东示县人民政府"] == "built"
    assert "示例：先行报审" in page(place, "东示县人民政府")


def test_a_sum_is_not_traced_to_a_figure_that_was_given_in_place_of_one(place: Options) -> None:
    path = place.inputs / str(YEAR) / "东示县人民政府.xlsx"
    path.write_bytes(government("东示县人民政府", {"requests.received.natural_person": 5}))
    summary(place)
    assert_traced(place, "甲山市人民政府")
    sources = facts_of(place, "甲山市人民政府")["sources"]
    assert "东示县水利局.xlsx" in sources["requests.received.natural_person"]
    assert "东示县人民政府（汇总）" in sources["requests.granted.total"]


def test_a_sum_is_not_traced_to_that_of_a_place_of_which_something_is_not_counted(place: Options) -> None:
    rows = UNITS.replace(
        "D2,东示县水利局,,department,county,D,,,,,", "D2,东示县水利局,,department,county,D,,,,,C"
    )
    (place.inputs / "units.csv").write_text(rows, encoding="utf-8")
    summary(place)
    assert received(place, "甲山市人民政府") == 19
    assert received(place, "东示县人民政府") == 12
    assert_traced(place, "甲山市人民政府")
    assert "东示县人民政府（汇总）" not in str(facts_of(place, "甲山市人民政府")["sources"])


FORMER = next(key for key in FORMAT.stands_for if key.endswith(".total"))
NEWER = FORMAT.stands_for[FORMER]


def of_former(unit: str, number: int | None) -> str:
    """A return as another system hands it in, with a row of the former format in place of those it became."""
    became = {one for parts in FORMAT.stands_for.values() for one in parts}
    tables: dict[str, dict[str, dict[str, object]]] = {}
    for key, slot in FORMAT.known_slots.items():
        if key not in became:
            filled = 0 if key not in FORMAT.stands_for else number if key == FORMER else number and 0
            tables.setdefault(slot.table, {}).setdefault(slot.row.key, {})[slot.column.key] = filled
    said = {"unit": unit, "report_year": YEAR, "format": FORMAT.id, "tables": tables}
    return json.dumps(said, ensure_ascii=False)


@pytest.mark.parametrize(
    ("given", "row"),
    [
        ({}, {FORMER: 11}),
        (dict(zip(NEWER, (1, 2, 3), strict=True)), {FORMER: 11}),
        ({NEWER[0]: 4}, {FORMER: 11}),
    ],
    ids=["none", "all", "one"],
)
def test_a_row_of_the_former_format_is_traced_through_a_place_that_prints_other_rows(
    given: Mapping[str, int], row: Mapping[str, int], place: Options
) -> None:
    folder = place.inputs / str(YEAR)
    (folder / "东示县水利局.xlsx").unlink()
    (folder / "东示县水利局.json").write_text(of_former("东示县水利局", 5), encoding="utf-8")
    (folder / "东示县教育局.xlsx").write_bytes(workbook("东示县教育局", dict.fromkeys(NEWER, 2)))
    (folder / "东示县人民政府.xlsx").write_bytes(government("东示县人民政府", given))
    summary(place)
    found = figures(facts_of(place, "甲山市人民政府"))
    assert {key: found[key] for key in row} == row
    for unit in ("甲山市人民政府", "东示县人民政府"):
        assert_traced(place, unit)


def test_a_former_row_left_empty_takes_nothing_from_the_sum_of_the_others(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    (folder / "东示县水利局.xlsx").unlink()
    (folder / "东示县水利局.json").write_text(of_former("东示县水利局", None), encoding="utf-8")
    (folder / "东示县教育局.xlsx").write_bytes(workbook("东示县教育局", dict.fromkeys(NEWER, 2)))
    summary(place)
    for unit in ("甲山市人民政府", "东示县人民政府"):
        found = figures(facts_of(place, unit))
        assert [found[key] for key in NEWER] == [2, 2, 2]
        assert FORMER not in found
        assert_traced(place, unit)


def test_a_former_row_given_by_hand_is_held_against_the_rows_it_became(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    (folder / "东示县教育局.xlsx").write_bytes(workbook("东示县教育局", dict.fromkeys(NEWER, 3)))
    (folder / "东示县人民政府.xlsx").unlink()
    (folder / "东示县人民政府.json").write_text(of_former("东示县人民政府", 8), encoding="utf-8")
    found = [one for one in findings(summary(place), "东示县人民政府") if one.code == "A801"]
    assert FORMER in [key for one in found for key in one.cells]
    assert_traced(place, "甲山市人民政府")


def test_a_given_figure_smaller_than_what_came_in_is_found_while_members_are_missing(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    (folder / "东示县水利局.xlsx").unlink()
    (folder / "东示县人民政府.xlsx").write_bytes(government("东示县人民政府", cells_of(4)))
    assert set(codes(summary(place), "东示县人民政府")) == {"A801", "A802"}
    (folder / "东示县人民政府.xlsx").write_bytes(government("东示县人民政府", cells_of(9)))
    assert codes(summary(place), "东示县人民政府") == ["A802"]


def test_texts_alone_in_a_folder_are_enough_for_an_aggregate(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    ret = collect.read_return(folder / "东示县人民政府.xlsx", SPEC, YEAR)
    (folder / "东示县人民政府.xlsx").unlink()
    lines = [
        text
        for section in FORMAT.sections
        for text in (section.title, *(ret.paragraphs(section.number) or ("无。",)))
    ]
    (folder / "东示县人民政府").mkdir()
    (folder / "东示县人民政府" / "正文.txt").write_text("\n".join(lines), encoding="utf-8")
    outcome = summary(place)
    assert states(outcome)["东示县人民政府"] == "built"
    assert codes(outcome, "东示县人民政府") == []
    assert ret.paragraphs(1)[0] in page(place, "东示县人民政府")


def test_an_aggregate_without_texts_is_a_draft_that_says_what_is_missing(place: Options) -> None:
    (place.inputs / str(YEAR) / "东示县人民政府.xlsx").unlink()
    outcome = summary(place)
    assert states(outcome)["东示县人民政府"] == "blocked"
    assert "尚未写明：一、总体情况、五、存在的主要问题及改进情况" in page(place, "东示县人民政府")
    assert received(place, "东示县人民政府") == 12


def test_a_members_faults_are_named_its_figures_counted_a_refused_one_is_missing(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    slipped = cells_of(7) | {"requests.carried_in.total": 1}
    (folder / "东示县水利局.xlsx").write_bytes(workbook("东示县水利局", slipped))
    (folder / "南示县教育局.xlsx").write_bytes(b"")
    outcome = summary(place)
    assert "A804" in codes(outcome, "东示县人民政府")
    assert "有1个单位的报送须更正，数据暂照报送的计入：东示县水利局" in page(place, "东示县人民政府")
    assert received(place, "东示县人民政府") == 12
    assert facts_of(place, "东示县人民政府")["tables"]["requests"]["carried_in"]["total"] == 1
    assert states(outcome)["南示县人民政府"] == "blocked"
    assert not (place.outputs / str(YEAR) / "汇总" / "南示县人民政府" / "年度报告.docx").exists()
    missing = facts_of(place, "甲山市人民政府")["aggregate"]["missing"]
    assert missing == {"南示县教育局": "报送的文件不能使用（退回）"}


def test_a_cell_left_empty_is_summed_without_that_member_and_one_empty_everywhere_stays_empty(
    place: Options,
) -> None:
    folder = place.inputs / str(YEAR)
    key = "proactive.licences.decisions"
    (folder / "东示县水利局.xlsx").write_bytes(workbook("东示县水利局", cells_of(7) | {key: None}))
    (folder / "南示县教育局.xlsx").write_bytes(workbook("南示县教育局", cells_of(11) | {key: None}))
    outcome = summary(place)
    found = {one.code: one for one in findings(outcome, "东示县人民政府")}
    assert found["A803"].cells == (key,)
    assert facts_of(place, "东示县人民政府")["tables"]["proactive"]["licences"]["decisions"] == 0
    assert facts_of(place, "南示县人民政府")["tables"]["proactive"]["licences"]["decisions"] is None
    assert "V201" in codes(outcome, "南示县人民政府")


def test_what_is_counted_nowhere_is_named(place: Options) -> None:
    rows = UNITS.replace(
        "D2,东示县水利局,,department,county,D,,,,,", "D2,东示县水利局,,department,county,,,,,,"
    )
    rows = rows.replace("E1,南示县教育局,,department,county,E,,,,,\n", "")
    (place.inputs / "units.csv").write_text(rows, encoding="utf-8")
    outcome = summary(place)
    assert received(place, "甲山市人民政府") == 8
    (said,) = [note for note in outcome.notes if "没有计入任何一级汇总" in note]
    assert said.startswith("2 个单位的报送")
    assert "东示县水利局" in said
    assert "南示县教育局" in said
    assert "甲山市税务局" not in said


def test_drafts_are_said_to_be_drafts_at_the_end_and_on_the_overview(place: Options) -> None:
    assert "</a>（草稿）" not in (summary(place).folder / "汇总" / "总览.html").read_text(encoding="utf-8")
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").unlink()
    outcome = summary(place)
    (said,) = [note for note in outcome.notes if "草稿" in note]
    assert said == "2 份汇总报告缺少成员的数据，只是标有“汇总草稿”的草稿：甲山市人民政府、东示县人民政府"
    assert summary(place).notes == outcome.notes
    overview = (outcome.folder / "汇总" / "总览.html").read_text(encoding="utf-8")
    assert "甲山市人民政府</a>（草稿）" in overview
    assert '["东示县人民政府",0,2]' in overview.replace(" ", "")
    assert '["南示县人民政府",0,1]' in overview.replace(" ", "")


def test_a_place_whose_members_changed_does_not_compare_itself_with_last_year(place: Options) -> None:
    held_last_year(place)
    summary(place)
    assert "与上年持平" in page(place, "南示县人民政府")
    rows = UNITS.replace(
        "D2,东示县水利局,,department,county,D,,,,,",
        "D2,东示县水利局,,department,county,D,,,2024,,\nD2,东示县水利局,,department,county,E,,2024,,transferred,",
    )
    (place.inputs / "units.csv").write_text(rows, encoding="utf-8")
    outcome = summary(place)
    for unit, count in (("东示县人民政府", 5), ("南示县人民政府", 18)):
        assert received(place, unit) == count
        assert "上年" not in page(place, unit).partition("一、总体情况")[2].partition("上年结转")[0]
        assert any("成员与上年不同" in one.message for one in findings(outcome, unit))
    assert "与上年持平" in page(place, "甲山市人民政府")


def test_of_its_own_text_a_place_need_only_give_what_it_has_to_say(place: Options) -> None:
    folder = place.inputs / str(YEAR)
    ret = collect.read_return(folder / "东示县人民政府.xlsx", SPEC, YEAR)
    (folder / "东示县人民政府.xlsx").unlink()
    (folder / "东示县人民政府").mkdir()
    written = [section for section in FORMAT.sections if section.text == "required"]
    lines = [text for one in written for text in (one.title, *ret.paragraphs(one.number))]
    (folder / "东示县人民政府" / "正文.txt").write_text("\n".join(lines), encoding="utf-8")
    outcome = summary(place)
    assert codes(outcome, "东示县人民政府") == []
    assert states(outcome)["东示县人民政府"] == "built"


def test_a_fraction_of_a_case_is_a_fault_of_its_unit_and_of_nobody_else(place: Options) -> None:
    held_last_year(place)
    cells = cells_of(7) | {"proactive.licences.decisions": Decimal("18.5")}
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").write_bytes(workbook("东示县水利局", cells))
    built = pipeline.build(place)
    assert set(states(built).values()) == {"blocked"}
    assert "V202" in codes(built, "东示县水利局")
    text = (built.folder / "东示县水利局" / "年际比对.json").read_text(encoding="utf-8")
    (changed,) = [one for one in json.loads(text)["cells"] if one["cell"] == "proactive.licences.decisions"]
    assert changed["now"] == "18.5"
    assert "failed" not in states(summary(place)).values()
    assert facts_of(place, "东示县人民政府")["tables"]["proactive"]["licences"]["decisions"] == "18.5"


def test_fees_are_added_where_every_member_states_its_own(place: Options) -> None:
    fee = ProcessingFee(collected=True, cases=2, amount=Decimal("30.5"))
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").write_bytes(
        workbook("东示县水利局", cells_of(7), fee=fee)
    )
    summary(place)
    assert facts_of(place, "甲山市人民政府")["processing_fee"] == {
        "collected": True,
        "cases": 2,
        "amount": "30.5",
    }
    sources = facts_of(place, "甲山市人民政府")["sources"]
    assert sources["processing_fee.cases"].startswith("东示县水利局.xlsx·信息处理费!")
    assert sources["processing_fee.amount"].endswith(" + 3 格填 0")


def test_a_fee_stated_by_hand_is_held_against_the_members(place: Options) -> None:
    fee = ProcessingFee(collected=True, cases=2, amount=Decimal("30.5"))
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").write_bytes(
        workbook("东示县水利局", cells_of(7), fee=fee)
    )
    none = ProcessingFee(collected=False, cases=0, amount=Decimal(0))
    (place.inputs / str(YEAR) / "东示县人民政府.xlsx").write_bytes(
        workbook("东示县人民政府", cells_of(12), fee=none)
    )
    (cases, amount) = (one for one in findings(summary(place), "东示县人民政府") if one.code == "A805")
    assert "2 件" in cases.message
    assert "东示县水利局 30.5" in amount.message
    assert "信息处理费" in amount.where


def held_last_year(place: Options) -> Path:
    """Last year's returns, each with as many applications as this year's and one carried out."""
    last = place.inputs / str(YEAR - 1)
    last.mkdir()
    for unit, count in OWN.items():
        cells = cells_of(count) | {"requests.carried_out.natural_person": 1, "requests.carried_out.total": 1}
        ret = return_of(FORMAT, cells, YEAR - 1, unit=unit)
        drawn = blank.draw(FORMAT, SPEC.workbook, blank.Filling(YEAR - 1, filled=ret))
        (last / f"{unit}.xlsx").write_bytes(drawn)
    return last


def test_a_part_of_the_members_is_not_held_against_all_of_last_years(place: Options) -> None:
    held_last_year(place)
    summary(place)
    assert "与上年持平" in page(place, "东示县人民政府")
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").unlink()
    outcome = summary(place)
    assert [code for code in codes(outcome, "东示县人民政府") if code.startswith("Y")] == []
    assert "与上年持平" not in page(place, "东示县人民政府")


def test_last_year_is_the_sum_of_last_years_members_and_a_change_among_them_explains(place: Options) -> None:
    last = held_last_year(place)
    outcome = summary(place)
    found = findings(outcome, "东示县人民政府")
    carried = next(one for one in found if one.code == "Y401")
    assert carried.severity == "correct"
    assert "上年结转下年度为 2 件" in carried.message
    (last / "东示县水利局.xlsx").unlink()
    assert "Y401" not in codes(summary(place), "东示县人民政府")
    units = UNITS.replace(
        "D2,东示县水利局,,department,county,D,,,,,", "D2,东示县水利局,,department,county,D,,2024,,,"
    )
    (place.inputs / "units.csv").write_text(units, encoding="utf-8")
    later = findings(summary(place), "东示县人民政府")
    explained = next(one for one in later if one.code == "Y401")
    assert explained.severity == "explain"
    assert "成员与上年不同：新增东示县水利局" in explained.message


# --- the command line ------------------------------------------------------------------------------------------


def ran(options: Options, *more: str) -> int:
    words = [
        "summary",
        "--inputs",
        str(options.inputs),
        "--outputs",
        str(options.outputs),
        "--formats",
        "html,json",
    ]
    return main([*words, "--jobs", "1", "--quiet", *more])


def test_json_is_one_document_of_units_and_findings(
    place: Options, capfd: pytest.CaptureFixture[str]
) -> None:
    assert ran(place, "--json") == 0
    said = json.loads(capfd.readouterr().out)
    assert sorted(said) == ["findings", "units"]
    assert {one["unit"]: one["state"] for one in said["units"]} == dict.fromkeys(
        ("甲山市人民政府", "东示县人民政府", "南示县人民政府"), "built"
    )
    assert "汇总/东示县人民政府/facts.json" in said["units"][0]["files"] + said["units"][1]["files"]


def test_a_place_is_chosen_by_name_and_the_others_stay_on_record(
    place: Options, capfd: pytest.CaptureFixture[str]
) -> None:
    summary(place)
    assert ran(place, "--unit", "东示县人民政府", "--json") == 0
    assert [one["unit"] for one in json.loads(capfd.readouterr().out)["units"]] == ["东示县人民政府"]
    manifest = json.loads((place.outputs / str(YEAR) / "manifest.json").read_text(encoding="utf-8"))
    assert len(manifest["summary"]) == 5
    assert ran(place, "--unit", "东示人民政府") == 2
    assert "是否应为“东示县人民政府”" in capfd.readouterr().err
    assert ran(place, "--unit", "东示县教育局") == 2
    assert "“东示县教育局”不是有所属单位的政府" in capfd.readouterr().err


def test_build_leaves_aggregates_to_summary_and_says_so(
    place: Options, capfd: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--inputs",
        str(place.inputs),
        "--outputs",
        str(place.outputs),
        "--formats",
        "json",
        "--jobs",
        "1",
    ]
    assert main(["build", "--quiet", *words]) == 0
    said = capfd.readouterr().out
    assert "由 summary 使用：东示县人民政府.xlsx" in said
    assert not (place.outputs / str(YEAR) / "东示县人民政府").exists()
    assert main(["build", "--unit", "东示县人民政府", *words]) == 2
    assert "请用 report-builder summary --unit 东示县人民政府" in capfd.readouterr().err


def test_without_a_tree_there_is_the_table_alone(place: Options) -> None:
    (place.inputs / "units.csv").unlink()
    outcome = summary(place)
    assert outcome.results == ()
    back = pd.read_parquet(io.BytesIO((outcome.folder / "汇总" / "汇总表.parquet").read_bytes()))
    assert set(OWN) <= set(back["unit"])


# --- real figures ----------------------------------------------------------------------------------------------


BUREAUS = ("pingtan_approval_bureau", "pingtan_finance_bureau", "pingtan_transport_bureau")


def published(tmp_path: Path, settings: str) -> pipeline.Outcome:
    """A real zone's aggregate of 2023 with three of its bureaus, under names of our own."""
    year = tmp_path / "in" / "2023"
    year.mkdir(parents=True)
    rows = "Z,示例区人民政府,,government,city,,,,,,\n" + "".join(
        f"Z{at},{name},,department,city,Z,,,,,\n" for at, name in enumerate((*BUREAUS, "示例其他局"))
    )
    (tmp_path / "in" / "units.csv").write_text(UNITS.splitlines()[0] + "\n" + rows, encoding="utf-8")
    (tmp_path / "in" / "settings.toml").write_text(settings, encoding="utf-8")
    for body, name in (("pingtan_zone", "示例区人民政府"), *((one, one) for one in BUREAUS)):
        ret = return_of(
            FORMAT, published_cells(DATA / "published" / f"{body}_2023.json", FORMAT), 2023, unit=name
        )
        data = blank.draw(FORMAT, SPEC.workbook, blank.Filling(2023, filled=ret))
        (year / f"{name}.xlsx").write_bytes(data)
    return summary(Options(inputs=tmp_path / "in", outputs=tmp_path / "out", jobs=1, formats=("json",)))


def test_real_members_do_not_exceed_a_real_aggregate_but_for_rounding(tmp_path: Path) -> None:
    found = codes(published(tmp_path, ""), "示例区人民政府")
    assert "A801" not in found
    assert "A802" in found


def test_without_a_tolerance_a_real_fee_rounded_up_at_the_member_is_found(tmp_path: Path) -> None:
    outcome = published(tmp_path, "[thresholds]\nA801 = 0\n")
    (found,) = [one for one in outcome.findings if one.code == "A801"]
    assert found.cells == ("proactive.fees.amount",)
    assert "汇总填 5949.088667" in found.message
    assert "5949.09，相差 0.001333" in found.message


# --- beside build ----------------------------------------------------------------------------------------------


def log_of(options: Options) -> list[str]:
    text = (options.outputs / str(YEAR) / "run.log").read_text(encoding="utf-8")
    return sorted(line.partition("\t")[0] for line in text.splitlines())


def test_the_log_holds_a_line_for_every_unit_and_every_aggregate_whoever_ran_last(place: Options) -> None:
    governments = [f"{one}（汇总）" for one in ("甲山市人民政府", "东示县人民政府", "南示县人民政府")]
    for run in (pipeline.build, summary, summary, pipeline.build):
        run(place)
    assert log_of(place) == sorted([*OWN, *governments])


def test_what_build_saw_as_a_whole_is_not_forgotten_by_summary(place: Options) -> None:
    pipeline.build(place)

    def seen() -> str:
        text = (place.outputs / str(YEAR) / "manifest.json").read_text(encoding="utf-8")
        return str(json.loads(text)["inputs"])

    before = seen()
    assert before
    summary(place)
    summary(replace(place, units=("东示县人民政府",)))
    assert seen() == before


LAW_ELSEWHERE = 'spec_dir = "../law"\n'
SCORE = Path(spec.__file__).with_name("score.toml").read_text(encoding="utf-8")
CHANGES: dict[str, Callable[[Options], object]] = {
    "empty_folder": lambda place: (place.inputs / str(YEAR) / "南示县财政局").mkdir(),
    "circular": lambda place: (place.outputs / str(YEAR) / "汇总" / "雷同通报.xlsx").write_bytes(b""),
    "law_elsewhere": lambda place: (place.inputs.parent / "law" / "score.toml").write_text(
        SCORE.replace("least_group = 3", "least_group = 4"), encoding="utf-8"
    ),
    "input": lambda place: (place.inputs / str(YEAR) / "东示县水利局.xlsx").unlink(),
    "last_year": held_last_year,
    "register": lambda place: (place.inputs / "units.csv").write_text(f"{UNITS}\n", encoding="utf-8"),
    "setting": lambda place: (place.inputs / "settings.toml").write_text(
        f"{LAW_ELSEWHERE}[score.timeliness]\npoints = 7\n", encoding="utf-8"
    ),
    "built": pipeline.build,
    "output": lambda place: (place.outputs / str(YEAR) / "汇总" / "总览.html").write_bytes(b""),
    "page_gone": lambda place: (place.outputs / str(YEAR) / "南示县教育局" / "年度报告.html").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_whole_run_saw_is_not_read_again_unless_something_is_otherwise(
    change: str, place: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = place.outputs / str(YEAR) / "南示县教育局" / "年度报告.html"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    (place.inputs.parent / "law").mkdir()
    (place.inputs.parent / "law" / "score.toml").write_text(SCORE, encoding="utf-8")
    (place.inputs / "settings.toml").write_text(LAW_ELSEWHERE, encoding="utf-8")
    first = summary(place)
    before = contents(place.outputs)

    def read(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as watched:
        watched.setattr("report_builder.pipeline.gathering.collected", read)
        again = summary(place)
        assert set(states(again).values()) == {"unchanged"}
        assert (again.findings, again.unused, again.notes) == (first.findings, first.unused, first.notes)
        assert contents(place.outputs) == before
        for other in (replace(place, force=True), replace(place, units=("东示县人民政府",))):
            with pytest.raises(AssertionError):
                summary(other)
    CHANGES[change](place)
    _spec.cache_clear()
    monkeypatch.setattr("report_builder.pipeline.gathering.collected", read)
    with pytest.raises(AssertionError):
        summary(place)


def test_summary_says_what_build_has_still_to_do(place: Options) -> None:
    assert [note for note in summary(place).notes if note.startswith("5 个单位的报告还没有生成")]
    pipeline.build(place)
    assert not [note for note in summary(place).notes if "请运行 build" in note]
    (place.inputs / str(YEAR) / "东示县水利局.xlsx").write_bytes(workbook("东示县水利局", cells_of(8)))
    assert [note for note in summary(place).notes if note.startswith("1 个单位的报告还没有生成")]
