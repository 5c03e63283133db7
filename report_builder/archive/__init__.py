"""A published report, of any kind that can be read, → the same nouns as a return."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from report_builder import facts
from report_builder.editions import read_over, summed
from report_builder.errors import UnreadableError
from report_builder.figures import figure
from report_builder.model import Document, Figure, Grid, Return, Trouble
from report_builder.recognise import Found, find_tables, split_sections
from report_builder.spec import Format, Spec

KINDS = (".docx", ".pdf", ".html", ".htm", ".json")


def read(path: Path, spec: Spec) -> Return:
    """The published report at ``path``; its kind is told by its content, not by its name.

    Raises:
        UnreadableError: the file cannot be read, or is no annual report.
    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableError(f"系统拒绝读取（{fault.strerror}）", "请检查路径和权限") from fault
    if data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{"):
        return facts.read(data, path.name, spec)
    return from_document(document(data), path.name, spec)


def document(data: bytes) -> Document:
    """The text document in ``data``: Word, PDF or HTML.

    Raises:
        UnreadableError: it is none of these, or damaged.
    """
    if data.startswith(b"PK"):
        from report_builder.readers import docx as reader  # noqa: PLC0415 - each reader needs a library of its own
    elif data.startswith(b"%PDF"):
        from report_builder.readers import pdf as reader  # type: ignore[no-redef] # noqa: PLC0415
    elif b"<" in data[:4096]:
        from report_builder.readers import html as reader  # type: ignore[no-redef] # noqa: PLC0415
    else:
        raise UnreadableError("不是 Word、PDF、网页或 facts.json", "请提供 .docx、.pdf、.html 或 facts.json")
    return reader.read(data)


def from_document(document: Document, name: str, spec: Spec) -> Return:
    """The report in ``document``: unit and year from its title, the format from its year, the tables by their labels.

    Raises:
        UnreadableError: no title that names a unit and a year, or no format for that year.
    """
    unit, year = _title(document, spec)
    fmt = spec.format_for(year)
    if fmt is None:
        raise UnreadableError(f"没有适用于 {year} 年的格式", "请核对标题中的年份")
    grids = [item for item in document.items if isinstance(item, Grid)]
    found = [one for grid in grids for one in find_tables(grid, fmt)]
    read = {key: held for one in reversed(found) for key, held in _cells(one, name)}
    cells, said = read_over({key: read[key] for key in fmt.known_slots if key in read}, fmt)
    paragraphs = tuple(item for item in document.items if isinstance(item, str))
    return Return(
        unit=unit,
        report_year=year,
        format_id=fmt.id,
        cells=cells,
        sections=split_sections(paragraphs, fmt),
        origin=name,
        own_headings=True,
        troubles=(*_missing(fmt, found, name), *said),
    )


def _title(document: Document, spec: Spec) -> tuple[str, int]:
    """The unit and year of the first line that reads like a report's title in any format."""
    texts = (document.title, *(item for item in document.items if isinstance(item, str)))
    patterns = [_title_pattern(fmt) for fmt in spec.formats]
    for text in texts:
        for pattern in patterns:
            match = pattern.match("".join(text.split()))
            if match:
                return match["unit"], int(match["year"])
    raise UnreadableError("没有找到写明单位和年度的标题", "请确认这是政府信息公开工作年度报告")


def _title_pattern(fmt: Format) -> re.Pattern[str]:
    """The format's own title, with 年度 for 年 and without 工作 read alike."""
    pattern = re.escape(fmt.report_title)
    pattern = pattern.replace(re.escape("{unit}"), "(?P<unit>.{1,80}?)").replace(
        re.escape("{year}"), r"(?P<year>\d{4})"
    )
    return re.compile(pattern.replace("年政", "年度?政").replace("工作", "(?:工作)?"))


def _cells(found: Found, name: str) -> Iterator[tuple[str, Figure]]:
    """The figures of one table; where it prints rows of another format for one of ours, their sum."""
    for key, place in found.places.items():
        yield key, summed([_figure(found.grid, one, name) for one in found.sums.get(key, (place,))])


def _figure(grid: Grid, place: tuple[int, int], name: str) -> Figure:
    row, column = place
    cells = grid.rows[row] if row < len(grid.rows) else ()
    source = f"{name}·{grid.name} {grid.address(row, column)}"
    return figure(cells[column] if column < len(cells) else None, source)


def _missing(fmt: Format, found: list[Found], name: str) -> Iterator[Trouble]:
    keys = {one.table for one in found}
    for table in fmt.tables:
        if table.key not in keys:
            yield Trouble("table_missing", name, (), {"table": fmt.section(table.section).title, "hint": ""})
