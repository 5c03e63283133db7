"""What somebody typed into a cell, told apart: a number, a blank, a slash, a dash, “无”, or text."""

from __future__ import annotations

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Context, Decimal

from report_builder.model import Figure, Number, Typed

_PLAIN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_DASHES = frozenset("-—－–―─﹣−")
_SLASHES = frozenset("/／\\＼")
_NONE_WORDS = frozenset({"无", "没有", "暂无"})
_NUMERALS = "一二三四五六七八九十"
_EXACT_FLOAT = 2**53
_LONGEST = 18
_WIDE = Context(prec=4 * _LONGEST)
"""Room for the largest figure over the smallest: the usual 28 digits would raise."""
_HALF_WIDTH = {
    **{full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)},
    0x3000: 0x20,
    **str.maketrans("−﹣", "--"),
}
"""Full-width signs and the signs for minus as a keyboard has them."""
_UNSEEN = dict.fromkeys(
    [0xAD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF]
)
"""Signs that nobody sees, as they come along with what is pasted from a web page."""


def figure(content: object, source: str) -> Figure:
    """The content of a cell (a spreadsheet value or a printed text) as a Figure; nothing is guessed.

    Full-width digits and thousands separators in the right places are numbers; “2笔” is text.
    """
    kind = type(content)
    if kind is float:
        return _from_float(content, source)  # type: ignore[arg-type]
    if kind is int:
        return _from_decimal(Decimal(content), source)  # type: ignore[arg-type]
    if content is None:
        return Figure(None, Typed.BLANK, "", source)
    if isinstance(content, Decimal):
        return _from_decimal(content, source)
    if isinstance(content, bool | dt.date | dt.time | dt.timedelta):
        return Figure(None, Typed.TEXT, _said(content), source)
    return _from_text(str(content), source)


def _from_decimal(number: Decimal, source: str) -> Figure:
    """A number beyond what any report counts is a slip, and too long to compute with: it stays text."""
    if not number.is_finite() or abs(number.adjusted()) > _LONGEST:
        return Figure(None, Typed.TEXT, str(number)[: 2 * _LONGEST], source)
    return Figure(whole(number), Typed.NUMBER, f"{number:f}", source)


def whole(number: Decimal) -> Number:
    """A decimal without a fraction as an integer, any other unchanged."""
    return int(number) if number == number.to_integral_value() else number


def printed(number: Number | None) -> str:
    """A number as a report prints it: no separators, no exponent, no trailing zeros; empty for None."""
    if number is None:
        return ""
    if isinstance(number, int):
        return str(number)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(ratio: Decimal, places: int) -> str:
    """A ratio in per cent, rounded as a clerk rounds: 0.16667 is “16.67%” to two places."""
    return f"{(ratio * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE):f}%"


def signed(change: Number, said: str) -> str:
    """What is ``said`` of a change with its sign before it: a plus where it grew, a true minus where it fell."""
    return f"+{said}" if change > 0 else said.replace("-", "−")


def _from_float(value: float, source: str) -> Figure:
    """A spreadsheet stores 72701.2578 in binary; its first fifteen digits are what it shows and what was typed."""
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        number = int(value)
        return Figure(number, Typed.NUMBER, str(number), source)
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is unlike itself
        return Figure(None, Typed.TEXT, str(value), source)
    return _from_decimal(Decimal(f"{value:.15g}"), source)


def _said(content: object) -> str:
    if isinstance(content, bool):
        return "TRUE" if content else "FALSE"
    return str(content)


def _from_text(text: str, source: str) -> Figure:
    text = text if text.isascii() else text.translate(_UNSEEN)
    bare = (text if text.isascii() else text.translate(_HALF_WIDTH)).strip()
    if not bare:
        return Figure(None, Typed.BLANK, "", source)
    if _DASHES.issuperset(bare):
        return Figure(None, Typed.DASH, text.strip(), source)
    if _SLASHES.issuperset(bare):
        return Figure(None, Typed.SLASH, text.strip(), source)
    if bare in _NONE_WORDS:
        return Figure(None, Typed.NONE_WORD, text.strip(), source)
    number = _number(bare)
    kind = Typed.TEXT if number is None else Typed.NUMBER
    return Figure(number, kind, text.strip(), source)


def _number(bare: str) -> Number | None:
    if bare.isascii() and bare.isdigit() and len(bare) <= _LONGEST:
        return int(bare)
    if len(bare) > 2 * _LONGEST or not _PLAIN.fullmatch(bare):
        return None
    number = Decimal(bare.replace(",", ""))
    return whole(number) if abs(number.adjusted()) <= _LONGEST else None


def day(text: str) -> dt.date | None:
    """An ISO day such as 2025-01-20; None where it is no day."""
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def days_left(days: int) -> str:
    """The days to a day in words; a negative number are days past."""
    if days > 0:
        return f"还有 {days} 天"
    return f"已过 {-days} 天" if days else "当天"


def numeral(number: int) -> str:
    """A number from 1 to 99 in Chinese: 一, 十, 十一, 二十."""
    tens, ones = divmod(number, 10)
    if not tens:
        return _NUMERALS[ones - 1]
    return ("" if tens == 1 else _NUMERALS[tens - 1]) + "十" + (_NUMERALS[ones - 1] if ones else "")
