"""A report's text as the comparison sees it: what is masked, what is taken out, and where each sign stood.

Numbers (years, dates, amounts, ordinals, in digits or in Chinese) become one mark, names of units and places
another; white space and punctuation only part clauses and sentences. Statutory wording is then taken out.
“.” ends a sentence only between two Chinese characters: as a decimal point it would cut most of them.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from report_builder.model import Section
from report_builder.spec import StatutoryWording

Codes = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]

GRAM = 5
"""The length of the n-grams, in masked characters."""

_NUMBER_MARK, _NAME_MARK = "#", "@"
_NAME = "\ue000"
_FEW = 16
"""So many names are replaced one by one; more are sought all at once, which takes a pattern first."""
_OFTEN = 8
"""At so many places an n-gram is looked at; a text that says one thing a thousand times is soon compared all the same."""
_NUMERALS = "〇零一二三四五六七八九十百千万亿两"
_CLAUSE_ENDS = "，：:\t"
_SENTENCE_ENDS = "。！？；!?;"
_COMMA, _DOTS = ",", ".．"
_LAST = 0xFFFF
_CHINESE = 0x3400
_TIMES = np.uint64(0x9E3779B97F4A7C15)

# What a sign is. The order matters: written signs, marks, then from CLAUSE on what parts clauses, from SENTENCE on
# what parts sentences.
_DROPPED, _LETTER, _PERIOD, _OF_YEAR, _NUMERAL, _NAMED, _DOT, _SEPARATOR, _CLAUSE, _SENTENCE = range(10)


@dataclass(frozen=True)
class Text:
    """One report's compared sections; ``names`` are the units and places that are masked in it, aliases too."""

    unit: str
    report_year: int
    sections: tuple[Section, ...]
    names: tuple[str, ...] = ()
    published_on: dt.date | None = None

    @cached_property
    def paragraphs(self) -> tuple[tuple[int, str], ...]:
        """Every paragraph with the number of its section, in order."""
        return tuple((one.number, text) for one in self.sections for text in one.paragraphs)

    @cached_property
    def size(self) -> int:
        """How many characters it has."""
        return sum(map(len, (text for _, text in self.paragraphs)))


@dataclass(frozen=True)
class Place:
    """A stretch of one paragraph: section number, 1-based paragraph of that section, offsets in its own text."""

    section: int
    paragraph: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, eq=False)
class Signs:
    """The masked signs of a text, in order: their codes, where each began and ended, what parts them.

    ``clauses`` and ``sentences`` number the clause and the sentence of every sign, without gaps to rely on.
    """

    codes: Codes
    starts: Places
    ends: Places
    clauses: Places
    sentences: Places


@dataclass(frozen=True, eq=False)
class Masked:
    """A text made ready for comparing.

    ``letters`` are the masked characters that are left, ``bounds`` where each clause begins among them (and
    the end), ``grams`` the keys of the n-grams, which never run over the end of a clause, and ``grams_at`` where
    they begin. ``wording`` is the list that was taken out.
    """

    text: Text
    wording: StatutoryWording
    written: str
    letters: str
    signs: Signs
    bounds: Places
    grams: Keys
    grams_at: Places
    cut: tuple[tuple[int, int], ...] = field(repr=False, default=())

    @cached_property
    def lengths(self) -> list[int]:
        """The masked characters of every clause."""
        found: list[int] = np.diff(self.bounds).tolist()
        return found

    @cached_property
    def clause_of(self) -> Places:
        """The clause of every letter, 0-based."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def clauses(self) -> tuple[str, ...]:
        """The masked text of every clause."""
        ends = self.bounds.tolist()
        return tuple(map(self.letters.__getitem__, map(slice, ends, ends[1:])))

    @cached_property
    def sentence_bounds(self) -> Places:
        """Where each sentence begins among the letters, and the end."""
        return _bounds(self.signs.sentences)

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The masked text of every sentence, without what was taken out of it."""
        ends = self.sentence_bounds.tolist()
        return tuple(map(self.letters.__getitem__, map(slice, ends, ends[1:])))

    @cached_property
    def ranks(self) -> Places:
        """The n-grams in order of their keys."""
        return np.argsort(self.grams, kind="stable")

    @cached_property
    def ranked(self) -> Keys:
        """The keys of the n-grams, sorted."""
        return self.grams[self.ranks]

    @cached_property
    def grams_before(self) -> Places:
        """How many n-grams stand before each clause, and in all."""
        return np.searchsorted(self.grams_at, self.bounds)

    def sought(self, grams: Keys) -> tuple[Flags, Places]:
        """Which of ``grams`` stand in this text, and the n-gram of this text at which each would be found first."""
        if not len(self.grams):
            return np.zeros(len(grams), np.bool_), np.zeros(len(grams), np.int64)
        at = np.minimum(np.searchsorted(self.ranked, grams), len(self.ranked) - 1)
        return self.ranked[at] == grams, self.ranks[at]

    def everywhere(self, grams: Keys) -> tuple[Places, Places]:
        """Which of ``grams`` stand at which n-grams of this text, as pairs; one that it has often, at the first few."""
        first = np.searchsorted(self.ranked, grams)
        counts = np.minimum(np.searchsorted(self.ranked, grams, side="right") - first, _OFTEN)
        which = np.repeat(np.arange(len(grams)), counts)
        offsets = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, self.ranks[np.repeat(first, counts) + offsets]

    @cached_property
    def _begins(self) -> list[int]:
        """Where each paragraph begins in ``written``."""
        begins = [0]
        for _, text in self.text.paragraphs:
            begins.append(begins[-1] + len(text) + 1)
        return begins[:-1]

    @cached_property
    def section_of(self) -> npt.NDArray[np.int64]:
        """The section number of every letter."""
        numbers = np.array([number for number, _ in self.text.paragraphs] or [0])
        at = np.searchsorted(np.array(self._begins or [0]), self.signs.starts, side="right") - 1
        return np.asarray(numbers[at], dtype=np.int64)

    @cached_property
    def paragraph_of_clause(self) -> list[int]:
        """The paragraph of every clause, counted through the whole text."""
        at = np.searchsorted(np.array(self._begins), self.signs.starts[self.bounds[:-1]], side="right") - 1
        found: list[int] = at.tolist()
        return found

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where in ``written`` the clauses ``first`` to ``last`` stand, with what is printed around them."""
        start = int(self.signs.starts[self.bounds[first]])
        end = int(self.signs.ends[self.bounds[last + 1] - 1])
        return _widened(self.written, start, end)

    def place(self, start: int, end: int) -> Place:
        """The stretch of ``written`` as a clerk finds it; it lies within one paragraph."""
        at = bisect_right(self._begins, start) - 1
        number, _ = self.text.paragraphs[at]
        before = sum(other == number for other, _ in self.text.paragraphs[:at])
        offset = self._begins[at]
        return Place(number, before + 1, start - offset, end - offset, self.written[start:end])

    @cached_property
    def taken_out(self) -> tuple[Place, ...]:
        """The statutory wording that is left out of every figure, where it stands."""
        return tuple(self.place(start, end) for start, end in self.cut)


_OPENING, _CLOSING = "“‘（(《〈【「『[", "”’）)》〉】」』]"
_TRAILING = _CLOSING + _CLAUSE_ENDS.strip() + _SENTENCE_ENDS + _COMMA + "、…"


def _widened(written: str, start: int, end: int) -> tuple[int, int]:
    """The stretch with the brackets before it and the punctuation after it."""
    while start and written[start - 1] in _OPENING:
        start -= 1
    while end < len(written) and written[end] in _TRAILING:
        end += 1
    return start, end


def masked(text: Text, wording: StatutoryWording) -> Masked:
    """The text made ready: masked, and without statutory wording."""
    written = "\n".join(paragraph for _, paragraph in text.paragraphs)
    signs, cut = prepared(hide_names(written, text.names), wording, text.names)
    at, grams = _grams(signs)
    return Masked(
        text=text,
        wording=wording,
        written=written,
        letters=_spelled(signs.codes),
        signs=signs,
        bounds=clause_bounds(signs),
        grams=grams,
        grams_at=at,
        cut=cut,
    )


def prepared(
    written: str, wording: StatutoryWording, names: tuple[str, ...] = ()
) -> tuple[Signs, tuple[tuple[int, int], ...]]:
    """The signs of a text whose ``names`` are hidden, without statutory wording; and where that stood."""
    signs = read_signs(hide_names(written, wording.own_words))
    phrases = _phrases(wording.statutory + wording.stock, names, wording.own_words)
    cuts = [match.span() for match in phrases.finditer(_spelled(signs.codes))]
    return _without(signs, cuts) if cuts else (signs, ())


def clause_bounds(signs: Signs) -> Places:
    """Where each clause begins among the signs, and the end."""
    return _bounds(signs.clauses)


def hide_names(written: str, names: tuple[str, ...]) -> str:
    """The text with every name replaced by as many signs of the private use area: offsets stay."""
    if len(names) > _FEW:
        return _names_pattern(names).sub(lambda match: _NAME * len(match[0]), written)
    for name in sorted(names, key=len, reverse=True):
        if len(name) > 1:
            written = written.replace(name, _NAME * len(name))
    return written


@lru_cache(maxsize=512)
def _names_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """The longest name at each place; names with a common beginning share it, so that thousands stay fast."""
    known = {name for name in names if len(name) > 1}
    if not known:
        return re.compile(r"(?!)")
    heads = "".join(sorted({re.escape(name[0]) for name in known}))
    return re.compile(f"(?=[{heads}])(?:{_branches(sorted(known))})")


def _branches(words: Sequence[str], depth: int = 0) -> str:
    """A pattern for the words, all alike up to ``depth``; the longer ones first."""
    if len(words) == 1:
        return re.escape(words[0][depth:])
    ends = any(len(word) == depth for word in words)
    groups: dict[str, list[str]] = {}
    for word in words:
        if len(word) > depth:
            groups.setdefault(word[depth], []).append(word)
    parts = [re.escape(sign) + _branches(group, depth + 1) for sign, group in groups.items()]
    joined = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"(?:{joined})?" if ends else joined


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """What every sign of the basic plane is."""
    signs = np.arange(_LAST + 1, dtype=np.uint32).view("U1")
    kinds = np.where(np.char.isalnum(signs), _LETTER, _DROPPED).astype(np.uint8)
    kinds[np.char.isdigit(signs)] = _NUMERAL
    marks = (
        ("年月日", _PERIOD),
        ("度", _OF_YEAR),
        (_NUMERALS, _NUMERAL),
        (_NAME, _NAMED),
        (_DOTS, _DOT),
        (_COMMA, _SEPARATOR),
        (_CLAUSE_ENDS, _CLAUSE),
        (_SENTENCE_ENDS + "\n", _SENTENCE),
    )
    for marked, kind in marks:
        kinds[[ord(sign) for sign in marked]] = kind
    return kinds


@cache
def _folded() -> Codes:
    """Full width and capitals do not make a different text."""
    folded = np.arange(_LAST + 1, dtype=np.uint32)
    folded[0xFF01:0xFF5F] -= 0xFEE0
    folded[(folded >= ord("A")) & (folded <= ord("Z"))] += 32
    return folded


def read_signs(written: str) -> Signs:
    """The masked signs of a text whose names are hidden already."""
    codes = np.frombuffer(written.encode("utf-32-le", "surrogatepass"), np.uint32)
    low = np.minimum(codes, _LAST)
    kinds = _settled(_kinds()[low], codes)
    kept = np.flatnonzero(kinds != _DROPPED)
    kinds = kinds[kept]
    number = _numbers(kinds)
    name = kinds == _NAMED
    alone = np.ones(len(kept), np.bool_)
    alone[1:] = ~((number[1:] & number[:-1]) | (name[1:] & name[:-1]))
    first = np.flatnonzero(alone)
    begins, kinds = kept[first], kinds[first]
    ends = kept[np.append(first[1:], len(kept))[: len(first)] - 1] + 1
    codes = _folded()[low[begins]] if len(codes) == 0 or codes.max() <= _LAST else _wide(codes, low)[begins]
    codes[kinds == _NUMERAL] = ord(_NUMBER_MARK)
    codes[kinds == _NAMED] = ord(_NAME_MARK)
    return _parted(codes, kinds, begins, ends)


def _wide(codes: Codes, low: Codes) -> Codes:
    """A sign beyond the basic plane stands for itself."""
    return np.where(codes > _LAST, codes, _folded()[low])


def _settled(kinds: npt.NDArray[np.uint8], codes: Codes) -> npt.NDArray[np.uint8]:
    """Dots and ASCII commas by what stands on both sides of them; the kinds change in place."""
    for kind in (_DOT, _SEPARATOR):
        at = np.flatnonzero(kinds == kind)
        before, after = np.maximum(at - 1, 0), np.minimum(at + 1, len(kinds) - 1)
        number = (kinds[before] == _NUMERAL) & (kinds[after] == _NUMERAL)
        chinese = (kinds[before] != _DROPPED) & (kinds[before] < _NUMERAL) & (codes[before] >= _CHINESE)
        other = np.where(chinese, _SENTENCE, _DROPPED) if kind == _DOT else _CLAUSE
        kinds[at] = np.where(number, _NUMERAL, other)
    return kinds


def _numbers(kinds: npt.NDArray[np.uint8]) -> Flags:
    """Which signs belong to a number or a date: 2024年度 and 3月5日 as much as 1,234."""
    number = kinds == _NUMERAL
    period = np.zeros(len(kinds), np.bool_)
    period[1:] = number[:-1] & (kinds[1:] == _PERIOD)
    period[1:] |= period[:-1] & (kinds[1:] == _OF_YEAR)
    period |= number
    return period


def _parted(codes: Codes, kinds: npt.NDArray[np.uint8], begins: Places, ends: Places) -> Signs:
    letters = np.flatnonzero(kinds < _CLAUSE)
    return Signs(
        codes[letters],
        begins[letters],
        ends[letters],
        np.cumsum(kinds >= _CLAUSE, dtype=np.int64)[letters],
        np.cumsum(kinds >= _SENTENCE, dtype=np.int64)[letters],
    )


def _spelled(codes: Codes) -> str:
    return codes.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def _bounds(numbers: Places) -> Places:
    """Where each run of equal numbers begins, and the end."""
    begins = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    return np.concatenate(([0], begins, [len(numbers)])) if len(numbers) else np.zeros(1, np.int64)


def _grams(signs: Signs) -> tuple[Places, Keys]:
    """Where n-grams begin, and their keys: 64 bits, in which no two of a report clash by any likely chance."""
    reach = GRAM - 1
    codes = signs.codes.astype(np.uint64)
    if len(codes) < GRAM:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    at = np.flatnonzero(signs.clauses[reach:] == signs.clauses[:-reach])
    keys = np.zeros(len(codes) - reach, np.uint64)
    for step in range(GRAM):
        keys = keys * _TIMES + codes[step : len(codes) - reach + step]
    return at, keys[at]


@lru_cache(maxsize=64)
def _phrases(phrases: tuple[str, ...], names: tuple[str, ...], own_words: tuple[str, ...]) -> re.Pattern[str]:
    """The phrases masked as the texts are, so that neither punctuation nor a year or name hides one."""
    hidden = (hide_names(hide_names(phrase, names), own_words) for phrase in phrases)
    return _names_pattern(tuple(sorted(_spelled(read_signs(phrase).codes) for phrase in hidden)))


def _without(signs: Signs, cuts: Sequence[tuple[int, int]]) -> tuple[Signs, tuple[tuple[int, int], ...]]:
    """The signs outside the cuts, a cut parting clauses; and where in the text the cuts stand."""
    left, right = np.array(cuts).T
    edges = np.zeros(len(signs.codes) + 1, np.int64)
    edges[left] += 1
    np.add.at(edges, right, -1)
    kept = np.flatnonzero(np.cumsum(edges)[:-1] == 0)
    clauses = signs.clauses + np.cumsum(np.bincount(left, minlength=len(signs.codes)))
    gone = zip(signs.starts[left].tolist(), signs.ends[right - 1].tolist(), strict=True)
    held = Signs(
        signs.codes[kept], signs.starts[kept], signs.ends[kept], clauses[kept], signs.sentences[kept]
    )
    return held, tuple(gone)
