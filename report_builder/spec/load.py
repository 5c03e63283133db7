"""Reads the law from its TOML files and holds it against itself, so that a slip is named before any unit is read."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from report_builder.errors import SpecError
from report_builder.spec import toml
from report_builder.spec.layout import laid_out, matching, with_former
from report_builder.spec.nouns import (
    Amounts,
    Band,
    Column,
    Concord,
    Foreign,
    Format,
    Lexicon,
    Rule,
    Spec,
    Table,
    Wording,
    Workbook,
)

HERE = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclasses.dataclass(frozen=True)
class _Concordance:
    concords: tuple[Concord, ...]


@dataclasses.dataclass(frozen=True)
class _Terms:
    terms: Mapping[str, str]


def load_spec(further: Path | None = None) -> Spec:
    """The package's own formats and rules, and those in the folder ``further``, laid out alike.

    A file of ``further`` with the same name takes the place of the package's own.

    Raises:
        SpecError: a file is wrong; file, key and the nearest right one are named.
    """
    roots = [HERE] if further is None else [HERE, further]
    workbook = toml.load(Workbook, _one(roots, "workbook.toml"))
    concords = toml.load(_Concordance, _one(roots, "concordance.toml")).concords
    formats = tuple(sorted(map(load_format, _files(roots, "formats")), key=lambda fmt: fmt.first_report_year))
    for concord in concords:
        _known_rows(concord, formats)
    formats = tuple(_among_its_kin(fmt, formats, concords, workbook.amounts) for fmt in formats)
    rules = {rule.code: rule for rule in (toml.load(Rule, path) for path in _files(roots, "rules"))}
    spec = Spec(
        formats=formats,
        rules=rules,
        concordance=concords,
        wording=toml.load(Wording, _one(roots, "wording.toml")),
        workbook=workbook,
        terms=toml.load(_Terms, _one(roots, "terms.toml")).terms,
        lexicon=toml.load(Lexicon, _one(roots, "lexicon.toml")),
    )
    _hold_together(spec)
    return spec


def load_format(path: Path) -> Format:
    """One format file, its tables laid out.

    Raises:
        SpecError: as :func:`load_spec`.
    """
    raw = toml.parse(path)
    raw["tables"] = []
    tables = toml.parse(path).get("tables", [])
    fmt = toml.noun_from(Format, raw, path.name, "")
    laid = tuple(_table(table, path.name) for table in tables)
    fmt = dataclasses.replace(fmt, tables=laid, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    _check_format(fmt, path.name)
    return fmt


def _files(roots: Iterable[Path], folder: str) -> list[Path]:
    found = {path.name: path for root in roots for path in sorted((root / folder).glob("*.toml"))}
    return [found[name] for name in sorted(found)]


def _one(roots: Iterable[Path], name: str) -> Path:
    return [root / name for root in roots if (root / name).exists()][-1]


def _table(raw: Mapping[str, Any], file: str) -> Table:
    """A matrix or strip is written without its single band; its ``value`` holds for all its columns."""
    fields = dict(raw)
    value = fields.pop("value", None)
    if "bands" not in fields:
        fields["bands"] = [{name: fields.pop(name) for name in ("columns", "rows") if name in fields}]
    table = toml.noun_from(Table, fields, file, f"表“{raw.get('key', '')}”")
    bands = tuple(dataclasses.replace(band, columns=_valued(band.columns, value)) for band in table.bands)
    try:
        laid = laid_out(dataclasses.replace(table, bands=bands))
    except SpecError as fault:
        raise SpecError(f"{file}：{fault}") from fault
    if max(placed.column + placed.column_span for placed in laid.layout) != len(table.widths):
        raise SpecError(f"{file}：表“{table.key}”的 widths 有 {len(table.widths)} 个数，与列数不符")
    return laid


def _valued(columns: tuple[Column, ...], value: Any) -> tuple[Column, ...]:  # noqa: ANN401 - a literal of Value
    return tuple(column if column.value else dataclasses.replace(column, value=value) for column in columns)


def _check_format(fmt: Format, file: str) -> None:
    measures = fmt.measures_by_key
    for measure in fmt.measures:
        _known_cells(measure.cells, fmt, f"{file}：measures“{measure.key}”")
    for sentence in fmt.sentences:
        named = set(_PLACEHOLDER.findall(sentence.text + sentence.zero)) - {"year", "unit", "parts"}
        for key in (*sorted(named), *sentence.zero_when, *sentence.omit_when_zero, *sentence.parts):
            _known(key, measures, f"{file}：sentences“{sentence.text[:12]}…”用到的")
    for chart in fmt.charts:
        for key in chart.measures:
            _known(key, measures, f"{file}：charts“{chart.name}”用到的")
        if chart.row:
            _known_cells((chart.row + ".*",), fmt, f"{file}：charts“{chart.name}”")
    for table in fmt.tables:
        for band in table.bands:
            _known_totals(band, f"{file}：表“{table.key}”")


def _known_totals(band: Band, place: str) -> None:
    for things in (band.columns, band.rows):
        keys = [thing.key for thing in things if not thing.total_of]
        for thing in things:
            for pattern in thing.total_of:
                if not matching((pattern,), keys):
                    raise SpecError(
                        f"{place}：{thing.key} 的 total_of 里的“{pattern}”找不到{toml.nearest(pattern, keys)}"
                    )


def _known_cells(patterns: Iterable[str], fmt: Format, place: str) -> None:
    for pattern in patterns:
        if not matching((pattern,), tuple(fmt.slots)):
            raise SpecError(f"{place}：格式中没有“{pattern}”{toml.nearest(pattern, fmt.slots)}")


def _known(key: str, known: Iterable[str], place: str) -> None:
    names = list(known)
    if key not in names:
        raise SpecError(f"{place}“{key}”没有定义{toml.nearest(key, names)}")


def _known_rows(concord: Concord, formats: Iterable[Format]) -> None:
    """What the concordance says was split stands in the formats it names."""
    if concord.relation != "split_into":
        return
    for fmt in formats:
        named = {concord.from_format: (concord.what,), concord.to_format: concord.into}.get(fmt.id, ())
        for name in named:
            _known(name, _row_keys(fmt), f"concordance.toml：格式 {fmt.id} 的行")


def _row_keys(fmt: Format) -> list[str]:
    return [f"{table.key}.{row.key}" for table in fmt.tables for band in table.bands for row in band.rows]


def _among_its_kin(
    fmt: Format, formats: Sequence[Format], concords: Iterable[Concord], amounts: Amounts
) -> Format:
    """The format with the rows that other formats print in place of its own, and the units amounts come in."""
    split = [concord for concord in concords if concord.relation == "split_into"]
    tables = tuple(_with_foreign(table, formats, split) for table in fmt.tables)
    return dataclasses.replace(fmt, tables=tables, amounts=amounts)


def _with_foreign(table: Table, formats: Sequence[Format], split: Iterable[Concord]) -> Table:
    rows = {
        f"{other.key}.{row.key}": row
        for fmt in formats
        for other in fmt.tables
        for band in other.bands
        for row in band.rows
    }
    own = {f"{table.key}.{row.key}" for band in table.bands for row in band.rows}
    foreign = []
    for concord in split:
        for theirs, ours in (((concord.what,), concord.into), (concord.into, (concord.what,))):
            if own.issuperset(ours) and own.isdisjoint(theirs):
                foreign.append(Foreign(tuple(rows[key] for key in theirs), tuple(rows[key] for key in ours)))
    return with_former(dataclasses.replace(table, foreign=tuple(foreign)))


def _known_words(spec: Spec) -> None:
    """The lexicon speaks only of measures that a format has, and of its own topics and concepts."""
    measures = {measure.key for fmt in spec.formats for measure in fmt.measures}
    topics = [topic.key for topic in spec.lexicon.topics]
    concepts = spec.lexicon.concepts_by_key
    for concept in spec.lexicon.concepts:
        place = f"lexicon.toml：concepts“{concept.key}”用到的"
        _known(concept.topic, topics, place)
        for measure in itertools.chain(*concept.readings, *concept.asked, *concept.near):
            _known(measure, measures, place)
        for key in (*concept.within, *concept.wholes):
            _known(key, concepts, place)
    for rule in spec.rules.values():
        for key in (*rule.params.get("concepts", ()), *rule.params.get("wholes", ())):
            _known(key, concepts, f"{rule.code}.toml：params 用到的")
    for nothing in spec.lexicon.nothing_left:
        place = f"lexicon.toml：nothing_left“{nothing.words[0]}”用到的"
        _known(nothing.topic, topics, place)
        for measure in itertools.chain(nothing.left, *nothing.of.values()):
            _known(measure, measures, place)


def _hold_together(spec: Spec) -> None:
    for older, newer in itertools.pairwise(spec.formats):
        if (older.last_report_year or newer.first_report_year - 1) != newer.first_report_year - 1:
            raise SpecError(
                f"formats：格式 {older.id} 到 {older.last_report_year} 年，格式 {newer.id} 从 "
                f"{newer.first_report_year} 年起；每个报告年度应当正好有一个格式"
            )
    _known_words(spec)
    for fmt in spec.formats:
        for code in fmt.rules:
            _known(code, spec.rules, f"格式 {fmt.id} 的 rules 中的")
