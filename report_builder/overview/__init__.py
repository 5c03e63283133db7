"""What became of every unit of a year, as the lead office reads it: one page, a list, and a score with its reasons."""

from collections.abc import Mapping

from report_builder.overview.nouns import PAGES, Government, Overseen, Standing, Watched
from report_builder.spec import Spec

PAGE, LIST, SCORES = "总览.html", "报送情况.csv", "评分.xlsx"


def overview_files(seen: Overseen, spec: Spec) -> Mapping[str, bytes]:
    """The lead office's page, list and score, by the names they have among the outputs."""
    from report_builder.overview.listing import listing  # noqa: PLC0415 - charts and books only where drawn
    from report_builder.overview.page import overview_page  # noqa: PLC0415
    from report_builder.overview.score import scored  # noqa: PLC0415
    from report_builder.overview.sheets import score_book  # noqa: PLC0415

    return {
        PAGE: overview_page(seen, spec, (LIST, SCORES)),
        LIST: listing(seen, spec),
        SCORES: score_book(seen, scored(seen, spec), spec),
    }


__all__ = [
    "PAGES",
    "Government",
    "Overseen",
    "Standing",
    "Watched",
    "overview_files",
]
