"""What a number counts: the concept its clause names for it, or none."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from report_builder.prose.claims import Subject
from report_builder.prose.context import (
    FOREIGN,
    NAMES_ANOTHER,
    NUMBERS,
    SAYS_NOTHING,
    SILENT_HERE,
    Context,
    last_of,
)
from report_builder.prose.words import Token
from report_builder.spec import Concept

_MAY_FOLLOW = SAYS_NOTHING | {"respectively", "each", "reaching"}
_REASONS = frozenset({"narrowing", "reasons"})
_NAMED_BEFORE = NAMES_ANOTHER | {"finished", "blockers"}
_OPENS_ANEW = frozenset({"this", "self", "whole_place", "members"})


class Subjects(Context):
    """Finds the subjects of the numbers of a sentence."""

    def _subject(self, at: int, stretch: Sequence[Token], names: Sequence[Subject]) -> Subject | None:
        if self._told_of_the_one_before(stretch):
            return self._behind(at, whole=True)
        if len(names) > 1:
            return Subject(tuple(key for name in names for key in name.concepts), names[0].part_of)
        if names:
            return names[0]
        if any(token.kind in _NAMED_BEFORE for token in stretch):
            return self._behind(at, whole=False)
        return self._behind(at, whole=True) or (self.pending if self._stands_alone(at) else None)

    def _told_of_the_one_before(self, stretch: Sequence[Token]) -> bool:
        """“4件自然人申请和2件…”, “58件自然人申请中有12件…”: what stands between is of the number before."""
        before = self.tokens[self.start - 1].kind if self.start else ""
        if before != "count" or not stretch:
            return False
        return stretch[-1].kind == "joins" or any(token.text in self.lexicon.amidst for token in stretch)

    def _stands_alone(self, at: int) -> bool:
        """“收到的政府信息公开申请，共41件，”: the number is all of its clause."""
        return at + 1 == len(self.tokens) or self.tokens[at + 1].kind in {"stop", "joins"}

    def _joined(self, stretch: Sequence[Token]) -> list[Subject]:
        """The concepts that end the stretch, the joined ones together; none where anything foreign stands between."""
        names: list[Subject] = []
        joined = True
        for at in range(len(stretch) - 1, -1, -1):
            token = stretch[at]
            if token.kind == "concept":
                if not joined:
                    return self._within(names, stretch, at)
                names.insert(0, Subject((token.key,)))
                joined = False
            elif token.kind == "joins":
                joined = True
            elif token.text in self.lexicon.added_up:
                continue
            elif not names and token.kind not in _MAY_FOLLOW:
                return []
            elif names and (token.kind in _OPENS_ANEW or (joined and token.kind not in SAYS_NOTHING)):
                return names
        return names

    def _within(self, names: list[Subject], stretch: Sequence[Token], at: int) -> list[Subject]:
        """A concept before, not joined: what is counted must be able to be a part of it."""
        whole = stretch[at].key
        if self._is_over(whole, names):
            return names
        if self.lexicon.concept(whole).flow and all(
            self.lexicon.concept(name.concepts[0]).noun for name in names
        ):
            return [Subject((whole,))]
        if all(whole in self._may_be_in(name) or whole == name.concepts[0] for name in names):
            return [Subject(name.concepts, whole) for name in names]
        return []

    def _is_over(self, concept: str, names: Sequence[Subject]) -> bool:
        """“对答复不服申请行政复议6件”: disputes over what stands before them."""
        before = self.lexicon.concept(concept)
        over = self.lexicon.topic(self.lexicon.concept(names[0].concepts[0]).topic)
        return before.topic != over.key and (over.if_disclosed or (before.whole and not over.disclosure))

    def _may_be_in(self, subject: Subject) -> tuple[str, ...]:
        return self.lexicon.concept(subject.concepts[-1]).within

    def _behind(self, at: int, *, whole: bool) -> Subject | None:
        """“1件结转下年度继续办理”: the concept follows; where more precedes the number, only one that closes the clause."""
        tail: list[Token] = []
        for token in self.tokens[at + 1 :]:
            if token.kind in {"stop", "joins", "year_end"} or token.kind in NUMBERS:
                break
            tail.append(token)
        found = self._alike([place for place, token in enumerate(tail) if token.kind == "concept"], tail)
        if not found or any(token.kind == "all" for token in tail[: found[0]]):
            return None
        last = tail[found[-1]]
        if self.lexicon.concept(last.key).stock and all(
            one.kind in SAYS_NOTHING for one in tail[found[-1] + 1 :]
        ):
            self.told_to = at + 2 + found[-1]
            return Subject((last.key,))
        plain = self._is_plain(at, last)
        if not (whole and plain and len(found) == 1):
            return None
        self.told_to = at + 2 + found[0]
        return Subject((tail[found[0]].key,))

    def _alike(self, found: list[int], tail: Sequence[Token]) -> list[int]:
        """Behind disputes, what they are over is not counted: “8件行政复议涉及申请答复”."""
        topics = [self.lexicon.topic(self.lexicon.concept(tail[place].key).topic) for place in found]
        over = next((topic for topic in topics if topic.if_disclosed), None)
        return [place for place, topic in zip(found, topics, strict=True) if over is None or topic is over]

    def _is_plain(self, at: int, concept: Token) -> bool:
        """Whether the clause, from the number on, says nothing else of it, nor of those joined to it."""
        over = self.lexicon.topic(self.lexicon.concept(concept.key).topic).if_disclosed
        allowed = SAYS_NOTHING | {"concept", "count", *(("narrowing",) if over else ())}
        clause = itertools.takewhile(lambda one: one.kind not in {"stop", "year_end"}, self.tokens[at + 1 :])
        return all(one.kind in allowed or (over and one.kind == "finished") for one in clause)

    def _checked(self, subject: Subject | None, stretch: Sequence[Token]) -> Subject | None:
        """The subject, if the clause speaks of its topic and names nothing that narrows it."""
        if subject is None:
            return None
        kinds = {token.kind for token in stretch}
        if not kinds.isdisjoint(SILENT_HERE) and not self._by_every_way(stretch):
            self._passes_over(stretch)
            return None
        concepts = [self.lexicon.concept(key) for key in subject.concepts]
        topic = concepts[0].topic
        if any(one.topic != topic for one in concepts) or self.state.topic != topic:
            return None
        if self._is_narrowed(topic, stretch, kinds):
            return None
        if "object" in kinds and not self._fitting_objects(topic, stretch):
            return None
        return self._under_parent(subject, concepts, listed="parts" in kinds)

    def _by_every_way(self, stretch: Sequence[Token]) -> bool:
        """“通过网络、信函等方式收到”: not by one of the ways alone."""
        kinds = [token.kind for token in stretch]
        silent = {kind for kind in kinds if kind in SILENT_HERE}
        return silent == {"channels"} and kinds.count("channels") > 1 and "more_of_them" in kinds

    def _is_narrowed(self, topic: str, stretch: Sequence[Token], kinds: set[str]) -> bool:
        """A reason within an outcome, or disputes that may be over anything. ``kinds`` are those of the stretch."""
        noun = self.lexicon.topic(topic)
        reason = noun.disclosure and (
            not kinds.isdisjoint(_REASONS) or ("rest" in kinds and self._is_of_some(stretch))
        )
        return reason or (noun.if_disclosed and not self._over_information(topic))

    def _is_of_some(self, stretch: Sequence[Token]) -> bool:
        """“涉及征地的予以公开5件”, “重复申请不予处理3件”: of requests about something the lexicon does not know."""
        at = last_of([token.kind for token in stretch], "concept")
        if at < 0 or not self.lexicon.concept(stretch[at].key).wholes:
            return False
        between = list(itertools.takewhile(lambda token: token.kind != "rest", reversed(stretch[:at])))
        unknown = len(between) < at
        return unknown and bool(between) and between[0].text.endswith(self.lexicon.of_some)

    def _passes_over(self, stretch: Sequence[Token]) -> None:
        """What follows a number of something else is of that too: “窗口受理申请1260件，办结1258件”."""
        if any(token.kind == "passing" for token in stretch):
            self.state.topic, self.named = FOREIGN, True

    def _over_information(self, topic: str) -> bool:
        """Disputes are over information where that is said, or in their own section unless it is said of some only."""
        if self.state.disclosed:
            return True
        own = self.place.section in self.lexicon.topic(topic).sections
        later = (
            [token for token in self.tokens if token.start >= self.tokens[self.start - 1].end]
            if self.start
            else list(self.tokens)
        )
        some = next((at for at, token in enumerate(later) if token.kind == "parts"), len(later))
        return own and not any(token.text.startswith(self.lexicon.disclosing) for token in later[some:])

    def _of_requests(self) -> bool:
        topic = self.state.topic
        return bool(topic) and topic != FOREIGN and self.lexicon.topic(topic).disclosure

    def _fitting_objects(self, topic: str, stretch: Sequence[Token]) -> bool:
        """Whether what stands between the concept and its number is of its topic: 行政许可申请 are no decisions."""
        last = last_of([token.kind for token in stretch], "concept")
        objects = self.lexicon.topic(topic).objects
        return all(token.text in objects for token in stretch[last + 1 :] if token.kind == "object")

    def _under_parent(self, subject: Subject, concepts: Sequence[Concept], *, listed: bool) -> Subject | None:
        """The subject as a part of what is being sorted; ``listed`` where 其中 and the like begin the list here."""
        free = all(one.flow for one in concepts) and not listed
        if self.parent is None:
            return None if self.orphaned and not free else subject
        whole = self.parent.concepts[0]
        if self.lexicon.concept(whole).topic != concepts[0].topic:
            self.parent = None
            return subject
        if self.midst and any(one.flow for one in concepts):
            return None
        if all(whole in one.within for one in concepts):
            return Subject(subject.concepts, whole)
        return subject if free else None

    def _run(self, at: int, kinds: set[str]) -> list[int]:
        """The numbers that follow one another with nothing between but 、和，."""
        run = [at]
        place = at + 1
        while place + 1 < len(self.tokens) and (
            self.tokens[place].kind == "joins" or self.tokens[place].text in "，,"
        ):
            following = place + 1
            if self.tokens[following].kind == "joins":
                following += 1
            if following < len(self.tokens) and self.tokens[following].kind in {"more", "less", "fillers"}:
                following += 1
            if following >= len(self.tokens) or self.tokens[following].kind not in kinds:
                break
            run.append(following)
            place = following + 1
        return run

    def _units(self, subject: Subject) -> tuple[str, ...]:
        topic = self.lexicon.concept(subject.concepts[0]).topic
        return self.lexicon.topic(topic).units
