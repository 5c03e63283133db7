"""The lead office's circular: who repeats what, what is asked, what was mended since, and the workbook that says so."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from conftest import return_of
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import FIELDS, RIVERS, SCHOOLS, Base, other_numbers, reworded

from report_builder.compare import Basis, compare
from report_builder.compare import as_json as compare_as_json
from report_builder.errors import UnreadableError
from report_builder.history import Held, text_of
from report_builder.model import Section, Settings, Severity
from report_builder.repetition import (
    Circular,
    Outcome,
    Pair,
    Rates,
    Report,
    Run,
    as_json,
    case_from,
    case_of,
    circular,
    followed,
    mark,
    replies,
    workbook,
)
from report_builder.similarity import shared
from report_builder.spec import load_spec

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SPEC = load_spec()
FMT = SPEC.formats[-1]
YEAR = FMT.first_report_year + 3
PLACE = Settings(place="甲山市", lead_office="甲山市人民政府办公室")
DEADLINE = dt.date(YEAR + 1, 3, 31)
COPIER = "甲山市体育局"
HEAD = "单位"


def held(unit: str, base: Base, year: int = YEAR, day: str = "", change: Any = str) -> Held:
    """A unit's report with the text of a base."""
    sections = tuple(
        Section(one.number, one.title, tuple(map(change, base.sections.get(one.number, ()))))
        for one in FMT.sections
    )
    about = {"published_on": day} if day else {}
    return Held(return_of(FMT, year=year, unit=unit, sections=sections, about=about), FMT)


REPORTS = {
    "self": held(SCHOOLS.unit, SCHOOLS, day=f"{YEAR + 1}-01-10", change=other_numbers),
    "copier": held(COPIER, SCHOOLS, day=f"{YEAR + 1}-01-20"),
    "honest": held(RIVERS.unit, RIVERS),
}
BEFORE = {
    "self": held(SCHOOLS.unit, SCHOOLS, YEAR - 1),
    "copier": held(COPIER, FIELDS, YEAR - 1),
    "honest": held(RIVERS.unit, FIELDS, YEAR - 1),
}
NAMES = tuple(sorted((SCHOOLS.unit, COPIER, RIVERS.unit, PLACE.place)))
BASIS = Basis(SPEC, PLACE, NAMES)
OWN: Pair = (SCHOOLS.unit, Report(SCHOOLS.unit, YEAR - 1))
FROM_LAST: Pair = (COPIER, Report(SCHOOLS.unit, YEAR - 1))
ASKED = {OWN: Severity.CORRECT, FROM_LAST: Severity.EXPLAIN}


def run(
    now: Mapping[str, Held] = REPORTS,
    asked: Mapping[Pair, Severity] = ASKED,
    not_compared: Mapping[str, str] | None = None,
    replies: Mapping[str, str] | None = None,
) -> Run:
    """Each unit against its last year, and all of them among themselves."""
    own = [case_of(compare(one, BEFORE[key], BASIS)) for key, one in now.items()]
    texts = [text_of(one, SPEC, NAMES) for one in (*now.values(), *BEFORE.values())]
    known = {Report(text.unit, text.report_year): text for text in texts}
    found = shared(texts, BASIS.wording, YEAR)
    return Run(YEAR, own, found, known, asked, not_compared or {}, replies or {})


def told(of: Run | None = None, before: Circular | None = None) -> Circular:
    """The circular of a run, after that of an earlier one; the document between them goes through JSON."""
    held_before = followed(json.dumps(as_json(before), ensure_ascii=False), YEAR) if before else ()
    return circular(of or run(), SPEC.statutory, held_before, DEADLINE)


FOUND = told()


def test_each_unit_stands_against_its_last_year_and_the_report_it_is_nearest_to() -> None:
    cases = {case.pair: case for case in FOUND.cases}
    years = [(unit, Report(unit, YEAR - 1)) for unit in (COPIER, RIVERS.unit)]
    assert set(cases) == {OWN, FROM_LAST, *years}
    assert cases[OWN].rates.loose == 1
    assert cases[FROM_LAST].rates == Rates(Decimal(1), Decimal(1))
    assert cases[RIVERS.unit, Report(RIVERS.unit, YEAR - 1)].repeated == 0


def test_those_who_must_mend_stand_first() -> None:
    assert [case.asked for case in FOUND.cases[:2]] == [Severity.CORRECT, Severity.EXPLAIN]
    assert {case.asked for case in FOUND.cases[2:]} == {None}
    rest = [case.rates.rank for case in FOUND.cases[2:]]
    assert rest == sorted(rest, reverse=True)


def test_the_worst_passages_are_the_longest() -> None:
    case = next(case for case in FOUND.cases if case.pair == OWN)
    found = compare(REPORTS["self"], BEFORE["self"], BASIS).passages
    assert case.repeated == len(found) > 3
    assert sorted(one.characters for one in found)[-3:] == [one.characters for one in case.worst][::-1]


def test_a_cluster_names_its_source_and_its_copies() -> None:
    group = next(one for one in FOUND.groups if COPIER in {copy.report.unit for copy in one.copies})
    assert group.source == Report(SCHOOLS.unit, YEAR - 1)
    copy = next(one for one in group.copies if one.report.unit == COPIER)
    assert copy.nearest == group.source
    assert copy.shared == 1


def test_the_document_holds_all_of_it() -> None:
    said = json.loads(json.dumps(as_json(FOUND), ensure_ascii=False))
    assert list(said) == [
        "schema", "report_year", "deadline", "units", "clusters", "pairs", "followed", "not_compared",
    ]  # fmt: skip
    first = said["units"][0]
    assert first["against"] == {"unit": SCHOOLS.unit, "report_year": YEAR - 1}
    assert (first["asked"], first["loose"]) == ("correct", 1.0)
    assert said["deadline"] == f"{YEAR + 1}-03-31"
    assert set(first["passages"][0]) == {"section", "kind", "text", "earlier", "years_running", "characters"}
    assert {one["unit"] for one in said["followed"]} == {SCHOOLS.unit, COPIER}
    assert said["pairs"]


def test_what_is_read_back_from_a_comparison_is_what_was_made_of_it() -> None:
    for key, one in REPORTS.items():
        comparison = compare(one, BEFORE[key], BASIS)
        assert case_from(json.dumps(compare_as_json(comparison))) == case_of(comparison)


def test_a_copy_carries_the_gravest_that_is_asked_of_the_unit() -> None:
    of_this_year = {(COPIER, Report(SCHOOLS.unit, YEAR)): Severity.CORRECT}
    case = next(case for case in told(run(asked=ASKED | of_this_year)).cases if case.unit == COPIER)
    assert (case.against, case.asked) == (FROM_LAST[1], Severity.CORRECT)
    alone = next(case for case in told(run(asked=of_this_year)).cases if case.unit == COPIER)
    assert alone.asked is Severity.CORRECT


def test_nobody_who_is_asked_is_left_out_though_others_copied_from_it() -> None:
    pair = (SCHOOLS.unit, Report(COPIER, YEAR))
    less = (SCHOOLS.unit, Report(RIVERS.unit, YEAR))
    found = told(run(asked={less: Severity.CORRECT, pair: Severity.CORRECT}))
    cases = {case.pair: case for case in found.cases if case.asked}
    assert set(cases) == {pair}
    assert cases[pair].rates.loose == 1
    assert outcome(found, pair)[0] is Outcome.UNCHANGED


# What became of it


def test_a_run_on_the_same_inputs_says_the_same() -> None:
    again = told(before=FOUND)
    assert as_json(again) == as_json(FOUND)
    assert workbook(again, SPEC, PLACE) == workbook(FOUND, SPEC, PLACE)
    assert {one.outcome for one in FOUND.followed} == {Outcome.UNCHANGED}


def outcome(found: Circular, pair: Pair) -> tuple[Outcome, Decimal | None]:
    one = next(one for one in found.followed if (one.unit, one.against) == pair)
    return one.outcome, one.now.loose if one.now else None


def test_what_was_mended_is_told_with_both_rates_and_stays_told() -> None:
    mended = run({**REPORTS, "self": held(SCHOOLS.unit, RIVERS)}, {FROM_LAST: Severity.EXPLAIN})
    found = told(mended, FOUND)
    what, rate = outcome(found, OWN)
    assert what is Outcome.MENDED
    assert rate is not None
    assert rate < Decimal("0.2")
    kept = next(one for one in found.followed if (one.unit, one.against) == OWN)
    assert kept.before.loose == 1
    assert as_json(told(mended, found)) == as_json(found)


def test_a_copy_that_is_gone_from_the_list_is_mended_only_where_both_were_compared() -> None:
    own_words = {**REPORTS, "copier": held(COPIER, RIVERS)}
    gone = run(own_words, {OWN: Severity.CORRECT})
    assert outcome(told(gone, FOUND), FROM_LAST) == (Outcome.MENDED, None)
    texts = {report: text for report, text in gone.texts.items() if report != Report(COPIER, YEAR)}
    absent = replace(gone, texts=texts)
    assert outcome(told(absent, FOUND), FROM_LAST) == (Outcome.ABSENT, None)


def test_a_new_source_mends_nothing() -> None:
    other = (COPIER, Report(RIVERS.unit, YEAR))
    moved = run(
        {
            **REPORTS,
            "copier": held(COPIER, RIVERS, day=f"{YEAR + 1}-01-20"),
            "honest": held(RIVERS.unit, RIVERS, day=f"{YEAR + 1}-01-02"),
        },
        {OWN: Severity.CORRECT, other: Severity.EXPLAIN},
    )
    found = told(moved, FOUND)
    assert outcome(found, FROM_LAST) == (Outcome.ELSEWHERE, None)
    assert outcome(found, other)[0] is Outcome.UNCHANGED


def test_a_source_that_is_no_longer_the_nearest_keeps_its_rates() -> None:
    both = Base(COPIER, {1: RIVERS.sections[1], 5: (*RIVERS.sections[5], *SCHOOLS.sections[5])}, ())
    other = (COPIER, Report(RIVERS.unit, YEAR))
    reports = {
        **REPORTS,
        "copier": held(COPIER, both, day=f"{YEAR + 1}-01-20"),
        "honest": held(RIVERS.unit, RIVERS, day=f"{YEAR + 1}-01-02"),
    }
    found = told(run(reports, {OWN: Severity.CORRECT, other: Severity.EXPLAIN}), FOUND)
    assert other in {case.pair for case in found.cases}
    what, share = outcome(found, FROM_LAST)
    assert what is Outcome.LOWER
    assert share is not None
    assert 0 < share < Decimal("0.5")


def test_less_and_more_are_told_apart() -> None:
    text = reworded(SCHOOLS)
    partly = Base(SCHOOLS.unit, {one.number: one.paragraphs for one in text.sections}, ())
    lower = told(run({**REPORTS, "self": held(SCHOOLS.unit, partly)}), FOUND)
    assert outcome(lower, OWN)[0] is Outcome.LOWER
    first = told(run({**REPORTS, "self": held(SCHOOLS.unit, partly)}))
    assert outcome(told(before=first), OWN)[0] is Outcome.HIGHER


rate = st.one_of(st.none(), st.decimals(0, 1, places=4))


@given(st.builds(Rates, rate, rate), st.sampled_from(Severity), st.sampled_from(Outcome))
def test_what_is_followed_comes_back_from_the_document(
    rates: Rates, asked: Severity, became: Outcome
) -> None:
    one = replace(FOUND.followed[0], before=rates, asked=asked, outcome=became, now=rates)
    kept = replace(FOUND, cases=(), groups=(), matches=(), followed=(one, replace(one, now=None)))
    text = json.dumps(as_json(kept), ensure_ascii=False)
    assert followed(text, YEAR) == kept.followed
    assert followed(text, YEAR + 1) == ()


@pytest.mark.parametrize("text", ["", "[]", '{"report_year": 1}', "{}"])
def test_another_document_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        followed(text, 1)


# The workbook


def sheets(found: Circular) -> dict[str, Worksheet]:
    book = openpyxl.load_workbook(io.BytesIO(workbook(found, SPEC, PLACE)))
    return {sheet.title: sheet for sheet in book if sheet.sheet_state == "visible"}


def rows(sheet: Worksheet) -> list[dict[str, Any]]:
    """The rows of a table by its heads, which stand in the row that print repeats."""
    head = int(sheet.print_title_rows.rpartition("$")[2])
    heads = [cell.value for cell in sheet[head]]
    return [
        dict(zip(heads, (cell.value for cell in row), strict=True))
        for row in sheet.iter_rows(min_row=head + 1)
    ]


def test_the_circular_lists_every_case_with_an_open_cell_for_the_reply() -> None:
    sheet = sheets(FOUND)["雷同通报"]
    found = rows(sheet)
    terms = SPEC.terms
    assert [row["单位"] for row in found] == [case.unit for case in FOUND.cases]
    first, second = found[:2]
    assert first["对照报告"] == f"本单位{YEAR - 1}年报告"
    assert second["对照报告"] == f"{SCHOOLS.unit}{YEAR - 1}年报告"
    assert (first["处理意见"], second["处理意见"], found[2]["处理意见"]) == ("更正", "说明", "—")
    assert first[terms["loose"]] == 1
    assert first["整改期限"] == dt.datetime(YEAR + 1, 3, 31)  # noqa: DTZ001 - what openpyxl gives for a day
    assert found[2]["整改期限"] is None
    assert terms["numbers_only"] in first["重复较多的段落"]
    assert "连续2年" in first["重复较多的段落"]
    assert "连续" not in second["重复较多的段落"]
    open_cells = [
        row[-2].protection.locked for row in sheet.iter_rows(min_row=sheet.max_row - len(found) + 1)
    ]
    assert open_cells == [case.asked is None for case in FOUND.cases]
    said = " ".join(str(cell.value) for row in sheet.iter_rows(max_row=5) for cell in row)
    assert terms["strict_definition"] in said
    assert terms["loose_definition"] in said
    assert f"{YEAR + 1}年3月31日" in said
    assert PLACE.lead_office in said


def test_clusters_and_what_became_of_cases_have_sheets_of_their_own() -> None:
    found = sheets(
        told(run({**REPORTS, "self": held(SCHOOLS.unit, RIVERS)}, {FROM_LAST: Severity.EXPLAIN}), FOUND)
    )
    clusters = rows(found["相互雷同"])
    copy = next(row for row in clusters if row["单位"] == COPIER)
    assert copy[SPEC.terms["likely_source"]] == f"{SCHOOLS.unit}{YEAR - 1}年报告"
    assert copy[SPEC.terms["shared"]] == 1
    became = {row["单位"]: row for row in rows(found["整改跟踪"])}
    assert became[SCHOOLS.unit]["结果"] == "已整改"
    assert became[SCHOOLS.unit][f"首次{SPEC.terms['loose']}"] == 1
    assert became[SCHOOLS.unit][f"现在{SPEC.terms['loose']}"] < 0.2
    assert became[COPIER]["结果"] == "尚无变化"


# What came back


def typed(found: Circular, said: Mapping[Pair, str]) -> bytes:
    """The circular with replies written into it."""
    book = openpyxl.load_workbook(io.BytesIO(workbook(found, SPEC, PLACE)))
    sheet = book["雷同通报"]
    marks = {mark(pair, YEAR): text for pair, text in said.items()}
    for row in sheet.iter_rows():
        if row[-1].value in marks:
            row[-2].value = marks[row[-1].value]
            row[-2].data_type = "s"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


written = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=40)


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from([OWN, FROM_LAST]), written))
def test_replies_come_back_from_the_workbook_and_stand_in_the_next(said: Mapping[Pair, str]) -> None:
    read = replies(typed(FOUND, said))
    assert read == {mark(pair, YEAR): text for pair, text in said.items()}
    again = told(run(replies=read), FOUND)
    assert again.replies == said
    assert replies(workbook(again, SPEC, PLACE)) == read


def test_a_reply_stays_beside_what_was_mended() -> None:
    of_another_year = mark((SCHOOLS.unit, Report(SCHOOLS.unit, YEAR - 1)), YEAR - 1)
    said = {mark(OWN, YEAR): "已改写第五部分", of_another_year: "去年的回复"}
    mended = run({**REPORTS, "self": held(SCHOOLS.unit, RIVERS)}, {FROM_LAST: Severity.EXPLAIN}, replies=said)
    found = told(mended, FOUND)
    assert found.replies == {OWN: "已改写第五部分"}
    became = {row["单位"]: row for row in rows(sheets(found)["整改跟踪"])}
    assert (became[SCHOOLS.unit]["结果"], became[SCHOOLS.unit]["整改回复"]) == ("已整改", "已改写第五部分")
    assert became[COPIER]["整改回复"] is None
    followed_on = {one["unit"]: one for one in as_json(found)["followed"]}
    assert followed_on[SCHOOLS.unit]["reply"] == "已改写第五部分"
    assert "reply" not in followed_on[COPIER]


@pytest.mark.parametrize("unlike", [b"", b"PK\x03\x04broken", "sheet"])
def test_what_is_no_circular_has_no_replies(unlike: bytes | str) -> None:
    stream = io.BytesIO()
    openpyxl.Workbook().save(stream)
    with pytest.raises(UnreadableError):
        replies(unlike if isinstance(unlike, bytes) else stream.getvalue())


def test_units_that_were_not_compared_are_named() -> None:
    found = sheets(told(run(not_compared={"甲山市水务局": "没有以前年度的报告"})))["说明"]
    values = [[cell.value for cell in row] for row in found.iter_rows()]
    assert ["甲山市水务局", "没有以前年度的报告"] in values


def test_every_table_prints_on_a4_across_with_its_header_on_every_page() -> None:
    for name, sheet in sheets(FOUND).items():
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in {None, 1}
        if name != "说明":
            head = int(sheet.print_title_rows.rpartition("$")[2])
            assert HEAD in [cell.value for cell in sheet[head]]
            assert sheet.auto_filter.ref.startswith(f"A{head}:")


def test_nothing_found_is_said() -> None:
    empty = circular(Run(YEAR, (), shared((), SPEC.statutory, YEAR)), SPEC.statutory)
    for name, sheet in sheets(empty).items():
        assert any("没有" in str(cell.value) for row in sheet.iter_rows() for cell in row), name
