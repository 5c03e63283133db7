"""The passages listed between published years, each read by a person: what is listed is what was judged, and judged well."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from conftest import DATA, MEASURED, REPORTS

from report_builder import archive
from report_builder.compare import Basis, Comparison, compare
from report_builder.history import Held
from report_builder.similarity import Share
from report_builder.spec import Spec

PAIRS: list[dict[str, Any]] = tomllib.loads((DATA / "passages.toml").read_text(encoding="utf-8"))["pair"]
JUDGED = Counter(verdict for pair in PAIRS for *_, verdict, _ in pair["passages"])
here = pytest.mark.skipif(
    not REPORTS.is_dir(), reason="the published reports are not here: their text is not ours to carry"
)
by_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair["now"].partition(".")[0])


def series(name: str) -> list[str]:
    """The body's reports that hold text, the oldest first."""
    body = name.partition(".")[0][:-5]
    return sorted(one.name for one in REPORTS.glob(f"{body}_*") if one.suffix in {".html", ".txt"})


def held(name: str, spec: Spec) -> Held:
    ret = archive.read(REPORTS / name, spec)
    fmt = spec.format(ret.format_id)
    assert fmt is not None
    return Held(ret, fmt)


def compared(pair: dict[str, Any], spec: Spec) -> Comparison:
    names = series(pair["now"])
    years = [held(name, spec) for name in names[: names.index(pair["now"])]]
    return compare(held(pair["now"], spec), held(pair["earlier"], spec), Basis(spec), years)


def counted(share: Share) -> list[int]:
    return [share.part, share.whole]


@here
@by_pair
def test_the_passages_listed_are_those_a_person_has_judged(pair: dict[str, Any], spec: Spec) -> None:
    found = compared(pair, spec)
    listed = [
        [
            one.now.section,
            str(one.how),
            one.characters,
            one.years_running,
            hashlib.sha256(one.now.text.encode()).hexdigest()[:8],
        ]
        for one in found.passages
    ]
    assert listed == [judged[:5] for judged in pair["passages"]]
    assert counted(found.overlap.strict) == pair["strict"]
    assert counted(found.overlap.loose) == pair["loose"]


@here
def test_every_published_year_that_follows_another_is_judged() -> None:
    names = {one.name for one in REPORTS.iterdir() if one.suffix in {".html", ".txt"}}
    following = {pair for name in names for pair in pairwise(series(name))}
    assert {(pair["earlier"], pair["now"]) for pair in PAIRS} == following


def test_a_reader_agrees_with_nine_of_ten(record_property: Callable[[str, object], None]) -> None:
    missed = sum(len(pair.get("missed", ())) for pair in PAIRS)
    said = "、".join(f"{count} {verdict}" for verdict, count in JUDGED.items())
    record_property(MEASURED, f"passages of published years: {said}, {missed} missed")
    assert set(JUDGED) <= {"repeated", "harmless", "not"}
    assert JUDGED["not"] * 10 <= JUDGED.total()
    assert missed * 10 <= JUDGED.total()
