"""What is said not to be, and that nothing is left: “未发生行政诉讼”, “已全部办结”."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal

from report_builder.prose.claims import Claim, Level, NothingLeft, Quantity, Scope, Subject
from report_builder.prose.context import SAYS_NOTHING, SILENT_HERE
from report_builder.prose.numerals import Amount
from report_builder.prose.shares import Shares
from report_builder.prose.words import Token
from report_builder.spec import NothingWords, Topic

_SOME_ONLY = SILENT_HERE | {"on_time", "last", "reasons"}


class Noughts(Shares):
    """Reads where there is said to be nothing."""

    def _none(self, clause: Sequence[Token]) -> Iterator[Claim]:
        """“未收到申请”, “行政复议、行政诉讼均未发生”, “无政府信息公开申请”: a number of nought."""
        at = next((place for place, token in enumerate(clause) if token.kind == "none"), None)
        if at is None or self.state.scope is None:
            return
        named = [place for place, token in enumerate(clause) if token.kind == "concept"]
        denied = clause[at + 1 :] if not named or named[-1] > at else clause[min([*named, at]) :]
        allowed = SAYS_NOTHING | {"concept", "narrowing", "none", "each"}
        if any(token.kind not in allowed for token in denied):
            return
        self.parent = None
        for token, subject in self._denied(denied):
            checked = self._checked(subject, ())
            if checked is not None and self._says_plainly(checked):
                yield self._nought(clause[at], token, checked)

    def _nought(self, none: Token, token: Token, subject: Subject) -> Level:
        begin, end = sorted((none, token), key=lambda one: one.start)
        quantity = Quantity(Amount(Decimal(0), Decimal(1)), self._units(subject)[0], (begin.start, end.end))
        self.counts.append((token, subject))
        return Level(self.place, subject, quantity, self.state.scope or Scope.NOW, self.state.year)

    def _denied(self, denied: Sequence[Token]) -> list[tuple[Token, Subject]]:
        """What there is none of: all disputes and all outcomes that are named, else what is named last, else the requests."""
        concepts = [token for token in denied if token.kind == "concept"]
        if not concepts:
            return self._denied_requests(denied)
        nouns = [self.lexicon.concept(token.key) for token in concepts]
        if not all(noun.none for noun in nouns):
            return []
        if nouns[-1].applicant and not any(token.kind in {"object", "topic"} for token in denied):
            return []
        joined = all(self._topic(one).if_disclosed for one in concepts) or (
            len(concepts) > 1 and self._are_joined(denied) and not any(noun.flow for noun in nouns)
        )
        return [(token, Subject((self._meant(token),))) for token in (concepts if joined else concepts[-1:])]

    def _meant(self, denied: Token) -> str:
        """“全部办结，没有结转”: behind what is done, 结转 is what is left of it."""
        before = (token for token in self.tokens if token.kind == "concept" and token.start < denied.start)
        done = any(self.lexicon.concept(token.key).done for token in before)
        return (self.lexicon.concept(denied.key).once_done if done else "") or denied.key

    def _are_joined(self, denied: Sequence[Token]) -> bool:
        """Whether nothing but 、 and the like stands between the concepts."""
        kinds = [
            token.kind for token in denied if token.kind in {"concept", "joins"} or token.kind == "object"
        ]
        places = [at for at, kind in enumerate(kinds) if kind == "concept"]
        return all("joins" in kinds[one:other] for one, other in itertools.pairwise(places))

    def _denied_requests(self, denied: Sequence[Token]) -> list[tuple[Token, Subject]]:
        """“无政府信息公开申请”, “没有公民申请政府信息公开”: the request itself."""
        topics = [one for one in self.lexicon.topics if one.disclosure and one.noun]
        for topic in topics:
            for token in denied:
                if token.text.endswith(topic.nouns) and self._is_of(topic, token, denied):
                    return [(token, Subject((topic.noun,)))]
        return []

    def _is_of(self, topic: Topic, token: Token, denied: Sequence[Token]) -> bool:
        if token.kind == "topic":
            return token.key == topic.key
        objects = "".join(one.text for one in denied if one.kind == "object")
        return token.kind == "object" and objects.endswith(self.lexicon.disclosing)

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
        other = any(token.kind in _SOME_ONLY for token in clause)
        other = other or self._is_of_a_matter(clause[: at - begin])
        return partly or other or self._counted_others()

    def _is_of_the_done(self, before: Sequence[Token]) -> bool:
        """“已办结的86件申请均按规定答复”."""
        named = (self.lexicon.concept(token.key) for token in before if token.kind == "concept")
        return self._of_requests() and any(concept.done for concept in named)

    def _is_of_a_matter(self, before: Sequence[Token]) -> bool:
        """“征地类申请均已答复”."""
        pairs = itertools.pairwise(before)
        return any(one.kind == "rest" and other.text.endswith(self.lexicon.of_some) for one, other in pairs)

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
