"""What the sentences of a report claim, read clause by clause.

A number is first tied to what it counts, to a year and to a body; where one of these is not plain, the number
claims nothing. Whether a claim is true is not asked here: this room knows no table.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence

from report_builder.model import Section
from report_builder.prose import lists, years
from report_builder.prose.claims import Claim, Place, Speaker
from report_builder.prose.context import CLOSING, NUMBERS, OPENING, WATCHES, State, last_of, topic_after
from report_builder.prose.noughts import Noughts
from report_builder.prose.words import Token, Vocabulary, sentences, tokens, vocabulary
from report_builder.spec import Lexicon

_DENIES = frozenset({"all", "none"})
_PARTS_CLAUSES = NUMBERS | {"stop"}
_SPEAK_OF_NUMBERS = NUMBERS | {"none", "all", "against", "same_as_last"}


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
        """The claims of one section. A paragraph begins with the section's own topic, if it has one.

        A sentence that cannot tell of numbers is taken apart only once another that may follows it.
        """
        topic = next((one.key for one in self.lexicon.topics if section.number in one.sections), "")
        for number, paragraph in enumerate(section.paragraphs, 1):
            state = State(topic=topic)
            passed: list[Place] = []
            for sentence in sentences(paragraph):
                place = Place(section.number, number, sentence)
                yield from years.read(place, self.lexicon, self.speaker)
                passed.append(place)
                if self.words.telling.search(sentence):
                    for one in passed:
                        state = yield from self._sentence(one, state)
                    passed.clear()

    def _sentence(self, place: Place, state: State) -> Generator[Claim, None, State]:
        """The claims of one sentence, and what the next inherits; without numbers it only sets the topic."""
        found = tokens(place.sentence, self.words)
        if not _speaks_of_numbers(found):
            return topic_after(found, state, self.lexicon)
        clauses = Sentence(place, found, self.lexicon, self.speaker, state)
        yield from clauses.read()
        yield from lists.read(found, place, self.lexicon, clauses.subjects)
        return clauses.carried()


def _speaks_of_numbers(found: Iterable[Token]) -> bool:
    return not _SPEAK_OF_NUMBERS.isdisjoint([token.kind for token in found])


class Sentence(Noughts):
    """One sentence's clauses, from left to right."""

    def read(self) -> Iterator[Claim]:
        """The claims of the sentence, in reading order."""
        self._look_ahead()
        for at, token in enumerate(self.tokens):
            kind = token.kind
            watch = WATCHES.get(kind)
            if watch is not None:
                watch(self, at, token)
            if kind == "stop":
                yield from self._clause_ends(at)
            elif kind in NUMBERS and at in self.done:
                self.start = max(self.start, at + 1)
            elif kind in NUMBERS:
                yield from self._number(at)
                self.start = max(at + 1, self.told_to)
            elif kind in {"same", "same_as_last", "doubled"}:
                yield from self._unnumbered(at)
        yield from self._clause_ends(len(self.tokens))

    def _number(self, at: int) -> Iterator[Claim]:
        stretch = self._stretch(at)
        kinds = [token.kind for token in stretch]
        if "shares" in kinds and self.tokens[at].kind == "percent":
            yield from self._shares(at, stretch)
        elif self._is_times_last(at):
            yield from self._ratio(at, stretch)
        elif self._changes_last(kinds) or ("against" in kinds and self._more_of(stretch)):
            yield from self._changes(at, stretch)
        elif self.tokens[at].kind == "percent":
            yield from self._share_before(at)
        elif self._beside_against(at) or self._last_years_alone(kinds):
            yield from self._last_years(at)
        elif "reaching" in kinds and self.counts and "concept" not in kinds:
            yield from self._reached(at)
        elif self.tokens[at].kind == "count" or self._counts_without_unit(at, kinds):
            yield from self._levels(at, stretch, frozenset(kinds))

    @staticmethod
    def _changes_last(kinds: Sequence[str]) -> bool:
        """Whether a word of more or fewer stands nearer to the number than what is counted."""
        changes = "more" in kinds or "less" in kinds
        return changes and last_of(kinds, "more", "less") > last_of(kinds, "concept", "topic")

    def _stretch(self, at: int) -> Sequence[Token]:
        """What is said up to the number: “其他处理（含主动撤回）8件” as if nothing stood in the bracket."""
        if at and self.tokens[at - 1].text in CLOSING:
            opening = next(place for place in range(at - 1, -1, -1) if self._opens_bracket(place))
            begin = opening
            while begin and self.tokens[begin - 1].kind not in _PARTS_CLAUSES:
                begin -= 1
            inside = self.tokens[opening + 1 : at]
            named = any(token.kind == "concept" for token in inside) and inside[0].kind != "parts"
            if not named and not any(token.kind in NUMBERS for token in inside):
                return self.tokens[begin:opening]
        return self.tokens[self.start : at]

    def _opens_bracket(self, at: int) -> bool:
        return self.tokens[at].text in OPENING or at == 0

    def _clause_ends(self, at: int) -> Iterator[Claim]:
        clause = self.tokens[self.start : at]
        kinds = {token.kind for token in clause}
        if kinds.isdisjoint(NUMBERS):
            if "none" in kinds:
                yield from self._none(clause)
            if "against" in kinds:
                yield from self._tendency(clause)
        if "all" in self.kinds:
            yield from self._nothing_left(at)
        names = self._joined(clause) if "concept" in kinds and kinds.isdisjoint(_DENIES) else []
        self.pending = self._checked(names[0], clause) if len(names) == 1 else None
        if self._is_of_one_matter(clause, kinds) and any(
            token.text in self.lexicon.amidst for token in clause
        ):
            self.parent, self.orphaned = None, True
        self.start = at + 1
        self.was_ours = not self.state.elsewhere
        if at < len(self.tokens) and self.tokens[at].text in "；;":
            self.against, self.changed = False, ()
