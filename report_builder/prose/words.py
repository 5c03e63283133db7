"""A sentence taken apart into the words and numbers that the lexicon knows; what is left over is a rest."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from report_builder.prose.claims import Quantity, Speaker
from report_builder.prose.numerals import Amount, arabic, chinese
from report_builder.spec import Lexicon

MASK = "□"
_WIDE = {full: full - 0xFEE0 for full in range(0xFF10, 0xFF1A)} | {0xFF05: 0x25, 0xFF0E: 0x2E}
_TITLES = re.compile(  # a look at the first sign spares most places all ways to go on
    r"(?=[《〔﹝\[第（(\dh一二三四五六七八九十])(?:《[^》]{1,80}》|[〔﹝\[][^〕﹞\]]{1,12}[〕﹞\]](?:第?\d+号)?|第[一二三四五六七八九十百\d]+|[（(][一二三四五六七八九十\d]{1,3}[)）]|(?<!\d)\d{1,2}[.、．](?!\d)|https?://[\w./-]+|[一二三四五六七八九十]是)"
)
_IS_WIDE = re.compile(f"[{''.join(map(chr, _WIDE))}]")
_FULL_STOPS = re.compile(r"[^。！？!?]*[。！？!?]?")
_ARABIC = r"\d{1,3}(?:[,，]\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_SIGNS = "零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟"
_CHINESE = rf"[{_SIGNS}万亿]+(?:点[{_SIGNS}]+)?"
_ARITHMETIC = "+＋↑-－−↓"
_BEFORE_NUMBER = re.compile(r"[\d.]+(?:%|件|宗|起)")
_SHORTEST_NAME = 3
_FIRSTS = "0123456789" + _SIGNS + "万亿数几上自从较比与同和相对截至到"
_STOPS = dict.fromkeys("，,；;：:。！？!?（）()", ("stop", ""))


class Token(NamedTuple):
    """One piece of a sentence. ``kind`` is the list of the lexicon it stands in, or that of a number; ``key`` whose word it is."""

    kind: str
    text: str
    start: int
    end: int
    key: str = ""
    quantity: Quantity | None = None
    year: int = 0


_new = tuple.__new__
"""Makes a Token of all its parts in half the time, where there are most of them."""


@dataclass(frozen=True)
class Vocabulary:
    """The lexicon made ready for one report year: every word with what it is, and a pattern for numbers.

    ``lengths`` are those of the words that begin with two signs; ``firsts`` may begin a number, ``alone`` a token
    that no such two signs begin; ``plain`` are words of one sign with which no number begins. Where ``telling`` finds
    nothing, no number and no word like 未, 全部 or 同比 stands.
    """

    words: Mapping[str, tuple[str, str]]
    lengths: Mapping[str, tuple[int, ...]]
    numbers: re.Pattern[str]
    firsts: frozenset[str]
    alone: frozenset[str]
    plain: Mapping[str, tuple[str, str]]
    telling: re.Pattern[str]
    report_year: int


def vocabulary(lexicon: Lexicon, speaker: Speaker) -> Vocabulary:
    """The words of ``lexicon`` for this report, the unit's own names among them."""
    common = _common(lexicon, speaker.report_year)
    names = dict.fromkeys((*speaker.names, *_short(lexicon, speaker)), ("self", ""))
    lengths = dict(common.lengths)
    for name in names:
        lengths[name[:2]] = tuple(sorted({*lengths.get(name[:2], ()), len(name)}, reverse=True))
    return replace(common, words={**common.words, **names}, lengths=lengths)


def _short(lexicon: Lexicon, speaker: Speaker) -> Iterator[str]:
    """甲山市文化和旅游局 as 市文化和旅游局, where that is not a kind of body alone."""
    for name in speaker.names:
        for at in range(1, len(name) - _SHORTEST_NAME):
            if name[at] in lexicon.place_endings and not name[at:].endswith(lexicon.government_endings):
                yield name[at:]


@lru_cache(maxsize=16)
def _common(lexicon: Lexicon, report_year: int) -> Vocabulary:
    """What is the same for all units of a year; where a word stands in several lists, the later one below wins."""
    words = dict(_STOPS)
    years = {"year": report_year, "last": report_year - 1, "next": report_year + 1}
    for kind, key, given in _lists(lexicon):
        for word in given:
            words[word.format_map(years) if "{" in word else word] = (kind, key)
    lengths: dict[str, set[int]] = {}
    for word in words:
        lengths.setdefault(word[:2], set()).add(len(word))
    ordered = {signs: tuple(sorted(found, reverse=True)) for signs, found in lengths.items()}
    firsts = frozenset(_FIRSTS + "".join(word[0] for word in lexicon.about))
    single = {word: said for word, said in words.items() if len(word) == 1}
    plain = {sign: said for sign, said in single.items() if sign not in firsts and sign not in _ARITHMETIC}
    alone = firsts.union(single)
    numbers, telling = _number_pattern(lexicon), _telling_pattern(lexicon)
    return Vocabulary(words, ordered, numbers, firsts, alone, plain, telling, report_year)


def _lists(lexicon: Lexicon) -> Iterator[tuple[str, str, Iterable[str]]]:
    yield "fillers", "", (*lexicon.this_many, *lexicon.summed_of_them)
    plain = "fillers foreign channels members elsewhere undated planned this last none all on_time more less somewhat in_comparison same reaching shares narrowing reasons blockers passing"
    for nothing in lexicon.nothing_left:
        yield "finished", nothing.topic, nothing.words
    for name in plain.split():
        yield name, "", getattr(lexicon, name)
    yield "doubled", "", lexicon.doubled
    yield "joins", "", lexicon.joins
    for name in ("each", "parts", "respectively", "more_of_them"):
        yield name, "", getattr(lexicon, name)
    yield "whole_place", "", lexicon.whole_places
    yield "self", "", lexicon.ourselves
    for topic in lexicon.topics:
        yield "object", "", topic.objects
    for topic in lexicon.topics:
        yield "topic", topic.key, topic.words
    for concept in lexicon.concepts:
        yield "concept", concept.key, _joined(concept.words, ("", *concept.tails))
    yield "against", "", lexicon.against
    yield "against", "", _joined(lexicon.against_before, lexicon.last, ("", *lexicon.against_behind))
    yield "against", "", _joined(lexicon.against_with, lexicon.last, lexicon.against_behind)
    yield "same_as_last", "", _joined(lexicon.against_with, lexicon.last, lexicon.same)


def _joined(*parts: Iterable[str]) -> Iterator[str]:
    return map("".join, itertools.product(*parts))


def _number_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    units, about, after, behind = (
        "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
        for words in (lexicon.units, lexicon.about, lexicon.about_after, lexicon.about_behind)
    )
    return re.compile(
        rf"(?P<period>(?:自|从)?(?:(?P<from>\d{{4}})年)?1月1日(?:起)?[至到—\-－~～]+(?:(?P<to>\d{{4}})年)?12月31日|(?:(?P<first>\d{{4}})年)?1月?[至到—\-－~～]+12月(?![\d份]))"
        r"|(?P<compared>(?:较|比|与|同|和|相较|相比|对比)(?P<other>\d{4})年度?)"
        r"|(?P<year_end>(?:截[至止]到?|(?<![年月日])[至到])(?:(?P<ended>\d{4})年)?(?:12月(?:31日|底|末)|年?[底末]))"
        rf"|(?P<vague>[数几上][十百千万]+(?:{units}))"
        r"|(?P<between>\d{4}年?(?:[至到—\-－~～和、])\d{4}年|(?<!\d)\d{1,2}月?(?:[至到—\-－~～])\d{1,2}月(?:份|底|末)?)"
        r"|(?P<date>(?:\d{4}年)?\d{1,2}月(?:\d{1,2}日|份|底|末|初|中旬)?|\d{4}年(?:底|末|初|上半年|下半年))"
        r"|(?P<year>(?<!\d)\d{4}年(?:度)?(?!来)|二[〇零○][一二三四五六七八九〇零○]{2}年)"
        rf"|百分之(?P<share>{_ARABIC}|{_CHINESE})"
        rf"|(?P<rough_percent>(?:{about}))?(?P<percent>{_ARABIC})(?P<points>%|个百分点)(?:{behind})?"
        rf"|(?P<times>{_ARABIC}|{_CHINESE})倍"
        rf"|(?P<about>{about})?(?:(?P<digits>{_ARABIC})(?P<more>{after})?(?P<factor>[万亿])?|(?P<signs>{_CHINESE}))"
        rf"(?P<more_still>{after})?(?P<unit>{units})(?P<behind>{behind})?"
        rf"|(?P<bare>{_ARABIC})"
    )


def _telling_pattern(lexicon: Lexicon) -> re.Pattern[str]:
    """A part of every number, and of every word of nothing, of all or of a comparison: each of these names last year."""
    telling = (*lexicon.none, *lexicon.all, *lexicon.against, *lexicon.last)
    words, units, after = (_any_of(given) for given in (telling, ("倍", *lexicon.units), lexicon.about_after))
    firsts = re.escape("".join({word[:1]: None for word in telling}))
    found = rf"\d|百分之|[{_SIGNS}万亿](?:{after})?(?:{units})|{words}"
    return re.compile(rf"(?=[\d{_SIGNS}万亿{firsts}])(?:{found})")


def _any_of(words: Iterable[str]) -> str:
    """The longest first; words with a year in them are left to the digits of it."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True) if "{" not in word)


def sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph, white space taken out, digits made narrow."""
    text = "".join(paragraph.split())
    if _IS_WIDE.search(text):
        text = text.translate(_WIDE)
    return (found for found in _FULL_STOPS.findall(text) if found)


def tokens(sentence: str, vocabulary: Vocabulary) -> list[Token]:
    """The sentence's tokens, in order, without gaps: what no list holds is a ``rest``."""
    text = _TITLES.sub(_masked, sentence)
    lengths, alone, plain = vocabulary.lengths, vocabulary.alone, vocabulary.plain
    found: list[Token] = []
    at = rest = 0
    size = len(text)
    while at < size:
        sign, of_words = text[at], lengths.get(text[at : at + 2], ())
        token: Token | None = None
        if not of_words and sign in plain:
            kind, key = plain[sign]
            token = _new(Token, (kind, sign, at, at + 1, key, None, 0))
        elif of_words or sign in alone:
            token = _token(text, at, of_words, vocabulary)
        if token is None:
            at += 1
            continue
        if rest < at:
            found.append(_new(Token, ("rest", text[rest:at], rest, at, "", None, 0)))
        found.append(token)
        at = rest = token[3]
    if rest < size:
        found.append(Token("rest", text[rest:], rest, size))
    return found


def _masked(title: re.Match[str]) -> str:
    return MASK * len(title[0])


def _token(text: str, at: int, of_words: Iterable[int], known: Vocabulary) -> Token | None:
    """The number or the longest word that begins at ``at``, whichever is longer; ``of_words`` are those words' lengths."""
    sign, words = text[at], known.words
    end, said = at, None
    for length in of_words:
        end = at + length
        said = words.get(text[at:end])
        if said is not None:
            break
    if said is None and (sign not in _ARITHMETIC or _BEFORE_NUMBER.match(text, at + 1)):
        end, said = at + 1, words.get(sign)
    if sign in known.firsts:
        number = known.numbers.match(text, at)
        if number is not None and (said is None or end <= number.end()):
            return _numbered(number, known.report_year)
    return None if said is None else _new(Token, (said[0], text[at:end], at, end, said[1], None, 0))


def _numbered(match: re.Match[str], report_year: int) -> Token:
    """Each way to write a number ends with a group of its own: the last one tells which way it is."""
    return _READERS[match.lastgroup or ""](match, report_year)


def _period(match: re.Match[str], report_year: int) -> Token:
    years = [int(year) for year in (match["from"], match["to"], match["first"]) if year]
    wrong = next((year for year in years if year != report_year), 0)
    return Token("period", match[0], *match.span(), year=wrong or report_year, key="named" if years else "")


def _year(match: re.Match[str], report_year: int) -> Token:
    said = arabic_year(match[0])
    kind = {report_year: "this", report_year - 1: "last", report_year + 1: "planned"}.get(said, "undated")
    return Token(kind, match[0], *match.span(), year=said)


def _compared(match: re.Match[str], report_year: int) -> Token:
    return Token("against" if int(match["other"]) == report_year - 1 else "undated", match[0], *match.span())


def arabic_year(text: str) -> int:
    """二〇二四年 and 2024年 alike."""
    if text[0].isdigit() and text[0].isascii():
        return int(text[:4])
    read = chinese(text[:4].replace("○", "〇"))
    return int(read.value) if read else 0


def _percent(match: re.Match[str], _: int) -> Token:
    amount = arabic(match["percent"])
    if match["points"] != "%":
        return Token("rest", match[0], *match.span())
    rough = bool(match["rough_percent"]) or not match[0].endswith("%")
    return _counted("percent", match, amount, "%", rough=rough)


def _share(match: re.Match[str], _: int) -> Token:
    return _counted("percent", match, _read(match["share"]), "%")


def _times(match: re.Match[str], _: int) -> Token:
    return _counted("times", match, _read(match["times"]), "倍")


def _counted(
    kind: str, match: re.Match[str], amount: Amount | None, unit: str, *, rough: bool = False
) -> Token:
    """A number with what it counts; numerals that form no number are a rest."""
    if amount is None:
        return Token("rest", match[0], *match.span())
    start, end = span = match.span()
    return _new(Token, (kind, match[0], start, end, "", Quantity(amount, unit, span, rough), 0))


def _count(match: re.Match[str], _: int) -> Token:
    digits, signs, factor, unit, *roughly = match.group(*_OF_A_COUNT)
    amount = _read(digits or signs, factor or "")
    return _counted("count", match, amount, unit, rough=any(roughly))


_OF_A_COUNT = ("digits", "signs", "factor", "unit", "about", "more", "more_still", "behind")


def _bare(match: re.Match[str], _: int) -> Token:
    return _counted("bare", match, arabic(match["bare"]), "")


def _read(text: str, factor: str = "") -> Amount | None:
    return arabic(text, factor) if text[0].isascii() else chinese(text)


def _vague(match: re.Match[str], _: int) -> Token:
    return Token("rest", match[0], *match.span())


def _undated(match: re.Match[str], _: int) -> Token:
    return Token("undated", match[0], *match.span())


def _year_end(match: re.Match[str], report_year: int) -> Token:
    return Token("year_end", match[0], *match.span(), year=int(match["ended"] or report_year))


_READERS = {
    "period": _period,
    "compared": _compared,
    "year_end": _year_end,
    "between": _undated,
    "date": _undated,
    "vague": _vague,
    "year": _year,
    "points": _percent,
    "share": _share,
    "times": _times,
    "unit": _count,
    "behind": _count,
    "bare": _bare,
}
