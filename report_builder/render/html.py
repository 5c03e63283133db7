"""Draft → a self-contained page for the office's site, and the page that the PDF is set from."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from markupsafe import Markup

from report_builder.model import Block, Chart, Draft, Heading, Notice, Paragraph, PlainTable, StatutoryTable
from report_builder.render import look
from report_builder.render.columns import figure_columns
from report_builder.render.pages import page
from report_builder.render.titles import title_lines
from report_builder.spec import Format, Placed, Table

TEXT_WIDTH = 442.2
_SMALLEST = 9.0
_CELL_EDGES = 3.4
_NUMBERED = re.compile(r"(（.）)(.+)")
_ID = re.compile(
    r"""(\b(?:id|href|xlink:href|aria-labelledby|aria-describedby)=["']#?|url\(["']?#)(?=[^"')])"""
)
_PROLOGUE = re.compile(r"^\s*(?:<\?xml.*?\?>|<!DOCTYPE[^>]*>|<!--.*?-->|\s)*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as HTML has it; ``scope`` says what a heading cell heads, ``column`` (0-based) where it stands."""

    text: str
    tag: Literal["td", "th"]
    scope: str = ""
    kind: str = ""
    column_span: int = 1
    row_span: int = 1
    column: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of cells; a ``kept`` one must not begin a page, so that a label has room for its lines on both."""

    cells: tuple[Cell, ...]
    kept: bool = False


Rows = Sequence[Row]


@dataclass(frozen=True, slots=True)
class View:
    """One table as HTML has it; a ``quiet`` caption is for those who do not see the page. Widths are per cent."""

    kind: str
    caption: str
    quiet: bool
    widths: tuple[float, ...]
    head: Rows
    bodies: Sequence[Rows]


@dataclass(frozen=True, slots=True)
class Item:
    """One block as the templates walk over it; ``label`` tells its scrolling region from the others."""

    sort: Literal["heading", "paragraph", "table", "chart"]
    text: str = ""
    label: str = ""
    level: int = 0
    view: View | None = None
    name: str = ""
    svg: str = ""

    @property
    def inline(self) -> Markup:
        """The picture as part of the page."""
        return picture(self.svg, self.name)

    @property
    def source(self) -> str:
        """The picture as an address of its own; its parts are then no business of the page's style sheet."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


def web(draft: Draft, fmt: Format, pictures: Mapping[str, str]) -> str:
    """The report as one page that asks nothing of the network; ``pictures`` holds each chart's SVG by its name."""
    style = Markup(look("web.css").decode())  # noqa: S704 - our own file
    return _page("report.html", draft, items(draft.blocks, fmt, pictures, folded=False), style=style)


def printed(draft: Draft, fmt: Format, pictures: Mapping[str, str]) -> str:
    """The page that ``render.pdf`` sets; its looks are in templates/print.css."""
    return _page("print.html", draft, items(draft.blocks, fmt, pictures, folded=True))


def _page(name: str, draft: Draft, items: Iterable[Item], **more: object) -> str:
    return page(
        name,
        draft=draft,
        title=title_lines(draft.title, draft.unit),
        notices=notices(draft),
        blocks=list(items),
        **more,
    )


def notices(draft: Draft) -> list[str]:
    """What stands above the title of a draft that is not final."""
    return [block.text for block in draft.blocks if isinstance(block, Notice)]


def items(
    blocks: Iterable[Block], fmt: Format, pictures: Mapping[str, str], *, folded: bool
) -> Iterator[Item]:
    """The blocks below the title; a notice stands above it, and the title is the page's own.

    Labels are ``folded`` into lines for paper; a screen breaks them as it has room.
    """
    tables, charts = itertools.count(1), itertools.count(1)
    for block in blocks:
        match block:
            case Heading(level=level, text=text) if level:
                yield Item("heading", text, level=level)
            case Paragraph(text=text):
                yield Item("paragraph", text)
            case StatutoryTable():
                yield _table_item(
                    _statutory(fmt, fmt.table(block.key), block.printed, folded=folded), next(tables)
                )
            case PlainTable():
                yield _table_item(_plain(block), next(tables))
            case Chart(name=name) if name in pictures:
                yield Item(
                    "chart", block.alt, f"图{next(charts)} {block.title}", name=name, svg=pictures[name]
                )


def _table_item(view: View, number: int) -> Item:
    said = view.caption or "、".join(cell.text for cell in view.head[0].cells)
    return Item("table", said, f"表{number} {said}", view=view)


def picture(svg: str, name: str) -> Markup:
    """An SVG as part of a page: without its prologue, its ids marked with the chart's name so that none meet."""
    return Markup(_ID.sub(rf"\g<1>{name}-", _PROLOGUE.sub("", svg, count=1)))  # noqa: S704 - drawn by charts


# --- tables ----------------------------------------------------------------------------------------------------


def _statutory(fmt: Format, table: Table, figures: Mapping[str, str], *, folded: bool) -> View:
    """A table of the law with its figures; its caption repeats the section's title for those who hear the page."""
    widths = shares(table, figures)
    kept = _kept(table)
    placed_rows = _placed_rows(table)
    rows = [
        Row(tuple(_cell(placed, figures, widths if folded else ()) for placed in row), at in kept)
        for at, row in enumerate(placed_rows)
    ]
    starts = [at for at, row in enumerate(placed_rows) if row[0].role == "title" and at >= table.header_rows]
    edges = [table.header_rows, *starts, len(rows)]
    return View(
        kind=table.shape,
        caption=fmt.section(table.section).title.partition("、")[2],
        quiet=True,
        widths=widths,
        head=rows[: table.header_rows],
        bodies=[rows[top:bottom] for top, bottom in itertools.pairwise(edges)],
    )


@cache
def _placed_rows(table: Table) -> tuple[tuple[Placed, ...], ...]:
    rows: list[list[Placed]] = [[] for _ in range(table.row_count)]
    for placed in sorted(table.layout, key=lambda one: (one.row, one.column)):
        rows[placed.row].append(placed)
    return tuple(map(tuple, rows))


@cache
def _kept(table: Table) -> frozenset[int]:
    """The rows that must stay with the one before: the first and last of the table and of each spanning label."""
    spans = [(table.header_rows, table.row_count - table.header_rows, 2)]
    spans += [(one.row, one.row_span, _LABEL_ROWS - one.column) for one in table.layout if one.role == "stub"]
    return frozenset(
        row
        for top, height, need in spans
        for row in range(top + 1, top + height)
        if row < top + need or row > top + height - need
    )


_LABEL_ROWS = 3
"""How many rows the lines of an outermost label take; an inner one stands in a wider column and takes one less."""


def _cell(placed: Placed, figures: Mapping[str, str], widths: Sequence[float]) -> Cell:
    text = figures.get(placed.key, "") if placed.key else placed.text
    if widths and (placed.role == "head" or placed.row_span > 1):
        share = sum(widths[placed.column : placed.column + placed.column_span])
        text = fold(text, int((share * TEXT_WIDTH / 100 - _CELL_EDGES) / _SMALLEST))
    tag: Literal["td", "th"] = "td" if placed.role in {"value", "corner"} else "th"
    kind = placed.role if tag == "td" or placed.role == "title" else ""
    return Cell(text, tag, _scope(placed), kind, placed.column_span, placed.row_span, placed.column)


def fold(label: str, room: int) -> str:
    """A label in lines of at most ``room`` characters where its words can be told: after its number, else by twos."""
    if _ems(label) <= room or room < 2:  # noqa: PLR2004 - a word of two characters
        return label
    numbered = _NUMBERED.fullmatch(label)
    if numbered:
        return f"{numbered[1]}\n{numbered[2]}"
    if not label.isalpha():
        return label
    length = -(-len(label) // -(-len(label) // room))
    if length % 2 and len(label) % 2 == 0:
        length += 1 if length < room else -1
    return "\n".join(label[at : at + length] for at in range(0, len(label), length))


def _scope(placed: Placed) -> str:
    match placed.role:
        case "head":
            return "colgroup" if placed.column_span > 1 else "col"
        case "title":
            return "colgroup" if placed.row == 0 else "rowgroup"
        case "stub":
            return "rowgroup" if placed.row_span > 1 else "row"
        case _:
            return ""


def shares(table: Table, figures: Mapping[str, str]) -> tuple[float, ...]:
    """Each column's share of the text width: the format's own, but never less than its longest figure needs.

    What a long figure needs is taken from the columns that have room to spare, each in proportion to it.
    """
    whole = sum(table.widths)
    given = [width * TEXT_WIDTH / whole for width in table.widths]
    least = _least(table, figures)
    lacking = sum(max(0.0, need - width) for need, width in zip(least, given, strict=True))
    spare = sum(max(0.0, width - need) for need, width in zip(least, given, strict=True))
    taken = min(1.0, lacking / spare) if spare else 0.0
    fitted = [max(need, width - taken * (width - need)) for need, width in zip(least, given, strict=True)]
    return tuple(round(100 * width / sum(fitted), 3) for width in fitted)


def _least(table: Table, figures: Mapping[str, str]) -> list[float]:
    """The points that the longest figure of each column takes in the smallest type; a label takes two characters."""
    least = [2 * _SMALLEST + _CELL_EDGES] * table.column_count
    for placed in table.layout:
        if placed.key and placed.column_span == 1:
            need = _ems(figures.get(placed.key, "")) * _SMALLEST + _CELL_EDGES
            least[placed.column] = max(least[placed.column], need)
    return least


def _ems(text: str) -> float:
    return sum(0.5 if sign.isascii() else 1.0 for sign in text)


def _plain(table: PlainTable) -> View:
    head = Row(tuple(Cell(text, "th", "col", column=at) for at, text in enumerate(table.header)))
    figures = figure_columns(table.rows)
    kinds = ["figure" if at in figures else "" for at in range(len(table.header))]
    rows = [
        Row(tuple(Cell(text, "td", kind=kinds[at], column=at) for at, text in enumerate(row)))
        for row in table.rows
    ]
    whole = sum(table.widths)
    widths = tuple(round(100 * width / whole, 3) for width in table.widths)
    return View("plain", table.caption, quiet=False, widths=widths, head=[head], bodies=[rows])


# --- the title -------------------------------------------------------------------------------------------------
