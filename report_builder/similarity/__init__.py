"""What repeats: of one report in another, and among many."""

from report_builder.similarity.many import Cluster, Copy, Match, Shared, shared
from report_builder.similarity.pair import How, Overlap, Passage, Repeated, Share, overlap, passages
from report_builder.similarity.text import Masked, Place, Text, masked

__all__ = [
    "Cluster",
    "Copy",
    "How",
    "Masked",
    "Match",
    "Overlap",
    "Passage",
    "Place",
    "Repeated",
    "Share",
    "Shared",
    "Text",
    "masked",
    "overlap",
    "passages",
    "shared",
]
