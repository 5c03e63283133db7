"""The text file beside a return: 正文.docx, .md or .txt in place of the narrative sheet."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from report_builder.errors import UnreadableError, reason
from report_builder.model import Document, Return, Trouble
from report_builder.recognise import split_sections
from report_builder.spec import Spec


def with_text(ret: Return, path: Path, spec: Spec) -> Return:
    """The Return with the text file's sections in place of the sheet's; both filled in is said so."""
    fmt = spec.format(ret.format_id)
    if fmt is None:
        return ret
    try:
        paragraphs = read_text(path)
    except (UnreadableError, OSError) as fault:
        refused = (
            fault
            if isinstance(fault, UnreadableError)
            else UnreadableError(f"系统拒绝读取（{reason(fault)}）", "请检查文件")
        )
        trouble = Trouble("unreadable", path.name, (), {"reason": refused.reason, "mend": refused.fix})
        return replace(ret, troubles=(*ret.troubles, trouble))
    troubles = list(ret.troubles)
    if any(section.paragraphs for section in ret.sections):
        sheet = spec.workbook.sheet("narrative").name
        troubles.append(
            Trouble("narrative_twice", f"{ret.origin}·{sheet}", (), {"sheet": sheet, "file": path.name})
        )
    sections = split_sections(paragraphs, fmt)
    return replace(ret, sections=sections, own_headings=True, troubles=tuple(troubles))


def read_text(path: Path) -> tuple[str, ...]:
    """The paragraphs of 正文.docx, .md or .txt, in order.

    Raises:
        UnreadableError: it cannot be read as what its name says.
    """
    data = path.read_bytes()
    if path.suffix.lower() == ".docx":
        from report_builder.readers import docx  # noqa: PLC0415 - lxml is not needed for most returns

        document: Document = docx.read(data)
        title = (document.title,) if document.title else ()
        return title + tuple(item for item in document.items if isinstance(item, str))
    lines = (re.sub(r"^\s*(?:#+\s*|[-*+]\s+)", "", line).strip() for line in _decoded(data).splitlines())
    return tuple(line for line in lines if line)


def _decoded(data: bytes) -> str:
    if not data.strip():
        raise UnreadableError("正文文件是空的", "请写入正文，或删去这个文件")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError("正文不是 UTF-8 或 GB18030 编码的文本", "请用记事本另存为 UTF-8")
