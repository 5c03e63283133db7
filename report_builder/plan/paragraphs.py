"""A plan in paragraphs: the tree of numbered passages → the material of its tasks, and the closing paragraph's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from report_builder.model import NotUnderstood
from report_builder.plan.brackets import parts
from report_builder.plan.outline import Node, folded, outline, responsibilities, unnumbered, without_spans
from report_builder.plan.passages import Passage
from report_builder.plan.tasks import Material, Told, split_title
from report_builder.plan.vocabulary import Vocabulary

CLOSING_CODE = "0.1"
_STOPS = "。．.；;"
_SENTENCES = "。；！？\n"
_DATE = re.compile(r"(?:\d{4}|[〇零一二三四五六七八九十]{4})\s*年.{1,4}月.{1,4}日")
_LONGEST_SIGNATURE = 40
_NO_NUMBER = "各项任务没有编号（Word 的自动编号读不出来），按先后次序编号；可在 Word 里把编号转成文字"
_LOOSE = "写明责任单位的文字后面还有一段，没有写明责任单位，已并入这项任务的内容"


@dataclass
class Found:
    """What the paragraphs of a plan hold: tasks, what stood before them or below their headings, what was not understood."""

    materials: list[Material] = field(default_factory=list)
    before: list[Passage] = field(default_factory=list)
    introductions: list[Passage] = field(default_factory=list)
    doubts: list[NotUnderstood] = field(default_factory=list)


@dataclass
class _Piece:
    """A run of text, the passages it is from, and what tells who does it."""

    text: list[str] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def from_passages(passages: Sequence[Passage], known: Vocabulary) -> Found:
    """The tasks that stand in ``passages``."""
    kept = _without_tail(passages, known)
    tree = outline(kept, known)
    found = Found(before=tree.before, doubts=tree.doubts)
    for node in folded(tree.nodes, known) or _take_unnumbered(found, known):
        _walk(node, _Above(), found, known)
    _take_closing(found, kept, known)
    return found


def _without_tail(passages: Sequence[Passage], known: Vocabulary) -> Sequence[Passage]:
    """The passages without who signs, the day, and to whom copies go."""
    end = len(passages)
    while end and _is_tail(passages, end - 1, known):
        end -= 1
    return passages[:end]


def _is_tail(passages: Sequence[Passage], at: int, known: Vocabulary) -> bool:
    text = passages[at].text
    if text.startswith(known.words.furniture) or _DATE.fullmatch(text):
        return True
    dated = at + 1 < len(passages) and _DATE.fullmatch(passages[at + 1].text)
    return bool(dated) and len(text) <= _LONGEST_SIGNATURE and text[-1] not in _STOPS and not known.mark(text)


@dataclass(frozen=True)
class _Above:
    """What the headings above a task say: its section, its number, who does it."""

    section: str = ""
    code: str = ""
    told: tuple[Told, ...] = ()


def _take_unnumbered(found: Found, known: Vocabulary) -> list[Node]:
    """The tasks where nothing is numbered, which is said."""
    nodes = unnumbered(found.before, known)
    taken = [passage for node in nodes for passage in (node.passage, *node.body)]
    found.before = [passage for passage in found.before if passage not in taken]
    found.doubts += [NotUnderstood(node.passage.text, _NO_NUMBER, node.passage.where) for node in nodes[:1]]
    return nodes


def _walk(node: Node, above: _Above, found: Found, known: Vocabulary) -> None:
    """A heading's tasks, or the task itself."""
    if node.children:
        below = _below(node, above, known)
        found.introductions += node.body
        for child in node.children:
            _walk(child, below, found, known)
        return
    materials, doubts = _materials(node, above, known)
    found.materials += materials
    found.doubts += doubts


def _below(node: Node, above: _Above, known: Vocabulary) -> _Above:
    told = tuple(
        Told(passage.text[start:end])
        for passage in node.own()
        for start, end in responsibilities(passage.text, known)
    )
    text = node.passage.text
    heading = without_spans(text, responsibilities(text, known)).strip()
    section = f"{above.section}　{heading}" if above.section else heading
    return _Above(section, _code(node, above), told or above.told)


def _code(node: Node, above: _Above) -> str:
    """The numbers on the way to a task; a decimal number says them all by itself."""
    if len(node.numbers) > 1:
        return ".".join(node.numbers)
    return ".".join(filter(None, [above.code, str(node.number or 0)]))


def _materials(node: Node, above: _Above, known: Vocabulary) -> tuple[list[Material], list[NotUnderstood]]:
    """One task, or several where its parts name their own bodies."""
    pieces = _pieces(node.own(), known)
    doubts = list(_take_loose(pieces, known))
    title, rest = split_title(pieces[0].text[0] if pieces[0].text else "", known)
    if len(pieces) > 1 and not rest and len(pieces[0].text) > 1:
        del pieces[0].text[0]
        below = _below(node, above, known)
        made = [_titled(piece, below, known) for piece in pieces]
    else:
        pieces[0].text[:1] = [rest] if rest else []
        made = [_material(piece, title, above) for piece in pieces]
    for at, material in enumerate(made, 1):
        material.code = f"{_code(node, above)}.{at}" if len(made) > 1 else _code(node, above)
        material.where = node.passage.where
    return made, doubts


def _titled(piece: _Piece, above: _Above, known: Vocabulary) -> Material:
    """A task that is not numbered, below a heading that is."""
    title, rest = split_title(piece.text[0], known)
    piece.text[:1] = [rest] if rest else []
    return _material(piece, title, above)


def _take_loose(pieces: list[_Piece], known: Vocabulary) -> Iterator[NotUnderstood]:
    """The last text, which nobody is told to do, joins the one before; behind a title it is simply the task's."""
    if len(pieces) > 1 and not pieces[-1].told:
        loose = pieces.pop()
        title = len(pieces) == 1 and _is_title("".join(pieces[0].text), known)
        pieces[-1].text += loose.text
        if not title:
            yield NotUnderstood("\n".join(loose.text), _LOOSE, loose.passages[0].where)


def _is_title(text: str, known: Vocabulary) -> bool:
    return len(text) <= known.words.title_longest and not any(
        stop in text.rstrip(_STOPS) for stop in known.words.title_stops
    )


def _material(piece: _Piece, title: str, above: _Above) -> Material:
    told = [Told(text) for text in piece.told]
    inherited = not told and bool(above.told)
    text = piece.text or [title]
    return Material("", above.section, title, "", text, told or list(above.told), inherited=inherited)


def _pieces(passages: Sequence[Passage], known: Vocabulary) -> list[_Piece]:
    """The text parted behind each place that tells who does it."""
    pieces = [_Piece()]
    for passage in passages:
        last = 0
        for start, end in responsibilities(passage.text, known):
            _take_text(passage, passage.text[last:start] + _stop(passage.text, start, end), pieces)
            pieces[-1].told.append(passage.text[start:end])
            last = end
        _take_text(passage, passage.text[last:].lstrip(_STOPS), pieces)
    return pieces


def _stop(text: str, start: int, end: int) -> str:
    """The full stop behind a bracket belongs to the sentence before it."""
    stands = text[end : end + 1] in tuple(_STOPS) and text[:start].rstrip()[-1:] not in tuple(_SENTENCES)
    return text[end] if stands and text[:start].strip() else ""


def _take_text(passage: Passage, text: str, pieces: list[_Piece]) -> None:
    if text.strip(_STOPS + " "):
        if pieces[-1].told:
            pieces.append(_Piece())
        pieces[-1].text.append(text.strip())
        pieces[-1].passages.append(passage)


def _take_closing(found: Found, passages: Sequence[Passage], known: Vocabulary) -> None:
    """The last paragraphs behind a finished task are nobody's and everybody's: task 0.1."""
    closing = list(_closing(passages, known))
    if not (closing and found.materials):
        return
    texts = [passage.text for passage in closing]
    last = found.materials[-1]
    last.text = [text for text in last.text if text not in texts] or [last.title]
    found.doubts = [doubt for doubt in found.doubts if doubt.where != closing[0].where]
    found.materials.append(closing_material(closing, known))


def _closing(passages: Sequence[Passage], known: Vocabulary) -> Iterator[Passage]:
    """The passages behind the last responsibility; where the last task has none, those that address everybody."""
    start = len(passages)
    while start and not _ends_task(passages[start - 1], known):
        start -= 1
    if start:
        told = bool(responsibilities(passages[start - 1].text, known))
        everybody = known.words.when.everybody
        yield from (one for one in passages[start:] if told or one.text.startswith(everybody))


def _ends_task(passage: Passage, known: Vocabulary) -> bool:
    """Whether a passage belongs to a task: it is numbered, or tells who does it."""
    return known.mark(passage.text) is not None or bool(responsibilities(passage.text, known))


def closing_material(passages: Sequence[Passage], known: Vocabulary) -> Material:
    """Task 0.1: what the closing paragraphs ask of those they address."""
    words = known.words
    text = [passage.text for passage in passages]
    names = tuple(dict.fromkeys(name for one in text for name in addressed(one, known)))
    where = passages[0].where
    return Material(CLOSING_CODE, words.closing_section, words.closing_title, where, text, addressed=names)


def addressed(text: str, known: Vocabulary) -> Iterator[str]:
    """The bodies that sentences begin with: 各地各部门要…."""
    for sentence in parts(text, _SENTENCES):
        clause = parts(sentence, "，,")[0]
        heads = (clause[:at] for at in range(2, known.words.roles.longest_name))
        yield from (
            head
            for head in heads
            if clause[len(head) :].startswith(known.words.addressing) and known.is_body(head)
        )
