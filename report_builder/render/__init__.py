"""Draft → Word, PDF, HTML, CSV: one file per product, each a plain walk over the blocks."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from report_builder.errors import OutputError, ReportBuilderError

ENGINES = ("weasyprint", "typst")
"""What can set the PDF, the usual one first."""
_BESIDE = Path(__file__).resolve().parents[2] / "templates"
_SHIPPED = Path(sys.prefix) / "share" / "report_builder" / "templates"


def template(name: str) -> Path:
    """The file ``name`` of templates/: the repository's own, else the one installed with the package."""
    for folder in (_BESIDE, _SHIPPED):
        if (folder / name).is_file():
            return folder / name
    raise OutputError(f"缺少版式文件 templates/{name}；请重新安装本程序")


def look(name: str) -> bytes:
    """What the template ``name`` holds, such as report.docx."""
    return template(name).read_bytes()


class PdfUnavailable(ReportBuilderError):  # noqa: N818 - named for what the user is told
    """This machine cannot set PDFs; everything else can still be made."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF, and what was met while it was set, in words; nothing in a sound document."""

    data: bytes
    warnings: tuple[str, ...]
