"""Where in a return something stands, in the clerk's words."""

from __future__ import annotations

from report_builder.rule_kinds.case import Case

_WORKBOOK = ".xlsx"
_LONGEST = 60


def sheet(case: Case, holds: str) -> str:
    """The sheet of the return workbook that ``holds`` this; another kind of file is named alone."""
    origin = case.ret.origin
    return f"{origin}·{case.spec.workbook.sheet(holds).name}" if origin.endswith(_WORKBOOK) else origin


def text(case: Case, section: int, paragraph: int = 0) -> str:
    """A section's text, or one paragraph (1-based) of it: its cell in the narrative sheet, or the unit's own file."""
    cells = next((one.places for one in case.ret.sections if one.number == section), ())
    if paragraph and len(cells) >= paragraph:
        return cells[paragraph - 1]
    file = case.ret.origin if case.ret.own_headings else sheet(case, "narrative")
    counted = f"第{paragraph}段" if paragraph else ""
    return f"{file}·{case.fmt.section(section).title}{counted}"


def quoted(sentence: str, span: tuple[int, int]) -> str:
    """The sentence around ``span``, cut where it is long."""
    spare = max(_LONGEST - (span[1] - span[0]), 0)
    begin = max(span[0] - spare * 2 // 3, 0)
    end = min(max(span[1] + spare // 3, begin + _LONGEST), len(sentence))
    return f"{'…' if begin else ''}{sentence[begin:end].rstrip('。')}{'…' if end < len(sentence) else ''}"
