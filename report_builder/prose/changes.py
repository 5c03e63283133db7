"""Changes from last year: “同比增长13.9%”, “与上年持平”, “由71件增至83件”."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from report_builder.prose.claims import Change, Claim, Level, Quantity, Scope, Subject
from report_builder.prose.context import NAMES_ANOTHER, OPENING, SAYS_NOTHING
from report_builder.prose.levels import Levels
from report_builder.prose.numerals import Amount
from report_builder.prose.words import Token

_DOUBLED_STEP = Decimal(10)
_KINDS: Mapping[str, Literal["percent", "times", "cases"]] = {
    "percent": "percent",
    "times": "times",
    "count": "cases",
}
_TENDS = SAYS_NOTHING | {"concept", "against", "more", "less", "somewhat"}


class Changes(Levels):
    """Reads how what was counted is said to have changed."""

    def _beside_against(self, at: int) -> bool:
        """“较上年的71件”, “较上年（71件）”."""
        before = at - 2 if at and self.tokens[at - 1].text in "（(" else at - 1
        return before >= 0 and self.tokens[before].kind == "against" and self.tokens[at].kind == "count"

    def _more_of(self, stretch: Sequence[Token]) -> bool:
        """“比上年多收12件”: the verb stands behind 多."""
        after = iter(stretch)
        return any(token.kind == "against" for token in after) and any(
            token.text in self.lexicon.more_or_fewer
            and [one.kind for one in after if one.kind not in SAYS_NOTHING] == ["concept"]
            for token in after
        )

    def _is_times_last(self, at: int) -> bool:
        """“是上年的1.5倍”, “相当于上年的116.9%”."""
        if self.tokens[at].kind not in {"times", "percent"}:
            return False
        before = [token for token in self.tokens[self.start : at] if token.text != self.lexicon.of]
        return bool(before) and before[-1].kind == "last" and _ends(self.tokens, at)

    def _ratio(self, at: int, stretch: Sequence[Token]) -> Iterator[Claim]:
        token = self.tokens[at]
        subjects = self._compared(stretch)
        plain = all(one.kind in SAYS_NOTHING | {"concept", "reaching"} for one in stretch)
        quantity = token.quantity
        if plain and subjects and quantity and not quantity.rough and self._may_compare():
            yield Change(self.place, subjects, 1, "ratio", quantity, (self._clause_start(at), token.end))

    def _last_years_alone(self, kinds: Sequence[str]) -> bool:
        """“收到申请83件，上年为71件”."""
        return bool(self.counts) and "last" in kinds and set(kinds) <= {"last", "fillers"}

    def _reached(self, at: int) -> Iterator[Claim]:
        """“由上年的10件下降至8件”: the number reached is this year's, and what follows is a change."""
        self.state.scope, self.state.year = Scope.NOW, None
        yield from self._level(at, self.counts[-1][1], ())
        self.against = True

    def _last_years(self, at: int) -> Iterator[Claim]:
        """“较上年的71件增加”: last year's number of what was just counted."""
        quantity = self.tokens[at].quantity
        subjects = self._compared(self.tokens[self.start : at])
        self.state.scope, self.state.year = Scope.NOW, None
        if (
            quantity
            and len(subjects) == 1
            and quantity.unit in self._units(subjects[0])
            and not quantity.rough
        ):
            yield Level(self.place, subjects[0], quantity, Scope.LAST)

    def _compared(self, stretch: Sequence[Token]) -> tuple[Subject, ...]:
        """What a change is of: concepts named beside it, else what was counted just before, else what a change was of."""
        before: list[Token] = []
        for token in stretch:
            if token.kind in {"against", "more", "less"} and any(one.kind == "concept" for one in before):
                break
            before.append(token)
        bare = [
            token
            for token in before
            if token.kind
            not in {"against", "more", "less", "respectively", "same", "same_as_last", "doubled"}
        ]
        names = self._joined(bare)
        if names:
            checked = [self._checked(name, bare) for name in names]
            return tuple(subject for subject in checked if subject is not None) if None not in checked else ()
        if any(token.kind in NAMES_ANOTHER for token in bare):
            return ()
        if self.changed:
            return self.changed
        if self.counts:
            last = self.counts[-1][1]
            return (last,) if last else ()
        if self.pending:
            return (self.pending,)
        return self.state.before

    def _changes(self, at: int, stretch: Sequence[Token]) -> Iterator[Claim]:
        run = self._run(at, {self.tokens[at].kind})
        if any(token.kind == "respectively" for token in stretch) and len(run) > 1:
            yield from self._respective_changes(run, stretch)
            return
        subjects = self._compared(stretch)
        sign = _sign(stretch)
        compared = self.against or self.changed or self._is_rate(at, stretch)
        if compared and subjects and sign and self._may_compare():
            yield from self._change(at, subjects, sign)
            self.changed = subjects

    def _is_rate(self, at: int, stretch: Sequence[Token]) -> bool:
        """“83件，增幅16.9%”, “83件（+16.9%）”: right behind a number, of last year if of nothing else."""
        said = [token.text for token in stretch if token.kind != "fillers"]
        if len(said) != 1 or self.tokens[at].kind != "percent" or not self.counts:
            return False
        bracketed = self.tokens[self.start - 1].text in OPENING
        behind = self.start > 1 and self.tokens[self.start - 2] is self.counts[-1][0]
        return behind and (said[0] in self.lexicon.rates or (bracketed and not said[0].isalpha()))

    def _respective_changes(self, run: Sequence[int], stretch: Sequence[Token]) -> Iterator[Claim]:
        self.done.update(run[1:])
        counted = self.counts[-len(run) :]
        names = self._joined(
            [token for token in stretch if token.kind not in {"against", "more", "less", "respectively"}]
        )
        subjects = (
            [self._checked(name, ()) for name in names]
            if len(names) == len(run)
            else [subject for _, subject in counted]
        )
        if len(subjects) != len(run) or not self.against or not self._may_compare():
            return
        sign = _sign(stretch)
        for number, subject in zip(run, subjects, strict=True):
            sign = _sign(self.tokens[self.start : number]) or sign
            if subject is not None and sign:
                yield from self._change(number, (subject,), sign)

    def _may_compare(self) -> bool:
        return self.state.scope is Scope.NOW and not self.state.elsewhere and not self.state.blocked

    def _change(self, at: int, subjects: tuple[Subject, ...], sign: int) -> Iterator[Claim]:
        token = self.tokens[at]
        quantity = token.quantity
        kind = _KINDS.get(token.kind)
        if quantity is None or kind is None or quantity.rough:
            return
        if kind == "cases" and quantity.unit not in self._units(subjects[0]):
            return
        yield Change(
            self.place, subjects, 1 if sign > 0 else -1, kind, quantity, (self._clause_start(at), token.end)
        )

    def _clause_start(self, at: int) -> int:
        return self.tokens[self.start].start if self.start < at else self.tokens[at].start

    def _unnumbered(self, at: int) -> Iterator[Claim]:
        """“与上年持平”, “翻一番”."""
        token = self.tokens[at]
        stretch = self.tokens[self.start : at]
        if not (self.against or token.kind == "same_as_last") or not self._may_compare():
            return
        subjects = self._compared(stretch)
        if not subjects or any(one.text in self.lexicon.roughly for one in stretch):
            return
        span = (self._clause_start(at), token.end)
        if token.kind != "doubled":
            yield Change(self.place, subjects, 0, "same", None, span)
            return
        percent = self.lexicon.doubled[token.text]
        told = Amount(Decimal(abs(percent)), _DOUBLED_STEP)
        quantity = Quantity(told, "%", (token.start, token.end))
        yield Change(self.place, subjects, 1 if percent > 0 else -1, "percent", quantity, span)

    def _tendency(self, clause: Sequence[Token]) -> Iterator[Claim]:
        """“新收申请较上年有所下降”: a direction alone, of what the clause names or of the one thing counted."""
        sign = _sign(clause)
        if not sign or not any(token.kind == "against" for token in clause) or not self._may_compare():
            return
        named = any(token.kind == "concept" for token in clause)
        subjects = self._compared(clause) if named or len(self.counts) == 1 else ()
        if len(subjects) == 1 and all(token.kind in _TENDS for token in clause):
            yield Change(
                self.place, subjects, 1 if sign > 0 else -1, "tends", None, (clause[0].start, clause[-1].end)
            )


def _ends(found: Sequence[Token], at: int) -> bool:
    return at + 1 == len(found) or found[at + 1].kind == "stop"


def _sign(stretch: Sequence[Token]) -> int:
    found = [token.kind for token in stretch if token.kind in {"more", "less"}]
    return 0 if not found else 1 if found[-1] == "more" else -1
