"""What a rule kind is given and gives: a Case in, an Outcome out. Words, severities and codes are the rule file's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from report_builder.history import Held, History, hidden_names, text_of
from report_builder.model import Assigned, Number, ProcessingFee, Return, Settings, Severity, State, Unit
from report_builder.prose import Claim, Speaker, read
from report_builder.spec import Format, Measure, Rule, Spec
from report_builder.spec.layout import cells_named

if TYPE_CHECKING:
    from report_builder.similarity import Against, Masked, Text


@dataclass(frozen=True)
class Members:
    """What an aggregate is put together from.

    ``given`` are the cells a hand has filled in; ``parts`` the members' figures in these that are not zero, by cell
    and member (a cell that no member has filled in is not there), ``apart`` likewise those of bodies that are not
    counted. ``missing`` and ``doubtful`` say why, by member; ``blank`` are the cells a member has left empty.
    ``fees`` are the processing fees that members state; ``own_fee`` whether a hand has stated the aggregate's.
    """

    units: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    parts: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    apart: Mapping[str, Mapping[str, Number]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)
    blank: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fees: Mapping[str, ProcessingFee] = field(default_factory=dict)
    own_fee: bool = False


@dataclass(frozen=True)
class Case:
    """What a rule looks at: one Return under its format, with the years before it and what the place has set.

    ``names`` are those of all registered units, their aliases too; ``alike`` the reports of other units of the
    year that share text with this one, None where they were not looked for. ``assigned`` are the tasks the year's
    plan gives the unit, None where there is no plan; ``members`` what an aggregate is the sum of, None for any
    other report.
    """

    ret: Return
    fmt: Format
    spec: Spec
    settings: Settings
    unit: Unit = field(default_factory=lambda: Unit(""))
    history: History = field(default_factory=History)
    names: frozenset[str] = frozenset()
    alike: tuple[Held, ...] | None = ()
    assigned: tuple[Assigned, ...] | None = None
    members: Members | None = None

    @property
    def last(self) -> Held | None:
        """The year just before, where it is held."""
        return self.history.year(self.ret.report_year - 1)

    def threshold(self, rule: Rule) -> Decimal:
        """The place's own threshold for a rule, else the rule's, which every kind that compares with one has."""
        return self.settings.thresholds.get(rule.code, rule.threshold or Decimal(0))

    def cells_of(self, measure: Measure) -> Sequence[str]:
        """The cells of this return that a measure sums, in printed order."""
        return self.fmt.standing(cells_named(measure.cells, self.fmt), self.ret.cells)

    @cached_property
    def speaker(self) -> Speaker:
        """Whose report this is: the names it may go by, and the place it speaks for where it is a government's."""
        names = tuple(dict.fromkeys(filter(None, (self.unit.name, self.ret.unit, *self.unit.aliases))))
        return Speaker(self.ret.report_year, names, self.spec.lexicon.place_of(names, self.unit.kind))

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """What the sentences of the report claim, read once for all rules."""
        return read(self.ret.sections, self.spec.lexicon, self.speaker)

    @cached_property
    def claims_by_kind(self) -> Mapping[type[object], Sequence[Claim]]:
        """The claims sorted once, in reading order within each kind: every rule asks for a few of them."""
        sorted_out: dict[type[object], list[Claim]] = {}
        for claim in self.claims:
            sorted_out.setdefault(type(claim), []).append(claim)
        return sorted_out

    @cached_property
    def text(self) -> Text:
        """What of the report's text is compared."""
        return text_of(Held(self.ret, self.fmt), self.spec, self._hidden)

    @cached_property
    def against_years(self) -> tuple[Against, ...]:
        """The text against that of each earlier year held, the oldest first."""
        return self._against(self.history.years)

    @cached_property
    def against_others(self) -> tuple[Against, ...]:
        """The text against that of each unit of the year that shares some of it."""
        return self._against(self.alike or ())

    @property
    def _hidden(self) -> frozenset[str]:
        return hidden_names(self.names, self.settings.place)

    def _against(self, others: Sequence[Held]) -> tuple[Against, ...]:
        from report_builder.similarity import Against  # noqa: PLC0415 - numpy is needed only where texts are compared

        masked = tuple(self._masked(text_of(other, self.spec, self._hidden)) for other in others)
        return tuple(Against(self._now, other, masked) for other in masked)

    @cached_property
    def _now(self) -> Masked:
        return self._masked(self.text)

    def _masked(self, text: Text) -> Masked:
        from report_builder.similarity import masked  # noqa: PLC0415

        return masked(text, self.spec.statutory.with_phrases(self.settings.statutory_wording))

    def numbers(self, keys: Iterable[str]) -> list[Number] | None:
        """The numbers in these cells; None where any holds no number."""
        numbers = [self.ret.number(key) for key in keys]
        return None if None in numbers else [number for number in numbers if number is not None]


@dataclass(frozen=True)
class Blame:
    """One fault: the cells, the facts for the message, and where to look if it is no cell."""

    cells: tuple[str, ...]
    facts: Mapping[str, object]
    where: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Outcome:
    """What a rule found; without blames, ``state`` says whether it held or could not run, and ``why``."""

    state: State
    blames: tuple[Blame, ...] = ()
    why: str = ""


Kind = Callable[[Rule, Case], Outcome]
HELD = Outcome(State.HELD)


def outcome(blames: Iterable[Blame], *, ran: bool = True, why: str = "") -> Outcome:
    """FOUND with its blames, HELD where the rule ran and there are none, else INSUFFICIENT_DATA."""
    found = tuple(blames)
    if found:
        return Outcome(State.FOUND, found)
    return HELD if ran else Outcome(State.INSUFFICIENT_DATA, why=why)
