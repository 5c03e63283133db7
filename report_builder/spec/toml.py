"""TOML files become frozen nouns, strictly: a wrong key or type is named with its file and the nearest right one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from report_builder.errors import SpecError, reason

T = TypeVar("T")

_WORDS: Mapping[type, str] = {
    str: "一段文字（加引号）",
    int: "整数",
    bool: " true 或 false",
    Decimal: "数",
    dt.date: "日期（如 2025-01-31，不加引号）",
    tuple: "列表（方括号）",
    dict: "一组键值",
}
_SORTS: tuple[tuple[type, str], ...] = (
    (str, "文字“{}”"),
    (dt.datetime, "日期加时刻 {}"),
    (dt.date, "日期 {}"),
    (list, "列表"),
    (dict, "一组键值"),
)
_LINE = re.compile(r"at line (\d+)")
_MONTH_DAY = re.compile(r"\d\d-\d\d")
_NO_LEAP_YEAR = 2001


def nearest(name: str, known: Iterable[str]) -> str:
    """A suggestion in words, “，是否应为“…”？”, or empty where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"，是否应为“{near[0]}”？" if near else ""


def parse(path: Path) -> dict[str, Any]:
    """The file as plain TOML.

    Raises:
        SpecError: it cannot be read or is not TOML; the line is named.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as fault:
        raise SpecError(f"{path.name}{_broken_at(str(fault))}") from fault
    except UnicodeDecodeError as fault:
        raise SpecError(f"{path.name}：不是 UTF-8 编码；请用记事本另存为 UTF-8") from fault
    except OSError as fault:
        raise SpecError(f"{path.name}：读不出来（{reason(fault)}）") from fault


def _broken_at(said: str) -> str:
    """Where and how the file is no TOML; the parser's own English is only read for that."""
    found = _LINE.search(said)
    place = f"第 {found[1]} 行" if found else "末尾"
    if "twice" in said or "overwrite" in said:
        return f" {place}：同一项写了两次；请只留一处"
    return f" {place}：不是合格的 TOML；请核对这里的等号、引号和括号是否齐全"


def is_month_day(text: str) -> bool:
    """Whether ``text`` is a day of every year, written 01-31."""
    try:
        return bool(_MONTH_DAY.fullmatch(text) and dt.date.fromisoformat(f"{_NO_LEAP_YEAR}-{text}"))
    except ValueError:
        return False


def load(noun: type[T], path: Path) -> T:
    """The file at ``path`` as a ``noun``.

    Raises:
        SpecError: file, key, what was expected and found.
    """
    return noun_from(noun, parse(path), path.name, "")


@cache
def _hints(noun: type) -> dict[str, Any]:
    return typing.get_type_hints(noun)


def noun_from(noun: type[T], table: object, file: str, place: str) -> T:
    """``table`` as a ``noun``: every key a field of it, every field without a default given."""
    if not isinstance(table, dict):
        raise _unfit(file, place, dict, table)
    fields = {f.name: f for f in dataclasses.fields(noun) if f.init}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            known = "、".join(fields)
            raise SpecError(
                f"{file}：{place}没有“{key}”这一项{nearest(key, fields) or f'；可用的有：{known}'}"
            )
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in table:
            raise SpecError(f"{file}：{place}缺少“{name}”")
    hints = _hints(typing.cast("Any", noun))
    return noun(
        **{key: value_from(hints[key], value, file, f"{place}{key} ") for key, value in table.items()}
    )


def value_from(hint: Any, value: object, file: str, place: str) -> Any:  # noqa: ANN401
    """``value`` as what the type ``hint`` asks for; ``place`` names it within ``file``, ending in a space."""
    if typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return value_from(typing.get_args(hint)[0], value, file, place)
    if origin is tuple:
        return _items(typing.get_args(hint)[0], value, file, place)
    if origin in (dict, Mapping):
        return _entries(typing.get_args(hint)[1], value, file, place)
    if origin is typing.Literal:
        return _choice(typing.get_args(hint), value, file, place)
    if dataclasses.is_dataclass(hint):
        return noun_from(typing.cast("type[Any]", hint), value, file, place)
    return _scalar(hint, value, file, place)


def _items(hint: Any, value: object, file: str, place: str) -> tuple[Any, ...]:  # noqa: ANN401
    if not isinstance(value, list):
        raise _unfit(file, place, tuple, value)
    return tuple(
        value_from(hint, item, file, f"{place}第{number}项 ") for number, item in enumerate(value, 1)
    )


def _entries(hint: Any, value: object, file: str, place: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise _unfit(file, place, dict, value)
    return {key: value_from(hint, item, file, f"{place}{key} ") for key, item in value.items()}


def _choice(choices: tuple[Any, ...], value: object, file: str, place: str) -> Any:  # noqa: ANN401
    if value in choices:
        return value
    known = "、".join(str(choice) for choice in choices if choice != "")
    raise SpecError(
        f"{file}：{place.strip()} 是“{value}”，只能是 {known}{nearest(str(value), map(str, choices))}"
    )


def _scalar(hint: Any, value: object, file: str, place: str) -> Any:  # noqa: ANN401
    if hint is Any or hint is object:
        return value
    if hint is Decimal and isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = Decimal(value)
    finite = not isinstance(value, Decimal) or value.is_finite()
    if not isinstance(value, hint) or type(value) in _NO_KIND_OF.get(hint, ()) or not finite:
        raise _unfit(file, place, hint, value)
    return value


_NO_KIND_OF: Mapping[type, tuple[type, ...]] = {int: (bool,), dt.date: (dt.datetime,)}
"""Python takes the second for the first; a clerk who writes one does not mean the other."""


def _unfit(file: str, place: str, expected: type, found: object) -> SpecError:
    sort = next((words for kind, words in _SORTS if isinstance(found, kind)), " {}")
    said = str(found).lower() if isinstance(found, bool) else found
    return SpecError(
        f"{file}：{place.strip()} 应为{_WORDS.get(expected, expected.__name__)}，现为{sort.format(said)}"
    )
