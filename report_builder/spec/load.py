"""Reads the law from its TOML files and holds it against itself, so that a slip is named before any unit is read."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from report_builder.errors import SpecError
from report_builder.spec import toml
from report_builder.spec.layout import laid_out, matching
from report_builder.spec.nouns import (
    Band,
    Column,
    Concord,
    Format,
    Rule,
    Spec,
    StatutoryWording,
    Table,
    Wording,
    Workbook,
)

HERE = Path(__file__).parent
_SHORTEST_PHRASE = 4
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
    formats = tuple(sorted(map(load_format, _files(roots, "formats")), key=lambda fmt: fmt.first_report_year))
    rules = {rule.code: rule for rule in (toml.load(Rule, path) for path in _files(roots, "rules"))}
    spec = Spec(
        formats=formats,
        rules=rules,
        concordance=toml.load(_Concordance, _one(roots, "concordance.toml")).concords,
        wording=toml.load(Wording, _one(roots, "wording.toml")),
        workbook=toml.load(Workbook, _one(roots, "workbook.toml")),
        terms=toml.load(_Terms, _one(roots, "terms.toml")).terms,
        statutory=_statutory(_one(roots, "statutory.toml")),
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


def _statutory(path: Path) -> StatutoryWording:
    """The wording list; a phrase too short to be one would hollow out every text."""
    wording = toml.load(StatutoryWording, path)
    for key in ("statutory", "stock"):
        for number, phrase in enumerate(getattr(wording, key), 1):
            if sum(map(str.isalnum, phrase)) < _SHORTEST_PHRASE:
                raise SpecError(
                    f"{path.name}：{key} 第{number}项“{phrase}”太短，至少写{_SHORTEST_PHRASE}个字，免得误删正文"
                )
    for key, least in (("least_passage", _SHORTEST_PHRASE), ("least_shared", 0)):
        if getattr(wording, key) <= least:
            raise SpecError(f"{path.name}：{key} 应当大于 {least}，现为 {getattr(wording, key)}")
    return wording


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


def _hold_together(spec: Spec) -> None:
    for older, newer in itertools.pairwise(spec.formats):
        if (older.last_report_year or newer.first_report_year - 1) != newer.first_report_year - 1:
            raise SpecError(
                f"formats：格式 {older.id} 到 {older.last_report_year} 年，格式 {newer.id} 从 "
                f"{newer.first_report_year} 年起；每个报告年度应当正好有一个格式"
            )
    for fmt in spec.formats:
        for code in fmt.rules:
            _known(code, spec.rules, f"格式 {fmt.id} 的 rules 中的")
