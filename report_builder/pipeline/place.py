"""What holds for a whole run: what the user asked for, the law and the settings, the year and its format."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from report_builder.errors import InputError, SpecError
from report_builder.history import hidden_names
from report_builder.model import (
    Settings,
    Severity,
)
from report_builder.registry import Registry, load_registry, load_settings
from report_builder.render import ENGINES
from report_builder.spec import Format, Spec, StatutoryWording, load_spec
from report_builder.spec.toml import nearest
from report_builder.validate import hold_rules

FORMATS = ("docx", "pdf", "html", "csv", "json")
_YEAR_FOLDER = re.compile(r"\d{4}")
_LEAST_GROUP = 2


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    inputs: Path = Path("data_inputs")
    outputs: Path = Path("outputs")
    year: int | None = None
    units: tuple[str, ...] = ()
    jobs: int = 0
    scheduler: str = ""
    formats: tuple[str, ...] = FORMATS
    reason: str = ""
    force: bool = False
    as_of: dt.date | None = None
    engine: str = ENGINES[0]


@dataclass(frozen=True)
class Place:
    """All that holds for every unit of a run."""

    options: Options
    spec: Spec
    registry: Registry
    settings: Settings
    year: int
    fmt: Format

    @property
    def hidden(self) -> frozenset[str]:
        """The names that are masked in every text."""
        return hidden_names(self.registry.names, self.settings.place)

    @property
    def wording(self) -> StatutoryWording:
        """The statutory wording of the law and of the place."""
        return self.spec.statutory.with_phrases(self.settings.statutory_wording)


@cache
def _spec(further: str) -> Spec:
    spec = load_spec(Path(further) if further else None)
    hold_rules(spec)
    return spec


def set_up(inputs: Path) -> tuple[Settings, Spec]:
    """What the place has set, and the formats and rules it works by: its own in ``spec_dir`` beside the package's.

    Raises:
        SpecError: a broken setting or spec.  InputError: ``spec_dir`` is no folder.
    """
    settings = load_settings(inputs)
    further = inputs / settings.spec_dir if settings.spec_dir else None
    if further is not None and not further.is_dir():
        raise InputError(f"settings.toml：spec_dir 指向的文件夹 {settings.spec_dir} 不存在")
    spec = _spec(str(further or ""))
    _check_settings(settings, spec)
    return settings, spec


def open_place(options: Options) -> Place:
    """The spec, registry and settings for a run.

    Raises:
        InputError: no such folder, no year in it, no format for the year, unknown unit.
        SpecError: a broken setting or spec.
    """
    if not options.inputs.is_dir():
        raise InputError(f"没有找到输入文件夹 {options.inputs}；请核对 --inputs，或先建立这个文件夹")
    year = options.year or newest_year(options.inputs)
    place = place_for(options, year)
    if place is None:
        first = set_up(options.inputs)[1].formats[0].first_report_year
        raise InputError(f"没有适用于 {year} 年的报告格式；现有格式从 {first} 年起")
    return place


def place_for(options: Options, year: int) -> Place | None:
    """The place in one year, whether anything has come in or not; None where no format governs the year.

    Raises:
        SpecError: a broken setting or spec.
    """
    settings, spec = set_up(options.inputs)
    settings = replace(settings, as_of=options.as_of or settings.as_of)
    fmt = spec.format_for(year)
    if fmt is None:
        return None
    registry = load_registry(options.inputs)
    groups = tuple(_members(group, registry) for group in settings.shared_groups)
    return Place(options, spec, registry, replace(settings, shared_groups=groups), year, fmt)


def _members(group: Sequence[str], registry: Registry) -> tuple[str, ...]:
    """The units of a group that shares text by right, by their registered names; without a registry, as written."""
    where = "settings.toml：repetition shared_groups"
    found = {name: registry.find(name) for name in group}
    for name, unit in found.items():
        if unit is None:
            near = registry.suggestion(name) or "；请改正，或在 units.csv 里补上"
            raise SpecError(f"{where} 里的“{name}”不在单位名册中{near}")
    units = tuple(dict.fromkeys(unit.name for unit in found.values() if unit is not None))
    if len(units) < _LEAST_GROUP:
        raise SpecError(f"{where} 的一组里只有“{'、'.join(units)}”；一组至少写两个单位")
    return units


def _check_settings(settings: Settings, spec: Spec) -> None:
    """Rules a setting names must exist; nothing lets an unusable return through; a unit is given time."""
    if settings.time_limit_s < 1:
        raise SpecError(
            f"settings.toml：build.time_limit_s 是 {settings.time_limit_s}；这是每个单位最多用的秒数，应为 1 或更大的整数"
        )
    for code in (*settings.severities, *settings.thresholds):
        if code not in spec.rules:
            raise SpecError(f"settings.toml：没有规则 {code}{nearest(code, spec.rules)}")
    for code, severity in settings.severities.items():
        if spec.rules[code].severity == Severity.REJECT.value and severity is not Severity.REJECT:
            raise SpecError(
                f"settings.toml：rules.{code} 是退回，不能改为 {severity.value}；退回的报送不能据以编制报告"
            )
    for code, threshold in settings.thresholds.items():
        usual = spec.rules[code].threshold
        if usual is None:
            raise SpecError(f"settings.toml：thresholds.{code}：规则 {code} 没有界限可调")
        if usual < 1 < threshold:
            raise SpecError(
                f"settings.toml：thresholds.{code} 是 {threshold}；这是比例，应写成 0 至 1 的小数，如 {usual}"
            )
        if threshold < 0:
            raise SpecError(f"settings.toml：thresholds.{code} 是 {threshold}，应为 0 或正数")
    _check_score(settings, spec)


def _check_score(settings: Settings, spec: Spec) -> None:
    clauses = [clause.key for clause in spec.score.clauses]
    for key, points in settings.score.items():
        if key not in clauses:
            near = nearest(key, clauses) or f"；可用的有：{'、'.join(clauses)}"
            raise SpecError(f"settings.toml：score 没有“{key}”这一条{near}")
        if points < 0:
            raise SpecError(f"settings.toml：score.{key} points 是 {points}，应为 0 或正数")


def years(inputs: Path) -> list[int]:
    """The report years that have a folder, oldest first."""
    return sorted(
        int(path.name) for path in inputs.iterdir() if path.is_dir() and _YEAR_FOLDER.fullmatch(path.name)
    )


def newest_year(inputs: Path) -> int:
    """The newest report year that has a folder.

    Raises:
        InputError: there is none.
    """
    held = years(inputs)
    if not held:
        raise InputError(
            f"{inputs} 里没有年度文件夹；请建立如 {inputs.name}/2024 的文件夹，把各单位的报送表放进去"
        )
    return held[-1]


def hold_file(path: Path) -> None:
    """A file that is asked for by its path is there.

    Raises:
        InputError: it is not, or is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path} 是文件夹；请写出其中一份文件的路径")
    if not path.is_file():
        raise InputError(f"没有找到文件 {path}；请核对路径")


def open_files(options: Options, files: Sequence[Path]) -> Place:
    """The place for single files: the year asked for, else the one their folder is named after, else the newest held."""
    for path in files:
        if not path.exists():
            raise InputError(f"没有找到文件 {path}；请核对路径")
    in_folders = [year for path in files if (year := year_of_folder(path)) is not None]
    if options.year or not in_folders:
        return open_place(options)
    inputs = options.inputs if options.inputs.is_dir() else files[0].resolve().parent.parent
    return open_place(replace(options, year=in_folders[0], inputs=inputs))


def year_of_folder(path: Path) -> int | None:
    """The year that the folder of a file is named after."""
    name = path.resolve().parent.name
    return int(name) if _YEAR_FOLDER.fullmatch(name) else None


def year_folder(place: Place) -> Path:
    return place.options.outputs / str(place.year)
