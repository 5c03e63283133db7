"""A task's title, text and responsibilities → one task of the plan, with what of it was not understood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from report_builder.model import Due, NotUnderstood, PlannedTask
from report_builder.plan.days import Days, dues_of, labelled_dues
from report_builder.plan.roles import Roles, roles_of
from report_builder.plan.targets import targets_of
from report_builder.plan.vocabulary import DUE, RESPONSIBLE, Vocabulary

NOBODY = "没有写明责任单位"
_NO_NAME = "读不出单位名称"
_LONG_NAME = "太长，不像单位名称"
_TWO_LEADS = "两处写的牵头单位不一样：{leads}"
_ONE_LEAD = "文件说每项任务一个牵头单位，这里有{count}个：{leads}"
_INHERITED = "责任单位取自上一级标题"


@dataclass(frozen=True, slots=True)
class Told:
    """A passage that tells who does it or by when; ``role`` is what its label or column says."""

    text: str
    role: str = RESPONSIBLE
    label: str = ""

    @property
    def verbatim(self) -> str:
        """As the document has it, a column's head before its cell."""
        return f"{self.label}：{self.text}" if self.label else self.text


@dataclass
class Material:
    """All that stands in the document for one task; ``inherited``: who does it is told by the heading above.

    ``addressed`` are those whom its sentences name, where nothing else tells who does it.
    """

    code: str
    section: str
    title: str
    where: str
    text: list[str] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    inherited: bool = False
    addressed: tuple[str, ...] = ()

    @property
    def joined(self) -> str:
        return "\n".join(self.text)


@dataclass(frozen=True)
class Reading:
    """What holds for a whole plan: its words, its year, whether each task has one lead."""

    known: Vocabulary
    year: int | None
    one_lead: bool = False


def split_title(words: str, known: Vocabulary) -> tuple[str, str]:
    """A task's title and the text behind it, if any; without a title of its own, its first clause and the whole."""
    limit = known.words.title_longest
    ends = [at for stop in known.words.title_stops if (at := words.find(stop, 0, limit + 1)) > 0]
    if ends:
        return words[: min(ends)].strip(), words[min(ends) + 1 :].strip()
    if len(words) <= limit:
        return words.strip(), ""
    commas = [at for comma in "，,；;、" if (at := words.find(comma, 0, limit + 1)) > 0]
    return words[: max(commas, default=limit)].strip(), words.strip()


def planned(material: Material, reading: Reading) -> tuple[PlannedTask, list[NotUnderstood]]:
    """The task, and what of it was not understood."""
    roles, differing = _roles(material, reading.known)
    days = _days(material, roles, reading)
    said = (
        material.joined
        if material.joined.startswith(material.title)
        else f"{material.title}。{material.joined}"
    )
    task = PlannedTask(
        code=material.code,
        section=material.section,
        title=material.title,
        text=material.joined,
        lead=tuple(roles.lead),
        responsible=tuple(roles.responsible),
        assist=tuple(roles.assist),
        responsibility="；".join(dict.fromkeys(told.verbatim for told in material.told)),
        due=tuple(sorted(dict.fromkeys(days.dues), key=_day)),
        targets=targets_of(said, reading.known),
        note="；".join([*material.notes, *roles.notes, *([_INHERITED] if material.inherited else [])]),
    )
    doubts = [*_role_doubts(material, roles, differing, reading), *days.doubts]
    return task, [NotUnderstood(text, why, material.where) for text, why in dict.fromkeys(doubts)]


def _day(due: Due) -> dt.date:
    """Days in their order, what has no date behind them."""
    return due.on or dt.date.max


def _roles(material: Material, known: Vocabulary) -> tuple[Roles, list[str]]:
    """Who does what by all that is told, and the leads where two places name different ones."""
    roles = Roles()
    leads: list[list[str]] = []
    for told in material.told:
        if told.role == DUE:
            roles.dues.append(told.text)
            continue
        one = roles_of(told.text, known, told.role)
        roles.include(one)
        leads += [one.lead] if one.lead else []
    roles.add(RESPONSIBLE, material.addressed)
    return roles, roles.lead if any(set(one) != set(leads[0]) for one in leads) else []


def _days(material: Material, roles: Roles, reading: Reading) -> Days:
    days = dues_of(material.joined, reading.known, reading.year)
    if not material.joined.startswith(material.title):
        days.include(dues_of(material.title, reading.known, reading.year))
    for told in roles.dues:
        days.include(labelled_dues(told, material.title, reading.known, reading.year))
    return days


def _role_doubts(
    material: Material, roles: Roles, differing: Sequence[str], reading: Reading
) -> Iterator[tuple[str, str]]:
    if not roles.anybody:
        tells = [told.verbatim for told in material.told if told.role != DUE and told.text.strip()]
        yield ("；".join(tells), _NO_NAME) if tells else (f"{material.code} {material.title}", NOBODY)
    for doubt in roles.doubts:
        yield doubt, _LONG_NAME
    said = "；".join(told.verbatim for told in material.told)
    if differing:
        yield said, _TWO_LEADS.format(leads="、".join(differing))
    elif reading.one_lead and len(roles.lead) > 1:
        yield said, _ONE_LEAD.format(count=len(roles.lead), leads="、".join(roles.lead))


def all_planned(
    materials: Iterable[Material], reading: Reading
) -> tuple[list[PlannedTask], list[NotUnderstood]]:
    """The tasks in order, each under a code of its own."""
    tasks: list[PlannedTask] = []
    doubts: list[NotUnderstood] = []
    taken: dict[str, int] = {}
    for material in materials:
        count = taken[material.code] = taken.get(material.code, 0) + 1
        if count > 1:
            why = f"编号 {material.code} 出现了 {count} 次，这一项改记为 {material.code}-{count}"
            doubts.append(NotUnderstood(material.title, why, material.where))
            material.code = f"{material.code}-{count}"
        task, more = planned(material, reading)
        tasks.append(task)
        doubts += more
    return tasks, doubts
