"""What a sentence claims, as frozen nouns: its place, its numbers, and of which year and whose they are.

Tuples with names, since a report makes thousands of them, and a frozen dataclass takes four times as long to make.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from report_builder.prose.numerals import Amount


class Scope(StrEnum):
    """Of which year a number is; what is of any other time or body is never judged, so it has no name here."""

    NOW = "now"
    LAST = "last"


class Place(NamedTuple):
    """Where a sentence stands: section and paragraph (1-based), and the sentence as written."""

    section: int
    paragraph: int
    sentence: str


class Quantity(NamedTuple):
    """A counted number in a sentence: what it says, what it counts by, where in the sentence it stands."""

    amount: Amount
    unit: str
    span: tuple[int, int]
    rough: bool = False

    @property
    def value(self) -> Decimal:
        """The number as printed."""
        return self.amount.value


class Subject(NamedTuple):
    """What a number counts: concepts of the lexicon, summed where there are several, and what they are a part of."""

    concepts: tuple[str, ...]
    part_of: str = ""


class Level(NamedTuple):
    """“办结40件”: a subject is said to be so many. ``year`` where the sentence names it in digits.

    ``among`` so many requests, which is only said of all of them if they are so many.
    """

    place: Place
    subject: Subject
    quantity: Quantity
    scope: Scope = Scope.NOW
    year: int | None = None
    among: Quantity | None = None


class Change(NamedTuple):
    """“同比增长13.9%”: how any of the subjects changed; without a quantity the same, or only more or less.

    ``sign`` is that of the direction word. ``kind`` says what the quantity is: a per cent, cases, times last year's that it grew by,
    or, as a ``ratio``, times or per cent of last year's that it is.
    """

    place: Place
    subjects: tuple[Subject, ...]
    sign: Literal[-1, 0, 1]
    kind: Literal["percent", "cases", "times", "ratio", "same", "tends"]
    quantity: Quantity | None
    span: tuple[int, int]


class Share(NamedTuple):
    """“占办结总数的36.05%”: the share of a part in a whole. Where no whole is named, ``wholes`` is empty.

    ``counted`` is the part's number as the sentence has it, ``stated`` the wholes that it states.
    """

    place: Place
    part: Subject | None
    wholes: tuple[str, ...]
    quantity: Quantity
    counted: Decimal | None = None
    stated: tuple[Decimal, ...] = ()


class Part(NamedTuple):
    """One part of a list, and what it counts where that is known."""

    quantity: Quantity
    subject: Subject | None


class Parts(NamedTuple):
    """A total and the list of its parts. Any of the ``runs`` may be the whole list.

    ``listed``: the parts follow (“其中”), and some may go without saying; ``open``: not all are named (等);
    ``summed``: the total is their sum (“两项合计”); ``implied``: nothing says that these are all the parts.
    """

    place: Place
    total: Quantity
    runs: tuple[tuple[Part, ...], ...]
    manner: Literal["listed", "open", "summed", "implied"] = "listed"


class NothingLeft(NamedTuple):
    """“全部办结”, “均获维持”: these measures are said to be zero."""

    place: Place
    measures: tuple[str, ...]
    said: str
    span: tuple[int, int]


class Dated(NamedTuple):
    """A year that a sentence takes for the report's: the period covered, or a plan for the years to come."""

    place: Place
    year: int
    what: Literal["period", "report", "plan"]
    span: tuple[int, int]


class SelfWord(NamedTuple):
    """“我委” in the report of a 局: the word, and where it first stands."""

    place: Place
    word: str
    span: tuple[int, int]


class Lead(NamedTuple):
    """Where a sentence may name its subject: the words from there on; ``certain`` where it can be no other body."""

    place: Place
    start: int
    certain: bool = False


Claim = Level | Change | Share | Parts | NothingLeft | Dated | SelfWord | Lead


class Speaker(NamedTuple):
    """Whose report is read: the report year, its own names; a government's speaks for its whole ``place`` (市, 县…)."""

    report_year: int
    names: tuple[str, ...] = ()
    place: str = ""
