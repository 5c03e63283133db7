"""Numbers as sentences write them: 41, ４１, 1,234, 二十三, 一百零五, 1.2万, 百分之五 — each with the precision it was printed to."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import NamedTuple

_SIGNS = ("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {sign: value for value, signs in enumerate(_SIGNS) for sign in signs}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_ONE = Decimal(1)
_SHORT = 9
FACTORS = {"十": 10, "百": 100, "千": 1000, **_MYRIADS}


class Amount(NamedTuple):
    """A number and the worth of its last printed digit: 1.05 is told to 0.01, 1.2万 to 1000."""

    value: Decimal
    step: Decimal

    def fits(self, actual: Decimal | int) -> bool:
        """Whether ``actual``, rounded or cut off at the printed digit, is this number."""
        scaled = Decimal(actual) / self.step
        told = {scaled.to_integral_value(rounding) for rounding in (ROUND_HALF_UP, ROUND_DOWN)}
        return self.value / self.step in told


def arabic(text: str, factor: str = "") -> Amount:
    """A number in digits, separators allowed, times 万 or 亿."""
    if not factor and len(text) <= _SHORT and text.isdigit():
        return Amount(Decimal(text), _ONE)
    bare = text.replace(",", "").replace("，", "")
    places = len(bare.partition(".")[2])
    times = FACTORS.get(factor, 1)
    return Amount(Decimal(bare) * times, Decimal(times).scaleb(-places))


def chinese(text: str) -> Amount | None:
    """A number in Chinese numerals; None where the signs form none."""
    if text in _DIGITS:
        return Amount(Decimal(_DIGITS[text]), _ONE)
    whole, point, fraction = text.partition("点")
    number = _whole(whole)
    digits = [_DIGITS.get(sign) for sign in fraction]
    if number is None or None in digits or (point and not digits):
        return None
    value = Decimal("".join([str(number), "." if digits else "", *map(str, digits)]))
    return Amount(value, Decimal(1).scaleb(-len(digits)))


def _whole(text: str) -> int | None:
    """百 and its like multiply the digit before them, 万 all that stands before it; 二〇二四 is read digit by digit."""
    if not text:
        return None
    if all(sign in _DIGITS for sign in text):
        return int("".join(str(_DIGITS[sign]) for sign in text))
    total = section = 0
    digit: int | None = None
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _TENS:
            section += (1 if digit is None else digit) * _TENS[sign]
            digit = None
        elif sign in _MYRIADS:
            lower = section + (digit or 0)
            total = (total + lower) * _MYRIADS[sign] if sign == "亿" else total + lower * _MYRIADS[sign]
            section, digit = 0, None
        else:
            return None
    return total + section + (digit or 0)
