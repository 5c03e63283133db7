"""What the sentences of a report claim, read clause by clause.

A number is first tied to what it counts, to a year and to a body; where one of these is not plain, the number
claims nothing. Whether a claim is true is not asked here: this room knows no table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from report_builder.model import Section
from report_builder.prose import lists, years
from report_builder.prose.claims import (
    Change,
    Claim,
    Level,
    NothingLeft,
    Place,
    Quantity,
    Scope,
    Share,
    Speaker,
    Subject,
)
from report_builder.prose.numerals import Amount
from report_builder.prose.words import MASK, Token, Vocabulary, sentences, tokens, vocabulary
from report_builder.spec import Concept, Lexicon, NothingWords

_NUMBERS = frozenset({"count", "bare", "percent", "times"})
_SILENT_HERE = frozenset({"foreign", "passing", "channels"})
_SAYS_NOTHING = frozenset(
    {
        "fillers",
        "object",
        "topic",
        "self",
        "this",
        "on_time",
        "whole_place",
        "all",
        "parts",
        "joins",
        "members",
        "last",
    }
)
_OPENS_ANEW = frozenset({"this", "self", "whole_place", "members"})
_FOREIGN = "foreign"
_DOUBLED_STEP = Decimal(10)


def read(sections: Sequence[Section], lexicon: Lexicon, speaker: Speaker) -> tuple[Claim, ...]:
    """Every claim of the sections, in reading order."""
    reader = Reader(lexicon, speaker)
    return tuple(claim for section in sections for claim in reader.section(section))


class Reader:
    """One report's lexicon made ready, and what is carried from one sentence to the next."""

    def __init__(self, lexicon: Lexicon, speaker: Speaker) -> None:
        self.lexicon = lexicon
        self.speaker = speaker
        self.words: Vocabulary = vocabulary(lexicon, speaker)

    def section(self, section: Section) -> Iterator[Claim]:
        """The claims of one section. A paragraph begins with the section's own topic, if it has one."""
        topic = next((one.key for one in self.lexicon.topics if section.number in one.sections), "")
        for number, paragraph in enumerate(section.paragraphs, 1):
            state = _State(topic=topic)
            for sentence in sentences(paragraph):
                place = Place(section.number, number, sentence)
                found = tokens(sentence, self.words)
                yield from years.read(place, self.lexicon, self.speaker)
                if _speaks_of_numbers(found):
                    clauses = _Sentence(place, found, self.lexicon, self.speaker, state)
                    yield from clauses.read()
                    yield from lists.read(found, place, self.lexicon, clauses.subjects)
                    state = clauses.carried()
                else:
                    state = _topic_after(found, state, self.lexicon)


def _speaks_of_numbers(found: Iterable[Token]) -> bool:
    return any(token.kind in _NUMBERS or token.kind in {"none", "all"} for token in found)


@dataclass
class _State:
    """What a clause inherits: what is spoken of, of which year, whose."""

    topic: str = ""
    scope: Scope | None = Scope.NOW
    dated: bool = False
    year: int | None = None
    ended: bool = False
    elsewhere: bool = False
    ours: bool = False
    blocked: bool = False
    disclosed: bool = False
    before: tuple[Subject, ...] = field(default_factory=tuple)


def _topic_after(found: Iterable[Token], state: _State, lexicon: Lexicon) -> _State:
    for token in found:
        state.topic = _topic_of(token, lexicon) or state.topic
        state.disclosed = state.disclosed or (token.kind == "topic" and token.key == "requests")
    return state


def _topic_of(token: Token, lexicon: Lexicon) -> str:
    """The topic that a word sets by itself, if it does."""
    if token.kind == "concept":
        concept = lexicon.concept(token.key)
        return concept.topic if concept.own else ""
    return {"topic": token.key, _FOREIGN: _FOREIGN}.get(token.kind, "")


class _Sentence:
    """One sentence's clauses, from left to right."""

    def __init__(
        self, place: Place, found: Sequence[Token], lexicon: Lexicon, speaker: Speaker, state: _State
    ) -> None:
        self.place = place
        self.tokens = found
        self.lexicon = lexicon
        self.speaker = speaker
        self.state = state
        self.start = 0
        self.was_ours = not state.elsewhere
        self.against = False
        self.parent: Subject | None = None
        self.midst = False
        self.named = False
        self.pending: Subject | None = None
        self.counts: list[tuple[Token, Subject | None]] = []
        self.changed: tuple[Subject, ...] = ()
        self.subjects: dict[int, Subject] = {}
        self.done: set[int] = set()
        self.stated: list[Token] = []

    def carried(self) -> _State:
        """What the next sentence inherits; a year or a body other than the report's own holds on until named anew."""
        self.state.before = tuple(subject for _, subject in self.counts if subject is not None)
        self.state.blocked = self.state.ours = self.state.ended = False
        if self.state.elsewhere and not self.counts:
            self.state.elsewhere = False
        if not self.counts or self.state.scope is Scope.NOW:
            self.state.scope, self.state.dated, self.state.year = Scope.NOW, False, None
        return self.state

    def _look_ahead(self) -> None:
        """A sentence that opens without a topic has the one it comes to, where that is one alone."""
        if not self.state.topic:
            ahead = {topic for token in self.tokens if (topic := _topic_of(token, self.lexicon))}
            self.state.topic = ahead.pop() if len(ahead) == 1 else ""

    def read(self) -> Iterator[Claim]:
        """The claims of the sentence, in reading order."""
        self._look_ahead()
        for at, token in enumerate(self.tokens):
            self._observe(at, token)
            if at in self.done:
                self.start = max(self.start, at + 1)
            elif token.kind in _NUMBERS:
                yield from self._number(at)
                self.start = at + 1
            elif token.kind in {"same", "same_as_last", "doubled"}:
                yield from self._unnumbered(at)
            elif token.kind == "stop":
                yield from self._clause_ends(at)
        yield from self._clause_ends(len(self.tokens))

    # Time, place and topic -------------------------------------------------------------------------------

    def _observe(self, at: int, token: Token) -> None:
        watch = getattr(self, f"_see_{token.kind}", None)
        if watch is not None:
            watch(at, token)

    def _see_this(self, _: int, token: Token) -> None:
        self.state.scope, self.state.dated, self.state.year = Scope.NOW, True, token.year or None
        self.state.ended = False

    def _see_last(self, at: int, token: Token) -> None:
        self.state.scope, self.state.dated, self.state.year = Scope.LAST, True, token.year or None
        self.state.ended = False

    def _see_year_end(self, _: int, token: Token) -> None:
        now = token.year == self.speaker.report_year
        self.state.scope = (
            Scope.NOW if now else Scope.LAST if token.year == self.speaker.report_year - 1 else None
        )
        self.state.year = None if now else token.year
        self.state.ended = True

    def _see_period(self, at: int, token: Token) -> None:
        if token.year == self.speaker.report_year:
            self._see_this(at, token)
        else:
            self.state.scope = None

    def _see_undated(self, at: int, token: Token) -> None:
        if token.year and self._year_of_ours(at):
            self.state.scope, self.state.year, self.state.dated = Scope.LAST, token.year, True
            return
        if not (token.text in self.lexicon.added_up and self.state.dated and self.state.scope is Scope.NOW):
            self.state.scope = None

    def _year_of_ours(self, at: int) -> bool:
        """Whether another year stands at the head of the sentence, as the report year would."""
        return all(
            token.kind in {"stop", "fillers", "self", "rest"} and token.end <= 8 for token in self.tokens[:at]
        )

    def _see_planned(self, at: int, token: Token) -> None:
        if token.year and self._year_of_ours(at):
            self.state.scope, self.state.year, self.state.dated = Scope.LAST, token.year, True
        else:
            self.state.scope = None

    def _see_self(self, _: int, __: Token) -> None:
        self.state.elsewhere, self.state.ours = False, True

    def _see_whole_place(self, _: int, token: Token) -> None:
        self.state.ours = bool(self.speaker.place) and token.text.endswith(self.speaker.place)
        self.state.elsewhere = not self.state.ours

    def _see_members(self, _: int, __: Token) -> None:
        self.state.ours = bool(self.speaker.place)
        self.state.elsewhere = not self.state.ours

    def _see_elsewhere(self, _: int, __: Token) -> None:
        self.state.elsewhere = self.state.elsewhere or not (self.state.ours and self.speaker.place)

    def _see_rest(self, at: int, token: Token) -> None:
        """Another body that opens a clause is its subject."""
        opens = all(
            one.kind in {"this", "last", "parts"} or one.text[0] == MASK
            for one in self.tokens[self.start : at]
        )
        after = self.tokens[at + 1].text if at + 1 < len(self.tokens) else ""
        if (
            opens
            and not self.state.ours
            and token.text.endswith(self.lexicon.body_endings)
            and after not in {"的", "、"}
        ):
            self.state.elsewhere = True

    def _see_topic(self, _: int, token: Token) -> None:
        self.state.topic, self.named = token.key, True
        self.state.disclosed = self.state.disclosed or token.key == "requests"

    def _see_foreign(self, _: int, __: Token) -> None:
        self.state.topic, self.named = _FOREIGN, True

    def _see_blockers(self, _: int, __: Token) -> None:
        self.state.blocked = True

    def _see_object(self, _: int, token: Token) -> None:
        self.state.disclosed = self.state.disclosed or token.text.startswith(self.lexicon.disclosing)
        if not self.state.topic and token.text.startswith(self.lexicon.asking):
            self.state.topic = next(topic.key for topic in self.lexicon.topics if token.text in topic.objects)

    def _see_concept(self, _: int, token: Token) -> None:
        topic = _topic_of(token, self.lexicon)
        if topic and not (self.named and topic != self.state.topic and self.lexicon.topic(topic).yields):
            self.state.topic, self.named = topic, True
        self.pending = None

    def _see_against(self, _: int, __: Token) -> None:
        self.against = True

    def _see_parts(self, _: int, __: Token) -> None:
        self.midst = False
        self.parent = self.counts[-1][1] if self.counts else None

    # Numbers ---------------------------------------------------------------------------------------------

    def _number(self, at: int) -> Iterator[Claim]:
        stretch = self.tokens[self.start : at]
        kinds = [token.kind for token in stretch]
        if "shares" in kinds and self.tokens[at].kind == "percent":
            yield from self._shares(at, stretch)
        elif _last_of(kinds, "more", "less") > _last_of(kinds, "concept", "topic"):
            yield from self._changes(at, stretch)
        elif self.tokens[at].kind == "percent":
            yield from self._share_before(at)
        elif self._beside_against(at) or (
            self.counts and "last" in kinds and set(kinds) <= {"last", "fillers"}
        ):
            yield from self._last_years(at)
        elif "reaching" in kinds and self.counts and "concept" not in kinds:
            yield from self._reached(at)
        elif self.tokens[at].kind == "count":
            yield from self._levels(at, stretch)

    def _levels(self, at: int, stretch: Sequence[Token]) -> Iterator[Claim]:
        run = self._run(at, {"count", "bare"})
        names = self._joined(stretch)
        if len(names) > 1 and len(run) == len(names):
            paired = list(zip(run, names, strict=True))
        elif len(names) > 1 and any(token.kind == "each" for token in stretch):
            paired = [(at, name) for name in names]
        else:
            run, paired = [at], [(at, self._subject(at, stretch))]
        if self._any_one(at, stretch):
            paired = [(at, None)]
        for number, subject in paired:
            yield from self._level(number, self._checked(subject, stretch), paired)
        self.done.update(run[1:])

    def _any_one(self, at: int, stretch: Sequence[Token]) -> bool:
        """“办理一件依申请公开事项平均用时…”: one stands for each, unless what is counted is named before it."""
        verb = (
            bool(stretch) and stretch[-1].kind == "concept" and not self.lexicon.concept(stretch[-1].key).own
        )
        return verb and self.tokens[at].text in self.lexicon.any_one

    def _level(
        self, number: int, subject: Subject | None, paired: Sequence[tuple[int, Subject | None]]
    ) -> Iterator[Claim]:
        quantity = self.tokens[number].quantity
        if quantity is None:
            return
        counted = self.tokens[number]
        unit = quantity.unit or next((self._unit(other) for other, _ in paired if self._unit(other)), "")
        if subject is not None and unit not in self._units(subject):
            subject = None
        self.counts.append((counted, subject))
        self.changed = ()
        self.against = False
        if subject is None:
            return
        self.subjects[number] = subject
        if self._in_the_midst(number):
            self.parent, self.midst = subject, True
        if self._says_plainly(subject) and not quantity.rough and self.state.scope is not None:
            yield Level(self.place, subject, quantity, self.state.scope, self.state.year)

    def _unit(self, number: int) -> str:
        quantity = self.tokens[number].quantity
        return quantity.unit if quantity else ""

    def _units(self, subject: Subject) -> tuple[str, ...]:
        topic = self.lexicon.concept(subject.concepts[0]).topic
        return self.lexicon.topic(topic).units

    def _in_the_midst(self, number: int) -> bool:
        """“83件申请中，”: what follows is a part of it."""
        for token in self.tokens[number + 1 :]:
            if token.kind == "stop":
                return False
            if token.text == "中":
                return True
        return False

    def _says_plainly(self, subject: Subject) -> bool:
        """Whether body, year and measure are settled: a number at the year's end is only one of what is then there."""
        stock = all(self.lexicon.concept(key).stock for key in subject.concepts)
        return not self.state.elsewhere and not self.state.blocked and (stock or not self.state.ended)

    # Subjects --------------------------------------------------------------------------------------------

    def _subject(self, at: int, stretch: Sequence[Token]) -> Subject | None:
        names = self._joined(stretch)
        if len(names) > 1:
            return Subject(tuple(key for name in names for key in name.concepts), names[0].part_of)
        if names:
            return names[0]
        if any(token.kind in {"concept", "rest", *_SILENT_HERE} for token in stretch):
            return self._behind(at, whole=False)
        return self._behind(at, whole=True) or (self.pending if self._stands_alone(at) else None)

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
            elif token.kind in {"joins"}:
                joined = True
            elif not names and token.kind not in _SAYS_NOTHING | {"respectively", "each", "reaching"}:
                return []
            elif names and (token.kind in _OPENS_ANEW or (joined and token.kind not in _SAYS_NOTHING)):
                return names
        return names

    def _within(self, names: list[Subject], stretch: Sequence[Token], at: int) -> list[Subject]:
        """A concept before, not joined: what is counted must be able to be a part of it."""
        whole = stretch[at].key
        if all(whole in self._may_be_in(name) or whole == name.concepts[0] for name in names):
            return [Subject(name.concepts, whole) for name in names]
        return []

    def _may_be_in(self, subject: Subject) -> tuple[str, ...]:
        return self.lexicon.concept(subject.concepts[-1]).within

    def _behind(self, at: int, *, whole: bool) -> Subject | None:
        """“1件结转下年度继续办理”: the concept follows; where more precedes the number, only one that closes the clause."""
        tail: list[Token] = []
        for token in self.tokens[at + 1 :]:
            if token.kind in {"stop", "joins"} or token.kind in _NUMBERS:
                break
            tail.append(token)
        found = [place for place, token in enumerate(tail) if token.kind == "concept"]
        if not found or any(token.kind == "all" for token in tail[: found[0]]):
            return None
        last = tail[found[-1]]
        if self.lexicon.concept(last.key).stock and all(
            one.kind in _SAYS_NOTHING for one in tail[found[-1] + 1 :]
        ):
            return Subject((last.key,))
        plain = all(one.kind in _SAYS_NOTHING | {"concept"} for one in tail)
        return Subject((tail[found[0]].key,)) if whole and plain and len(found) == 1 else None

    def _checked(self, subject: Subject | None, stretch: Sequence[Token]) -> Subject | None:
        """The subject, if the clause speaks of its topic and names nothing that narrows it."""
        if subject is None or any(token.kind in _SILENT_HERE for token in stretch):
            return None
        concepts = [self.lexicon.concept(key) for key in subject.concepts]
        topic = concepts[0].topic
        if any(one.topic != topic for one in concepts) or self.state.topic != topic:
            return None
        if not self._fitting_objects(topic, stretch):
            return None
        if topic == "requests" and any(token.kind == "narrowing" for token in stretch):
            return None
        if topic == "disputes" and not self._over_information():
            return None
        return self._under_parent(subject, concepts, stretch)

    def _over_information(self) -> bool:
        """Disputes are over information where that is said, or in their own section unless it is said of some only."""
        if self.state.disclosed:
            return True
        own = self.place.section in self.lexicon.topic("disputes").sections
        later = (
            [token for token in self.tokens if token.start >= self.tokens[self.start - 1].end]
            if self.start
            else list(self.tokens)
        )
        some = next((at for at, token in enumerate(later) if token.kind == "parts"), len(later))
        return own and not any(token.text.startswith(self.lexicon.disclosing) for token in later[some:])

    def _fitting_objects(self, topic: str, stretch: Sequence[Token]) -> bool:
        """Whether what stands between the concept and its number is of its topic: 行政许可申请 are no decisions."""
        last = _last_of([token.kind for token in stretch], "concept")
        objects = self.lexicon.topic(topic).objects
        return all(token.text in objects for token in stretch[last + 1 :] if token.kind == "object")

    def _under_parent(
        self, subject: Subject, concepts: Sequence[Concept], stretch: Sequence[Token]
    ) -> Subject | None:
        if self.parent is None:
            orphan = (
                any(token.kind == "parts" and token.text in self.lexicon.among for token in stretch)
                and self.counts
            )
            return None if orphan else subject
        whole = self.parent.concepts[0]
        if self.lexicon.concept(whole).topic != concepts[0].topic:
            self.parent = None
            return subject
        listed = any(token.kind == "parts" for token in stretch)
        if self.midst and any(one.flow for one in concepts):
            return None
        if all(whole in one.within for one in concepts):
            return Subject(subject.concepts, whole)
        free = all(one.flow for one in concepts) and not listed
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

    # Changes and shares ----------------------------------------------------------------------------------

    def _beside_against(self, at: int) -> bool:
        """“较上年的71件”, “较上年（71件）”."""
        before = at - 2 if at and self.tokens[at - 1].text in "（(" else at - 1
        return before >= 0 and self.tokens[before].kind == "against" and self.tokens[at].kind == "count"

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
        before = []
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
        if any(token.kind in {"rest", "concept", *_SILENT_HERE} for token in bare):
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
        if (self.against or self.changed) and subjects and sign and self._may_compare():
            yield from self._change(at, subjects, sign)
            self.changed = subjects

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
        kind = {"percent": "percent", "times": "times", "count": "cases"}.get(token.kind)
        if quantity is None or kind is None or quantity.rough:
            return
        if kind == "cases" and quantity.unit not in self._units(subjects[0]):
            return
        yield Change(
            self.place, subjects, 1 if sign > 0 else -1, kind, quantity, (self._clause_start(at), token.end)
        )  # type: ignore[arg-type]

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
        told = Amount(abs(percent), _DOUBLED_STEP)
        quantity = Quantity(told, "%", (token.start, token.end))
        yield Change(self.place, subjects, 1 if percent > 0 else -1, "percent", quantity, span)

    def _shares(self, at: int, stretch: Sequence[Token]) -> Iterator[Claim]:
        mark = max(place for place, token in enumerate(stretch) if token.kind == "shares")
        run = self._run(at, {"percent"})
        names = self._joined([token for token in stretch[:mark] if token.kind != "respectively"])
        wholes = self._wholes(stretch[mark + 1 :])
        if wholes is None:
            return
        if len(run) > 1:
            self.done.update(run[1:])
            yield from self._respective_shares(run, names, wholes)
        elif names:
            yield from self._share(
                at,
                names[-1] if len(names) == 1 else Subject(tuple(name.concepts[0] for name in names)),
                None,
                wholes,
            )
        elif self.counts and not any(
            token.kind in {"rest", "concept", *_SILENT_HERE} for token in stretch[:mark]
        ):
            counted, subject = self.counts[-1]
            yield from self._share(at, subject, counted, wholes)

    def _wholes(self, named: Sequence[Token]) -> tuple[str, ...] | None:
        """The whole that is named behind 占; None where it is something unknown."""
        if any(token.kind in {"rest", "elsewhere", *_SILENT_HERE, "last", "undated"} for token in named):
            return None
        return tuple(token.key for token in named if token.kind == "concept")

    def _respective_shares(
        self, run: Sequence[int], names: Sequence[Subject], wholes: tuple[str, ...]
    ) -> Iterator[Claim]:
        counted: Sequence[tuple[Token | None, Subject | None]] = self.counts[-len(run) :]
        if len(names) == len(run):
            counted = [(None, name) for name in names]
        if len(counted) == len(run):
            for number, (token, subject) in zip(run, counted, strict=True):
                yield from self._share(number, subject, token, wholes)

    def _share_before(self, at: int) -> Iterator[Claim]:
        """“69.9%来自自然人”."""
        tail: list[Token] = []
        for token in self.tokens[at + 1 :]:
            if token.kind in {"stop", "joins"} or token.kind in _NUMBERS:
                break
            tail.append(token)
        if tail and tail[0].text.startswith("的") and len(tail) > 1:
            tail = tail[1:]
        opened = bool(tail) and (tail[0].text in self.lexicon.share_of)
        named = [token for token in tail if token.kind == "concept"]
        if opened and len(named) == 1 and self.lexicon.concept(named[0].key).wholes:
            yield from self._share(at, Subject((named[0].key,)), None, ())

    def _share(
        self, at: int, subject: Subject | None, counted: Token | None, wholes: tuple[str, ...]
    ) -> Iterator[Claim]:
        quantity = self.tokens[at].quantity
        if quantity is None or quantity.rough or not self._may_compare():
            return
        if self.state.topic == _FOREIGN or (subject and self._wrong_topic(subject)):
            return
        part = None if counted is None or counted.quantity is None else counted.quantity
        stated = tuple(
            token.quantity.value
            for token, _ in self.counts
            if token is not counted and token.quantity and (part is None or token.quantity.unit == part.unit)
        )
        if subject is None and (part is None or self.state.topic != "requests" or part.unit != "件"):
            return
        yield Share(self.place, subject, wholes, quantity, part.value if part else None, stated)

    def _wrong_topic(self, subject: Subject) -> bool:
        return self.lexicon.concept(subject.concepts[0]).topic != self.state.topic

    # Clauses ---------------------------------------------------------------------------------------------

    def _clause_ends(self, at: int) -> Iterator[Claim]:
        clause = self.tokens[self.start : at]
        if not any(token.kind in _NUMBERS for token in clause):
            yield from self._none(clause)
        yield from self._nothing_left(at)
        names = [] if any(token.kind in {"all", "none"} for token in clause) else self._joined(clause)
        self.pending = self._checked(names[0], clause) if len(names) == 1 else None
        self.start = at + 1
        self.was_ours = not self.state.elsewhere
        if at < len(self.tokens) and self.tokens[at].text in "；;":
            self.against, self.changed = False, ()

    def _none(self, clause: Sequence[Token]) -> Iterator[Claim]:
        """“未收到申请”, “没有行政复议、行政诉讼”: a number of nought."""
        at = next((place for place, token in enumerate(clause) if token.kind == "none"), None)
        if at is None or self.state.scope is None:
            return
        denied = clause[at + 1 :]
        if any(token.kind not in _SAYS_NOTHING | {"concept", "narrowing"} for token in denied):
            return
        concepts = [token for token in denied if token.kind == "concept"]
        if not concepts or not all(self.lexicon.concept(token.key).none for token in concepts):
            return
        for token in (
            concepts if all(self.lexicon.concept(one.key).own for one in concepts) else concepts[-1:]
        ):
            subject = self._checked(Subject((token.key,)), ())
            if subject is not None and self._says_plainly(subject):
                quantity = Quantity(Amount(Decimal(0), Decimal(1)), "件", (clause[at].start, token.end))
                self.counts.append((token, subject))
                yield Level(self.place, subject, quantity, self.state.scope, self.state.year)

    def _nothing_left(self, at: int) -> Iterator[Claim]:
        """“已全部办结”, “均获维持”; said of those in time only, or of some only, it says nothing."""
        begin = max((place + 1 for place in range(at) if self.tokens[place].kind == "stop"), default=0)
        clause = self.tokens[begin:at]
        place = next((number for number, token in enumerate(clause) if token.kind == "all"), None)
        if place is None or self.state.scope is not Scope.NOW or (self.state.elsewhere and not self.was_ours):
            return
        said = next((token for token in clause[place + 1 :] if token.text in self.lexicon.finished), None)
        if said is None or self._limited(clause, begin):
            return
        for nothing in self.lexicon.nothing_left:
            if nothing.topic == self.state.topic and said.text in nothing.words:
                measures = self._left(nothing)
                if measures:
                    yield NothingLeft(
                        self.place, measures, clause[place].text + said.text, (clause[place].start, said.end)
                    )

    def _limited(self, clause: Sequence[Token], begin: int) -> bool:
        known = {"received", "handled", "dealt", "closed"}
        for token in self.tokens[:begin]:
            if token.kind == "blockers" and token.text in self.lexicon.but:
                return True
        partly = any(
            token.kind == "concept" and token.key not in known and not self.lexicon.concept(token.key).own
            for token in clause
        )
        other = any(
            token.kind in {"on_time", *_SILENT_HERE, "last"} or token.text in self.lexicon.but
            for token in clause
        )
        return partly or other or self._counted_others(known)

    def _counted_others(self, known: set[str]) -> bool:
        """Whether what was counted last are not all the requests: “上年结转12件，全部办结”."""
        if not self.counts or self.state.topic != "requests":
            return False
        token, subject = self.counts[-1]
        if subject is not None:
            return subject.concepts[0] not in known
        after = next((one for one in self.tokens if one.start >= token.end), None)
        return after is None or after.kind not in {"object", "topic"}

    def _left(self, nothing: NothingWords) -> tuple[str, ...]:
        counted = [key for _, subject in self.counts if subject for key in subject.concepts]
        of = [measure for key in counted for measure in nothing.of.get(key, ())]
        return tuple(dict.fromkeys(of)) or nothing.left


def _last_of(kinds: Sequence[str], *wanted: str) -> int:
    return max((place for place, kind in enumerate(kinds) if kind in wanted), default=-1)


def _sign(stretch: Sequence[Token]) -> int:
    found = [token.kind for token in stretch if token.kind in {"more", "less"}]
    return 0 if not found else 1 if found[-1] == "more" else -1
