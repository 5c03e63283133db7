"""Shares: “占办结总数的36%”, “69.9%来自自然人”."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from report_builder.prose.changes import Changes
from report_builder.prose.claims import Claim, Share, Subject
from report_builder.prose.context import FOREIGN, NAMES_ANOTHER, NUMBERS, SILENT_HERE
from report_builder.prose.words import Token

_BRACKETED = 2
_ALL = 100
_UNKNOWN = SILENT_HERE | {"rest", "elsewhere", "last", "undated"}


class Shares(Changes):
    """Reads what part of what something is said to be."""

    def _shares(self, at: int, stretch: Sequence[Token]) -> Iterator[Claim]:
        mark = max(place for place, token in enumerate(stretch) if token.kind == "shares")
        run = self._run(at, {"percent"})
        names = self._joined([token for token in stretch[:mark] if token.kind != "respectively"])
        wholes = self._wholes(stretch[mark + 1 :])
        orphaned = self.parent is None and any(token.kind == "parts" for token in stretch)
        if wholes is None or (orphaned and not wholes):
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
        elif self.counts and not any(token.kind in NAMES_ANOTHER for token in stretch[:mark]):
            counted, subject = self.counts[-1]
            yield from self._share(at, subject, counted, wholes)

    def _wholes(self, named: Sequence[Token]) -> tuple[str, ...] | None:
        """The whole that is named behind 占; None where it is something unknown."""
        if any(token.kind in _UNKNOWN for token in named):
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
        """“69.9%来自自然人”, “31件（36.0%）”."""
        if self._in_bracket(at):
            counted, subject = self.counts[-1]
            yield from self._share(at, subject, counted, ())
            return
        tail: list[Token] = []
        for token in self.tokens[at + 1 :]:
            if token.kind in {"stop", "joins"} or token.kind in NUMBERS:
                break
            tail.append(token)
        if tail and tail[0].text.startswith("的") and len(tail) > 1:
            tail = tail[1:]
        opened = bool(tail) and (tail[0].text in self.lexicon.share_of or self._sorted_behind(at, tail))
        named = [token for token in tail if token.kind == "concept"]
        if opened and len(named) == 1 and self.lexicon.concept(named[0].key).wholes:
            yield from self._share(at, Subject((named[0].key,)), None, ())

    def _sorted_behind(self, at: int, tail: Sequence[Token]) -> bool:
        """“办结的86件中，36.0%予以公开，”: of what was counted, and not all of it."""
        quantity = self.tokens[at].quantity
        plain = at == self.start and bool(self.counts) and tail[0].kind == "concept"
        return plain and quantity is not None and quantity.value < _ALL

    def _in_bracket(self, at: int) -> bool:
        """Whether the per cent stands alone in a bracket behind what was counted last."""
        if not self.counts or at < _BRACKETED or at + 1 >= len(self.tokens):
            return False
        around = self.tokens[at - 1].text + self.tokens[at + 1].text
        return around in {"（）", "()"} and self.tokens[at - 2] is self.counts[-1][0]

    def _share(
        self, at: int, subject: Subject | None, counted: Token | None, wholes: tuple[str, ...]
    ) -> Iterator[Claim]:
        quantity = self.tokens[at].quantity
        if quantity is None or quantity.rough or not self._may_compare():
            return
        if self.state.topic == FOREIGN or (subject and self._wrong_topic(subject)):
            return
        part = None if counted is None or counted.quantity is None else counted.quantity
        stated = tuple(
            token.quantity.value
            for token, _ in self.counts
            if token is not counted and token.quantity and (part is None or token.quantity.unit == part.unit)
        )
        if subject is None and (
            part is None
            or not self._of_requests()
            or part.unit not in self.lexicon.topic(self.state.topic).units
        ):
            return
        yield Share(self.place, subject, wholes, quantity, part.value if part else None, stated)

    def _wrong_topic(self, subject: Subject) -> bool:
        return self.lexicon.concept(subject.concepts[0]).topic != self.state.topic
