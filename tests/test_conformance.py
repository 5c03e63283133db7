"""Every PDF is what it says it is, in the judgement of veraPDF, the validator that archives use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import conformance
import pytest
from conformance import Verdict
from drafts import ENGINES, SPEC, TEXT, by_typst, draft, figures, full

from report_builder.model import Draft, Heading, Paragraph, PlainTable, StatutoryTable

NEWEST = SPEC.formats[-1]
DECLARED = {"weasyprint": ["ua1"], "typst": ["2a", "ua1"]}
UNDATED, BOXED = "undated", "boxed"
LINES = (5, 12, 19)
"""So many lines stand before the tables: a page ends in another row each time."""


def cases() -> Iterator[tuple[str, Draft]]:
    """A draft of every format with every block, and what once broke a standard."""
    for fmt in SPEC.formats:
        yield fmt.id, full(fmt)
    tables = [StatutoryTable(table.key, figures(NEWEST)) for table in NEWEST.tables]
    for before in LINES:
        yield f"after {before}", draft(NEWEST, [*[Paragraph("不涉及。")] * before, *tables])
    levels = [Heading(3, "1.规范"), Heading(1, "一、总体"), Heading(4, "（1）清理"), Heading(2, "（一）公开")]
    parted = PlainTable("", ("甲", "乙"), (("一", TEXT), ("二", TEXT * 30), ("", "")), (20, 80))
    yield UNDATED, draft(NEWEST, [*levels, parted], published_on=None)
    yield BOXED, draft(NEWEST, [Paragraph("甲\U0010fffd乙")])


def asked(files: Iterable[Path]) -> list[Verdict]:
    """What veraPDF says of the files, where it is at hand."""
    try:
        return conformance.verdicts(files)
    except conformance.UnavailableError as fault:
        pytest.skip(str(fault))


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def found(engine: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    """What veraPDF says of each case; it is asked once, since it takes some seconds to start."""
    folder = tmp_path_factory.mktemp("中文 路径")
    files = {name: folder / f"{name}.pdf" for name, _ in cases()}
    for name, one in cases():
        files[name].write_bytes(ENGINES[engine](one).data)
    verdicts = asked(files.values())
    return {name: [one for one in verdicts if one.file == str(file)] for name, file in files.items()}


def test_each_file_keeps_what_it_declares(found: dict[str, list[Verdict]], engine: str) -> None:
    broken = {name: one.faults for name, given in found.items() for one in given if one.faults}
    assert broken == {}
    declared = {name: [one.standard for one in given] for name, given in found.items()}
    assert declared == dict.fromkeys(found, DECLARED[engine]) | {UNDATED: ["ua1"], BOXED: []}


def test_a_broken_promise_is_seen(tmp_path: Path) -> None:
    data = by_typst(draft(NEWEST, [Paragraph("不涉及。")])).data
    assert data.count(b"/MarkInfo") == 1
    (tmp_path / "未标结构.pdf").write_bytes(data.replace(b"/MarkInfo", b"/OfnIkram"))
    found = asked([tmp_path / "未标结构.pdf"])
    assert [one.standard for one in found] == ["2a", "ua1"]
    assert all(one.faults for one in found)
