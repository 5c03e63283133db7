"""Numbered passages → a tree of sections and tasks, by the order in which ways of numbering first appear.

No level is fixed: （一） below 一、 is a task, and so is 1. where there is nothing else. Which of two levels holds
the tasks is told by where the responsibilities stand: numbered items of which only the last ends in one are the
text of the task above them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from report_builder.model import NotUnderstood
from report_builder.plan.brackets import outer
from report_builder.plan.passages import Passage
from report_builder.plan.roles import tells_roles
from report_builder.plan.vocabulary import Mark, Vocabulary

_STOPS = "。．.；; "
_AFTER_SENTENCE = "。；;！？!?"
_FEW = 2
UNNUMBERED = -1
_DIGITS = re.compile(r"\d+")


@dataclass(eq=False)
class Node:
    """A numbered passage, what follows it, and the numbered passages below it."""

    mark: Mark | None
    passage: Passage
    body: list[Passage] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What stands behind the number."""
        return self.passage.text[self.mark.end :] if self.mark else self.passage.text

    @property
    def numbers(self) -> list[str]:
        """All numbers of a decimal one: 1.2 is 1 and 2."""
        return _DIGITS.findall(self.passage.text[: self.mark.end]) if self.mark else []

    @property
    def number(self) -> int | None:
        return self.mark.number if self.mark else None

    def own(self) -> list[Passage]:
        """Its own passages, without the number."""
        return [Passage(self.words, self.passage.where), *self.body]


@dataclass
class Outline:
    """The tree's top, what stood before the first number, and numbers that jump."""

    before: list[Passage] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    doubts: list[NotUnderstood] = field(default_factory=list)


def outline(passages: Iterable[Passage], known: Vocabulary) -> Outline:
    """The tree of ``passages``."""
    tree = Outline()
    path: list[Node] = []
    for passage in passages:
        mark = known.mark(passage.text)
        if mark is None:
            (path[-1].body if path else tree.before).append(passage)
        else:
            _place(Node(mark, passage), tree, path)
    return tree


def _place(node: Node, tree: Outline, path: list[Node]) -> None:
    """Hangs a node beside the last one numbered alike, else below the last of all."""
    forms = [one.mark.form for one in path if one.mark]
    if node.mark and node.mark.form in forms:
        del path[forms.index(node.mark.form) :]
    siblings = path[-1].children if path else tree.nodes
    tree.doubts += _jump(siblings, node)
    siblings.append(node)
    path.append(node)


def _jump(siblings: list[Node], node: Node) -> Iterator[NotUnderstood]:
    """A number that does not follow the one before it: something may be missing."""
    last = siblings[-1].number if siblings else 0
    if last is not None and node.number is not None and node.number != last + 1:
        before = f"前一项编号是 {last}" if siblings else "是这一级的第一项"
        yield NotUnderstood(
            node.passage.text, f"编号不连续：这一项编号是 {node.number}，{before}", node.passage.where
        )


def responsibilities(text: str, known: Vocabulary) -> list[tuple[int, int]]:
    """Where in a passage it is told who does it: a labelled line is one whole, else brackets that end a sentence."""
    if known.label.match(text):
        return [(0, len(text))]
    return [
        (start, end)
        for start, end in outer(text)
        if (
            not text[end:].strip(_STOPS)
            or not text[:start].strip()
            or text[:start].rstrip()[-1] in _AFTER_SENTENCE
            or text[end] in _AFTER_SENTENCE
        )
        and tells_roles(text[start:end], known)
    ]


def unnumbered(passages: Iterable[Passage], known: Vocabulary) -> list[Node]:
    """Where nothing is numbered (Word's own numbers are no text), the passages that tell who does them, in order."""
    nodes: list[Node] = []
    last: Passage | None = None
    for passage in passages:
        spans = responsibilities(passage.text, known)
        alone = bool(spans) and not without_spans(passage.text, spans).strip(_STOPS)
        if alone and last is not None:
            nodes.append(_counted(nodes, last, passage))
            last = None
        elif alone and nodes:
            nodes[-1].body.append(passage)
        elif spans:
            nodes.append(_counted(nodes, passage))
            last = None
        else:
            last = passage
    return nodes


def _counted(nodes: Sequence[Node], passage: Passage, *body: Passage) -> Node:
    return Node(Mark(UNNUMBERED, len(nodes) + 1, 0), passage, list(body))


def without_spans(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """``text`` without the passages between these places."""
    kept, last = [], 0
    for start, end in spans:
        kept.append(text[last:start])
        last = end
    return "".join([*kept, text[last:]])


def is_told(node: Node, known: Vocabulary) -> bool:
    """Whether the node's own passages tell who does it."""
    return any(responsibilities(passage.text, known) for passage in node.own())


def is_told_below(node: Node, known: Vocabulary) -> bool:
    """Whether the node or anything below it tells who does it."""
    return is_told(node, known) or any(is_told_below(child, known) for child in node.children)


def _only_last_told(node: Node, known: Vocabulary) -> bool:
    told = [is_told_below(child, known) for child in node.children]
    return not any(told[:-1]) and (len(told) >= _FEW or not told[-1])


def folded(nodes: list[Node], known: Vocabulary) -> list[Node]:
    """The tree in which a task's own numbered items are its text; the top level is tasks only where all of it is."""
    parents = [node for node in nodes if len(node.children) >= _FEW]
    tasks = len(parents) >= _FEW and all(
        is_told_below(node, known) and _only_last_told(node, known) for node in parents
    )
    return [_fold(node) if tasks and node.children else _folded_below(node, known) for node in nodes]


def _folded_below(node: Node, known: Vocabulary) -> Node:
    children = [
        _fold(child) if child.children and _only_last_told(child, known) else _folded_below(child, known)
        for child in node.children
    ]
    return Node(node.mark, node.passage, node.body, children)


def _fold(node: Node) -> Node:
    return Node(
        node.mark, node.passage, [*node.body, *(one for child in node.children for one in _flat(child))]
    )


def _flat(node: Node) -> Iterator[Passage]:
    yield node.passage
    yield from node.body
    for child in node.children:
        yield from _flat(child)
