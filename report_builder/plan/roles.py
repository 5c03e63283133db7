"""Who leads, who is responsible, who assists: told from the words that stand behind names or before lists of them.

牵头 makes a lead and 配合 or 协助 an assistant; everybody else who is named is responsible. A clause that gives
one body a particular duty (“各级政府办公厅做好…要件把关工作”) makes it no more than a note, where others bear the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from report_builder.plan.brackets import outer, parted, parts
from report_builder.plan.days import cut_days
from report_builder.plan.vocabulary import ASSIST, DUE, LEAD, RESPONSIBLE, Vocabulary

_EACH = "各"
_LISTED = "、"
_CLAUSES = "，,"
_STATEMENTS = "；;。\n"
_STOPS = "。．.；; "


@dataclass
class Roles:
    """Who does what, as written; ``dues`` are deadlines told among the names, ``doubts`` what is no name."""

    lead: list[str] = field(default_factory=list)
    responsible: list[str] = field(default_factory=list)
    assist: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    dues: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def add(self, role: str, names: Iterable[str]) -> None:
        """Each name once in its role."""
        held: list[str] = getattr(self, role)
        held.extend(name for name in dict.fromkeys(names) if name not in held)

    def include(self, other: Roles) -> None:
        """All that ``other`` tells beside what is told here."""
        for role in (LEAD, RESPONSIBLE, ASSIST):
            self.add(role, getattr(other, role))
        self.notes += [note for note in other.notes if note not in self.notes]
        self.dues += other.dues
        self.doubts += other.doubts

    @property
    def anybody(self) -> bool:
        """Whether anybody is named."""
        return bool(self.lead or self.responsible or self.assist)


def roles_of(text: str, known: Vocabulary, role: str = RESPONSIBLE) -> Roles:
    """Who ``text`` (a closing bracket, a labelled line, a table's cell) names; ``role`` is theirs where none is told."""
    told = Roles()
    for label, part in _labelled(_bare(text), known):
        stands = known.labels.get(label, role)
        if stands == DUE:
            told.dues.append(part)
        else:
            _Statement(known, told, stands, given=bool(label) or role != RESPONSIBLE).read(part)
    return told


def tells_roles(text: str, known: Vocabulary) -> bool:
    """Whether a bracketed passage tells who does it: by its words, or since it is nothing but names of bodies."""
    inner = _bare(text)
    if known.label.search(inner):
        return True
    if known.telling.search(inner):
        return roles_of(text, known).anybody
    names = [name for part in parts(inner, "，,；;") for name in parts(part, _LISTED)]
    return bool(names) and all(len(name) > 1 and _is_body_name(name, known) for name in names)


def _is_body_name(name: str, known: Vocabulary) -> bool:
    return (
        known.is_body(name)
        and not known.places.fullmatch(name)
        and len(name) <= known.words.roles.longest_name
    )


def _bare(text: str) -> str:
    """What stands in the brackets around all of ``text``."""
    bare = text.strip().rstrip(_STOPS)
    if outer(bare) == [(0, len(bare))]:
        return bare[1:-1].strip().rstrip(_STOPS)
    return bare


def _labelled(text: str, known: Vocabulary) -> Iterator[tuple[str, str]]:
    """The labels of ``text``, each with what stands behind it; without a label what stands before the first."""
    label, start = "", 0
    for match in known.label.finditer(text):
        yield from _unless_empty(label, text[start : match.start()])
        label, start = match[1], match.end()
    yield from _unless_empty(label, text[start:])


def _unless_empty(label: str, text: str) -> Iterator[tuple[str, str]]:
    bare = text.strip().strip("，,；;、")
    if bare:
        yield label, bare


@dataclass
class _Statement:
    """The names of one list or sentence; ``given`` where a label or a column says their role."""

    known: Vocabulary
    told: Roles
    role: str
    given: bool

    def read(self, text: str) -> None:
        for statement in parts(text, _STATEMENTS):
            waiting: list[str] = []
            for clause in parts(statement, _CLAUSES):
                for told in self._told_apart(clause):
                    waiting = self._clause(told, waiting)
            self._add(self.role, waiting)

    def _told_apart(self, clause: str) -> Iterator[str]:
        """A clause whose names are told their roles one by one: 省教育厅牵头、省财政厅配合."""
        start = 0
        told = False
        for piece, at in parted(clause, _LISTED):
            verb = self.known.verbs.search(piece)
            if told and verb and self.known.is_body(piece[: verb.start()]):
                yield clause[start:at].rstrip(_LISTED)
                start = at
            told = told or verb is not None
        yield clause[start:]

    def _clause(self, clause: str, waiting: list[str]) -> list[str]:
        """Names told a role; those of a clause without a verb wait for the next one's."""
        without_days, dated = cut_days(clause, self.known)
        if dated:
            self.told.dues.append(clause)
            clause = without_days
        names, rest = self._names(clause)
        if not rest or (dated and not names):
            return waiting + names
        role = self._told_role(rest)
        if role is None and names and not (self.given or dated) and self.told.anybody:
            self.told.notes.append(f"{'、'.join(names)}：{rest}")
            return waiting
        if role == ASSIST:
            self._add(self.role, waiting)
            waiting = []
        self._add(role or self.role, [*waiting, *names])
        self._note(rest)
        return []

    def _told_role(self, rest: str) -> str | None:
        return next((role for role, pattern in self.known.roles if pattern.search(rest)), None)

    def _note(self, rest: str) -> None:
        roles = self.known.words.roles
        if rest.startswith(roles.and_others) and roles.others_note not in self.told.notes:
            self.told.notes.append(roles.others_note)

    def _names(self, clause: str) -> tuple[list[str], str]:
        """The names that a clause begins with, and the rest of it from the first verb on."""
        names: list[str] = []
        pieces = [one for piece in parts(clause, _LISTED) for one in self._joined(piece)]
        for at, piece in enumerate(pieces):
            bare, own = self._own_role(piece)
            verb = self.known.verbs.search(bare)
            name = self._opened(bare[: verb.start()] if verb else bare)
            if name and own:
                self._add(own, [name])
            elif name:
                names.append(name)
            if verb:
                return names, "、".join([bare[verb.start() :], *pieces[at + 1 :]])
        return names, ""

    def _joined(self, piece: str) -> list[str]:
        """The names in a piece that 和 or a blank joins; what is done with them is left whole."""
        verb = self.known.verbs.search(piece)
        end = verb.start() if verb else len(piece)
        said = self.known.joins.sub(lambda found: f"{found[1]}\n", piece[:end]).split("\n")
        return [*said[:-1], said[-1] + piece[end:]]

    def _opened(self, name: str) -> str:
        """The name without 由 before it."""
        name = name.strip()
        opening = next((one for one in self.known.words.roles.openings if name.startswith(one)), "")
        return name.removeprefix(opening).strip(_STOPS + '“”"')

    def _own_role(self, piece: str) -> tuple[str, str]:
        """A name whose role stands in a bracket behind it: 省教育厅（牵头）."""
        spans = outer(piece)
        if spans and spans[-1][1] == len(piece):
            start, end = spans[-1]
            role = self.known.labels.get(piece[start + 1 : end - 1].strip())
            if role in {LEAD, ASSIST, RESPONSIBLE}:
                return piece[:start], role or ""
        return piece, ""

    def _add(self, role: str, names: list[str]) -> None:
        longest = self.known.words.roles.longest_name
        self.told.doubts += [name for name in names if len(name) > longest]
        self.told.add(role, distributed([name for name in names if len(name) <= longest], self.known))


def distributed(names: list[str], known: Vocabulary) -> list[str]:
    """Names written once for several: 各市〔州〕、县〔市〕政府 are two, and so are 省政府各部门、各单位."""
    whole: list[str] = []
    for name in names:
        before = whole[-1] if whole else ""
        bare = _without_government(name, known)
        if not name.startswith(_EACH) and before.startswith(_EACH) and known.places.fullmatch(bare):
            _share(whole, name.removeprefix(bare), known)
            whole.append(f"{_EACH}{name}")
        else:
            whole.append(_headed(name, before, known))
    return whole


def _share(whole: list[str], government: str, known: Vocabulary) -> None:
    """The last places named without 政府 get it from the one behind them."""
    for at in reversed(range(len(whole))):
        bare = whole[at].removeprefix(_EACH)
        if not government or not known.places.fullmatch(bare):
            return
        whole[at] += government


def _without_government(name: str, known: Vocabulary) -> str:
    ending = next((one for one in known.words.expansion.governments if name.endswith(one)), "")
    return name.removesuffix(ending)


def _headed(name: str, before: str, known: Vocabulary) -> str:
    """省政府各部门、各单位: the second is the province's too; 各县 behind it is nobody's but its own."""
    place = before.find(_EACH, 1)
    own = name.startswith(_EACH) and not known.places.match(name.removeprefix(_EACH))
    return f"{before[:place]}{name}" if own and place > 0 else name
