"""How a report's title is broken into lines: the same in Word, PDF and on the web."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from functools import lru_cache

_LINE = 20
"""How many characters of 22 points a line of the title holds at most."""
_WORD_END = re.compile(r"\d{4}年|[）)]|.(?=[（(])")


@lru_cache(maxsize=16)
def title_lines(title: str, unit: str) -> tuple[str, ...]:
    """The title in few lines of even length, broken where its words end: after the unit or the year, at a bracket."""
    natural = frozenset({len(unit)} if unit and title.startswith(unit) else ()) | _word_ends(title)
    wide = tuple(itertools.accumulate((1 if sign.isascii() else 2 for sign in title), initial=0))
    fewest = -(-wide[-1] // (2 * _LINE))
    broken = [
        _Broken(title, wide, natural, wide[-1] / count).into(0, count) for count in (fewest, fewest + 1)
    ]
    best = min(
        filter(None, broken),
        key=lambda one: (one[0] + _FURTHER_LINE * len(one[1]), len(one[1])),
        default=None,
    )
    return best[1] if best else (title,)


def _word_ends(title: str) -> frozenset[int]:
    return frozenset(match.end() for match in _WORD_END.finditer(title))


_FORCED = 24
"""A break within a word costs as much as lines that differ by twelve characters."""
_FURTHER_LINE = 10


@dataclass(frozen=True)
class _Broken:
    """One title to be broken into lines near the ``even`` length; ``wide`` is how far it reaches before each sign.

    Widths are in halves of a Chinese character.
    """

    title: str
    wide: tuple[int, ...]
    natural: frozenset[int]
    even: float
    known: dict[tuple[int, int], tuple[float, tuple[str, ...]] | None] = field(default_factory=dict)

    def into(self, start: int, count: int) -> tuple[float, tuple[str, ...]] | None:
        """The cheapest way to break what follows ``start`` into ``count`` lines; None where they cannot hold it."""
        if (start, count) not in self.known:
            self.known[start, count] = self._into(start, count)
        return self.known[start, count]

    def _into(self, start: int, count: int) -> tuple[float, tuple[str, ...]] | None:
        end = len(self.title)
        if count == 1:
            fits = self._halves(start, end) <= 2 * _LINE
            return (self._unevenness(start, end), (self.title[start:],)) if fits else None
        ways = (self._way(start, at, count) for at in range(start + 1, end) if self._may_end(start, at))
        return min(filter(None, ways), default=None)

    def _way(self, start: int, at: int, count: int) -> tuple[float, tuple[str, ...]] | None:
        after = self.into(at, count - 1)
        if after is None:
            return None
        forced = 0 if at in self.natural else _FORCED
        return self._unevenness(start, at) + forced + after[0], (self.title[start:at], *after[1])

    def _may_end(self, start: int, at: int) -> bool:
        """Whether a line may end here: it does not overflow, and no number or word of Latin letters is torn."""
        torn = self.title[at - 1].isascii() and self.title[at].isascii()
        return not torn and self._halves(start, at) <= 2 * _LINE

    def _halves(self, start: int, end: int) -> int:
        return self.wide[end] - self.wide[start]

    def _unevenness(self, start: int, end: int) -> float:
        return abs(self._halves(start, end) - self.even)
