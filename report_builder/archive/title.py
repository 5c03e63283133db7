"""Whose report it is and of which year: the title in any of the forms offices give it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from report_builder.spec import Spec

_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_CHINESE = str.maketrans("〇○零ＯO一二三四五六七八九", "00000123456789")
_NUMBER = r"(?:(?<!\d)(?:19|20)\d\d(?!\d)|二[〇○零ＯO0][一二三四五六七八九〇○零ＯO0]{2})"
_YEAR = re.compile(rf"[（(]({_NUMBER})(?:年度|年|度)?[）)]|({_NUMBER})(?:年度|年|度)?")
_SITE = re.compile(r"[_|｜\-—－–]+")
_PUNCTUATION = re.compile(r"[，。；：！？,;:!?…|｜＞>\t]")
_LONGEST_TITLE, _LONGEST_UNIT, _LONGEST_LINE = 120, 60, 40
_MOST_LINES = 3


@dataclass(frozen=True)
class Title:
    """What one title says: the unit (empty where it names none), the report year, and its words."""

    unit: str
    year: int
    text: str


class Titles:
    """The titles that the formats and the offices give a report."""

    def __init__(self, spec: Spec) -> None:
        """``spec`` has the formats' own titles and the words of others."""
        self.words = spec.published
        self.bodies = spec.lexicon.body_endings + spec.lexicon.place_endings
        patterns = {fmt.report_title: None for fmt in spec.formats}
        self.own = [_own_pattern(pattern) for pattern in patterns]
        named = {re.sub(r"\{\w+\}", "", pattern).removeprefix("年") for pattern in patterns}
        self.names = sorted({*named, *self.words.title_names}, key=len, reverse=True)

    @cached_property
    def _signs(self) -> dict[int, None]:
        return dict.fromkeys(map(ord, self.words.title_signs))

    def of(self, text: str) -> Title | None:
        """What a whole line says if it is a title; None for any other line."""
        plain = "".join(text.split()).translate(_DIGITS)
        if not 0 < len(plain) <= _LONGEST_TITLE:
            return None
        for pattern in self.own:
            match = pattern.fullmatch(plain)
            if match and self._is_body(match["unit"]):
                return Title(match["unit"], int(match["year"]), plain)
        return self._freely(plain)

    def _freely(self, plain: str) -> Title | None:
        """A title whose year stands before, within or behind the rest, and which may have signs and words around."""
        rest = plain.translate(self._signs)
        years = {_as_number(match) for match in _YEAR.finditer(rest)}
        if len(years) != 1:
            return None
        rest = _YEAR.sub("", rest)
        if not rest.endswith(tuple(self.names)):
            rest = self._without_tails(rest)
        name = next((name for name in self.names if rest.endswith(name)), None)
        if name is None:
            return None
        unit = self._without_heads(rest.removesuffix(name))
        for join in self.words.title_joins:
            unit = unit.removesuffix(join)
        fits = not unit or (self._is_body(unit) and not any(word in unit for word in self.words.no_names))
        return Title(unit, years.pop(), plain) if fits else None

    def _without_tails(self, text: str) -> str:
        for tail in self.words.title_tails:
            text = text.removesuffix(tail)
        return text

    def _without_heads(self, text: str) -> str:
        for head in self.words.title_heads:
            if text.startswith(head):
                return self._without_heads(text.removeprefix(head).lstrip("0123456789：:.、"))
        return text

    def _is_body(self, unit: str) -> bool:
        return (
            len(unit) <= _LONGEST_UNIT
            and not _PUNCTUATION.search(unit)
            and not unit.startswith(self.words.title_heads)
            and not unit.endswith(self.words.title_joins)
            and not _YEAR.search(unit)
            and unit == unit.translate(self._signs)
        )

    def is_name_line(self, text: str) -> bool:
        """Whether a short line is the name of a body and nothing else."""
        plain = "".join(text.split())
        return (
            1 < len(plain) <= _LONGEST_LINE
            and plain.endswith(self.bodies)
            and self._is_body(plain)
            and not any(word in plain for word in self.words.no_names)
        )

    def of_page(self, text: str) -> Title | None:
        """What the page's own title says; behind it sites set the column's name and their own."""
        parts = (text, *_SITE.split(text))
        return next((title for part in parts if (title := self.of(part)) is not None), None)

    def among(self, lines: Sequence[str]) -> Iterator[Title]:
        """Every title in the lines, in order: on one line, or broken after the unit over two or three."""
        for at, line in enumerate(lines):
            found = self.of(line) or self.of(line.split(maxsplit=1)[0])
            if found is None or not found.unit:
                found = self._over_lines(lines[max(0, at + 1 - _MOST_LINES) : at + 1]) or found
            if found is not None:
                yield found

    def _over_lines(self, lines: Sequence[str]) -> Title | None:
        """The title that ends with the last of the lines and begins with the name of a body on one before it."""
        for start in range(len(lines) - 2, -1, -1):
            begins = self.is_name_line(_YEAR.sub("", lines[start]))
            title = self.of("".join(lines[start:])) if begins else None
            if title is not None and title.unit:
                return title
        return None

    def period(self, text: str) -> int | None:
        """The one year whose period, from its first day to its last, the text names."""
        plain = "".join(text.split()).translate(_DIGITS)
        years = {int(match["year"]) for pattern in self._periods for match in pattern.finditer(plain)}
        return years.pop() if len(years) == 1 else None

    @cached_property
    def _periods(self) -> list[re.Pattern[str]]:
        patterns = []
        for period in self.words.periods:
            first, *others = period.split("{year}")
            rest = r"(?P=year)".join(map(re.escape, others))
            patterns.append(re.compile(rf"{re.escape(first)}(?<!\d)(?P<year>\d{{4}}){rest}"))
        return patterns


def _as_number(match: re.Match[str]) -> int:
    return int((match[1] or match[2]).translate(_CHINESE))


def _own_pattern(title: str) -> re.Pattern[str]:
    """A format's own title; its words may hold no other."""
    pattern = re.escape("".join(title.split()))
    pattern = pattern.replace(re.escape("{unit}"), rf"(?P<unit>.{{1,{_LONGEST_UNIT}}}?)")
    return re.compile(pattern.replace(re.escape("{year}"), r"(?P<year>(?<!\d)\d{4})"))
