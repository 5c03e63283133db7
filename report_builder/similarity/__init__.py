"""What repeats: of one report in another, and among many."""

from report_builder.similarity.pair import How, Overlap, Passage, Repeated, Share, overlap, passages
from report_builder.similarity.text import Masked, Place, Text, masked

__all__ = [
    "How",
    "Masked",
    "Overlap",
    "Passage",
    "Place",
    "Repeated",
    "Share",
    "Text",
    "masked",
    "overlap",
    "passages",
]
