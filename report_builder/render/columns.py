"""Which columns of a table of ours hold figures alone: all products centre them, as the law's tables are."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FIGURE = re.compile(r"[-−+]?[0-9][0-9,.]*%?|[/—-]?")


def figure_columns(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns (0-based) in which every cell is a figure, a share or a stroke for none, and not all are blank."""
    columns = enumerate(zip(*rows, strict=True))
    return frozenset(at for at, cells in columns if any(cells) and all(map(_FIGURE.fullmatch, cells)))
