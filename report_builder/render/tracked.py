"""年际比对.docx: what a comparison found, and the year's text as tracked changes against the earlier one.

Word and WPS accept or reject the changes: all accepted it is this year's text, all rejected the earlier year's.
A paragraph that only one year has bears the change on its mark too, or an empty line would be left of it; the last
line of the file bears none, since a mark that goes joins what it ends to the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby, pairwise
from typing import Literal

from report_builder.compare import Change, Comparison
from report_builder.figures import percent, printed, signed
from report_builder.history import Held
from report_builder.model import Heading, Number, PlainTable, Section
from report_builder.recognise import text_block
from report_builder.render import word
from report_builder.render.titles import title_lines
from report_builder.similarity import How, Passage
from report_builder.similarity.aligned import Piece, Row, aligned
from report_builder.spec import Label, Spec, label, labelled

AUTHOR = "年际比对"
_TRACKED = "修订对照"
_NEW_PAGE = "<w:pageBreakBefore/>"
_EMPTY_TEXT = "没有可比的文字"
_NOT_FILLED = "未填"
_NO_RATIO = "—"
_RATES = ("部分", "{strict}", "{loose}")
_PASSAGES = ("序号", "类别", "所在部分", "字数", "{years_running}", "{now}年的文字")
_FIGURES = ("项目", "栏目", "{earlier}年", "{now}年", "增减", "增减比例")
_FIGURE_WIDTHS = (29, 25, 11, 11, 11, 13)
_SIDES = ("left", "right", "right", "right", "right")
_HEADED = '<w:keepNext/><w:jc w:val="center"/>'
_SMALL = 19
_ROW_HEIGHT = 340
_MARGIN = 45
_NOT_COMPARABLE = ("项目", "原因")
_HOW_TO_READ = (
    "以下是{now}年报告的文字对照{earlier}年报告的修订：加下划线的是{now}年新写的，加删除线的是{earlier}年有而{now}年没有的。"
    "全部接受修订即为{now}年的文字，全部拒绝即为{earlier}年的文字。"
)
_TASKS = "任务完成情况中写的文字计入重复率和雷同段落，修订对照中不列。"
_NOT_COMPARED = (
    "统计表不做修订标记；有变化的数字列在下表，没有列出又能比较的数字两年相同。",
    "图、由程序按数字写出的语句、各部分以外的前言和联系方式、附件，没有比对。",
    "段落挪动位置的，在原处标为删去、在新处标为新增。",
)


def write(comparison: Comparison, now: Held, earlier: Held, spec: Spec) -> bytes:
    """The summary of ``comparison`` and below it the text of ``now`` tracked against ``earlier``.

    Every change is dated 1 January after the report year, never by the clock: the same reports give the same bytes.
    """
    day = dt.date(comparison.report_year + 1, 1, 1)
    page = _Page(comparison, now, earlier, spec)
    base = word.base()
    body = "".join((*_summary(page), *_tracked(page, day), word.paragraph("TableGap", "")))
    parts = dict(base.parts)
    parts["word/document.xml"] = word.text_part(base.opening + body + base.closing)
    parts["docProps/core.xml"] = word.text_part(
        word.core_properties(_title(comparison), comparison.unit, day)
    )
    parts.update(word.headed(base, f"{AUTHOR}：{_title(comparison)}"))
    return word.packed(parts)


_UNCHANGED, _NO_FIGURES = "能比较的数字没有变化。", "没有两年都读到的数字。"


@dataclass(frozen=True)
class _Page:
    """All that one file is written from."""

    comparison: Comparison
    now: Held
    earlier: Held
    spec: Spec

    @property
    def changed(self) -> tuple[Change, ...]:
        """The figures that differ, one filled in and one not among them."""
        return tuple(one for one in self.comparison.cells if one.now != one.earlier)

    @property
    def places(self) -> int:
        """To how many places a per cent is printed, here as in a report."""
        return self.spec.wording.change.percent_places

    def words(self, what: str) -> str:
        """A section, table, row or cell in words; this year's format first."""
        return label(what, (self.now.fmt, self.earlier.fmt), self.spec.terms)

    def parts(self, cell: str) -> Label:
        """A cell's words by table, row and column."""
        return labelled(cell, (self.now.fmt, self.earlier.fmt), self.spec.terms)

    def filled(self, texts: Iterable[str]) -> tuple[str, ...]:
        """The texts with the two years and the project's words in them."""
        years = {"now": self.comparison.report_year, "earlier": self.comparison.against_year}
        return tuple(text.format(**self.spec.terms, **years) for text in texts)


def _title(comparison: Comparison) -> str:
    same = comparison.against_unit == comparison.unit
    against = f"{'' if same else comparison.against_unit}{comparison.against_year}年报告"
    return f"{comparison.unit}{comparison.report_year}年报告与{against}比对"


# The summary


def _summary(page: _Page) -> Iterator[str]:
    title = _title(page.comparison)
    yield word.paragraph("Title", word.run("\n".join(title_lines(title, page.comparison.unit))))
    yield word.plain_table(_rates(page))
    yield from _notes(_definitions(page))
    yield from _listed(_passages(page), f"没有{page.spec.terms['repetition']}段落。")
    yield from _notes(_kinds(page))
    yield from _listed(_not_comparable(page), "统计表的各项数字都可以比较。")
    yield word.paragraph("Caption", word.run(page.spec.terms["not_compared"]))
    yield from _notes(_not_compared(page))
    yield word.paragraph("Caption", word.run(f"有变化的数字（{len(page.changed)}项）"))
    unchanged = _UNCHANGED if page.comparison.cells else _NO_FIGURES
    yield _figures(page) if page.changed else "".join(_notes((unchanged,)))


def _listed(table: PlainTable, none: str) -> Iterator[str]:
    """The table, or its caption and a word that there is nothing to list."""
    if table.rows:
        yield word.plain_table(table)
    else:
        yield word.paragraph("Caption", word.run(table.caption))
        yield from _notes((none,))


def _notes(texts: Iterable[str]) -> Iterator[str]:
    layout = '<w:spacing w:before="60" w:after="60" w:line="240" w:lineRule="auto"/>'
    yield from (word.paragraph("TableText", word.run(text), layout) for text in texts)


def _rates(page: _Page) -> PlainTable:
    whole = page.comparison.overlap
    parts = [("全文", whole.strict, whole.loose)]
    parts += [(page.words(f"sections.{one.section}"), one.strict, one.loose) for one in whole.sections]
    rows = tuple((name, *(one.in_words(nothing=_EMPTY_TEXT) for one in shares)) for name, *shares in parts)
    return PlainTable("重复率", page.filled(_RATES), rows, (46, 27, 27))


def _definitions(page: _Page) -> Iterator[str]:
    terms = page.spec.terms
    for name in ("strict", "loose"):
        yield f"{terms[name]}：{terms[f'{name}_definition']}。"


def _passages(page: _Page) -> PlainTable:
    found = page.comparison.passages
    rows = tuple(_passage(number, one, page) for number, one in enumerate(found, 1))
    caption = f"{page.spec.terms['repetition']}段落（{len(found)}处）"
    return PlainTable(caption, page.filled(_PASSAGES), rows, (7, 12, 18, 8, 8, 47))


def _passage(number: int, passage: Passage, page: _Page) -> tuple[str, ...]:
    return (
        str(number),
        page.spec.terms[passage.how],
        page.words(f"sections.{passage.now.section}"),
        str(passage.characters),
        str(passage.years_running),
        passage.excerpt,
    )


def _kinds(page: _Page) -> Iterator[str]:
    """What the kinds that occur mean, and how characters and years are counted."""
    terms, found = page.spec.terms, {one.how for one in page.comparison.passages}
    yield from (f"{terms[how]}：{terms[f'{how}_definition']}。" for how in How if how in found)
    if found:
        yield f"{terms['years_running']}：{terms['years_running_definition']}。字数不计标点，一个数字、日期或名称计一个字。"


# The figures


def _figures(page: _Page) -> str:
    """The figures that changed, table by table; the columns of one row stand under its words."""
    heads = page.filled(_FIGURES)
    edges = word.column_edges(_FIGURE_WIDTHS)
    widths = [right - left for left, right in pairwise(edges)]
    cells = (
        word.table_cell(width, word.paragraph("TableSmallHead", word.run(head), _HEADED), marks=word.SHADED)
        for width, head in zip(widths, heads, strict=True)
    )
    rows = [word.table_row("".join(cells), _ROW_HEIGHT, repeats=True)]
    for table, changes in groupby(page.changed, key=lambda one: page.parts(one.cell).table):
        rows.append(_band(table))
        for row, held in groupby(changes, key=lambda one: page.parts(one.cell).row):
            rows += _figure_rows(row, [_figure(one, page) for one in held], widths)
    return word.table_of(edges, _MARGIN, rows)


def _band(name: str) -> str:
    """The name of a statutory table across all columns."""
    marks = f'<w:gridSpan w:val="{len(_FIGURE_WIDTHS)}"/>{word.SHADED}'
    title = word.paragraph("TableSmallHead", word.run(name), "<w:keepNext/>")
    return word.table_row(word.table_cell(word.TEXT_WIDTH, title, marks=marks), _ROW_HEIGHT)


def _figure_rows(row: str, figures: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    """The figures of one row, kept on one page; its words stand once beside all of its columns that changed."""
    for number, texts in enumerate(figures, 1):
        kept = "<w:keepNext/>" if number < len(figures) else ""
        run, merge = (word.run(row), "restart") if number == 1 else ("", "continue")
        marks = f'<w:vMerge w:val="{merge}"/>' if len(figures) > 1 else ""
        cells = [word.table_cell(widths[0], word.paragraph("TableSmall", run, kept), marks=marks, at="top")]
        for width, text, side in zip(widths[1:], texts, _SIDES, strict=True):
            line = word.line(text, width - 2 * _MARGIN, _SMALL)
            paragraph = word.paragraph("TableSmall", line, f'{kept}<w:jc w:val="{side}"/>')
            cells.append(word.table_cell(width, paragraph))
        yield word.table_row("".join(cells), _ROW_HEIGHT)


def _figure(change: Change, page: _Page) -> tuple[str, ...]:
    """Its column, both years and the change. One not filled in is said to be so: it is no zero, nothing grew from it."""
    ratio = _NO_RATIO if change.ratio is None else signed(change.ratio, percent(change.ratio, page.places))
    grown = _NO_RATIO if change.change is None else signed(change.change, printed(change.change))
    return (page.parts(change.cell).column, _number(change.earlier), _number(change.now), grown, ratio)


def _number(number: Number | None) -> str:
    return _NOT_FILLED if number is None else printed(number)


def _not_comparable(page: _Page) -> PlainTable:
    """The items that have one reason stand together."""
    reasons: dict[str, list[str]] = {}
    for one in page.comparison.not_comparable:
        reasons.setdefault(one.why, []).append(page.words(one.what))
    rows = tuple(("\n".join(items), why) for why, items in reasons.items())
    return PlainTable(f"{page.spec.terms['not_comparable']}的项目", _NOT_COMPARABLE, rows, (50, 50))


def _not_compared(page: _Page) -> Iterator[str]:
    tasks = page.now.ret.tasks or page.earlier.ret.tasks
    said = [*_NOT_COMPARED, *((_TASKS,) if tasks else ())]
    taken = page.comparison.taken_out
    if taken:
        letters = sum(len(one.text) for one in taken)
        term = page.spec.terms["taken_out"]
        said.append(f"计算重复率时，{term}共{len(taken)}处、{letters}字，不计入；修订对照中照原样显示。")
    yield from (f"{number}. {text}" for number, text in enumerate(said, 1))


# The text with its changes

_State = Literal["same", "gone", "new"]
_MARKS: Mapping[str, str] = {"gone": "w:del", "new": "w:ins"}


@dataclass(frozen=True)
class _Line:
    """A paragraph of either text or both: ``state`` says whose it is, ``pieces`` what in it changed."""

    style: str
    state: _State
    pieces: tuple[Piece, ...]


def _tracked(page: _Page, day: dt.date) -> Iterator[str]:
    yield word.paragraph("Heading1", word.run(_TRACKED), _NEW_PAGE)
    yield from _notes(page.filled((_HOW_TO_READ,)))
    pen = _Pen(f'w:author="{AUTHOR}" w:date="{day.isoformat()}T00:00:00Z"', count(1))
    yield from map(pen.line, _lines(page.now, page.earlier))


def _lines(now: Held, earlier: Held) -> Iterator[_Line]:
    """The two reports as one text: the title, then the headings and paragraphs of each section that has a text."""
    heads = _by_section(aligned(_headings(now), _headings(earlier)))
    texts = _by_section(aligned(now.ret.sections, earlier.ret.sections))
    for number, rows in heads.items():
        yield from (_line(row, "Heading1" if number else "Title") for row in rows)
        yield from (_line(row) for row in texts.get(number, ()))


def _by_section(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.section, []).append(row)
    return found


def _headings(held: Held) -> Sequence[Section]:
    """The title of the report and those of its sections, each as the text of a section, the report's that of none."""
    ret = held.ret
    title = held.fmt.report_title.format(unit=ret.unit, year=ret.report_year)
    written = {one.number: one.title for one in reversed(ret.sections) if ret.paragraphs(one.number)}
    return tuple(Section(number, "", (text,)) for number, text in sorted({**written, 0: title}.items()))


def _line(row: Row, style: str = "") -> _Line:
    kept: _State = "same" if row.earlier is not None else "new"
    state = "gone" if row.now is None else kept
    other = "new" if row.now is None else "gone"
    text = "".join(piece.text for piece in row.pieces if piece.kind != other)
    return _Line(style or _style(text), state, row.pieces)


def _style(text: str) -> str:
    block = text_block(text)
    return f"Heading{block.level}" if isinstance(block, Heading) else "BodyText"


@dataclass(frozen=True)
class _Pen:
    """Who changed a text and when, and the numbers that Word wants for its changes."""

    by: str
    numbers: Iterator[int]

    def line(self, line: _Line) -> str:
        """A paragraph; one that only one year has says so on its mark."""
        mark = _MARKS.get(line.state)
        own = f'<w:rPr><{mark} w:id="{next(self.numbers)}" {self.by}/></w:rPr>' if mark else ""
        return word.paragraph(line.style, "".join(map(self._piece, line.pieces)), own)

    def _piece(self, piece: Piece) -> str:
        if piece.kind == "same":
            return word.run(piece.text)
        mark, tag = _MARKS[piece.kind], "delText" if piece.kind == "gone" else "t"
        return f'<{mark} w:id="{next(self.numbers)}" {self.by}>{word.run(piece.text, tag=tag)}</{mark}>'
