"""Two reports side by side: what their texts have in common, and how every statutory figure changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from report_builder.facts import number_fact
from report_builder.history import Held, hidden_names, text_of, total
from report_builder.model import Number, Settings
from report_builder.similarity import (
    Against,
    Copy,
    Overlap,
    Passage,
    Place,
    Share,
    Shared,
    Text,
    masked,
)
from report_builder.spec import Concord, Spec, StatutoryWording, Value, label

_RATIO_PLACES, _SHARE_PLACES = 5, 4


@dataclass(frozen=True)
class Change:
    """One statutory figure in both reports; None where it was not filled in, which is not 0."""

    cell: str
    kind: Value
    earlier: Number | None
    now: Number | None

    @property
    def change(self) -> Number | None:
        """By how much it grew."""
        return None if self.earlier is None or self.now is None else self.now - self.earlier

    @property
    def ratio(self) -> Decimal | None:
        """The change as a part of the earlier figure; a figure of 0 has none."""
        return None if self.change is None or not self.earlier else Decimal(self.change) / self.earlier


@dataclass(frozen=True)
class NotComparable:
    """A table, row or section that was not set against the other report, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class Comparison:
    """A report against another; ``taken_out`` is the statutory wording in it that no figure counts."""

    unit: str
    report_year: int
    against_unit: str
    against_year: int
    overlap: Overlap
    passages: tuple[Passage, ...]
    taken_out: tuple[Place, ...]
    cells: tuple[Change, ...]
    not_comparable: tuple[NotComparable, ...]


@dataclass(frozen=True)
class Basis:
    """What a comparison rests on; ``names`` are the units and places to mask besides the two units' own."""

    spec: Spec
    settings: Settings = field(default_factory=Settings)
    names: tuple[str, ...] = ()

    @property
    def wording(self) -> StatutoryWording:
        """The statutory wording of the law and of the place."""
        return self.spec.statutory.with_phrases(self.settings.statutory_wording)


def compare(now: Held, earlier: Held, basis: Basis, years: Sequence[Held] = ()) -> Comparison:
    """``now`` against ``earlier``; ``years`` are all earlier years held, to count for how long a passage has run."""
    names = frozenset({now.ret.unit, earlier.ret.unit, *basis.names})
    hidden = hidden_names(names, basis.settings.place)
    texts = (text_of(held, basis.spec, hidden) for held in (now, earlier, *years))
    mine, theirs, *others = (masked(text, basis.wording) for text in texts)
    return compared(now, earlier, Against(mine, theirs, tuple(others)), basis.spec)


def compared(now: Held, earlier: Held, texts: Against, spec: Spec) -> Comparison:
    """``now`` against ``earlier``, whose ``texts`` have been held against each other."""
    return Comparison(
        unit=now.ret.unit,
        report_year=now.ret.report_year,
        against_unit=earlier.ret.unit,
        against_year=earlier.ret.report_year,
        overlap=texts.overlap,
        passages=texts.passages,
        taken_out=texts.now.taken_out,
        cells=tuple(_changes(now, earlier, spec)),
        not_comparable=(*_left_out(now, earlier, spec), *_texts_left_out(now, earlier)),
    )


# --- texts ----------------------------------------------------------------------------------------------------


def _texts_left_out(now: Held, earlier: Held) -> Iterator[NotComparable]:
    for one in now.fmt.sections:
        mine, theirs = (held.ret.paragraphs(one.number) for held in (now, earlier))
        what = f"sections.{one.number}"
        if not one.compared and (mine or theirs):
            yield NotComparable(what, "这一部分以表格为主，文字不参加比对")
        elif one.compared and bool(mine) != bool(theirs):
            held = earlier if mine else now
            yield NotComparable(what, f"{held.ret.report_year}年的报告没有这一部分的文字")


# --- figures --------------------------------------------------------------------------------------------------


def _changes(now: Held, earlier: Held, spec: Spec) -> Iterator[Change]:
    """The figures both reports can state, in the order of the newer format; split rows as the sum they were.

    Of a table that was not read in one of them there are none: nobody left its cells blank, and they are not unchanged.
    """
    unread = {table for held in (now, earlier) for table in _unread(held)}
    older, newer = sorted((now, earlier), key=lambda held: spec.formats.index(held.fmt))
    splits = _splits(now, earlier, spec)
    done: set[str] = set()
    for key, slot in newer.fmt.slots.items():
        if slot.table in unread:
            continue
        row, column = f"{slot.table}.{slot.row.key}", slot.column.key
        split = next((one for one in splits if row in one.into), None)
        if split is not None:
            cell = f"{split.what}.{column}"
            parts = [f"{one}.{column}" for one in split.into]
            if cell not in done:
                yield Change(cell, slot.kind, *(_sum(held, cell, parts) for held in (earlier, now)))
            done.add(cell)
        elif key in older.fmt.slots and not spec.not_comparable(older.fmt, newer.fmt, key):
            yield Change(key, slot.kind, earlier.ret.number(key), now.ret.number(key))


def _splits(now: Held, earlier: Held, spec: Spec) -> list[Concord]:
    """Rows that became several, where one of the two reports still prints the one."""
    pair = (now, earlier)
    rows = {f"{slot.table}.{slot.row.key}" for held in pair for slot in held.fmt.slots.values()}
    return [
        concord
        for concord in spec.concordance
        if concord.relation == "split_into"
        and rows.issuperset(concord.into)
        and any(_prints(held, concord.what) for held in pair)
    ]


def _prints(held: Held, row: str) -> bool:
    return any(key.rpartition(".")[0] == row for key in held.ret.cells)


def _sum(held: Held, cell: str, parts: Sequence[str]) -> Number | None:
    """The one row where it is printed, else the sum of those it became."""
    return held.ret.number(cell) if cell in held.ret.cells else total(map(held.ret.number, parts))


def _left_out(now: Held, earlier: Held, spec: Spec) -> Iterator[NotComparable]:
    """What the concordance sets apart, rows compared only as a sum, rows of one format alone, tables not read."""
    older, newer = sorted((now, earlier), key=lambda held: spec.formats.index(held.fmt))
    apart = [one for one in spec.between(older.fmt, newer.fmt) if one.relation == "not_comparable"]
    yield from (NotComparable(one.what, one.why) for one in apart)
    splits = _splits(now, earlier, spec)
    yield from (NotComparable(row, one.why) for one in splits for row in one.into)
    named = (*(one.what for one in apart), *(row for one in splits for row in (one.what, *one.into)))
    for first, second in ((older, newer), (newer, older)):
        for row in dict.fromkeys(
            key.rpartition(".")[0] for key in first.fmt.slots if key not in second.fmt.slots
        ):
            if not any((row + ".").startswith(what + ".") for what in named):
                yield NotComparable(row, f"{second.ret.report_year}年适用的格式没有这一项")
    yield from _tables_left_out(now, earlier)


def _tables_left_out(now: Held, earlier: Held) -> Iterator[NotComparable]:
    for held in (now, earlier):
        for table in _unread(held):
            yield NotComparable(table, f"{held.ret.report_year}年的报告里没有读到这张表")


def _unread(held: Held) -> Iterator[str]:
    read = {key.partition(".")[0] for key in held.ret.cells}
    return (table.key for table in held.fmt.tables if table.key not in read)


# --- the document ---------------------------------------------------------------------------------------------


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as the contract lays it out; shares have four decimals, null where there is nothing to count."""
    whole = comparison.overlap
    return {
        "unit": comparison.unit,
        "report_year": comparison.report_year,
        "against": {"unit": comparison.against_unit, "report_year": comparison.against_year},
        "strict": share_as_json(whole.strict),
        "loose": share_as_json(whole.loose),
        "sections": [
            {"number": one.section, "strict": share_as_json(one.strict), "loose": share_as_json(one.loose)}
            for one in whole.sections
        ],
        "passages": [passage_as_json(one) for one in comparison.passages],
        "cells": [_cell(one) for one in comparison.cells],
        "not_comparable": [{"what": one.what, "why": one.why} for one in comparison.not_comparable],
    }


def share_as_json(share: Share) -> float | None:
    """Four decimals; None where there is nothing to count."""
    return None if share.ratio is None else float(round(share.ratio, _SHARE_PLACES))


def passage_as_json(passage: Passage) -> dict[str, object]:
    """A passage as the contract lays it out."""
    return {
        "section": passage.now.section,
        "kind": str(passage.how),
        "text": passage.now.text,
        "earlier": passage.earlier_text,
        "years_running": passage.years_running,
        "characters": passage.characters,
    }


def _cell(change: Change) -> dict[str, object]:
    numbers = {"earlier": change.earlier, "now": change.now, "change": change.change}
    ratio = None if change.ratio is None else float(round(change.ratio, _RATIO_PLACES))
    return {
        "cell": change.cell,
        **{name: number_fact(number, change.kind) for name, number in numbers.items()},
        "ratio": ratio,
    }


def clusters_as_json(found: Shared) -> list[dict[str, object]]:
    """Reports that go back to one, as ``compare --json`` prints them."""
    return [
        {"source": _report(cluster.source), "copies": [_copy(one) for one in cluster.copies]}
        for cluster in found.clusters
    ]


def _copy(copy: Copy) -> dict[str, object]:
    return {**_report(copy.text), "against": _report(copy.source), "share": share_as_json(copy.share)}


def _report(text: Text) -> dict[str, object]:
    return {"unit": text.unit, "report_year": text.report_year}


# --- in words -------------------------------------------------------------------------------------------------


def told(comparison: Comparison, spec: Spec) -> list[str]:
    """The comparison in a reviewer's words, a line each: both figures with what they mean, passages, figures, gaps."""
    terms, whole = spec.terms, comparison.overlap
    head = f"{comparison.unit} {comparison.report_year}年 对照 {comparison.against_unit} {comparison.against_year}年"
    lines = [
        head,
        f"  {terms['strict']} {whole.strict.in_words()}，{terms['loose']} {whole.loose.in_words()}",
    ]
    lines += [
        f"  {_label(f'sections.{one.section}', spec)}：{terms['strict']} {one.strict.in_words()}，"
        f"{terms['loose']} {one.loose.in_words()}"
        for one in whole.sections
    ]
    lines += [line for one in comparison.passages for line in _passage_told(one, spec)]
    lines += [f"  没有比对：{_label(one.what, spec)}，{one.why}" for one in comparison.not_comparable]
    return [*lines, *(f"  {terms[name]}：{terms[f'{name}_definition']}" for name in ("strict", "loose"))]


def _label(what: str, spec: Spec) -> str:
    return label(what, spec.formats[::-1], spec.terms)


def _passage_told(passage: Passage, spec: Spec) -> Iterator[str]:
    title = _label(f"sections.{passage.now.section}", spec)
    running = f"，已连续 {passage.years_running} 年" if passage.years_running > 1 else ""
    yield f"  【{spec.terms[str(passage.how)]}】{title}第{passage.now.paragraph}段，{passage.characters} 字{running}"
    yield f"    本年：{passage.excerpt}"
    yield f"    对照：{passage.earlier_excerpt}"
