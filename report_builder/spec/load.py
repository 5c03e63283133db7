"""Reads the law from its TOML files and holds it against itself, so that a slip is named before any unit is read."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from report_builder.errors import SpecError
from report_builder.spec import toml
from report_builder.spec.hold import hold_band, hold_format, hold_together
from report_builder.spec.layout import laid_out, with_former
from report_builder.spec.nouns import (
    Amounts,
    Column,
    Concord,
    Foreign,
    Format,
    Lexicon,
    PlanWords,
    Published,
    Rule,
    Spec,
    StatutoryWording,
    Table,
    Value,
    Wording,
    Workbook,
)
from report_builder.spec.oversight import Oversight, Score

T = TypeVar("T")

HERE = Path(__file__).parent
_FOLDERS = ("formats", "rules")
_COMPANIONS = (
    "concordance.toml",
    "wording.toml",
    "workbook.toml",
    "terms.toml",
    "lexicon.toml",
    "statutory.toml",
    "published.toml",
    "plan.toml",
    "score.toml",
    "oversight.toml",
)
_SHORTEST_PHRASE = 4


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
    if further is not None:
        _hold_names(further)
    workbook = toml.load(Workbook, _one(roots, "workbook.toml"))
    concords = toml.load(_Concordance, _one(roots, "concordance.toml")).concords
    formats = tuple(
        sorted(map(_load_format, _files(roots, "formats")), key=lambda fmt: fmt.first_report_year)
    )
    formats = tuple(_among_its_kin(fmt, formats, concords, workbook.amounts) for fmt in formats)
    rules = {rule.code: rule for rule in map(_load_rule, _files(roots, "rules"))}
    spec = Spec(
        formats=formats,
        rules=rules,
        concordance=concords,
        wording=toml.load(Wording, _one(roots, "wording.toml")),
        workbook=workbook,
        terms=_terms(roots),
        lexicon=toml.load(Lexicon, _one(roots, "lexicon.toml")),
        statutory=_statutory(_one(roots, "statutory.toml")),
        published=toml.load(Published, _one(roots, "published.toml")),
        plan=toml.load(PlanWords, _one(roots, "plan.toml")),
        score=toml.load(Score, _one(roots, "score.toml")),
        oversight=toml.load(Oversight, _one(roots, "oversight.toml")),
    )
    hold_together(spec)
    if further is not None:
        _hold_own(further, spec)
    return spec


def _load_rule(path: Path) -> Rule:
    rule = toml.load(Rule, path)
    return _named_alike(rule, rule.code, "code", path)


def _load_format(path: Path) -> Format:
    fmt = load_format(path)
    return _named_alike(fmt, fmt.id, "id", path)


def _named_alike(noun: T, said: str, key: str, path: Path) -> T:
    """What a file calls itself is the file's name: so none is given twice, and each is found."""
    if said != path.stem:
        raise SpecError(f"{path.name}：{key} 是“{said}”，应与文件名“{path.stem}”一致")
    return noun


def load_format(path: Path) -> Format:
    """One format file, its tables laid out.

    Raises:
        SpecError: as :func:`load_spec`.
    """
    raw = toml.parse(path)
    tables = toml.value_from(tuple[dict[str, Any], ...], raw.get("tables", []), path.name, "tables ")
    fmt = toml.noun_from(Format, raw | ({"tables": []} if "tables" in raw else {}), path.name, "")
    laid = tuple(_table(table, path.name) for table in tables)
    fmt = dataclasses.replace(fmt, tables=laid, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    hold_format(fmt, path.name)
    return fmt


def _files(roots: Iterable[Path], folder: str) -> list[Path]:
    found = {path.name: path for root in roots for path in sorted((root / folder).glob("*.toml"))}
    return [found[name] for name in sorted(found)]


def _one(roots: Iterable[Path], name: str) -> Path:
    return [root / name for root in roots if (root / name).exists()][-1]


def _terms(roots: Iterable[Path]) -> Mapping[str, str]:
    return toml.load(_Terms, _one(roots, "terms.toml")).terms


def _hold_names(further: Path) -> None:
    """Nothing that a place lays beside the package's own goes unread for its name."""
    known = (*_FOLDERS, *_COMPANIONS)
    for path in sorted(further.iterdir()):
        shown = not path.name.startswith(".") and (path.is_dir() or path.suffix == ".toml")
        if shown and path.name not in known:
            near = toml.nearest(path.name, known) or f"；可用的有：{'、'.join(known)}"
            raise SpecError(f"{further.name}：不读“{path.name}”{near}")
    for folder in _FOLDERS:
        for path in sorted((further / folder).glob("*")):
            if path.suffix != ".toml" and ".toml" in path.name.lower():
                raise SpecError(f"{further.name}/{folder}：不读“{path.name}”，文件名应以 .toml 结尾")


def _hold_own(further: Path, spec: Spec) -> None:
    """A place's own rules are listed by a format; its own words leave out none that the program says."""
    for term in _terms([HERE]):
        if term not in spec.terms:
            raise SpecError(f"terms.toml：缺少“{term}”")
    listed = {code for fmt in spec.formats for code in fmt.rules}
    for path in _files([further], "rules"):
        if path.stem not in listed:
            raise SpecError(
                f"{path.name}：没有哪个格式列出规则 {path.stem}，它不会用到；请在格式文件的 [rules] 中写上它和依据"
            )


_SHORTEST_PHRASE = 4


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
    place = f"表“{raw.get('key', '')}” "
    value = fields.pop("value", None)
    value = toml.value_from(Value, value, file, f"{place}value ") if value is not None else None
    if "bands" not in fields:
        fields["bands"] = [{name: fields.pop(name, []) for name in ("columns", "rows")}]
    table = toml.noun_from(Table, fields, file, place)
    if table.shape != "bands" and len(table.bands) != 1:
        raise SpecError(
            f"{file}：{place}shape 是 {table.shape}，只能有一组 columns 和 rows，现有 {len(table.bands)} 组"
        )
    for band in table.bands:
        hold_band(band, f"{file}：{place}")
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
            if own.issuperset(ours) and own.isdisjoint(theirs) and rows.keys() >= {*theirs}:
                foreign.append(Foreign(tuple(rows[key] for key in theirs), tuple(rows[key] for key in ours)))
    return with_former(dataclasses.replace(table, foreign=tuple(foreign)))
