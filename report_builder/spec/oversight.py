"""What the lead office's pages say and how its score is reckoned, as frozen nouns (oversight.toml, score.toml)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class ScoreRule:
    """What one rule is worth in a clause, what each of its faults costs, and each question left unanswered.

    Without ``costs`` a single fault costs all; without ``asks`` a question costs as much as a fault.
    """

    code: str
    points: Decimal
    costs: Decimal | None = None
    asks: Decimal | None = None

    @property
    def fault_costs(self) -> Decimal:
        """What a finding that has to be mended costs."""
        return self.points if self.costs is None else self.costs

    @property
    def question_costs(self) -> Decimal:
        """What a finding costs that asks for an explanation and has none."""
        return self.fault_costs if self.asks is None else self.asks


@dataclass(frozen=True)
class Clause:
    """One clause of the score: what it asks for, on what basis, and the rules that measure it."""

    key: str
    name: str
    wording: str
    basis: str
    rules: tuple[ScoreRule, ...]

    @property
    def points(self) -> Decimal:
        """What it is worth before a place sets its own weight."""
        return sum((rule.points for rule in self.rules), Decimal(0))

    def measured_by(self, known: Container[str]) -> tuple[ScoreRule, ...]:
        """Those of its rules that are among ``known``."""
        return tuple(rule for rule in self.rules if rule.code in known)


@dataclass(frozen=True)
class Score:
    """The clauses; who is covered by less than ``least_coverage`` or has fewer than ``least_group`` peers has no rank."""

    clauses: tuple[Clause, ...]
    least_coverage: Decimal
    least_group: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Oversight:
    """The measures the overview shows, and what must be known before they are read."""

    key_measures: tuple[str, ...]
    caveats: tuple[str, ...]
