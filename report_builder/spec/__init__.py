"""What the law asks, as data: one TOML file per format and rule, read into frozen nouns."""

from report_builder.spec.load import load_format, load_spec
from report_builder.spec.nouns import (
    Band,
    ChartSpec,
    Column,
    Concord,
    Format,
    Measure,
    Placed,
    Row,
    Rule,
    SectionSpec,
    Sentence,
    Slot,
    Spec,
    StatutoryWording,
    Table,
    Wording,
    Workbook,
)

__all__ = [
    "Band",
    "ChartSpec",
    "Column",
    "Concord",
    "Format",
    "Measure",
    "Placed",
    "Row",
    "Rule",
    "SectionSpec",
    "Sentence",
    "Slot",
    "Spec",
    "StatutoryWording",
    "Table",
    "Wording",
    "Workbook",
    "load_format",
    "load_spec",
]
