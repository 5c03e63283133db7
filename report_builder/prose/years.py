"""The years a sentence takes for the report's, the words a unit calls itself by, and where a body is the subject."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from report_builder.prose.claims import Claim, Dated, Lead, Place, SelfWord, Speaker
from report_builder.prose.numerals import chinese
from report_builder.prose.words import arabic_year
from report_builder.spec import Lexicon


def read(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[Claim]:
    """The years and names of one sentence."""
    sentence = place.sentence
    told, apart = _period_told(lexicon)
    if told.search(sentence) and not apart.search(sentence):
        yield from _periods(place, lexicon, speaker)
    if _YEAR_SIGN in sentence:
        yield from _reports(place, lexicon, speaker)
        yield from _plans(place, lexicon, speaker)
    words, any_of_them = _wrong_words(lexicon, speaker)
    if any_of_them.search(sentence):
        yield from _self_words(place, words)
    yield from _lead(place, lexicon)


_NEAR = 12
_YEAR_SIGN = "年"
_SIGNS = "一二三四五六七八九十"
_YEAR = r"\d{4}|二[〇零○][〇零○一二三四五六七八九]{2}"
_PERIOD = re.compile(
    rf"(?P<year>{_YEAR})(?:年0?1月0?1日|年一月一日|([./-])0?1\2?0?1日?)[起始]?，?[至到—\-－~～一]+"
    rf"(?:(?P<until>{_YEAR})[年./-])?(?P<month>\d{{1,2}}|[{_SIGNS}]{{1,2}})[月./-](?P<day>\d{{1,2}}|[{_SIGNS}]{{1,3}})日?"
)


@lru_cache(maxsize=4)
def _period_told(lexicon: Lexicon) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The words of the period covered, and those of any other; a list that an office has emptied finds nothing."""
    told, apart = (
        re.compile("|".join(map(re.escape, words)) or "(?!)")
        for words in (lexicon.period_words, lexicon.period_apart)
    )
    return told, apart


def _number(text: str) -> int:
    """12 and 十二 alike."""
    if text.isascii():
        return int(text)
    read = chinese(text)
    return int(read.value) if read else 0


def _periods(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[Dated]:
    """“统计期限自…1月1日起至…12月31日止”, “2023.1.1—2023.12.31”."""
    for match in _PERIOD.finditer(place.sentence):
        said = [arabic_year(year) for year in (match["year"], match["until"]) if year]
        wrong = next((year for year in said if year != speaker.report_year), None)
        short = (_number(match["month"]), _number(match["day"])) != (12, 31)
        if wrong is not None or short:
            yield Dated(place, wrong or speaker.report_year, "period", match.span())
    named = [] if _PERIOD.search(place.sentence) else list(_year_of(lexicon).finditer(place.sentence))
    if named and all(int(match["year"]) != speaker.report_year for match in named):
        yield Dated(place, int(named[0]["year"]), "period", named[0].span())


@lru_cache(maxsize=4)
def _year_of(lexicon: Lexicon) -> re.Pattern[str]:
    """“统计期限为2023年度”."""
    words = "|".join(map(re.escape, lexicon.period_words))
    return re.compile(rf"(?:{words})[为是自从系：]?(?P<year>\d{{4}})年")


def _reports(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[Dated]:
    """“现将本局2023年度政府信息公开工作情况报告如下”, “现公布…2023年…年度报告”."""
    sentence = place.sentence
    for match in _report(lexicon).finditer(sentence):
        around = sentence[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        behind = sentence[match.end() : match.end() + _NEAR]
        others = around if match["year"] and not match["now"] else behind
        year = "year" if match["year"] else "other"
        apart = any(word in others for word in lexicon.report_apart)
        if int(match[year]) != speaker.report_year and not apart:
            yield Dated(place, int(match[year]), "report", match.span(year))


@lru_cache(maxsize=4)
def _report(lexicon: Lexicon) -> re.Pattern[str]:
    """Behind 编制 it may be last year's report, that was made this year: so not beside 按时, 发布 and the like."""
    now, heads, tails, below = (
        "|".join(map(re.escape, words))
        for words in (lexicon.report_now, lexicon.report_heads, lexicon.report_tails, lexicon.report_below)
    )
    return re.compile(
        rf"(?:(?:(?P<now>{now})[^，。；”]{{0,30}}?|(?:{heads})[^，。；《》“”]{{0,30}}?)(?P<year>\d{{4}})年度?(?:{tails}))"
        rf"|(?P<told>(?P<other>\d{{4}})年度?(?:{tails})(?:{below}))"
    )


def _plans(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[Dated]:
    """“2024年，我局将继续…” in the report of 2024."""
    for match in _plan(lexicon, speaker.report_year).finditer(place.sentence):
        if match["who"] in {"", *lexicon.ourselves, *lexicon.whole_places, *speaker.names}:
            yield Dated(place, speaker.report_year, "plan", match.span())


@lru_cache(maxsize=4)
def _plan(lexicon: Lexicon, report_year: int) -> re.Pattern[str]:
    """将 alone may be 把, so only with a verb that looks ahead."""
    ahead = "|".join(map(re.escape, lexicon.looking_ahead))
    return re.compile(
        rf"(?<![〇零\d至到—\-－~～]){report_year}年度?，?(?P<who>[^，。；：]{{0,30}}?)(?:{ahead})"
    )


@lru_cache(maxsize=4)
def _wrong_words(lexicon: Lexicon, speaker: Speaker) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """The words by which this unit cannot mean itself, and a pattern that finds any of them."""
    own = speaker.names[:1]
    words = tuple(
        word
        for kind in lexicon.self_words
        if own and own[0].endswith(kind.endings)
        for word in kind.wrong
        if not any(name.endswith(word[1:]) for name in speaker.names)
    )
    return words, re.compile("|".join(map(re.escape, words)) or "(?!)")


def _self_words(place: Place, words: Iterable[str]) -> Iterator[SelfWord]:
    for word in words:
        at = place.sentence.find(word)
        if at >= 0:
            yield SelfWord(place, word, (at, at + len(word)))


@lru_cache(maxsize=4)
def _before_subject(lexicon: Lexicon) -> re.Pattern[str]:
    words = sorted((*lexicon.before_subject, *lexicon.this), key=len, reverse=True)
    said = "|".join(re.escape(word) for word in words if "{" not in word)
    return re.compile(rf"(?:\d{{4}}年度?(?:以来)?|[，,、]|{said})*")


def _lead(place: Place, lexicon: Lexicon) -> Iterator[Lead]:
    """Where a sentence may name its subject: at its head, behind a year, behind “本报告由”."""
    match = _before_subject(lexicon).match(place.sentence)
    yield Lead(place, match.end() if match else 0)
    asked = _asked_of(lexicon).search(place.sentence)
    if asked:
        yield Lead(place, asked.end(), certain=True)


@lru_cache(maxsize=4)
def _asked_of(lexicon: Lexicon) -> re.Pattern[str]:
    """“如对本报告有疑问，请与…联系”."""
    return re.compile(rf"本(?:年度)?报告[^。；]{{0,20}}(?:{'|'.join(map(re.escape, lexicon.to_ask))})")
