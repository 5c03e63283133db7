"""What is said not to be, and that nothing is left: “未发生行政诉讼”, “已全部办结”."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from report_builder.prose.claims import Claim, Level, NothingLeft, Quantity, Scope, Subject
from report_builder.prose.context import SAYS_NOTHING, SILENT_HERE
from report_builder.prose.numerals import Amount
from report_builder.prose.shares import Shares
from report_builder.prose.words import Token
from report_builder.spec import NothingWords, Topic


class Noughts(Shares):
    """Reads where there is said to be nothing."""

    def _none(self, clause: Sequence[Token]) -> Iterator[Claim]:
        """“未收到申请”, “行政复议、行政诉讼均未发生”: a number of nought."""
        at = next((place for place, token in enumerate(clause) if token.kind == "none"), None)
        if at is None or self.state.scope is None:
            return
        named = [place for place, token in enumerate(clause) if token.kind == "concept"]
        denied = clause[at + 1 :] if named and named[-1] > at else clause[min([*named, at]) :]
        if any(token.kind not in SAYS_NOTHING | {"concept", "narrowing", "none", "each"} for token in denied):
            return
        concepts = [token for token in denied if token.kind == "concept"]
        if not all(self.lexicon.concept(token.key).none for token in concepts):
            return
        joined = all(self._topic(one).if_disclosed for one in concepts)
        for token in concepts if joined else concepts[-1:]:
            subject = self._checked(Subject((token.key,)), ())
            if subject is not None and self._says_plainly(subject):
                begin, end = sorted((clause[at], token), key=lambda one: one.start)
                quantity = Quantity(
                    Amount(Decimal(0), Decimal(1)), self._units(subject)[0], (begin.start, end.end)
                )
                self.counts.append((token, subject))
                yield Level(self.place, subject, quantity, self.state.scope, self.state.year)

    def _topic(self, token: Token) -> Topic:
        return self.lexicon.topic(self.lexicon.concept(token.key).topic)

    def _nothing_left(self, at: int) -> Iterator[Claim]:
        """“已全部办结”, “均获维持”; said of those in time only, or of some only, it says nothing."""
        begin = next((place + 1 for place in range(at - 1, -1, -1) if self.tokens[place].kind == "stop"), 0)
        clause = self.tokens[begin:at]
        place = next((number for number, token in enumerate(clause) if token.kind == "all"), None)
        if place is None or self.state.scope is not Scope.NOW or not self.was_ours:
            return
        said = next((token for token in clause[place + 1 :] if token.text in self.lexicon.finished), None)
        if said is None or self._limited(clause, begin, begin + place):
            return
        if clause[place].text in self.lexicon.each_one and not self._promised_of(clause, said):
            return
        for nothing in self.lexicon.nothing_left:
            if nothing.topic == self.state.topic and said.text in nothing.words:
                measures = self._left(nothing)
                if measures and measures not in self.told_left:
                    self.told_left.append(measures)
                    yield NothingLeft(
                        self.place, measures, clause[place].text + said.text, (clause[place].start, said.end)
                    )

    def _limited(self, clause: Sequence[Token], begin: int, at: int) -> bool:
        """Whether it is said of some only, or only of those in time; ``at`` is where 全部 stands."""
        if any(token.text in self.lexicon.but for token in (*self.tokens[:begin], *clause)):
            return True
        if any(token.kind == "blockers" for token in self.tokens[:at]):
            return True
        concepts = [self.lexicon.concept(token.key) for token in clause if token.kind == "concept"]
        partly = self._is_of_the_done(clause[: at - begin]) or any(
            not concept.whole and self.lexicon.topic(concept.topic).disclosure for concept in concepts
        )
        other = any(token.kind in {"on_time", *SILENT_HERE, "last"} for token in clause)
        return partly or other or self._counted_others()

    def _is_of_the_done(self, before: Sequence[Token]) -> bool:
        """“已办结的86件申请均按规定答复”."""
        named = (self.lexicon.concept(token.key) for token in before if token.kind == "concept")
        return self._of_requests() and any(concept.done for concept in named)

    def _promised_of(self, clause: Sequence[Token], said: Token) -> bool:
        """“83件申请，件件有答复”: a fact; without a number before it, or behind 坚持, a principle."""
        before = [token for token in clause if token.start < said.start]
        return bool(self.counts) and all(token.kind in SAYS_NOTHING for token in before)

    def _counted_others(self) -> bool:
        """Whether what was counted last are not all the requests: “上年结转12件，全部办结”."""
        if not self.counts or not self._of_requests():
            return False
        token, subject = self.counts[-1]
        if subject is not None:
            concept = self.lexicon.concept(subject.concepts[0])
            return not concept.whole or concept.done
        after = next((one for one in self.tokens if one.start >= token.end), None)
        return after is None or after.kind not in {"object", "topic"}

    def _left(self, nothing: NothingWords) -> tuple[str, ...]:
        counted = [key for _, subject in self.counts if subject for key in subject.concepts]
        of = [measure for key in counted for measure in nothing.of.get(key, ())]
        return tuple(dict.fromkeys(of)) or nothing.left
