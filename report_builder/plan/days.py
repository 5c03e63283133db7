"""By when: the days a plan says in words, each with what is due and the plan's own wording.

A day that is no date (第一时间) is kept without one; a clause that looks like a deadline and is none that can be
told is a doubt, never a guess.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

from report_builder.model import Due
from report_builder.plan.brackets import parts
from report_builder.plan.patterns import HAN, SPACE, caught, number, one_of
from report_builder.plan.vocabulary import Vocabulary
from report_builder.spec import PlanWords
from report_builder.spec.nouns import DayWords, RepeatWords, WhenWords

Doubt = tuple[str, str]
"""A passage nobody can put a day to, and why."""

_SENTENCES = "。！？；;!?\n"
_CLAUSES = "，,：:"
_YEAR_DIGITS = 4
_MONTH_END = "end"
_NO_DAY = "像是时限，但读不出是哪一天"
_NO_SUCH_DAY = "日历上没有这一天"
_NO_YEAR = "方案没有写明是哪一年的，算不出日期"
_EARLIER = "时限的年份早于方案的年度"


@dataclass
class Days:
    """The deadlines of a passage, and what in it is none that can be told."""

    dues: list[Due] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)

    def include(self, other: Days) -> None:
        """What ``other`` tells beside what is told here."""
        self.dues += other.dues
        self.doubts += other.doubts


@dataclass(frozen=True)
class _Phrase:
    """Where a clause tells days, and the days: None is one without a date."""

    start: int
    end: int
    days: tuple[dt.date | None, ...]
    repeats: str = ""
    doubt: str = ""


@dataclass(frozen=True, eq=False)
class _Calendar:
    """The words for days as patterns, made once."""

    words: WhenWords

    @cached_property
    def _year(self) -> str:
        return rf"(?:\d{{4}}{SPACE}(?:年度?|[.\-/])?|[{HAN}]{{4}}{SPACE}年|{one_of(self.words.years)})"

    @cached_property
    def _one(self) -> str:
        said = one_of(said for day in self.words.days for said in day.said)
        return rf"(?:{self._year}{SPACE})?{said}"

    @cached_property
    def phrase(self) -> re.Pattern[str]:
        """A row of days, with or without 前; what comes round; what is no date."""
        words = self.words
        repeats = one_of(word for row in words.repeats for word in row.words)
        ends = one_of(end for row in words.repeats for end in row.ends)
        before = rf"{SPACE}{one_of(words.before)}(?!{one_of(words.not_before)})"
        row = rf"{self._one}(?:{one_of(words.joins)}{self._one})*"
        return re.compile(
            rf"(?P<repeat>{repeats})(?:{ends})?(?:{before})?|(?P<undated>{one_of(words.undated)})"
            rf"|(?P<row>{row})(?P<before>{before})?"
        )

    @cached_property
    def one(self) -> re.Pattern[str]:
        """One day of a row, its year and the rest."""
        return re.compile(rf"(?P<year>{self._year}{SPACE}(?=\S))?(?P<day>{one_of(self._said)})")

    @cached_property
    def _said(self) -> list[str]:
        return [said for day in self.words.days for said in day.said]

    @cached_property
    def days(self) -> tuple[tuple[re.Pattern[str], DayWords], ...]:
        """Each way to write a day."""
        return tuple((re.compile(caught(said)), day) for day in self.words.days for said in day.said)

    @cached_property
    def hint(self) -> re.Pattern[str]:
        return re.compile(one_of(self.words.hints))

    @cached_property
    def done(self) -> re.Pattern[str]:
        """Something is to be completed, not said of what was."""
        return re.compile(f"{one_of(self.words.completions)}(?!{one_of(self.words.told_of)})")

    @cached_property
    def unclear(self) -> dict[str, re.Pattern[str]]:
        """What, behind a word for what comes round, makes its days untold."""
        return {word: re.compile(one_of(row.unclear)) for row in self.words.repeats for word in row.words}

    def repeat(self, word: str) -> RepeatWords:
        return next(row for row in self.words.repeats if word in row.words)


@cache
def _calendar(words: PlanWords) -> _Calendar:
    return _Calendar(words.when)


@dataclass(frozen=True)
class _Reading:
    """One plan's year and words; ``labelled`` where a column or label says that days stand here."""

    calendar: _Calendar
    year: int | None
    labelled: bool = False

    def phrases(self, clause: str, following: str = "") -> Iterator[_Phrase]:
        """The deadlines in ``clause``; ``following`` is the next one, which may say what is done by then."""
        for found in self.calendar.phrase.finditer(clause):
            if found["repeat"]:
                yield self._repeat(found, clause)
            elif found["undated"]:
                yield _Phrase(found.start(), found.end(), (None,))
            elif found["before"] or self._is_deadline(found, clause, following):
                yield self._row(found)

    def _is_deadline(self, found: re.Match[str], clause: str, following: str) -> bool:
        """Whether days without 前 are a deadline: 年内 always; else after 于 or 到, where something is completed."""
        words = self.calendar.words
        one = self.calendar.one.fullmatch(found["row"])
        if self.labelled or (one and self._words_of(one["day"])[1].open):
            return self.labelled or not clause[: found.start()].endswith(words.not_behind)
        tail = clause[found.end() :].lstrip()
        led = clause[: found.start()].rstrip().endswith(words.since)
        done = self.calendar.done.search(tail + following) if led else self.calendar.done.match(tail)
        return done is not None

    def _row(self, found: re.Match[str]) -> _Phrase:
        days: list[dt.date | None] = []
        doubt = ""
        for one in self.calendar.one.finditer(found["row"]):
            day, why = self._day(one)
            days.append(day)
            doubt = doubt or why
        return _Phrase(found.start(), found.end(), tuple(days), doubt=doubt)

    def _repeat(self, found: re.Match[str], clause: str) -> _Phrase:
        row = self.calendar.repeat(found["repeat"])
        behind = clause[found.end("repeat") :].lstrip()
        if self.calendar.unclear[found["repeat"]].match(behind):
            return _Phrase(found.start(), found.end(), (None,), row.repeats, _NO_DAY)
        if self.year is None:
            return _Phrase(found.start(), found.end(), (None,), row.repeats, _NO_YEAR)
        days = tuple(_dated(self.year, on) for on in row.on)
        return _Phrase(found.start(), found.end(), days, row.repeats)

    def _words_of(self, day: str) -> tuple[re.Match[str], DayWords]:
        return next(
            (found, words) for pattern, words in self.calendar.days if (found := pattern.fullmatch(day))
        )

    def _day(self, one: re.Match[str]) -> tuple[dt.date | None, str]:
        """The day meant, None with the reason where there is none."""
        year = self._year_of((one["year"] or "").strip())
        if year is None:
            return None, _NO_YEAR
        found, words = self._words_of(one["day"])
        on = words.on
        for name, told in found.groupdict().items():
            on = on.replace(f"{{{name}}}", f"{number(told) or 0:02d}")
        day = _dated(year, on)
        if day is None:
            return None, _NO_SUCH_DAY
        return day, _EARLIER if self.year is not None and year < self.year else ""

    def _year_of(self, told: str) -> int | None:
        """The year told before a day; the plan's own where none is."""
        further = self.calendar.words.years.get(told)
        if not told or further is not None:
            return None if self.year is None else self.year + (further or 0)
        return number(told.rstrip("年度.-/").strip())


def _dated(year: int, on: str) -> dt.date | None:
    """The day “12-31” or “09-end” of ``year``; None where the calendar has none."""
    month, _, day = on.partition("-")
    try:
        last = calendar.monthrange(year, int(month))[1]
        return dt.date(year, int(month), last if day == _MONTH_END else int(day))
    except (ValueError, calendar.IllegalMonthError):
        return None


def dues_of(text: str, known: Vocabulary, year: int | None) -> Days:
    """The deadlines that stand in the sentences of ``text``; ``year`` is the plan's own."""
    days = Days()
    reading = _Reading(_calendar(known.words), year)
    for sentence in parts(text, _SENTENCES):
        clauses = parts(sentence, _CLAUSES)
        for at in range(len(clauses)):
            _read_clause(clauses, at, reading, days)
    return days


def labelled_dues(text: str, what: str, known: Vocabulary, year: int | None) -> Days:
    """The deadlines of a column or label of deadlines: ``what`` is due then."""
    days = Days()
    reading = _Reading(_calendar(known.words), year, labelled=True)
    phrases = list(reading.phrases(text))
    days.doubts += [(text, phrase.doubt) for phrase in phrases if phrase.doubt]
    days.dues += [
        Due(day, what, text, phrase.repeats) for phrase in phrases for day in dict.fromkeys(phrase.days)
    ]
    if not phrases:
        days.dues.append(Due(None, what, text))
        if not any(word in text for word in reading.calendar.words.lasting):
            days.doubts.append((text, _NO_DAY))
    return days


def cut_days(clause: str, known: Vocabulary) -> tuple[str, bool]:
    """``clause`` without the days told in it, and whether there are any."""
    reading = _Reading(_calendar(known.words), None)
    kept, last = [], 0
    for phrase in reading.phrases(clause):
        kept.append(clause[last : phrase.start])
        last = phrase.end
    return "".join([*kept, clause[last:]]), last > 0


def _read_clause(clauses: Sequence[str], at: int, reading: _Reading, days: Days) -> None:
    clause = clauses[at]
    following = clauses[at + 1] if at + 1 < len(clauses) else ""
    phrases = list(reading.phrases(clause, following))
    if not phrases:
        if reading.calendar.hint.search(clause):
            days.doubts.append((clause, _NO_DAY))
        return
    said = _Said(reading.calendar.words, clauses, at, phrases[0].start, phrases[-1].end)
    for phrase in phrases:
        if phrase.doubt:
            days.doubts.append((clause, phrase.doubt))
        for day in dict.fromkeys(phrase.days):
            days.dues.append(Due(day, said.what, said.verbatim, phrase.repeats))


@dataclass(frozen=True)
class _Said:
    """A clause with a deadline between ``start`` and ``end``: what is due, and how it is worded."""

    words: WhenWords
    clauses: Sequence[str]
    at: int
    start: int
    end: int

    @cached_property
    def _join(self) -> str:
        """并 before the clause, which goes on with the sentence."""
        return next((join for join in self.words.clause_joins if self._clause.startswith(join)), "")

    @property
    def _clause(self) -> str:
        return self.clauses[self.at]

    @cached_property
    def _head(self) -> str:
        return self._clause[len(self._join) : max(self.start, len(self._join))]

    @cached_property
    def _tail(self) -> str:
        """What stands behind the day; the next clause where nothing does (年底前，完成…)."""
        tail = self._clause[self.end :].strip()
        return tail if tail or not self._goes_on else self.clauses[self.at + 1]

    @cached_property
    def _goes_on(self) -> bool:
        return not self._clause[self.end :].strip() and self.at + 1 < len(self.clauses)

    @cached_property
    def _whole(self) -> bool:
        """Whether it takes the sentence before it to say what is due: 并按照法定时限向社会公开."""
        return bool(self._join) and not self._head.strip() and self.at > 0

    @cached_property
    def _bare(self) -> bool:
        """Whether it says only that something is done: 重写指南，9月底前完成."""
        return self.at > 0 and not self._head.strip() and self._tail in self.words.completions

    @cached_property
    def verbatim(self) -> str:
        """The clause as written, with those before or behind it without which it says nothing."""
        clause = self._clause.removeprefix(self._join)
        if self._whole:
            clause = "，".join([*self.clauses[: self.at], self._clause])
        elif self._bare:
            clause = "，".join([*self.clauses[: self.at], clause])
        return f"{clause}，{self.clauses[self.at + 1]}" if self._goes_on else clause

    @cached_property
    def what(self) -> str:
        """What is due: the clause without its day, and without a subject that is everybody."""
        tail = self._stripped(self._tail, self.words.modals)
        if self._whole:
            before = self._stripped("，".join(self.clauses[: self.at]), self.words.everybody)
            return f"{before}，{self._join}{tail}"
        if self._bare:
            return self._stripped("，".join(self.clauses[: self.at]), self.words.everybody)
        return self._subject(tail) + tail

    def _subject(self, tail: str) -> str:
        head = self._stripped(self._head.strip(), self.words.everybody)
        bare = self._ended(head, (*self.words.modals, *self.words.since))
        objects = next((one for one in self.words.objects if bare.startswith(one)), "")
        if objects:
            return bare.removeprefix(objects)
        if bare != head and not bare:
            return self._before()
        if tail.startswith(self.words.completions):
            return self._ended(bare, self.words.matter_ends)
        return bare

    def _before(self) -> str:
        """The subject that the clause before ends with, where the day stands behind 应当 alone."""
        before = self.clauses[self.at - 1] if self.at else ""
        return self._stripped(before, self.words.everybody)

    @staticmethod
    def _stripped(text: str, words: Sequence[str]) -> str:
        found = next((word for word in sorted(words, key=len, reverse=True) if text.startswith(word)), "")
        return text.removeprefix(found)

    @staticmethod
    def _ended(text: str, words: Sequence[str]) -> str:
        """``text`` without such words at its end, however many."""
        while found := next((word for word in words if text.endswith(word)), ""):
            text = text.removesuffix(found)
        return text
