"""What repeats: of one report in another, and among many."""

from report_builder.similarity.many import (
    Clauses,
    Cluster,
    Copy,
    Match,
    Question,
    Shared,
    clauses_of,
    shared,
    shared_among,
)
from report_builder.similarity.pair import Against, How, Overlap, Passage, Repeated, Share, overlap, passages
from report_builder.similarity.text import Masked, Place, Text, masked

__all__ = [
    "Against",
    "Clauses",
    "Cluster",
    "Copy",
    "How",
    "Masked",
    "Match",
    "Overlap",
    "Passage",
    "Place",
    "Question",
    "Repeated",
    "Share",
    "Shared",
    "Text",
    "clauses_of",
    "masked",
    "overlap",
    "passages",
    "shared",
    "shared_among",
]
