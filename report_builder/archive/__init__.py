"""A published report, of any kind that can be read, → the same nouns as a return.

Read: a web page, Word (.docx, .doc), a text PDF, plain text (its words only), facts.json. Nothing is guessed:
tables are known by their labels, sections by their headings, unit and year by the title; what leaves a doubt is a
Trouble, and a figure in doubt is no number.

What a published report does not hold, and what reading one back can therefore not give: the tasks' fields (they
are printed in one table of sentences), the unit's code and contact, how a figure was typed where it is a number,
the processing fee where its cases were not stated; the day of publication stands in our web page only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from report_builder import facts
from report_builder.archive.article import Article, Part, find_article
from report_builder.archive.fee import stated_fee
from report_builder.archive.flattened import without_tables
from report_builder.archive.identity import Hint, Identity, identify
from report_builder.archive.tables import Tables
from report_builder.errors import UnreadableError, reason
from report_builder.model import Document, Grid, ProcessingFee, Return, Section, Trouble
from report_builder.recognise import headings_of
from report_builder.spec import Format, Spec, Table

__all__ = ["KINDS", "Hint", "Tables", "document", "from_document", "headings_of", "read"]

KINDS = (".docx", ".doc", ".pdf", ".html", ".htm", ".json", ".txt")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BLANK = b"\xef\xbb\xbf \r\n\t"
_UTF_16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_MARKED_UP = re.compile(
    rb"<(?:!doctype|\?xml|html|head|body|div|p|table|tbody|tr|td|span|meta|br|h[1-6]|section|article|main)[\s/>]",
    re.IGNORECASE,
)
_HEAD = 2**16
_LEAST_SECTIONS = 3
_ASK_FOR_TEXT = "请提供 Word 版，或表格是文字的网页、PDF"
_SAVE_AS = "请用 Word 或 WPS 打开，另存为 .docx"


def read(path: Path, spec: Spec, hint: Hint | None = None) -> Return:
    """The published report at ``path``; its kind is told by its content, not by its name.

    ``hint`` says what is known of it from elsewhere, and counts only where the file does not say.

    Raises:
        UnreadableError: the file cannot be read, or is no annual report.
    """
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise UnreadableError(f"系统拒绝读取（{reason(fault)}）", "请检查路径和权限") from fault
    if data.lstrip(_BLANK).startswith(b"{") and not data.startswith(rb"{\rtf"):
        return facts.read(data, path.name, spec)
    return from_document(document(data), path.name, spec, hint)


def document(data: bytes) -> Document:
    """The text document in ``data``: Word, PDF, HTML, or plain text.

    Raises:
        UnreadableError: it is none of these, or damaged.
    """
    if not data.strip(_BLANK):
        raise UnreadableError("文件是空的（0 字节）", "请重新下载或导出")
    if data.startswith(rb"{\rtf"):
        raise UnreadableError("这是 RTF 文件", _SAVE_AS)
    if data.lstrip(_BLANK)[:13].lower() == b"mime-version:":
        raise UnreadableError("这是单个文件网页（MHT）", f"{_SAVE_AS}，或在浏览器中另存为网页（.html）")
    if data[:2] in _UTF_16:
        data = data.decode(_UTF_16[data[:2]], "replace").encode()
    if data.startswith(b"PK") and b"xl/workbook.xml" in data:
        raise UnreadableError("这是电子表格，不是年度报告", "报送表请用 report-builder check 核对")
    if data.startswith(b"PK"):
        from report_builder.readers import docx as reader  # noqa: PLC0415 - each reader needs a library of its own
    elif data.startswith(_OLE):
        from report_builder.readers import doc as reader  # type: ignore[no-redef] # noqa: PLC0415
    elif data.lstrip(_BLANK).startswith(b"%PDF"):
        from report_builder.readers import pdf as reader  # type: ignore[no-redef] # noqa: PLC0415
    elif _MARKED_UP.search(data[:_HEAD]):
        from report_builder.readers import html as reader  # type: ignore[no-redef] # noqa: PLC0415
    else:
        from report_builder.readers import text as reader  # type: ignore[no-redef] # noqa: PLC0415
    return reader.read(data)


def from_document(document: Document, name: str, spec: Spec, hint: Hint | None = None) -> Return:
    """The report in ``document``: unit and year from its title, the format from its year, the tables by their labels.

    Raises:
        UnreadableError: nothing tells the year, no format for it, several reports, or neither text nor tables of one.
    """
    reading = _Reading(document, name, spec, hint or Hint())
    return reading.result()


@dataclass(frozen=True)
class _Reading:
    """One file being read."""

    document: Document
    name: str
    spec: Spec
    hint: Hint

    def result(self) -> Return:
        """The file as a Return."""
        found, who, fmt = self._identified()
        tables = Tables([item for item in self.document.items if isinstance(item, Grid)], fmt, self.name)
        self._hold_report(found, tables)
        sections, flattened = self._sections(found, tables)
        return Return(
            unit=who.unit,
            report_year=who.year,
            format_id=fmt.id,
            cells=tables.cells,
            sections=sections,
            fee=_fee(sections, fmt, who),
            about={"published_on": who.published_on} if who.published_on else {},
            origin=self.name,
            own_headings=True,
            troubles=(
                *self._doubts(who),
                *self._missing(found, tables, flattened),
                *tables.troubles,
            ),
        )

    def _identified(self) -> tuple[Article, Identity, Format]:
        """The article under the format of its year; headings of other formats are known until the year is."""
        newest = self.spec.formats[-1]
        found = self._article(newest)
        who = identify(self.document, found, self.spec, self.hint)
        fmt = self.spec.format_for(who.year)
        if fmt is None:
            first = self.spec.formats[0].first_report_year
            raise UnreadableError(
                f"没有适用于 {who.year} 年的格式（最早的从 {first} 年起）", "请核对标题中的年份"
            )
        return (found if fmt is newest else self._article(fmt)), who, fmt

    def _article(self, fmt: Format) -> Article:
        published = self.spec.published
        return find_article(self.document, headings_of(fmt, published), published)

    def _hold_report(self, found: Article, tables: Tables) -> None:
        """A title alone makes no report."""
        if tables.cells or len(found.parts) >= _LEAST_SECTIONS:
            return
        pictures = "，只有图片" if self.document.pictures else ""
        raise UnreadableError(
            f"没有找到格式规定的表，各部分的标题也没有或不全{pictures}",
            _ASK_FOR_TEXT if pictures else "请确认文件里是年度报告的正文，而不是它的链接或通知",
        )

    def _sections(self, found: Article, tables: Tables) -> tuple[tuple[Section, ...], set[int]]:
        """The sections' text, and the numbers of those in which a table stands as text."""
        sections, flattened = [], set()
        lost = [table for table in tables.fmt.tables if tables.lacking[table.key]]
        for part in found.parts:
            paragraphs, cut = without_tables(part.paragraphs, lost)
            sections.append(replace(part.section, paragraphs=paragraphs))
            flattened |= {part.number} if cut else set()
        return tuple(sections), flattened

    def _doubts(self, who: Identity) -> Iterator[Trouble]:
        for doubt in who.doubts:
            yield Trouble("report_doubt", self.name, (), {"problem": doubt.problem, "mend": doubt.mend})
        for remark in self.document.remarks:
            yield Trouble("read_partly", self.name, (), {"remark": remark})

    def _missing(self, found: Article, tables: Tables, flattened: set[int]) -> Iterator[Trouble]:
        """The tables of which less than half was found, each with what stands in its place."""
        for table in tables.fmt.tables:
            lacking = tables.lacking[table.key]
            if len(lacking) * 2 > len(table.slots):
                title = tables.fmt.section(table.section).title
                why = self._instead(table, found, flattened)
                if why:
                    said = {"table": title, "problem": why, "mend": _ASK_FOR_TEXT}
                    yield Trouble("table_unreadable", f"{self.name}·{title}", (), said)
                else:
                    known = len(table.slots) - len(lacking)
                    hint = f"（只认出 {known} 格）" if known else ""
                    yield Trouble("table_missing", self.name, (), {"table": title, "hint": hint})

    def _instead(self, table: Table, found: Article, flattened: set[int]) -> str:
        """What stands where the table should."""
        if table.section in flattened:
            return "成了连在一起的文字，分不清哪个数是哪一格的，没有读取"
        parts = [part for part in found.parts if part.number == table.section]
        if any(self._pictured(part) for part in parts):
            return "是图片，图片里的数读不出来"
        return ""

    def _pictured(self, part: Part) -> bool:
        return any(part.first < at <= part.end for at in self.document.pictures)


def _fee(sections: Sequence[Section], fmt: Format, who: Identity) -> ProcessingFee | None:
    if fmt.fee is None:
        return None
    numbers = {section.number for section in fmt.sections if section.fee}
    paragraphs = [text for section in sections if section.number in numbers for text in section.paragraphs]
    return stated_fee(paragraphs, fmt.fee, who.year, who.unit)
