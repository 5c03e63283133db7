"""Numbers of cases: “办结40件”."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from report_builder.prose.claims import Claim, Level, Quantity, Scope, Subject
from report_builder.prose.subjects import Subjects
from report_builder.prose.words import Token


class Levels(Subjects):
    """Reads how many there are said to be."""

    def _levels(self, at: int, stretch: Sequence[Token], kinds: frozenset[str]) -> Iterator[Claim]:
        """The numbers that stand at ``at`` and go on behind it; ``kinds`` are those of the stretch before."""
        run = self._run(at, {"count", "bare"})
        names = self._joined(stretch)
        paired: list[tuple[int, Subject | None]]
        if len(names) > 1 and len(run) == len(names):
            paired = list(zip(run, names, strict=True))
        elif len(run) > 1 and "respectively" in kinds:
            paired = list(zip(run, self._labelled(stretch, len(run)), strict=True))
        elif len(names) > 1 and "each" in kinds:
            paired = [(at, name) for name in names]
        else:
            run = [at]
            paired = [(at, self._subject(at, stretch, names))]
        if self._any_one(at, stretch) or self._by_days():
            paired = [(at, None)]
        for number, subject in paired:
            yield from self._level(number, self._checked(subject, stretch), paired)
        if self._is_of_one_matter(stretch, kinds):
            self.parent, self.orphaned = None, True
        self.done.update(run[1:])

    def _is_of_one_matter(self, stretch: Sequence[Token], kinds: Container[str]) -> bool:
        """“旅游类申请32件，予以公开20件”: what follows are parts of these. ``kinds`` are those of its tokens."""
        if "rest" not in kinds or "object" not in kinds:
            return False
        about = self.lexicon.about_matter
        found = [
            token.text in about or (token.kind == "rest" and token.text.startswith(about))
            for token in stretch
        ]
        return any(found) and any(token.kind == "object" for token in stretch[found.index(True) :])

    def _any_one(self, at: int, stretch: Sequence[Token]) -> bool:
        """“办理一件依申请公开事项平均用时…”: one stands for each, unless what is counted is named before it."""
        verb = (
            bool(stretch) and stretch[-1].kind == "concept" and not self.lexicon.concept(stretch[-1].key).own
        )
        return verb and self.tokens[at].text in self.lexicon.any_one

    def _labelled(self, stretch: Sequence[Token], many: int) -> list[Subject | None]:
        """The labels of a list that 依次 and the like tie to as many numbers; those that no table knows count nothing."""
        labels: list[list[Token]] = [[]]
        for token in stretch:
            if token.kind == "joins":
                labels.append([])
            else:
                labels[-1].append(token)
        if len(labels) != many:
            return [None] * many
        named = [self._joined([token for token in label if token.kind != "respectively"]) for label in labels]
        return [names[0] if len(names) == 1 else None for names in named]

    def _counts_without_unit(self, at: int, kinds: Sequence[str]) -> bool:
        """“收到申请为0”, “分别有31、14、11件”."""
        token = self.tokens[at]
        if token.kind != "bare" or token.quantity is None:
            return False
        nought = token.text == "0" and self._stands_alone(at)
        return nought or ("respectively" in kinds and len(self._run(at, {"count", "bare"})) > 1)

    def _by_days(self) -> bool:
        """“10个工作日内答复的有34件”: sorted by the days taken, it is a part."""
        before = self.tokens[self.start - 1].quantity if self.start else None
        return before is not None and before.unit in self.lexicon.days

    def _level(
        self, number: int, subject: Subject | None, paired: Sequence[tuple[int, Subject | None]]
    ) -> Iterator[Claim]:
        quantity = self.tokens[number].quantity
        if quantity is None:
            return
        counted = self.tokens[number]
        unit = quantity.unit or next((self._unit(other) for other, _ in paired if self._unit(other)), "")
        if subject is not None and unit not in (*self._units(subject), *([""] if not quantity.value else ())):
            subject = None
        self.counts.append((counted, subject))
        self.changed = ()
        self.against = self._follows_last_years(subject)
        if subject is None:
            self._note_loose(number, quantity)
            if self._in_the_midst(number) and self.tokens[number].start not in self.loose:
                self.orphaned = True
            return
        self.subjects[number] = subject
        self.orphaned = False
        if self._in_the_midst(number):
            self.parent, self.midst = subject, True
        if self._is_left_behind(number):
            return
        if self._says_plainly(subject) and not quantity.rough and self.state.scope is not None:
            among = self.among if subject.part_of else None
            yield Level(self.place, subject, quantity, self.state.scope, self.state.year, among)

    def _follows_last_years(self, subject: Subject | None) -> bool:
        """“2023年收到71件，2024年收到83件，增长16.9%”: two years side by side are compared."""
        if self.state.scope is Scope.LAST and subject is not None:
            self.last_told.append(subject)
        return self.state.scope is Scope.NOW and subject in self.last_told

    def _note_loose(self, number: int, quantity: Quantity) -> None:
        """“83件申请…”: what was counted are requests, whether all of them the clause does not say."""
        after = self.tokens[number + 1 : number + 2]
        of_requests = self._of_requests() and quantity.unit in self.lexicon.topic(self.state.topic).units
        if of_requests and not quantity.rough and any(one.kind in {"object", "topic"} for one in after):
            self.loose[self.tokens[number].start] = quantity
            if self._in_the_midst(number):
                self._take_for_whole(self.tokens[number])

    def _is_left_behind(self, number: int) -> bool:
        """“由71件增至83件”: the first number is of a time that is not said."""
        after = self.tokens[number + 1].kind if number + 1 < len(self.tokens) else ""
        return after == "reaching" and self.state.scope is Scope.NOW

    def _unit(self, number: int) -> str:
        quantity = self.tokens[number].quantity
        return quantity.unit if quantity else ""

    def _in_the_midst(self, number: int) -> bool:
        """“83件申请中，”: what follows is a part of it."""
        for token in self.tokens[number + 1 :]:
            if token.kind == "stop":
                return False
            if token.text in self.lexicon.amidst:
                return True
        return False

    def _says_plainly(self, subject: Subject) -> bool:
        """Whether body, year and measure are settled: a number at the year's end is only one of what is then there."""
        stock = all(self.lexicon.concept(key).stock for key in subject.concepts)
        return not self.state.elsewhere and not self.state.blocked and (stock or not self.state.ended)
