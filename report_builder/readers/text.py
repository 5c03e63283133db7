"""A plain text file → its lines, as the text of a report without its tables.

Who saves a page as text loses the lines between cells: figures run together, and so do headings with what
follows them. So nothing in such a file is ever taken for a figure.
"""

from __future__ import annotations

import re

from report_builder.errors import UnreadableError
from report_builder.model import Document

MAX_FILE = 16 * 2**20
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SAVE_AGAIN = "请提供网页、Word 或 PDF 版"


def read(data: bytes) -> Document:
    """The lines of the text in ``data``: UTF-8, or the Chinese encoding.

    Raises:
        UnreadableError: it is too large, empty, or no text.
    """
    if len(data) > MAX_FILE:
        raise UnreadableError(f"文本文件超过 {MAX_FILE // 2**20} MB", "请只保留年度报告的正文")
    lines = (" ".join(line.split()) for line in _COMMENT.sub("", _decoded(data)).splitlines())
    items = tuple(line for line in lines if line)
    if not items:
        raise UnreadableError("文件是空的", _SAVE_AGAIN)
    return Document(items, furnished=True, run_together=True)


def _decoded(data: bytes) -> str:
    if b"\0" not in data:
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise UnreadableError("不是能读的文本，可能是别的种类的文件", _SAVE_AGAIN)
