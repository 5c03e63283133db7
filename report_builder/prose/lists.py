"""Totals and the lists of their parts: “办结86件，其中予以公开31件、…”, whatever is counted."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from report_builder.prose.claims import Part, Parts, Place, Quantity, Subject
from report_builder.prose.words import Token
from report_builder.spec import Lexicon

_NUMBERS = frozenset({"count", "bare"})
_ENDS = _NUMBERS | {"stop"}
_FOLLOWS = _ENDS | {"joins"}
_OTHERWISE = frozenset({"more", "less", "against", "reaching", "last", "shares", "same", "same_as_last"})
_OPEN, _CLOSED = "（(", "）)"
_FEWEST = 2
_LISTS = (*_OPEN, *":：")
_NO_SUM_BEFORE = "、"
_GOES_ON, _BREAKS_OFF = "，,", "；;。"
Manner = Literal["listed", "open", "summed", "implied"]


@dataclass(frozen=True)
class _List:
    """Where a list begins, behind which total, and where it must end."""

    total: int
    begin: int
    end: int


def read(
    found: Sequence[Token], place: Place, lexicon: Lexicon, subjects: Mapping[int, Subject]
) -> Iterator[Parts]:
    """The lists of one sentence that are told as the parts of a total."""
    numbers = [at for at, token in enumerate(found) if token.kind in _NUMBERS]
    if len(numbers) < _FEWEST:
        return
    texts = {token.text for token in found}
    sums, lists, is_sorted = _words_of(lexicon)
    says_sum = not texts.isdisjoint(sums)
    may_list = not texts.isdisjoint(lists) or is_sorted.search(place.sentence) is not None
    for count, at in enumerate(numbers, 1):
        token = found[at]
        if token.kind != "count" or not token.quantity or token.quantity.rough:
            continue
        whole = _stands_for_all(found, at)
        listed = _listed(found, at, lexicon) if whole and may_list else None
        if listed is not None:
            yield from _parts(found, listed, place, lexicon, subjects)
            continue
        summed = _sums_up(found, at, lexicon) if says_sum else None
        if summed is not None:
            yield from _before(found, at, place, subjects, summed)
        elif whole and len(numbers) - count >= _FEWEST:
            yield from _implied(found, at, place, lexicon, subjects)


@lru_cache(maxsize=4)
def _words_of(lexicon: Lexicon) -> tuple[frozenset[str], frozenset[str], re.Pattern[str]]:
    """The words that sum up, those that open a list, and those by which a list is sorted, anywhere in a sentence."""
    is_sorted = "|".join(map(re.escape, lexicon.sorted_ends + lexicon.sorted_as)) or "(?!)"
    return (
        frozenset(lexicon.summed_up + lexicon.summed_of_them),
        frozenset((*_LISTS, *lexicon.among, *lexicon.listing)),
        re.compile(is_sorted),
    )


def _sums_up(found: Sequence[Token], at: int, lexicon: Lexicon) -> int | None:
    """“…，共计46个”, “两项合计46件”: how many numbers before it the number sums up, nought where that is not said."""
    begin = at
    while begin and found[begin - 1].kind != "stop" and found[begin - 1].text[-1] not in _NO_SUM_BEFORE:
        if found[begin - 1].kind in _NUMBERS and found[begin - 1].text not in lexicon.this_many:
            break
        begin -= 1
    said = [one for one in found[begin:at] if one.text not in lexicon.this_many]
    many = next((lexicon.this_many[one.text] for one in found[begin:at] if one.text in lexicon.this_many), 0)
    summed = [
        one for one in said if one.text in (lexicon.summed_up + (lexicon.summed_of_them if many else ()))
    ]
    plain = bool(many) or all(one.kind in {"fillers", "object"} or one in summed for one in said)
    first = bool(said) and (bool(many) or said[0] in summed)
    return many if summed and plain and first else None


def _before(
    found: Sequence[Token], total: int, place: Place, subjects: Mapping[int, Subject], many: int
) -> Iterator[Parts]:
    """The numbers before a sum: as many as it says, else as may be meant: the last two, the last three, …"""
    unit = counted.unit if (counted := found[total].quantity) else ""
    earlier = [at for at in range(total) if (one := found[at].quantity) and one.unit == unit]
    parts = [Part(one, subjects.get(at)) for at in earlier if (one := found[at].quantity)]
    if counted is None or len(parts) < max(many, 2) or (not many and _is_mixed(found, earlier[0], total)):
        return
    if any(part.quantity.rough for part in parts):
        return
    lengths = [many] if many else range(2, len(parts) + 1)
    yield Parts(place, counted, tuple(tuple(parts[-length:]) for length in lengths), "summed")


def _is_mixed(found: Sequence[Token], first: int, total: int) -> bool:
    """“预算2次、采购信息12条，合计…条”: what is counted otherwise may be in the sum, or be left out of it."""
    before = next((at for at in range(first - 1, -1, -1) if found[at].kind in _ENDS), -1)
    begin = before if before >= 0 and found[before].kind in _NUMBERS else first
    units = {one.unit for at in range(begin, total + 1) if (one := found[at].quantity) and one.unit}
    return len(units) > 1


def _implied(
    found: Sequence[Token], total: int, place: Place, lexicon: Lexicon, subjects: Mapping[int, Subject]
) -> Iterator[Parts]:
    """“83件申请，网络54件、信函21件”: numbers that follow, all of them by channel, or all known to the tables."""
    counted = found[total].quantity
    stop = next((at for at in range(total + 1, len(found)) if found[at].kind == "stop"), len(found))
    if counted is None or stop == len(found) or found[stop].text not in _GOES_ON:
        return
    if not _is_of_requests(found, total, subjects) or _is_by_channel(found, total):
        return
    if any(found[at].kind in _NUMBERS for at in range(total + 1, stop)):
        return
    end = next((at for at in range(stop, len(found)) if found[at].text in _BREAKS_OFF), len(found))
    items, _, nested = _items(found, _List(total, stop + 1, end), counted, lexicon)
    if nested or len(items) < _FEWEST:
        return
    for run, manner in _runs(found, items, total, lexicon, subjects):
        parts = tuple(Part(one, subjects.get(at)) for at in run if (one := found[at].quantity))
        if len(parts) >= _FEWEST and not any(part.quantity.rough for part in parts):
            yield Parts(place, counted, (parts,), manner)


def _runs(
    found: Sequence[Token],
    items: Sequence[int],
    total: int,
    lexicon: Lexicon,
    subjects: Mapping[int, Subject],
) -> tuple[tuple[list[int], Manner], ...]:
    """How the first of the items may be parts of the total, and in what manner."""
    by_channel = list(itertools.takewhile(lambda at: _is_by_channel(found, at), items))
    known = list(itertools.takewhile(lambda at: _is_within(at, total, lexicon, subjects), items))
    results = list(itertools.takewhile(lambda at: _result(found, at, lexicon) >= 0, items))
    whole = {_result(found, at, lexicon) for at in results} == set(range(len(lexicon.results)))
    return (by_channel, "open"), (known, "implied"), (results if whole else [], "summed")


def _result(found: Sequence[Token], at: int, lexicon: Lexicon) -> int:
    """Which result of a dispute the number counts, by the words before it; -1 for none."""
    words = itertools.takewhile(_is_of_the_item, (found[place] for place in range(at - 1, -1, -1)))
    said = "".join(token.text for token in reversed(list(words)))
    return next((row for row, ends in enumerate(lexicon.results) if said.endswith(tuple(ends))), -1)


def _is_of_requests(found: Sequence[Token], at: int, subjects: Mapping[int, Subject]) -> bool:
    after = (found[place] for place in range(at + 1, len(found)))
    clause = itertools.takewhile(lambda token: token.kind != "stop", after)
    return at in subjects or any(token.kind in {"object", "topic"} for token in clause)


def _is_by_channel(found: Sequence[Token], at: int) -> bool:
    """Whether the number's own words, before or behind it, name the way by which the requests came."""
    before = itertools.takewhile(_is_of_the_item, (found[place] for place in range(at - 1, -1, -1)))
    behind = itertools.takewhile(_is_of_the_item, (found[place] for place in range(at + 1, len(found))))
    return any(token.kind == "channels" for token in (*before, *behind))


def _is_of_the_item(token: Token) -> bool:
    return token.kind not in _FOLLOWS


def _is_within(at: int, total: int, lexicon: Lexicon, subjects: Mapping[int, Subject]) -> bool:
    """Whether the tables know the number as a part of the total, or of what the total may be."""
    part, whole = subjects.get(at), subjects.get(total)
    if part is None or lexicon.concept(part.concepts[0]).whole:
        return False
    return whole is None or whole.concepts[0] in lexicon.concept(part.concepts[0]).within


def _listed(found: Sequence[Token], total: int, lexicon: Lexicon) -> _List | None:
    """The list behind the total, if a word, a bracket or a colon opens one before the next number."""
    unit = counted.unit if (counted := found[total].quantity) else ""
    passed = 0
    for at in range(total + 1, len(found)):
        token = found[at]
        if at < passed:
            continue
        if token.text in _OPEN and not _is_list(found, at, unit):
            passed = _closing(found, at) + 1
            continue
        if token.quantity and token.quantity.unit == unit and not _is_change(found, at):
            return None
        if token.text in _CLOSED:
            return None
        if token.text in _OPEN:
            return _List(total, at + 1, _closing(found, at))
        if token.text in ":：" or _opens(found, at, lexicon):
            return _List(total, at + 1, _end(found, at + 1))
        if token.kind == "stop" and (
            _sorted_by(found, at + 1, lexicon) or _is_sorted(found, total, at, lexicon)
        ):
            return _List(total, at + 1, _end(found, at + 1))
    return None


def _is_list(found: Sequence[Token], opening: int, unit: str) -> bool:
    """Whether a bracket holds more than one number: “95件（上年结转12件），其中…” goes on behind it."""
    inside = found[opening : _closing(found, opening)]
    return sum(1 for token in inside if token.quantity and token.quantity.unit == unit) > 1


def _opens(found: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether a word opens a list: 其中 does; 分别为 only where the labels before it are no measures of their own."""
    if found[at].text in lexicon.among:
        return True
    if found[at].text not in lexicon.listing:
        return False
    labels = itertools.takewhile(
        lambda token: token.kind != "stop", (found[place] for place in range(at - 1, -1, -1))
    )
    return not any(token.kind == "concept" for token in labels)


def _sorted_by(found: Sequence[Token], begin: int, lexicon: Lexicon) -> bool:
    """“从申请渠道看，”, “按被申请机关分，”, “申请方式为”."""
    end = next(
        (at for at in range(begin, len(found)) if found[at].kind == "stop" or found[at].kind in _NUMBERS),
        len(found),
    )
    said = "".join(token.text for token in found[begin:end])
    sorted_by = said.startswith(lexicon.sorted_by) and said.endswith(lexicon.sorted_ends)
    return sorted_by or said.startswith(lexicon.sorted_as)


def _is_sorted(found: Sequence[Token], total: int, stop: int, lexicon: Lexicon) -> bool:
    """“83件申请按渠道分，”."""
    longest = max(map(len, lexicon.sorted_ends), default=0)
    tail = "".join([token.text for token in found[max(total + 1, stop - longest) : stop]])
    if not tail.endswith(lexicon.sorted_ends):
        return False
    said = "".join([token.text for token in found[total + 1 : stop]])
    return any(by in said for by in lexicon.sorted_by)


def _closing(found: Sequence[Token], at: int) -> int:
    depth = 0
    for place in range(at, len(found)):
        depth += (found[place].text in _OPEN) - (found[place].text in _CLOSED)
        if depth == 0:
            return place
    return len(found)


def _end(found: Sequence[Token], begin: int) -> int:
    depth = 0
    for place in range(begin, len(found)):
        depth += (found[place].text in _OPEN) - (found[place].text in _CLOSED)
        if depth < 0:
            return place
    return len(found)


def _parts(
    found: Sequence[Token], listed: _List, place: Place, lexicon: Lexicon, subjects: Mapping[int, Subject]
) -> Iterator[Parts]:
    total = found[listed.total].quantity
    if total is None:
        return
    items, more, nested = _items(found, listed, total, lexicon)
    items = list(itertools.takewhile(lambda at: _may_be_part(at, listed.total, lexicon, subjects), items))
    numbers = [Part(counted, subjects.get(at)) for at in items if (counted := found[at].quantity)]
    if not numbers or nested:
        return
    rough = any(part.quantity.rough for part in numbers)
    single = len(numbers) == 1
    ends = [count for count, at in enumerate(items, 1) if count == len(items) or _ends_run(found, at)]
    runs = [tuple(numbers[:count]) for count in ends]
    if not single or not any(token.kind == "stop" for token in found[listed.begin : items[0]]):
        manner: Manner = "open" if more or rough or single else "listed"
        yield Parts(place, total, tuple(runs), manner)


def _ends_run(found: Sequence[Token], at: int) -> bool:
    """A list may end at a comma, never at 、 or 和."""
    following = next((token for token in found[at + 1 :] if token.kind in _FOLLOWS), None)
    return following is None or following.kind == "stop"


def _may_be_part(at: int, total: int, lexicon: Lexicon, subjects: Mapping[int, Subject]) -> bool:
    """Whether a number may be a part of the total: a measure of another table, or a total of its own, is none."""
    whole, part = subjects.get(total), subjects.get(at)
    if part is not None and lexicon.concept(part.concepts[0]).whole:
        return False
    if whole is None or part is None:
        return True
    return lexicon.concept(whole.concepts[0]).topic == lexicon.concept(part.concepts[0]).topic


def _items(
    found: Sequence[Token], listed: _List, total: Quantity, lexicon: Lexicon
) -> tuple[list[int], bool, bool]:
    """The places of the parts, whether more are left out (等), whether a list within the list makes it doubtful."""
    items: list[int] = []
    more = nested = False
    at, stretch = listed.begin, listed.begin
    while at < listed.end:
        token = found[at]
        if token.text in _OPEN:
            at = _closing(found, at)
        elif token.kind == "parts" and token.text in lexicon.among and items:
            nested = not _cut_off(found, at, items)
            if not nested:
                break
        elif token.kind == "more_of_them" and items and stretch == at:
            more = True
            break
        elif token.quantity and token.quantity.unit in lexicon.days:
            nested = True
        elif token.kind in _NUMBERS and token.quantity:
            if _counts_alike(token.quantity, total, found, at, listed.end) and not _is_otherwise(
                found, stretch, at
            ):
                items.append(at)
            stretch = at + 1
        at += 1
    return items, more, nested


def _cut_off(found: Sequence[Token], at: int, items: list[int]) -> bool:
    """“8件：维持6件、纠正2件；诉讼5件，其中…”: the list within belongs to what stands behind the semicolon."""
    semicolon = next((place for place in range(at, -1, -1) if found[place].text in "；;"), -1)
    within = [place for place in items if place < semicolon]
    cut = bool(within) and len(within) < len(items)
    if cut:
        items[:] = within
    return cut


def _counts_alike(part: Quantity, total: Quantity, found: Sequence[Token], at: int, end: int) -> bool:
    """The same unit; a number without one in a run has the unit of the next that has."""
    if part.unit:
        return part.unit == total.unit
    following = (one.quantity.unit for one in found[at:end] if one.quantity and one.quantity.unit)
    return next(following, "") == total.unit


def _stands_for_all(found: Sequence[Token], at: int) -> bool:
    """Whether the number may be a total: it is no change, and not itself the last of a list."""
    for place in range(at - 1, -1, -1):
        if (kind := found[place].kind) == "stop" or kind in _NUMBERS:
            return kind == "stop" and not _is_change(found, at)
    return not _is_change(found, at)


def _is_change(found: Sequence[Token], at: int) -> bool:
    """Whether the number is how many more or fewer there were."""
    return at > 0 and found[at - 1].kind in {"more", "less"}


def _is_otherwise(found: Sequence[Token], begin: int, at: int) -> bool:
    return any(token.kind in _OTHERWISE for token in found[begin:at])
