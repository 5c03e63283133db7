"""The years a sentence takes for the report's, the words a unit calls itself by, and where a body is the subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from report_builder.prose.claims import Claim, Dated, Lead, Place, SelfWord, Speaker
from report_builder.spec import Lexicon


def read(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[Claim]:
    """The years and names of one sentence."""
    sentence = place.sentence
    if any(word in sentence for word in lexicon.period_words):
        yield from _periods(place, lexicon, speaker)
    yield from _reports(place, lexicon, speaker)
    yield from _plans(place, lexicon, speaker)
    yield from _self_words(place, lexicon, speaker)
    yield from _lead(place, lexicon)


_PERIOD = re.compile(
    r"(?P<year>\d{4})年1月1日起?，?[至到—\-－~～]+(?:(?P<until>\d{4})年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日"
)


def _periods(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[Dated]:
    """“统计期限自…1月1日起至…12月31日止”."""
    for match in _PERIOD.finditer(place.sentence):
        said = [int(year) for year in (match["year"], match["until"]) if year]
        wrong = next((year for year in said if year != speaker.report_year), None)
        short = (int(match["month"]), int(match["day"])) != (12, 31)
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
    """“现将本局2023年度政府信息公开工作情况报告如下”."""
    heads = _report(lexicon).finditer(place.sentence)
    for match in heads:
        if int(match["year"]) != speaker.report_year:
            yield Dated(place, int(match["year"]), "report", match.span("year"))


@lru_cache(maxsize=4)
def _report(lexicon: Lexicon) -> re.Pattern[str]:
    heads, tails = ("|".join(map(re.escape, words)) for words in (lexicon.report_heads, lexicon.report_tails))
    return re.compile(rf"(?:{heads})[^，。；《》“”]{{0,30}}?(?P<year>\d{{4}})年度?(?:{tails})")


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
def _wrong_words(lexicon: Lexicon, speaker: Speaker) -> tuple[str, ...]:
    own = speaker.names[:1]
    return tuple(
        word
        for kind in lexicon.self_words
        if own and own[0].endswith(kind.endings)
        for word in kind.wrong
        if not any(name.endswith(word[1:]) for name in speaker.names)
    )


def _self_words(place: Place, lexicon: Lexicon, speaker: Speaker) -> Iterator[SelfWord]:
    for word in _wrong_words(lexicon, speaker):
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
