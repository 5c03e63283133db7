"""What the sentences of a report claim about quantities, years and names; of tables and rules it knows nothing."""

from report_builder.prose.claims import (
    Change,
    Claim,
    Dated,
    Lead,
    Level,
    NothingLeft,
    Part,
    Parts,
    Place,
    Quantity,
    Scope,
    SelfWord,
    Share,
    Speaker,
    Subject,
)
from report_builder.prose.numerals import Amount
from report_builder.prose.reading import read

__all__ = [
    "Amount",
    "Change",
    "Claim",
    "Dated",
    "Lead",
    "Level",
    "NothingLeft",
    "Part",
    "Parts",
    "Place",
    "Quantity",
    "Scope",
    "SelfWord",
    "Share",
    "Speaker",
    "Subject",
    "read",
]
