"""What repeats is measured and found: on texts of ours changed as copyists do, and on published reports."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from conftest import REPORTS
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import (
    BASES,
    FIELDS,
    RIVERS,
    SCHOOLS,
    Base,
    changed,
    other_numbers,
    reworded,
    shuffled_clauses,
    shuffled_sentences,
    stops_for_commas,
    text_of,
)

from report_builder import archive
from report_builder.errors import SpecError
from report_builder.model import Section
from report_builder.recognise import split_sections
from report_builder.similarity import (
    How,
    Masked,
    Overlap,
    Question,
    Share,
    Shared,
    Text,
    clauses_of,
    many,
    masked,
    overlap,
    passages,
    shared,
    shared_among,
)
from report_builder.spec import Spec, StatutoryWording, load_spec
from report_builder.spec.load import HERE

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
from many_reports import corpus, judged

WORDING = load_spec().statutory
BASE_IDS = ("schools", "rivers", "fields")
bases = pytest.mark.parametrize("base", BASES, ids=BASE_IDS)


def ready(text: Text) -> Masked:
    return masked(text, WORDING)


def loose(now: Text, earlier: Text) -> Decimal:
    ratio = overlap(ready(now), ready(earlier)).loose.ratio
    assert ratio is not None
    return ratio


def one(paragraph: str, unit: str = "甲山市教育局", report_year: int = 2024) -> Text:
    return text_of(unit, {1: (paragraph,)}, report_year)


# --- the two figures ------------------------------------------------------------------------------------------


@bases
def test_base_texts_are_long_enough_to_measure(base: Base) -> None:
    assert sum(len(text) for _, text in base.text.paragraphs) >= 600
    for verb, _ in base.verbs:
        assert any(verb in text for _, text in base.text.paragraphs)


@bases
def test_a_text_against_itself_repeats_wholly(base: Base) -> None:
    same = overlap(ready(base.text), ready(base.text))
    shares = [same.strict, same.loose, *(share for s in same.sections for share in (s.strict, s.loose))]
    assert {share.ratio for share in shares} == {Decimal(1)}
    found = passages(ready(base.text), ready(base.text))
    assert {passage.how for passage in found} == {How.VERBATIM}
    assert [passage.now.text for passage in found] == [text for _, text in base.text.paragraphs]
    assert [passage.now for passage in found] == [passage.earlier[0] for passage in found]


COPIES: dict[str, Callable[[str], str]] = {
    "numbers": other_numbers,
    "sentences": shuffled_sentences,
    "clauses": shuffled_clauses,
    "stops": stops_for_commas,
}


@bases
@pytest.mark.parametrize("change", COPIES)
def test_a_disguised_copy_scores_high(base: Base, change: str) -> None:
    copy = changed(base, COPIES[change])
    assert copy != base.text
    assert loose(copy, base.text) >= Decimal("0.75")
    assert loose(base.text, copy) >= Decimal("0.75")


@bases
def test_a_reworded_copy_scores_high(base: Base) -> None:
    assert loose(reworded(base), base.text) >= Decimal("0.85")


def test_unrelated_texts_score_low() -> None:
    for now, earlier in permutations(BASES, 2):
        assert loose(now.text, earlier.text) <= Decimal("0.1")
        assert not passages(ready(now.text), ready(earlier.text))


def test_numbers_dates_and_names_are_masked() -> None:
    pairs = [
        ("2024年度收到申请1,234件。", "2023年收到申请十二件。"),
        (
            "3月5日公布名单，增长1.05%。",
            "十二月三十日公布名单，增长百分之二十。".replace("百分之二十", "20%"),
        ),
        ("甲山市教育局公布名单。", "我局公布名单。"),
        ("乙水市公布了３件。", "甲山市公布了4件。"),
        ("（一）落实　责任。", "(二)落实责任。"),
    ]
    for now, earlier in pairs:
        assert ready(one(now)).sentences == ready(one(earlier)).sentences, now


def test_many_names_are_masked_as_few_are() -> None:
    paragraph = "甲山市教育局和甲山市教育考试院会同乙水市，由甲山市发文，教育局转发。"
    few = ("甲山市", "甲山市教育局", "甲山市教育考试院", "乙水市", "教育局", "")
    many_names = (*few, *(f"示例第{number}局" for number in range(40)))
    texts = [replace(one(paragraph), names=names) for names in (few, many_names)]
    assert [ready(text).letters for text in texts] == ["@和@会同@由@发文@转发"] * 2


def test_a_text_that_says_one_thing_a_thousand_times_is_soon_compared() -> None:
    same = ready(one("收到来信，" * 20_000))
    (found,) = passages(same, same)
    assert found.characters == 80_000


def test_a_decimal_point_ends_no_sentence() -> None:
    assert len(ready(one("投诉占70.3%，同比下降1.05个百分点。")).sentences) == 1
    assert len(ready(one("投诉明显减少.群众比较满意.")).sentences) == 2
    assert len(ready(one("1.详见www.example.cn 首页.")).sentences) == 1


@bases
def test_statutory_wording_is_out_and_shown(base: Base) -> None:
    phrase = "根据《中华人民共和国政府信息公开条例》（以下简称《条例》）要求"
    prefixed = changed(base, lambda text: f"{phrase}，{text}")
    assert ready(prefixed).letters.replace("要求", "") == ready(base.text).letters
    assert not ready(base.text).taken_out
    out = ready(prefixed).taken_out
    assert [place.text for place in out[:2]] == ["根据《中华人民共和国政府信息公开条例", "以下简称《条例"]
    assert len(out) == 2 * len(base.text.paragraphs)
    for place in out:
        paragraphs = next(s.paragraphs for s in prefixed.sections if s.number == place.section)
        assert paragraphs[place.paragraph - 1][place.start : place.end] == place.text


def test_what_is_taken_out_joins_nothing() -> None:
    left = ready(one("把收费标准公民、法人和其他组织张贴上墙。"))
    assert left.clauses == ("把收费标准", "张贴上墙")
    assert left.sentences == ("把收费标准张贴上墙",)
    assert len(left.grams) == 1


def test_a_place_adds_its_own_wording() -> None:
    phrase = "按照全市统一部署安排并结合甲山市教育局2023年实际"
    own = WORDING.with_phrases((phrase,))
    assert masked(one(f"{phrase}，{phrase}。"), own).letters == ""
    nothing = overlap(masked(one(phrase), own), masked(one(phrase), own))
    assert nothing.loose.ratio is None
    assert not nothing.loose.reaches(Decimal(0))


def test_sections_add_up_and_a_moved_section_is_found() -> None:
    moved = replace(
        SCHOOLS.text, sections=tuple(replace(s, number=6 - s.number) for s in SCHOOLS.text.sections)
    )
    found = overlap(ready(moved), ready(SCHOOLS.text))
    assert found.loose.ratio == 1
    five = found.section(5)
    assert five is not None
    assert five.loose.ratio == 1
    half = overlap(
        ready(text_of("甲山市教育局", {1: SCHOOLS.sections[1], 5: RIVERS.sections[5]})), ready(SCHOOLS.text)
    )
    assert half.loose.part == sum(s.loose.part for s in half.sections)
    assert half.strict.whole == sum(s.strict.whole for s in half.sections)
    assert [s.strict.ratio for s in half.sections] == [1, 0]


@given(st.text(alphabet="政务公开工作，。；2024年.,三月（）“” \n\U00020000Ａb", max_size=60))
def test_any_text_against_itself_is_whole_or_empty(paragraph: str) -> None:
    ready_text = ready(one(paragraph))
    same = overlap(ready_text, ready_text)
    assert same.strict.part == same.strict.whole == len(ready_text.letters)
    assert same.loose.part == same.loose.whole
    for found in passages(ready_text, ready_text):
        assert found.how is How.VERBATIM


@given(st.lists(st.sampled_from(re.findall(r"[^，。；]+", "".join(SCHOOLS.sections[1]))), max_size=8))
def test_common_wording_is_common_both_ways(clauses: list[str]) -> None:
    now, earlier = ready(one("，".join(clauses))), ready(SCHOOLS.text)
    assert overlap(now, earlier).loose.part == overlap(now, earlier).loose.whole
    common = set(now.grams.tolist()) & set(earlier.grams.tolist())
    back, _ = now.sought(earlier.grams)
    assert set(earlier.grams[back].tolist()) == common


# --- passages -------------------------------------------------------------------------------------------------


def hows(now: Text, earlier: Text) -> list[How]:
    return [passage.how for passage in passages(ready(now), ready(earlier))]


@bases
def test_each_change_is_named(base: Base) -> None:
    for change, how in (
        (other_numbers, How.NUMBERS_ONLY),
        (shuffled_sentences, How.REORDERED),
        (shuffled_clauses, How.REORDERED),
        (stops_for_commas, How.VERBATIM),
    ):
        found = hows(changed(base, change), base.text)
        assert how in found, change
        assert set(found) <= {how, How.VERBATIM, How.NUMBERS_ONLY}
    assert How.REWORDED in hows(reworded(base), base.text)


@bases
def test_a_passage_tells_both_places(base: Base) -> None:
    earlier = text_of(base.unit, {5: base.sections[1], 1: base.sections[5]}, 2023)
    for found in passages(ready(reworded(base)), ready(earlier)):
        for place, text in ((found.now, reworded(base)), *((other, earlier) for other in found.earlier)):
            paragraphs = next(s.paragraphs for s in text.sections if s.number == place.section)
            assert paragraphs[place.paragraph - 1][place.start : place.end] == place.text
        assert found.earlier[0].section == 6 - found.now.section
        assert found.earlier_text == "……".join(place.text for place in found.earlier)


def test_a_copied_sentence_is_found_among_new_ones() -> None:
    copied = (
        "春季学期结束前把42所小学的招生范围图和报名流程挂在首页，并录制方言讲解视频7段，累计播放9.3万次。"
    )
    now = text_of("乙水市水利局", {1: (RIVERS.sections[1][0] + copied + RIVERS.sections[1][1],)})
    (found,) = passages(ready(now), ready(SCHOOLS.text))
    assert (found.how, found.now.text) == (How.VERBATIM, copied)
    assert found.characters == len(ready(one(copied)).letters)


def test_stock_phrases_do_not_make_a_passage() -> None:
    stock = "坚持以习近平新时代中国特色社会主义思想为指导，深入学习贯彻党的二十大精神，切实加强组织领导，"
    now, earlier = (text_of("某局", {1: (stock + base.sections[1][0],)}) for base in (SCHOOLS, RIVERS))
    assert not passages(ready(now), ready(earlier))


LISTED = "窗口本季受理的事项以沿街井盖修补、巷道路灯更换、车位划线、绿篱修剪、水管探漏、垃圾清运为主"
OTHERWISE = "窗口本季受理的事项以垃圾清运、水管探漏、绿篱修剪、车位划线、巷道路灯更换、沿街井盖修补为主"


def test_a_list_in_another_order_repeats_and_the_year_it_is_held_against_has_it() -> None:
    earlier = ready(one(f"{OTHERWISE}。", report_year=2023))
    (found,) = passages(ready(one(f"{LISTED}。")), earlier, [earlier])
    assert (found.how, found.years_running) == (How.REWORDED, 2)


def test_the_name_of_a_thing_is_no_passage_and_lengthens_none() -> None:
    name, copied = "“沿河步道夜间照明改造”", "居民来信由值班人员当天登记，三天之内回电说明办到哪一步，"
    now = one(f"年初向社会公开了{name}的预算，{copied}并且把{name}列入下月议题。")
    earlier = one(f"{copied}验收{name}时请住户到场，雨季停工。", report_year=2023)
    assert [passage.now.text for passage in passages(ready(now), ready(earlier))] == [copied]


def test_a_clause_cut_in_two_is_still_one_passage() -> None:
    before, after = "把三千份旧档案逐页扫描并且按街道编号", "存进防潮的铁皮柜里供住户随时查阅"
    (found,) = passages(ready(one(f"{before}，{after}。")), ready(one(f"{before}{after}。")))
    assert found.now.text == f"{before}，{after}。"
    assert len(found.earlier) == 1


def test_a_year_is_sought_beside_what_follows_it() -> None:
    copied = "局里把三千份旧档案逐页扫描以后再按街道重新编号，"
    earlier = text_of("某局", {1: ("2022年，雨水偏多。",), 5: (f"入冬以前，2022年，{copied}",)}, 2022)
    (found,) = passages(ready(one(f"2024年，{copied}")), ready(earlier))
    assert found.how is How.NUMBERS_ONLY
    assert [(place.section, place.text) for place in found.earlier] == [(5, f"2022年，{copied}")]
    apart = text_of("某局", {1: ("雨水偏多，2022年。",), 5: (copied,)}, 2022)
    (found,) = passages(ready(one(f"2024年，{copied}")), ready(apart))
    assert (found.now.text, [place.section for place in found.earlier]) == (copied, [5])


def test_years_running_count_back_without_a_gap() -> None:
    paragraph = FIELDS.sections[5][0]
    years = {year: ready(one(other_numbers(paragraph), report_year=year)) for year in (2023, 2022, 2020)}
    now = ready(one(paragraph))
    for held, running in (((2023, 2022, 2020), 3), ((2023, 2020), 2), ((2022,), 1)):
        texts = [years[year] for year in held]
        found = passages(now, texts[0], texts)
        assert {passage.years_running for passage in found} == {running}


# --- many reports ---------------------------------------------------------------------------------------------


def pairs(texts: tuple[Text, ...], **asked: object) -> set[frozenset[str]]:
    found = shared(texts, WORDING, 2024, **asked)  # type: ignore[arg-type]
    return {frozenset((match.later.unit, match.earlier.unit)) for match in found.matches}


def test_planted_copies_are_found_and_nothing_else() -> None:
    made = corpus(1500, seed=11)
    assert sum(of >= 0 for of in made.families) > 160
    recall, precision = judged(made, shared(made.texts, WORDING, 2024).matches)
    assert recall >= 0.95
    assert precision >= 0.9


FAMILY = [
    replace(changed(base, change), unit=f"{base.unit}{number}", report_year=2024 - number % 2)
    for base in BASES
    for number, change in enumerate(COPIES.values())
]


@given(st.sets(st.integers(0, len(FAMILY) - 1)), st.sampled_from([None, 1, 5]))
@settings(max_examples=20)
def test_clauses_found_once_answer_for_every_part_and_section(first: set[int], section: int | None) -> None:
    lots = [[text for at, text in enumerate(FAMILY) if (at in first) is of] for of in (True, False)]
    one, other = (clauses_of(lot, WORDING) for lot in lots)
    found = shared_among(one.with_those_of(other), WORDING, Question(2024, section=section))
    cut = [
        replace(text, sections=tuple(part for part in text.sections if section in {None, part.number}))
        for text in FAMILY
    ]
    assert told(found) == told(shared(cut, WORDING, 2024))
    assert found.matches


def told(found: Shared) -> set[frozenset[tuple[str, Share]]]:
    """Every pair with what both have; which came first is told by the whole text."""
    return {
        frozenset({(one.later.unit, one.of_later), (one.earlier.unit, one.of_earlier)})
        for one in found.matches
    }


def test_what_concerns_a_unit_is_told_apart() -> None:
    copies = [replace(base.text, unit=f"抄{base.unit}") for base in (SCHOOLS, RIVERS)]
    found = shared((*(base.text for base in BASES), *copies), WORDING, 2024)
    assert len(found.clusters) == len(found.matches) == 2
    mine = found.concerning({SCHOOLS.unit})
    for units in (
        [{one.later.unit, one.earlier.unit} for one in mine.matches],
        [{one.source.unit, one.copies[0].text.unit} for one in mine.clusters],
    ):
        assert units == [{SCHOOLS.unit, f"抄{SCHOOLS.unit}"}]


@bases
@pytest.mark.parametrize("change", COPIES)
def test_a_disguised_copy_is_found_across_units(base: Base, change: str) -> None:
    copy = replace(changed(base, COPIES[change]), unit="另一单位")
    assert pairs((*(other.text for other in BASES), copy)) == {frozenset((base.unit, "另一单位"))}


def test_a_cluster_names_the_earliest_then_the_most_complete() -> None:
    short = replace(SCHOOLS.text, unit="短", sections=SCHOOLS.text.sections[:1])
    texts = [replace(SCHOOLS.text, unit=name) for name in ("丙", "丁")]
    (cluster,) = shared((short, *texts), WORDING, 2024).clusters
    assert (cluster.source.unit, [copy.text.unit for copy in cluster.copies]) == ("丁", ["丙", "短"])
    dated = replace(short, published_on=dt.date(2025, 1, 3))
    (cluster,) = shared((*texts, dated), WORDING, 2024).clusters
    assert cluster.source.unit == "短"
    older = replace(texts[0], report_year=2023)
    (cluster,) = shared((dated, older, texts[1]), WORDING, 2024).clusters
    assert cluster.source is older
    assert {copy.source.unit for copy in cluster.copies} == {"丙"}


def test_groups_own_years_and_years_before_are_left_alone() -> None:
    copy = replace(SCHOOLS.text, unit="丙")
    assert pairs((SCHOOLS.text, copy), groups=[("甲山市教育局", "丙", "没有报送的单位")]) == set()
    assert pairs((SCHOOLS.text, copy), groups=[("丙", "丁")])
    assert pairs((SCHOOLS.text, replace(SCHOOLS.text, report_year=2023))) == set()
    assert pairs((replace(SCHOOLS.text, report_year=2023), replace(copy, report_year=2022))) == set()
    assert pairs((SCHOOLS.text, replace(copy, report_year=2022)))
    assert shared((), WORDING, 2024).matches == ()


def test_a_template_of_hundreds_is_one_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "_MOST_LINKS", 100)
    made = corpus(400, copiers=0, seed=3)
    template = SCHOOLS.text.sections
    texts = tuple(replace(text, sections=template) if at % 2 else text for at, text in enumerate(made.texts))
    (cluster,) = shared(texts, WORDING, 2024).clusters
    assert len(cluster.copies) == 199


# --- the list of wording --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ('"国办公开办函〔2021〕30号",', '"公开",', "太短"),
        ("least_passage = 20", "least_passage = 0", "应当大于"),
        ("least_shared = 0.2", 'least_shared = "0.2"', "应为数"),
        ("stock = [", "stocks = [", "是否应为“stock”"),
    ],
    ids=["short", "least", "type", "key"],
)
def test_a_broken_wording_list_is_named(right: str, wrong: str, words: str, tmp_path: Path) -> None:
    text = (HERE / "statutory.toml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "statutory.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(SpecError) as fault:
        load_spec(tmp_path)
    assert "statutory.toml" in str(fault.value)
    assert words in str(fault.value)


def test_every_way_of_repeating_has_its_word(spec: Spec) -> None:
    for key in (*How, "strict", "loose"):
        assert spec.terms[key]
        assert spec.terms[f"{key}_definition"]
    assert isinstance(spec.statutory, StatutoryWording)


# --- published reports ----------------------------------------------------------------------------------------

published = pytest.mark.skipif(not REPORTS.is_dir(), reason="公布的报告原文不在本机（不随项目发布）")
NAMES = (
    "平潭综合实验区",
    "平潭",
    "宿迁市",
    "宿迁",
    "财政金融局",
    "行政审批局",
    "交通与建设局",
    "福建省",
    "江苏省",
)


def published_text(stem: str) -> Text:
    """The compared sections of a published report; plain text runs on, so its headings are sought in it."""
    page = REPORTS / f"{stem}.html"
    if page.is_file():
        items = archive.document(page.read_bytes()).items
        fmt = load_spec().formats[-1]
        found = split_sections(tuple(item for item in items if isinstance(item, str)), fmt)
        kept = {section.number for section in fmt.sections if section.compared}
        return Text(stem, int(stem[-4:]), tuple(s for s in found if s.number in kept), NAMES)
    text = (REPORTS / f"{stem}.txt").read_text(encoding="utf-8").split("正文 =====")[-1]
    headings = {
        1: "一、总体情况",
        2: "二、主动公开",
        5: "五、[^。，]{0,12}主要问题及改进情况",
        6: "六、其他需要报告的事项",
    }
    starts = {number: match for number, title in headings.items() if (match := re.search(title, text))}
    ends = [match.start() for match in starts.values()] + [len(text)]
    sections = tuple(
        Section(number, match[0], tuple(filter(None, text[match.end() : end].split("\n"))))
        for (number, match), end in zip(starts.items(), ends[1:], strict=True)
        if number != 2
    )
    return Text(stem, int(stem[-4:]), sections, NAMES)


def measured(earlier: str, now: str) -> Overlap:
    return overlap(ready(published_text(now)), ready(published_text(earlier)))


def figure(found: Overlap, section: int = 0) -> tuple[float, float]:
    part = found.section(section) if section else found
    assert part is not None
    strict, loosely = (round(float(share.ratio or 0), 2) for share in (part.strict, part.loose))
    return strict, loosely


# Strict and loose, statutory wording out: the whole, and section five. Measured when the engine was written.
MEASURED = {
    ("suqian_city_2023", "suqian_city_2024"): ((0.02, 0.27), (0.17, 0.24)),
    ("pingtan_transport_bureau_2023", "pingtan_transport_bureau_2024"): ((0.06, 0.27), (0.00, 0.07)),
    ("pingtan_approval_bureau_2023", "pingtan_approval_bureau_2024"): ((0.14, 0.38), (0.00, 0.20)),
    ("pingtan_finance_bureau_2021", "pingtan_finance_bureau_2022"): ((0.11, 0.59), (0.29, 0.63)),
    ("pingtan_finance_bureau_2022", "pingtan_finance_bureau_2023"): ((0.75, 0.93), (1.00, 1.00)),
    ("pingtan_zone_2020", "pingtan_zone_2021"): ((0.00, 0.13), (0.00, 0.05)),
    ("pingtan_zone_2021", "pingtan_zone_2022"): ((0.00, 0.09), (0.00, 0.12)),
    ("pingtan_zone_2022", "pingtan_zone_2023"): ((0.02, 0.18), (0.04, 0.15)),
}
HONEST = list(MEASURED)[:2]


@published
@pytest.mark.parametrize("pair", MEASURED, ids="-".join)
def test_published_years_measure_as_recorded(pair: tuple[str, str]) -> None:
    whole, five = MEASURED[pair]
    found = measured(*pair)
    assert figure(found) == pytest.approx(whole, abs=0.03)
    assert figure(found, 5) == pytest.approx(five, abs=0.03)


@published
def test_honest_pairs_stay_below_every_section_copied_from_oneself() -> None:
    copied = [
        figure(measured("pingtan_finance_bureau_2022", "pingtan_finance_bureau_2023"), 5),
        figure(measured("pingtan_approval_bureau_2023", "pingtan_approval_bureau_2024"), 6),
    ]
    assert copied == [(1.0, 1.0), (1.0, 1.0)]
    for pair in HONEST:
        found = measured(*pair)
        for honest in (figure(found), figure(found, 1), figure(found, 5)):
            assert honest[0] < 0.2
            assert honest[1] <= 0.31


@published
def test_published_bodies_do_not_repeat_one_another() -> None:
    stems = ("suqian_city_2023", "pingtan_transport_bureau_2023", "pingtan_finance_bureau_2022")
    for now, earlier in permutations(stems, 2):
        assert figure(measured(earlier, now))[1] <= 0.1


@published
def test_a_section_copied_from_oneself_is_one_passage_and_honest_years_have_few() -> None:
    now, earlier = (ready(published_text(f"pingtan_finance_bureau_{year}")) for year in (2023, 2022))
    found = [passage for passage in passages(now, earlier) if passage.now.section == 5]
    assert [passage.how for passage in found] == [How.NUMBERS_ONLY]
    assert found[0].characters > 600
    for before, after in HONEST:
        assert len(passages(ready(published_text(after)), ready(published_text(before)))) <= 15
