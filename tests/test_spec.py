"""The law as data holds to the facts of the notices."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import DATA

from report_builder.errors import SpecError
from report_builder.spec import Format, Spec, load_spec
from report_builder.spec.load import HERE
from report_builder.validate import hold_rules

CELLS = {"2019": (22, 161, 15), "2021": (10, 175, 15)}


def law(fmt: Format) -> dict[str, Any]:
    """The facts of the notice for ``fmt``."""
    facts: dict[str, Any] = json.loads((DATA / "law" / f"format-{fmt.id}.json").read_text(encoding="utf-8"))
    return facts


def test_every_fact_of_the_notices_stands_in_the_format_files(spec: Spec) -> None:
    for fmt in spec.formats:
        facts = law(fmt)
        assert (fmt.document, fmt.title, fmt.issued.isoformat()) == (
            facts["document"],
            facts["title"],
            facts["issued"],
        )
        assert (fmt.first_report_year, fmt.last_report_year) == (
            facts["first_report_year"],
            facts["last_report_year"],
        )
        assert [section.title for section in fmt.sections] == facts["sections"]
        assert list(fmt.section(1).aspects) == facts["overview_aspects"]
        assert fmt.section(1).max_characters == facts["overview_max_characters"]
        for number, also in facts.get("section_headings_also_seen", {}).items():
            assert set(also) <= set(fmt.section(int(number)).also)


def test_every_table_has_the_cells_the_notice_prints(spec: Spec) -> None:
    for fmt in spec.formats:
        assert tuple(len(table.slots) for table in fmt.tables) == CELLS[fmt.id]


def test_bands_are_those_of_the_notice(spec: Spec) -> None:
    for fmt in spec.formats:
        table, facts = fmt.table("proactive"), law(fmt)["tables"][0]
        assert table.column_count == facts["grid_columns"]
        for band, fact in zip(table.bands, facts["bands"], strict=True):
            assert (band.title, band.row_heading) == (fact["title"], fact["row_heading"])
            assert [(r.key, r.label) for r in band.rows] == [(r["key"], r["label"]) for r in fact["rows"]]
            said = [(c.key, c.label, c.span) for c in band.columns]
            assert said == [(c["key"], c["label"], c.get("span", 1)) for c in fact["columns"]]
            for column, c in zip(band.columns, fact["columns"], strict=True):
                kinds = {
                    "count": "non-negative integer",
                    "change": "integer, may",
                    "amount": "non-negative decimal",
                }
                assert c["value"].startswith(kinds[str(column.value)])


def test_requests_table_is_that_of_the_notice(spec: Spec) -> None:
    for fmt in spec.formats:
        table, facts = fmt.table("requests"), law(fmt)["tables"][1]
        band = table.bands[0]
        assert (table.corner, table.columns_heading) == (facts["corner"], facts["columns_heading"])
        assert (table.column_count, table.header_rows) == (facts["grid_columns"], facts["header_rows"])
        assert [(c.key, c.label, c.group or None) for c in band.columns] == [
            (c["key"], c["label"], c["group"]) for c in facts["columns"]
        ]
        assert [(r.key, r.label, list(r.group)) for r in band.rows] == [
            (r["key"], r["label"], r["group"]) for r in facts["rows"]
        ]
        placed = {p.text: p for p in table.layout if p.role in {"head", "corner"}}
        assert [placed[table.corner].row_span, placed[table.corner].column_span] == facts["corner_span"]
        for column in facts["columns"]:
            assert placed[column["label"]].row_span == column["row_span"]
        stubs = {p.row: p for p in table.layout if p.role == "stub" and p.column + p.column_span == 3}
        for offset, row in enumerate(facts["rows"], facts["header_rows"]):
            assert (stubs[offset].text, stubs[offset].column_span) == (row["label"], row["label_columns"])


def test_disputes_header_is_that_of_the_notice(spec: Spec) -> None:
    for fmt in spec.formats:
        table, facts = fmt.table("disputes"), law(fmt)["tables"][2]
        assert (table.column_count, table.header_rows) == (facts["grid_columns"], facts["header_rows"])
        for at, cells in enumerate(facts["header"]):
            said = [
                p for p in sorted(table.layout, key=lambda p: p.column) if p.row == at and p.role == "head"
            ]
            assert [(p.text, p.column_span, p.row_span) for p in said] == [
                (cell["label"], cell.get("span", 1), cell.get("row_span", 1)) for cell in cells
            ]


def test_layout_covers_every_place_once(spec: Spec) -> None:
    for fmt in spec.formats:
        for table in fmt.tables:
            places = [
                (row, column)
                for p in table.layout
                for row in range(p.row, p.row + p.row_span)
                for column in range(p.column, p.column + p.column_span)
            ]
            assert len(places) == len(set(places)) == table.row_count * table.column_count


def test_exactly_one_format_governs_each_report_year(spec: Spec) -> None:
    for fmt in spec.formats:
        for year in range(fmt.first_report_year, (fmt.last_report_year or 2060) + 1):
            assert spec.format_for(year) is fmt
    assert spec.format_for(spec.formats[0].first_report_year - 1) is None
    assert all(one.first_report_year < two.first_report_year for one, two in pairwise(spec.formats))


def test_concordance_names_cells_of_its_formats(spec: Spec) -> None:
    older, newer = spec.formats[:2]
    assert spec.not_comparable(older, newer, "proactive.licences.decisions")
    assert not spec.not_comparable(older, newer, "requests.received.total")
    assert not spec.not_comparable(newer, newer, "proactive.licences.decisions")
    for concord in spec.concordance:
        for row in concord.into:
            assert any(key.startswith(row + ".") for key in newer.slots)


def test_no_python_file_holds_the_law() -> None:
    labels = {"自然人", "商业企业", "予以公开", "行政许可", "第二十条", "国办公开办函"}
    for path in HERE.parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        code = "\n".join(line.partition("#")[0] for line in text.split('"""')[::2] if line)
        assert not {label for label in labels if label in code}, path


BROKEN_LEXICONS = {
    "unknown_measure": (
        'readings = [["carried_in"]]',
        'readings = [["caried_in"]]',
        "concepts“carried_in”用到的“caried_in”没有定义，是否应为“carried_in”？",
    ),
    "unknown_topic": ('topic = "disputes"', 'topic = "dispute"', "“dispute”没有定义，是否应为“disputes”？"),
    "unknown_concept": ('within = ["litigation", ', 'within = ["litigations", ', "是否应为“litigation”？"),
    "unknown_year": (
        '"{last}年结转"',
        '"{lst}年结转"',
        "“{lst}年结转”里的 {lst} 没有内容可填，是否应为“last”？",
    ),
    "empty_word": ('fillers = ["', 'fillers = ["", "', "“”是空的"),
    "unknown_list": ('fillers = ["', 'filler = ["', "没有“filler”这一项，是否应为“fillers”？"),
}


@pytest.mark.parametrize("case", BROKEN_LEXICONS)
def test_a_broken_lexicon_is_named(case: str, tmp_path: Path) -> None:
    right, wrong, words = BROKEN_LEXICONS[case]
    text = (HERE / "lexicon.toml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "lexicon.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(SpecError) as fault:
        load_spec(tmp_path)
    assert "lexicon.toml" in str(fault.value)
    assert words in str(fault.value)


def test_a_rule_on_sentences_names_concepts_of_the_lexicon(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    text = (HERE / "rules" / "T701.toml").read_text(encoding="utf-8")
    (tmp_path / "rules" / "T701.toml").write_text(text.replace('"handled"', '"handed"'), encoding="utf-8")
    with pytest.raises(SpecError, match=r"T701\.toml.*是否应为“handled”"):
        hold_rules(load_spec(tmp_path))
