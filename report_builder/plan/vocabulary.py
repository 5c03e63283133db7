"""The words of plan.toml made ready for reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

from report_builder.plan.brackets import CLOSING, OPENING
from report_builder.plan.patterns import number, numbering, one_of
from report_builder.spec import PlanWords

LEAD, RESPONSIBLE, ASSIST, DUE = "lead", "responsible", "assist", "due"
_ROLE_ENDS = r"\s*[:：]"


@dataclass(frozen=True)
class Mark:
    """A task's or section's number: which way of numbering, the number, and where the words behind it begin."""

    form: int
    number: int | None
    end: int


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The plan's words as patterns, made once."""

    words: PlanWords

    @cached_property
    def _numberings(self) -> list[re.Pattern[str]]:
        return [
            re.compile("|".join(sorted(map(numbering, way), key=len, reverse=True)))
            for way in self.words.numberings
        ]

    def mark(self, text: str) -> Mark | None:
        """The number that ``text`` begins with; None where it begins with words."""
        for form, pattern in enumerate(self._numberings):
            found = pattern.match(text)
            if found:
                told = next((group for group in found.groups() if group), "")
                space = len(text[found.end() :]) - len(text[found.end() :].lstrip())
                return Mark(form, number(told), found.end() + space)
        return None

    @cached_property
    def labels(self) -> dict[str, str]:
        """What each label of a list introduces."""
        roles = self.words.roles
        return {
            **dict.fromkeys(roles.due_labels, DUE),
            **dict.fromkeys(roles.responsible_labels, RESPONSIBLE),
            **dict.fromkeys(roles.assist_labels, ASSIST),
            **dict.fromkeys(roles.lead_labels, LEAD),
        }

    @cached_property
    def label(self) -> re.Pattern[str]:
        """A label and its colon, at a beginning."""
        return re.compile(
            rf"(?:^|(?<=[\s;；,，.。、{re.escape(OPENING)}]))({one_of(self.labels)}){_ROLE_ENDS}"
        )

    @cached_property
    def verbs(self) -> re.Pattern[str]:
        """Where the names of a clause end; 等 is one before a word that goes on with it."""
        roles = self.words.roles
        behind = one_of([*roles.verbs, *roles.others])
        return re.compile(rf"{one_of(roles.verbs)}|{re.escape(roles.and_others)}(?=$|\d|\s|{behind})")

    @cached_property
    def roles(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """The words behind names that tell a role, those that go before the others first."""
        roles = self.words.roles
        return (
            (LEAD, re.compile(one_of(roles.lead))),
            (ASSIST, re.compile(one_of(roles.assist))),
            (RESPONSIBLE, re.compile(one_of(roles.responsible))),
        )

    @cached_property
    def telling(self) -> re.Pattern[str]:
        """What a closing bracket holds that tells who does it."""
        return re.compile(one_of(self.words.roles.telling))

    @cached_property
    def places(self) -> re.Pattern[str]:
        """A place by its sign alone: 县〔市〕, 州, 市（县、区）."""
        signs = one_of(self.words.signs)
        brackets = re.escape(OPENING + CLOSING)
        return re.compile(rf"{signs}(?:[{brackets}、]|{signs})*")

    @cached_property
    def joins(self) -> re.Pattern[str]:
        """Where two names are one text: behind the end of a name."""
        bodies = one_of(self.words.roles.bodies)
        close = f"[{re.escape(CLOSING)}]?"
        return re.compile(rf"({bodies}{close})\s*({one_of(self.words.roles.joins)}|\s)(?=.)")

    def is_body(self, name: str) -> bool:
        """Whether ``name`` ends as the name of a body does."""
        return name.rstrip(CLOSING + OPENING).endswith(self.words.roles.bodies)


@cache
def vocabulary(words: PlanWords) -> Vocabulary:
    return Vocabulary(words)
