"""The processing-fee position, from the sentence that states it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from report_builder.figures import figure
from report_builder.model import ProcessingFee
from report_builder.spec.nouns import FeeWording

_SENTENCE = re.compile("[。；;！!]")
_YEAR = re.compile(r"(?<!\d)(\d{4})年")
_NUMBERED = re.compile(r"[〔\[（(]\d{4}[〕\]）)]第?\d+号|\d{4}年")
_COUNT, _AMOUNT = r"(?P<cases>\d{1,9})", r"(?P<amount>[\d,]{1,15}(?:\.\d{1,6})?)"


def stated_fee(paragraphs: Sequence[str], wording: FeeWording, year: int, unit: str) -> ProcessingFee | None:
    """What the paragraphs of the fee's section state by the format's own words; None where they leave any doubt."""
    said = {fee for text in paragraphs for fee in _stated(text, wording, year, unit)}
    return said.pop() if len(said) == 1 else None


def _stated(text: str, wording: FeeWording, year: int, unit: str) -> Iterator[ProcessingFee]:
    plain = "".join(text.split())
    collected = _pattern(wording.collected, year, unit).search(plain)
    if collected:
        amount = figure(collected["amount"], "").number
        yield ProcessingFee(True, int(collected["cases"]), Decimal(amount or 0))  # noqa: FBT003 - a noun's field
    for sentence in _SENTENCE.split("" if collected else plain):
        if _denies(sentence, wording, year):
            yield ProcessingFee(False, 0, Decimal(0))  # noqa: FBT003


def _pattern(sentence: str, year: int, unit: str) -> re.Pattern[str]:
    filled = "".join(sentence.split()).replace("{year}", str(year)).replace("{unit}", unit)
    pattern = re.escape(filled)
    pattern = pattern.replace(re.escape("{cases}"), _COUNT).replace(re.escape("{amount}"), _AMOUNT)
    return re.compile(pattern)


def _denies(sentence: str, wording: FeeWording, year: int) -> bool:
    """Whether a sentence says of this year, and of no other, that no fee was collected; with a figure in it, none does."""
    return (
        not re.search(r"[1-9]", _NUMBERED.sub("", sentence))
        and any(word in sentence for word in wording.stated_by)
        and any(word in sentence for word in wording.denied_by)
        and all(int(one) == year for one in _YEAR.findall(sentence))
    )
