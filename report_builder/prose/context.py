"""What a clause inherits from what stands before it: the topic, the year, the body that is spoken of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from report_builder.prose.claims import Place, Quantity, Scope, Speaker, Subject
from report_builder.prose.words import MASK, Token
from report_builder.spec import Lexicon

NUMBERS = frozenset({"count", "bare", "percent", "times"})
SILENT_HERE = frozenset({"foreign", "passing", "channels"})
_NOTHING = "fillers object topic self this on_time whole_place all parts joins members last"
SAYS_NOTHING = frozenset(_NOTHING.split())
NAMES_ANOTHER = SILENT_HERE | {"rest", "concept"}
FOREIGN = "foreign"
_TOPICAL = frozenset({"concept", "topic", FOREIGN})
OPENING, CLOSING = "（(", "）)"
_HEAD = 8
_Bodies = tuple[bool, bool, bool]
_Wholes = tuple[Subject | None, bool, bool, Quantity | None]


@dataclass
class State:
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


def topic_after(found: Iterable[Token], state: State, lexicon: Lexicon) -> State:
    for token in found:
        if token.kind not in _TOPICAL:
            continue
        state.topic = topic_of(token, lexicon) or state.topic
        state.disclosed = state.disclosed or (token.kind == "topic" and lexicon.topic(token.key).disclosure)
    return state


def topic_of(token: Token, lexicon: Lexicon) -> str:
    """The topic that a word sets by itself, if it does."""
    if token.kind == "concept":
        concept = lexicon.concept(token.key)
        return concept.topic if concept.own or token.text.startswith(lexicon.disclosing) else ""
    return token.key if token.kind == "topic" else FOREIGN if token.kind == FOREIGN else ""


def last_of(kinds: Sequence[str], *wanted: str) -> int:
    for at in range(len(kinds) - 1, -1, -1):
        if kinds[at] in wanted:
            return at
    return -1


class Context:
    """One sentence, and what its words so far have said of topic, year and body."""

    def __init__(
        self, place: Place, found: Sequence[Token], lexicon: Lexicon, speaker: Speaker, state: State
    ) -> None:
        self.place = place
        self.tokens = found
        self.kinds = frozenset([token.kind for token in found])
        self.lexicon = lexicon
        self.speaker = speaker
        self.state = state
        self.start = 0
        self.was_ours = not state.elsewhere
        self.against = False
        self.parent: Subject | None = None
        self.loose: dict[int, Quantity] = {}
        self.among: Quantity | None = None
        self.last_told: list[Subject] = []
        self.midst = False
        self.orphaned = False
        self.named = False
        self.told_to = 0
        self.opened = 0
        self.bracketed = (0, -1)
        self.outside: tuple[_Bodies, _Wholes] | None = None
        self.pending: Subject | None = None
        self.counts: list[tuple[Token, Subject | None]] = []
        self.changed: tuple[Subject, ...] = ()
        self.subjects: dict[int, Subject] = {}
        self.done: set[int] = set()
        self.told_left: list[tuple[str, ...]] = []

    def carried(self) -> State:
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
            ahead = {topic_of(token, self.lexicon) for token in self.tokens if token.kind in _TOPICAL} - {""}
            self.state.topic = ahead.pop() if len(ahead) == 1 else "" if ahead else self._asked_first()

    def _asked_first(self) -> str:
        """“83件新收申请”: the topic of the verb between a number and 申请."""
        for number, verb, noun in zip(self.tokens, self.tokens[1:], self.tokens[2:], strict=False):
            kinds = (number.kind, verb.kind, noun.kind)
            if kinds == ("count", "concept", "object") and noun.text.startswith(self.lexicon.asking):
                return self.lexicon.concept(verb.key).topic
            if kinds == ("fillers", "count", "object") and noun.text.startswith(self.lexicon.asking):
                before = self.tokens[self.tokens.index(number) - 1]
                return self.lexicon.concept(before.key).topic if before.kind == "concept" else ""
        return ""

    def _see_this(self, _: int, token: Token) -> None:
        if token.text in self.lexicon.relative and self.state.dated and self.state.scope is not Scope.NOW:
            return
        self.state.scope, self.state.dated, self.state.year = Scope.NOW, True, token.year or None
        self.state.ended = False

    def _see_last(self, at: int, token: Token) -> None:
        if (at and self.tokens[at - 1].kind == "against") or self._measures_by(at):
            return
        self.state.scope, self.state.dated, self.state.year = Scope.LAST, True, token.year or None
        self.state.ended = False

    def _measures_by(self, at: int) -> bool:
        """“是上年的1.5倍”: last year is only what this year is held against."""
        after = next((one for one in self.tokens[at + 1 :] if one.text != self.lexicon.of), None)
        return after is not None and after.kind in {"times", "percent"}

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
        """“市政府349件，各县区3919件”: behind another number they are the rest."""
        self.state.ours = bool(self.speaker.place)
        self.state.elsewhere = not self.state.ours
        self.state.blocked = self.state.blocked or bool(self.counts)

    def _see_elsewhere(self, _: int, __: Token) -> None:
        self.state.elsewhere = self.state.elsewhere or not (self.state.ours and self.speaker.place)

    def _see_rest(self, at: int, token: Token) -> None:
        """Another body that opens a clause is its subject."""
        if not token.text.endswith(self.lexicon.body_endings) or self.state.ours:
            return
        after = self.tokens[at + 1].text if at + 1 < len(self.tokens) else ""
        opens = all(
            one.kind in {"this", "last", "parts"} or one.text[0] == MASK
            for one in self.tokens[self.start : at]
        )
        if opens and after not in {"的", "、"}:
            self.state.elsewhere = True

    def _see_topic(self, _: int, token: Token) -> None:
        self.state.topic, self.named = token.key, True
        self.state.disclosed = self.state.disclosed or self.lexicon.topic(token.key).disclosure

    def _see_foreign(self, _: int, __: Token) -> None:
        self.state.topic, self.named = FOREIGN, True

    def _see_blockers(self, _: int, __: Token) -> None:
        self.state.blocked = True

    def _see_object(self, _: int, token: Token) -> None:
        discloses = token.text.startswith(self.lexicon.disclosing) and self.state.topic != FOREIGN
        self.state.disclosed = self.state.disclosed or discloses
        if not self.state.topic and token.text.startswith(self.lexicon.asking):
            self.state.topic = next(topic.key for topic in self.lexicon.topics if token.text in topic.objects)

    def _see_concept(self, _: int, token: Token) -> None:
        topic = topic_of(token, self.lexicon)
        if self.lexicon.concept(token.key).noun and not self.state.topic:
            self.state.topic = self.lexicon.concept(token.key).topic
        if topic and not (self._is_held(topic) and self.lexicon.topic(topic).yields):
            self.state.topic, self.named = topic, True
        self.pending = None

    def _is_held(self, topic: str) -> bool:
        """Whether something else is spoken of: named in this sentence, or foreign to every table."""
        return topic != self.state.topic and (self.named or self.state.topic == FOREIGN)

    def _see_against(self, _: int, __: Token) -> None:
        self.against = True

    def _see_stop(self, _: int, token: Token) -> None:
        if token.text in OPENING:
            self.opened = len(self.counts)
            bodies = (self.state.elsewhere, self.state.ours, self.state.blocked)
            self.outside = (bodies, (self.parent, self.midst, self.orphaned, self.among))
        elif token.text in CLOSING and self.outside is not None:
            bodies, wholes = self.outside
            self.state.elsewhere, self.state.ours, self.state.blocked = bodies
            self.parent, self.midst, self.orphaned, self.among = wholes
            self.bracketed = (self.opened, len(self.counts))

    def _counted_last(self) -> Subject | None:
        """What was counted last, what stands in a closed bracket left out."""
        first, last = self.bracketed
        counts = self.counts[:first] if last == len(self.counts) else self.counts
        return counts[-1][1] if counts else None

    def _see_in_comparison(self, _: int, __: Token) -> None:
        """“与上年71件相比，”: what follows is this year's again."""
        if self.state.scope is Scope.LAST:
            self.state.scope, self.state.year = Scope.NOW, None
            self.against = True

    def _see_parts(self, _: int, __: Token) -> None:
        self.midst = False
        self.parent, self.among = self._counted_last(), None
        if self.parent is None and self.counts:
            self._take_for_whole(self.counts[-1][0])
        self.orphaned = bool(self.counts) and self.parent is None

    def _take_for_whole(self, counted: Token) -> None:
        """“83件申请提交至我局，其中…”: a whole, provided that there were so many requests."""
        self.among = self.loose.get(counted.start)
        noun = next((topic.noun for topic in self.lexicon.topics if topic.disclosure), "")
        self.parent = Subject((noun,)) if self.among and noun else None

    def _year_of_ours(self, at: int) -> bool:
        """Whether another year stands at the head of the sentence, as the report year would."""
        return all(
            token.kind in {"stop", "fillers", "self", "rest"} and token.end <= _HEAD
            for token in self.tokens[:at]
        )


WATCHES: Mapping[str, Callable[[Context, int, Token], None]] = {
    name.removeprefix("_see_"): watch for name, watch in vars(Context).items() if name.startswith("_see_")
}
