"""TOML files become frozen nouns, strictly: a wrong key or type is named with its file and the nearest right one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import difflib
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import tomli

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
        return tomli.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
    except tomli.TOMLDecodeError as fault:
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


def noun_from(noun: type[T], table: object, file: str, place: str) -> T:
    """``table`` as a ``noun``: every key a field of it, every field without a default given."""
    return _noun(noun, table, (None, f"{file}：{place}"))


def value_from(hint: Any, value: object, file: str, place: str) -> Any:  # noqa: ANN401
    """``value`` as what the type ``hint`` asks for; ``place`` names it within ``file``, ending in a space."""
    return _reader(hint)(value, (None, f"{file}：{place}"))


_Place = tuple[Any, str | int]
"""Where a value stands: its outer place (None at the root), then a key, or a number in a list; words only if it is wrong."""
_Reader = Callable[[object, _Place], Any]


def _worded(place: _Place) -> str:
    outer, step = place
    if outer is None:
        return str(step)
    return f"{_worded(outer)}第{step}项 " if isinstance(step, int) else f"{_worded(outer)}{step} "


@cache
def _reader(hint: Any) -> _Reader:  # noqa: ANN401
    """What reads a value as the type ``hint`` asks; told apart once, since thousands of values share a few types."""
    origin, within = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Annotated, typing.Union, types.UnionType):
        return _reader(within[0])
    if origin is tuple:
        return partial(_items, _reader(within[0]))
    if origin in (dict, Mapping):
        return partial(_entries, _reader(within[1]))
    if origin is typing.Literal:
        return partial(_choice, within)
    return _plain_reader(hint)


def _plain_reader(hint: Any) -> _Reader:  # noqa: ANN401
    """What reads a noun, or a value of a type that holds no others."""
    if dataclasses.is_dataclass(hint):
        return partial(_noun, typing.cast("type[Any]", hint))
    if hint is Any or hint is object:
        return _as_it_is
    return partial(_number if hint is Decimal else _scalar, hint)


@cache
def _fields(noun: type) -> tuple[Mapping[str, _Reader], tuple[str, ...]]:
    """A noun's fields with their readers, and those that must be given."""
    hints = typing.get_type_hints(noun)
    fields = [field for field in dataclasses.fields(noun) if field.init]
    required = (
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )
    return {field.name: _reader(hints[field.name]) for field in fields}, tuple(required)


def _noun(noun: type[T], table: object, place: _Place) -> T:
    if not isinstance(table, dict):
        raise _unfit(place, dict, table)
    readers, required = _fields(typing.cast("Any", noun))
    for key in table:
        if key not in readers:
            near = nearest(key, readers) or f"；可用的有：{'、'.join(readers)}"
            raise SpecError(f"{_worded(place)}没有“{key}”这一项{near}")
    for name in required:
        if name not in table:
            raise SpecError(f"{_worded(place)}缺少“{name}”")
    return noun(**{key: readers[key](value, (place, key)) for key, value in table.items()})


def _items(read: _Reader, value: object, place: _Place) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _unfit(place, tuple, value)
    return tuple([read(item, (place, number)) for number, item in enumerate(value, 1)])


def _entries(read: _Reader, value: object, place: _Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unfit(place, dict, value)
    return {key: read(item, (place, key)) for key, item in value.items()}


def _choice(choices: tuple[Any, ...], value: object, place: _Place) -> Any:  # noqa: ANN401
    if value in choices:
        return value
    known = "、".join(str(choice) for choice in choices if choice != "")
    near = nearest(str(value), map(str, choices))
    raise SpecError(f"{_worded(place).strip()} 是“{value}”，只能是 {known}{near}")


def _as_it_is(value: object, _place: _Place) -> object:
    return value


def _number(hint: type, value: object, place: _Place) -> Any:  # noqa: ANN401
    number = Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(number, Decimal) or not number.is_finite():
        raise _unfit(place, hint, value)
    return number


def _scalar(hint: type, value: object, place: _Place) -> Any:  # noqa: ANN401
    if not isinstance(value, hint) or type(value) in _NO_KIND_OF.get(hint, ()):
        raise _unfit(place, hint, value)
    return value


_NO_KIND_OF: Mapping[type, tuple[type, ...]] = {int: (bool,), dt.date: (dt.datetime,)}
"""Python takes the second for the first; a clerk who writes one does not mean the other."""


def _unfit(place: _Place, expected: type, found: object) -> SpecError:
    sort = next((words for kind, words in _SORTS if isinstance(found, kind)), " {}")
    said = str(found).lower() if isinstance(found, bool) else found
    word = _WORDS.get(expected, expected.__name__)
    return SpecError(f"{_worded(place).strip()} 应为{word}，现为{sort.format(said)}")
