"""Sentences against tables: measured on labelled sentences, on published reports and on the demonstration."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import MEASURED, REPORTS, published_cells, return_of
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from prose_marks import FOLDER, Marked, format_for, marks, prose_findings, score

from report_builder.collect import Source, read_return
from report_builder.figures import figure
from report_builder.history import Held, History
from report_builder.model import Finding, Return, Section, Settings, Severity, State, Unit
from report_builder.prose import Amount, Level, Parts, Scope, Speaker, read
from report_builder.prose.numerals import arabic, chinese
from report_builder.prose.words import tokens, vocabulary
from report_builder.registry import load_registry
from report_builder.rule_kinds import Case
from report_builder.spec import Spec, load_spec
from report_builder.validate import validate

SPEC = load_spec()
FMT = SPEC.formats[-1]
DEMONSTRATION = Path(__file__).resolve().parents[1] / "data_inputs"
PRECISION, RECALL = 0.98, 0.85


# Labelled sentences ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dev", "held_out", "unseen"])
def test_labelled_sentences_are_judged_as_their_author_judged_them(
    name: str, spec: Spec, record_property: Callable[[str, object], None]
) -> None:
    path = FOLDER / f"{name}.toml"
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    judged = list(marks(path, spec))
    every, traps = score(judged), score([mark for mark in judged if mark.trap])
    false = f"traps: {traps.false} false of {sum(mark.trap for mark in judged)}"
    record_property(MEASURED, f"{name}.toml: {len(judged)} sentences, {every}; {false}")
    assert every.precision >= PRECISION, told(judged)
    assert every.recall >= RECALL, told(judged)


def test_every_manner_of_writing_that_was_thought_of_is_read(spec: Spec) -> None:
    """Examples, so none may fail: they stand for the rules of writing that the grammar holds."""
    assert told(list(marks(FOLDER / "own.toml", spec))) == ""


def told(judged: list[Marked]) -> str:
    """What went wrong, sentence by sentence."""
    wrong = (mark for mark in judged if mark.expected != mark.found)
    return "\n".join(f"{m.id}: expected {dict(m.expected)}, found {dict(m.found)}: {m.text}" for m in wrong)


# Published reports ----------------------------------------------------------------------------------------

# Every finding in them, by report, code and the numbers it names; each was read in the page and found true.
TRUE: dict[tuple[str, str, str], str] = {
    (
        "pingtan_zone_2020",
        "T706",
        "2603 2602条",
    ): "eleven kinds in brackets sum to one more than the total before them",
    ("pingtan_finance_bureau_2021", "T706", "477 510条"): "three parts, thirty-three short of the total",
    (
        "pingtan_finance_bureau_2021",
        "T708",
        "2021",
    ): "what is planned for the year just reported: left from the year before",
    ("pingtan_finance_bureau_2022", "T709", "我委"): "a bureau calls itself a commission, once",
    ("pingtan_zone_2022", "T701", "75件 74件"): "received, and the one carried in, told as received",
    ("pingtan_zone_2023", "T702", "393件 470件"): "documents in force: another number than table two",
    (
        "pingtan_approval_bureau_2024",
        "T703",
        "1起 0件",
    ): "one review, upheld, under a printed total of nought: asked, not blamed",
    ("suqian_city_2024", "T704", "3607 3646"): "39 more of 3607 are 1.08 per cent, not 1.05",
}
ASKED = {("pingtan_approval_bureau_2024", "T703")}


def key_of(stem: str, finding: Finding) -> tuple[str, str, str]:
    """A finding without its sentence: the numbers and names it turns on."""
    names = {
        "T701": "said table",
        "T702": "said table",
        "T703": "said table",
        "T704": "last now",
        "T705": "said share",
    }
    names |= {"T706": "sum said", "T707": "table", "T708": "year", "T709": "name"}
    return stem, finding.code, " ".join(str(finding.facts[name]) for name in names[finding.code].split())


def published_text(stem: str) -> str | None:
    """The prose of a page, without its tables."""
    page = REPORTS / f"{stem}.html"
    if page.exists():
        root = html.fromstring(page.read_text("utf-8"))
        for node in root.xpath("//script|//style|//table|//comment()"):
            node.drop_tree()
        return "".join(root.text_content().split())
    plain = REPORTS / f"{stem}.txt"
    return "".join(plain.read_text("utf-8").split()) if plain.exists() else None


def published_sections(text: str, spec: Spec, year: int) -> Iterator[Section]:
    """The text between the last mention of each heading and the next; what stands before the first is the lead."""
    fmt = format_for(spec, year)
    found = sorted(
        (text.find(title) if section.number == 1 else text.rfind(title), section.number, title)
        for section in fmt.sections
        for title in (section.title, *section.also)
        if title in text
    )
    yield Section(1, fmt.section(1).title, (text[: found[0][0]][-900:],))
    for at, (begin, number, title) in enumerate(found):
        end = found[at + 1][0] if at + 1 < len(found) else len(text)
        yield Section(number, title, (text[begin + len(title) : end],))


def published_return(stem: str, spec: Spec) -> Held | None:
    path, year = REPORTS / f"{stem}.json", int(stem[-4:])
    if not path.exists():
        return None
    fmt = format_for(spec, year)
    cells = {key: figure(value, key) for key, value in published_cells(path, fmt).items()}
    unit = json.loads(path.read_text("utf-8"))["unit"]
    return Held(Return(unit, year, fmt.id, cells, origin=stem, own_headings=True), fmt)


def published_cases(spec: Spec) -> Iterator[tuple[str, Case]]:
    """Every published report of which both text and figures are here, with the year before where that is here."""
    names = frozenset(json.loads(path.read_text("utf-8"))["unit"] for path in REPORTS.glob("*.json"))
    for path in sorted(REPORTS.glob("*.json")):
        text, held = published_text(path.stem), published_return(path.stem, spec)
        if text is None or held is None:
            continue
        year = held.ret.report_year
        ret = replace(held.ret, sections=tuple(published_sections(text, spec, year)))
        last = published_return(f"{path.stem[:-4]}{year - 1}", spec)
        years = (last,) if last is not None else ()
        yield path.stem, Case(ret, held.fmt, spec, Settings(), Unit(ret.unit), History(years), names)


@pytest.mark.skipif(
    not REPORTS.is_dir(), reason="the published reports are not here: their text is not ours to carry"
)
def test_published_reports_are_blamed_for_exactly_what_is_wrong_in_them(spec: Spec) -> None:
    cases = list(published_cases(spec))
    assert len(cases) >= 12
    found = [(key_of(stem, finding), finding) for stem, case in cases for finding in prose_findings(case)]
    assert sorted(key for key, _ in found) == sorted(TRUE)
    for (stem, code, _), finding in found:
        assert (finding.severity is Severity.EXPLAIN) == ((stem, code) in ASKED)
    levels = [claim for _, case in cases for claim in case.claims if isinstance(claim, Level)]
    assert len(levels) >= 50, "silence is no proof: the reader must have read something"


# The demonstration ----------------------------------------------------------------------------------------


def demonstration(spec: Spec) -> Iterator[Case]:
    """Every return of the demonstration, with the year before and all names of the registry."""
    registry = load_registry(DEMONSTRATION)
    names = frozenset(name for unit in registry.units for name in (unit.name, *unit.aliases))
    for path in sorted(DEMONSTRATION.glob("20*/*.xlsx")):
        year = int(path.parent.name)
        ret = read_return(Source(path), spec, year)
        earlier = DEMONSTRATION / str(year - 1) / path.name
        years = tuple(
            Held(last, format_for(spec, year - 1))
            for last in (read_return(Source(one), spec, year - 1) for one in (earlier,) if one.exists())
        )
        unit = registry.find(ret.unit) or Unit(ret.unit)
        yield Case(ret, format_for(spec, year), spec, Settings(), unit, History(years), names)


def test_the_demonstration_is_read_and_nothing_in_it_is_blamed(spec: Spec) -> None:
    cases = list(demonstration(spec))
    assert [(case.ret.unit, finding.message) for case in cases for finding in prose_findings(case)] == []
    assert sum(isinstance(claim, Level) for case in cases for claim in case.claims) >= 80


# Numerals -------------------------------------------------------------------------------------------------

DIGITS = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """A number as it is written out, our own small writer."""
    if number == 0:
        return "零"
    parts: list[str] = []
    for name, size in (("亿", 10**8), ("万", 10**4), ("", 1)):
        group, number = divmod(number, size)
        if group:
            gap = bool(parts) and group < 1000
            parts.append(("零" if gap else "") + below_ten_thousand(group) + name)
    return "".join(parts)


def below_ten_thousand(number: int) -> str:
    written, gap = "", False
    for name, size in (("千", 1000), ("百", 100), ("十", 10), ("", 1)):
        digit, number = divmod(number, size)
        if digit:
            written += ("零" if gap and written else "") + DIGITS[digit] + name
            gap = False
        else:
            gap = True
    return written


@given(st.integers(0, 10**9))
def test_every_number_reads_the_same_in_chinese_and_in_digits(number: int) -> None:
    assert (
        chinese(in_chinese(number))
        == arabic(str(number))
        == arabic(f"{number:,}")
        == Amount(Decimal(number), Decimal(1))
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("两", 2),
        ("十", 10),
        ("十一", 11),
        ("二十三", 23),
        ("一百零五", 105),
        ("两千", 2000),
        ("二〇二四", 2024),
        ("一百一十万", 1100000),
    ],
    ids=["two", "ten", "eleven", "23", "105", "2000", "digits", "myriads"],
)
def test_numerals_as_offices_write_them(text: str, value: int) -> None:
    assert chinese(text) == Amount(Decimal(value), Decimal(1))


def test_what_is_no_numeral_is_no_number() -> None:
    assert [chinese(text) for text in ("", "件", "三点", "点三", "甲二")] == [None] * 5
    assert chinese("七点三") == Amount(Decimal("7.3"), Decimal("0.1"))
    assert arabic("1.2", "万") == Amount(Decimal(12000), Decimal(1000))


@given(st.decimals(0, 10**6, places=4), st.integers(0, 3))
def test_a_number_fits_what_it_was_rounded_or_cut_from_and_nothing_a_whole_step_away(
    actual: Decimal, places: int
) -> None:
    step = Decimal(1).scaleb(-places)
    for rounded in (actual.quantize(step, "ROUND_HALF_UP"), actual.quantize(step, "ROUND_DOWN")):
        assert Amount(rounded, step).fits(actual)
        assert not Amount(rounded + 2 * step, step).fits(actual)
        assert not Amount(rounded - 2 * step, step).fits(actual)


# Sentences of our own -------------------------------------------------------------------------------------


def claims_of(text: str, spec: Spec, number: int = 1) -> list[Level]:
    """What a bureau's sentence claims in cases."""
    speaker = Speaker(2024, ("甲山市文化和旅游局",))
    claims = read((Section(number, "", (text,)),), spec.lexicon, speaker)
    return [claim for claim in claims if isinstance(claim, Level)]


@given(
    st.integers(0, 99999),
    st.sampled_from(["{}", "{:,}", "wide", "chinese"]),
    st.sampled_from(["件", "宗", "件次"]),
)
def test_a_number_is_read_however_it_is_printed(number: int, manner: str, unit: str) -> None:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    printed = {"wide": str(number).translate(wide), "chinese": in_chinese(number)}.get(
        manner
    ) or manner.format(number)
    claims = claims_of(f"2024年，我局共新收政府信息公开申请{printed}{unit}，均已登记。", SPEC)
    (claim,) = claims
    assert (int(claim.quantity.value), claim.subject.concepts, claim.scope) == (
        number,
        ("received",),
        Scope.NOW,
    )


@pytest.mark.parametrize("word", ["约", "近", "超过", "不足"])
def test_an_estimate_claims_nothing(word: str, spec: Spec) -> None:
    assert claims_of(f"收到政府信息公开申请{word}80件。", spec) == []
    assert claims_of("收到政府信息公开申请80余件、答复80件以上。", spec) == []


def test_last_years_number_is_read_as_last_years(spec: Spec) -> None:
    claims = claims_of("收到政府信息公开申请12件，较上年的10件增加2件。", spec)
    assert [(int(claim.quantity.value), claim.scope) for claim in claims] == [
        (12, Scope.NOW),
        (10, Scope.LAST),
    ]


@given(st.lists(st.integers(5, 500), min_size=2, max_size=6), st.integers(-3, 3))
def test_a_list_of_parts_is_held_against_its_total(numbers: list[int], slip: int) -> None:
    """Any labels: the sum alone decides, unless it is so far from the total that the list names but some."""
    listed = "、".join(f"第{chr(0x7532)}{DIGITS[at]}类事项{number}条" for at, number in enumerate(numbers))
    text = f"主动公开信息{sum(numbers) + slip}条，其中{listed}。"
    ret = return_of(FMT, sections=(Section(2, FMT.section(2).title, (text,)),))
    codes = [finding.code for finding in prose_findings(Case(ret, FMT, SPEC, Settings()))]
    assert codes == ([] if not slip else ["T706"])


def test_a_finding_says_where_and_both_numbers(spec: Spec) -> None:
    text = ("第一段没有数。", "本年度收到政府信息公开申请12件。")
    ret = return_of(FMT, {"requests.received.total": 11}, sections=(Section(1, FMT.section(1).title, text),))
    (finding,) = prose_findings(Case(ret, FMT, spec, Settings()))
    assert finding.where == "示例局.xlsx·文字材料·一、总体情况第2段"
    assert finding.cells == ("requests.received.total",)
    assert "12件" in finding.message
    assert "11件" in finding.message


def test_no_text_is_not_judged_and_a_year_not_held_is_said_to_be_lacking(spec: Spec) -> None:
    silent = validate(Case(return_of(FMT, sections=()), FMT, spec, Settings()))[1]
    assert {run.state for run in silent if run.code.startswith("T7")} == {State.NOT_APPLICABLE}
    text = Section(1, FMT.section(1).title, ("收到申请12件，同比增长20%。",))
    ret = return_of(FMT, {"requests.received.total": 12}, sections=(text,))
    runs = {run.code: run.state for run in validate(Case(ret, FMT, spec, Settings()))[1]}
    assert (runs["T701"], runs["T704"]) == (State.HELD, State.INSUFFICIENT_DATA)


def test_parts_know_what_they_count(spec: Spec) -> None:
    speaker = Speaker(2024, ("甲山市文化和旅游局",))
    section = Section(3, "", ("办结申请12件，其中予以公开7件、部分公开5件。",))
    (parts,) = [claim for claim in read((section,), spec.lexicon, speaker) if isinstance(claim, Parts)]
    assert [part.subject.concepts for part in parts.runs[-1] if part.subject] == [
        ("granted",),
        ("partly_granted",),
    ]


PIECES = [
    *[
        "2024年",
        "2023年",
        "上年",
        "2022年至2024年",
        "截至2024年12月31日",
        "我局",
        "全市",
        "其中",
        "分别",
        "分别为",
        "等",
        "均",
        "未",
    ],
    *[
        "政府信息公开申请",
        "12345热线",
        "收到",
        "办结",
        "予以公开",
        "自然人",
        "行政复议",
        "行政诉讼",
        "结转下年度",
        "占",
        "同比",
        "较上年",
    ],
    *[
        "增长",
        "下降",
        "持平",
        "翻一番",
        "增至",
        "全部办结",
        "均获维持",
        "、",
        "，",
        "；",
        "。",
        "（",
        "）",
        "：",
        "和",
        "各",
        "共计",
        "合计",
    ],
    *[
        "12件",
        "３件",
        "二十三件",
        "1.2万件",
        "件",
        "5",
        "13.9%",
        "百分之五",
        "1.5倍",
        "约8件",
        "万",
        "〔2024〕",
        "《条例》",
        "相比",
    ],
]

TELLING = {"count", "bare", "percent", "times", "none", "all", "against", "same_as_last"}


@given(st.lists(st.sampled_from(PIECES), max_size=25), st.integers(1, 6))
def test_whatever_is_written_is_judged_or_passed_over(pieces: list[str], number: int) -> None:
    section = Section(number, FMT.section(number).title, ("".join(pieces),))
    last = Held(return_of(FMT, year=FMT.first_report_year + 2), FMT)
    ret = return_of(FMT, {"requests.received.total": 3}, FMT.first_report_year + 3, sections=(section,))
    for finding in prose_findings(Case(ret, FMT, SPEC, Settings(), history=History((last,)))):
        assert "{" not in finding.message
        assert finding.where.startswith("示例局.xlsx·文字材料")


@given(st.lists(st.sampled_from(PIECES), max_size=6))
def test_no_sentence_that_tells_of_a_number_is_passed_over(pieces: list[str]) -> None:
    words = vocabulary(SPEC.lexicon, Speaker(2024))
    sentence = "".join(pieces)
    if {token.kind for token in tokens(sentence, words)} & TELLING:
        assert words.telling.search(sentence)


def test_every_word_of_nothing_of_all_and_of_comparison_tells() -> None:
    words = vocabulary(SPEC.lexicon, Speaker(2024))
    told = [word for word, (kind, _) in words.words.items() if kind in TELLING]
    assert told
    assert [word for word in told if not words.telling.search(word)] == []
