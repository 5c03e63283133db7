"""What the lead office sees: every unit of a year and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from report_builder.ledger import Ledger
from report_builder.model import Finding, Number, Severity, Unit


class Standing(StrEnum):
    """Where a unit's report stands, what needs most doing first."""

    ABSENT = "absent"
    FAILED = "failed"
    REJECTED = "rejected"
    TO_CORRECT = "to_correct"
    DRAFT = "draft"
    OUTDATED = "outdated"
    CHECKED = "checked"
    BUILT = "built"

    @property
    def term(self) -> str:
        """Its key in terms.toml."""
        return f"standing_{self.value}"


@dataclass(frozen=True, slots=True)
class Watched:
    """One unit of the year: where its report stands, what was found, which rules ran.

    ``government`` is the name of the nearest one above it, empty where none is recorded. ``folder`` is that of its
    outputs, ``files`` those of ``PAGES`` that lie there. ``late`` are the days it came or was published after
    ``due``, None where that was not reckoned. ``ran`` are the rules that held or found something, ``lacked`` those
    for which data was wanting, each with the reason. ``now`` and ``last`` are the key measures it states, by key; those
    of one that stands ``apart``, such as a vertically led body, belong to no place.
    """

    unit: Unit
    standing: Standing
    government: str = ""
    why: str = ""
    folder: str = ""
    files: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    ran: frozenset[str] = frozenset()
    lacked: tuple[tuple[str, str], ...] = ()
    due: dt.date | None = None
    published_on: dt.date | None = None
    late: int | None = None
    repeats: int = 0
    now: Mapping[str, Number] = field(default_factory=dict)
    last: Mapping[str, Number] = field(default_factory=dict)
    apart: bool = False

    @property
    def to_mend(self) -> int:
        """How many findings must be mended."""
        return sum(finding.severity is not Severity.EXPLAIN for finding in self.findings)

    @property
    def asked(self) -> int:
        """How many findings ask for an explanation."""
        return len(self.findings) - self.to_mend

    @property
    def unanswered(self) -> int:
        """How many of those have none."""
        return sum(one.severity is Severity.EXPLAIN and not one.answer for one in self.findings)


PAGES = ("年度报告.html", "年际比对.html", "校验意见.xlsx")
"""What a row of the overview leads to, the unit's own page first."""


@dataclass(frozen=True, slots=True)
class Government:
    """A government of the register and the one above it, empty at the top; ``due`` is its own aggregate's day.

    ``report`` is where the page of its aggregate lies, seen from the overview; empty where there is none. A ``draft``
    is not fit to be published.
    """

    name: str
    above: str = ""
    due: dt.date | None = None
    level: str = ""
    report: str = ""
    draft: bool = False


@dataclass(frozen=True)
class Overseen:
    """A place's year: its units in the order of the register, its governments, the weights it has set.

    ``beside`` are the names of other files that lie next to the overview, ``ledger`` is that of the year's tasks.
    """

    report_year: int
    format_id: str
    units: Sequence[Watched]
    governments: Sequence[Government] = ()
    place: str = ""
    lead_office: str = ""
    as_of: dt.date | None = None
    weights: Mapping[str, Decimal] = field(default_factory=dict)
    beside: Sequence[str] = ()
    ledger: Ledger | None = None

    @property
    def reports(self) -> tuple[Government, ...]:
        """The governments that have none above them and whose aggregates have a page."""
        return tuple(one for one in self.governments if one.report and not one.above)

    @cached_property
    def lines(self) -> Mapping[str, Sequence[str]]:
        """Each government with those above it, itself first; a ring in the register ends where it closes."""
        above = {one.name: one.above for one in self.governments}
        return {name: tuple(_upwards(name, above)) for name in above}


def _upwards(name: str, above: Mapping[str, str]) -> dict[str, None]:
    met: dict[str, None] = {}
    while name in above and name not in met:
        met[name] = None
        name = above[name]
    return met
