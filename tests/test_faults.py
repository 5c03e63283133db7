"""The fault bench in small: a few clean units, every kind of slip, all of them caught at the right cell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from clean_units import years_of
from faults import YEARS, Tally, judged, run
from identities import broken

from report_builder.spec import Spec, load_spec

JUDGED = judged(load_spec())
UNITS = ("丙川市教育局", "己林市财政局", "丁原市民政局")


@pytest.fixture(scope="module")
def fared() -> tuple[list[str], Mapping[str, Tally]]:
    """What was found in the clean returns, and how every slip fared."""
    false, tallies = run(UNITS)
    return [f"{one.unit} {one.code} {one.message}" for one in false], tallies


def test_clean_returns_have_no_finding(fared: tuple[list[str], Mapping[str, Tally]]) -> None:
    assert fared[0] == []


@pytest.mark.parametrize("number", range(len(JUDGED)))
def test_every_slip_that_breaks_something_is_caught_where_it_is(
    number: int, fared: tuple[list[str], Mapping[str, Tally]]
) -> None:
    tally = fared[1][JUDGED[number].name]
    assert tally.breaking
    assert tally.caught == tally.breaking
    assert tally.wrong == []


def test_the_judge_sums_for_itself(spec: Spec) -> None:
    years = years_of(UNITS[0], spec.formats[-1], YEARS[-1])
    assert broken(years.now.cells, years.last.cells) == set()
    one_more = int(years.now.cells["requests.received.total"] or 0) + 1
    assert broken({**years.now.cells, "requests.received.total": one_more}, years.last.cells) == {
        ("B301", "requests.carried_out.total"),
        ("B303", "requests.received.total"),
    }
    assert broken({**years.now.cells, "disputes.review.pending": "/"}, years.last.cells) == {
        ("V202", "disputes.review.pending")
    }
