"""What WeasyPrint leaves undone in the tags of a PDF: the ranks of headings, which cells head which, where pictures are.

``render.pdf`` uses this only with a version that ``render.justify`` has found sound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import dropwhile, takewhile
from typing import Any

import pydyf  # type: ignore[import-untyped]

from report_builder.render.tables import tables_on

Grid = Mapping[tuple[int, int], Any]
"""The cell at each row and column (0-based) of what stands of a table on one page."""

_HEADING = re.compile(r"/H([1-6])")
_POINT = 0.75
"""A pixel of WeasyPrint's in points."""


def complete(document: Any, pdf: Any) -> None:  # noqa: ANN401 - neither has types
    """Mend the tags of ``pdf``, which WeasyPrint has made of ``document`` and not yet written.

    WeasyPrint loses count of the columns beside labels of several rows, takes the headings of every band of a table
    for those of each, says of no heading what it heads, and leaves out the index in which readers look headings up.
    """
    heads: dict[str, bytes] = {}
    for page in document.pages:
        for table in tables_on(page):
            heads |= _name_heads(_grid(table))
    if heads:
        _object(pdf, pdf.catalog["StructTreeRoot"])["IDTree"] = _index(heads)
    _rank_headings(pdf)
    _place_pictures(document, pdf)


def declare(document: Any, pdf: Any, *, sound: bool) -> None:  # noqa: ANN401
    """Add the metadata, which say that a ``sound`` file is PDF/UA-1."""
    document.metadata.include_in_pdf(pdf, "ua", 1 if sound else None, conformance=None, compress=True)


def _object(pdf: Any, reference: bytes) -> Any:  # noqa: ANN401
    return pdf.objects[int(reference.split()[0])]


def _index(heads: Mapping[str, bytes]) -> Any:  # noqa: ANN401
    pairs = ((pydyf.String(name), heads[name]) for name in sorted(heads))
    return pydyf.Dictionary({"Names": pydyf.Array([part for pair in pairs for part in pair])})


# --- what heads a cell -----------------------------------------------------------------------------------------


def _grid(table: Any) -> Grid:  # noqa: ANN401
    rows = [row for group in table.children for row in group.children]
    return {
        (at + down, cell.grid_x + right): cell
        for at, row in enumerate(rows)
        for cell in row.children
        for down in range(cell.rowspan)
        for right in range(cell.colspan)
    }


def _name_heads(grid: Grid) -> dict[str, bytes]:
    """Complete the tags of one table's cells; the references of its headings by their names."""
    width = 1 + max((column for _, column in grid), default=0)
    for (row, column), cell in grid.items():
        if _is_head(cell):
            cell.mark["ID"] = pydyf.String(_name(cell))
            cell.mark["A"]["Scope"] = "/Row" if _is_beside(cell) and cell.colspan < width else "/Column"
        else:
            beside = (grid.get((row, at)) for at in reversed(range(column)))
            above = (grid.get((at, column)) for at in reversed(range(row)))
            heads = (*_nearest(beside), *_nearest(above))
            cell.mark["A"]["Headers"] = pydyf.Array(map(pydyf.String, heads))
    return {_name(cell): cell.mark.reference for cell in grid.values() if _is_head(cell)}


def _name(cell: Any) -> str:  # noqa: ANN401
    return str(cell.mark.number)


def _is_head(cell: Any) -> bool:  # noqa: ANN401
    return cell is not None and cell.element_tag == "th"


def _is_beside(cell: Any) -> bool:  # noqa: ANN401
    return str(cell.element.get("scope", "")).startswith("row")


def _nearest(cells: Iterable[Any]) -> tuple[str, ...]:
    """The names of the first headings met that no other cell parts, the outermost first."""
    run = takewhile(_is_head, dropwhile(lambda cell: not _is_head(cell), cells))
    return tuple(dict.fromkeys(map(_name, run)))[::-1]


# --- headings and pictures ------------------------------------------------------------------------------------


def _rank_headings(pdf: Any) -> None:  # noqa: ANN401
    """Close the gaps where a unit leaves a level out, which PDF/UA forbids; the looks follow the unit's level."""
    above: list[int] = []
    for one in pdf.objects:
        found = _HEADING.fullmatch(str(one.get("S"))) if isinstance(one, dict) else None
        if found:
            level = int(found[1])
            above = [*(other for other in above if other < level), level]
            one["S"] = f"/H{len(above)}"


def _place_pictures(document: Any, pdf: Any) -> None:  # noqa: ANN401
    """Say in points from the page's lower edge where pictures stand; WeasyPrint gives pixels from the upper one."""
    heights = dict(zip(pdf.page_references, (page.height for page in document.pages), strict=True))
    for one in pdf.objects:
        if isinstance(one, dict) and one.get("S") == "/Figure":
            left, top, right, bottom = one["A"]["BBox"]
            height = heights[one["Pg"]]
            corners = (left, height - bottom, right, height - top)
            one["A"]["BBox"] = pydyf.Array(round(corner * _POINT, 2) for corner in corners)
