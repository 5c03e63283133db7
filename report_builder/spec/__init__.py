"""What the law asks, as data: one TOML file per format and rule, read into frozen nouns."""

from report_builder.spec.load import load_format, load_spec
from report_builder.spec.nouns import (
    Amounts,
    Band,
    ChartSpec,
    Column,
    Foreign,
    Format,
    Measure,
    Placed,
    Row,
    Rule,
    SectionSpec,
    Sentence,
    Slot,
    Spec,
    Table,
    Wording,
    Workbook,
)

__all__ = [
    "Amounts",
    "Band",
    "ChartSpec",
    "Column",
    "Foreign",
    "Format",
    "Measure",
    "Placed",
    "Row",
    "Rule",
    "SectionSpec",
    "Sentence",
    "Slot",
    "Spec",
    "Table",
    "Wording",
    "Workbook",
    "load_format",
    "load_spec",
]
