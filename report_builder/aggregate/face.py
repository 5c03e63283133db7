"""What an aggregate's report says of itself: whose figures it holds, who is missing, and what keeps it a draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from report_builder.model import Block, Draft, Finding, Heading, Notice, Paragraph, PlainTable, Severity
from report_builder.rule_kinds import Members
from report_builder.spec.nouns import AggregateWording

_UNWRITTEN = "section_written"


@dataclass(frozen=True)
class Listing:
    """Whose figures a place's aggregate holds, by the part of the place they belong to, and whose it does not."""

    counted: tuple[tuple[str, tuple[str, ...]], ...]
    apart: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many units' figures are added up."""
        return sum(len(units) for _, units in self.counted)


def reasons(
    members: Members, findings: Sequence[Finding], kinds: Mapping[str, str], wording: AggregateWording
) -> tuple[str, ...]:
    """What keeps the aggregate a draft, in words; nothing where it is fit to be published.

    ``kinds`` are those of the rules, by code.
    """
    said = [
        _told(text, units, wording)
        for text, units in (
            (wording.missing, members.missing),
            (wording.doubtful, members.doubtful),
            (wording.blank, members.blank),
        )
        if units
    ]
    to_mend = [one for one in findings if one.severity is not Severity.EXPLAIN]
    unwritten = [str(one.facts["section"]) for one in to_mend if kinds[one.code] == _UNWRITTEN]
    if unwritten:
        said.append(wording.unwritten.format(sections="、".join(unwritten)))
    others = len(to_mend) - len(unwritten)
    still_open = wording.open_besides if said else wording.open
    return (*said, *([still_open.format(count=others)] if others else []))


def _told(text: str, units: Iterable[str], wording: AggregateWording) -> str:
    names = list(units)
    shown = "、".join(names[: wording.named])
    if len(names) > wording.named:
        shown = wording.and_more.format(units=shown)
    return text.format(count=len(names), units=shown)


def with_members(
    draft: Draft, listing: Listing, members: Members, marks: Sequence[str], wording: AggregateWording
) -> Draft:
    """The draft with a mark over it where it is not fit to be published, and its members told and listed."""
    blocks = list(draft.blocks)
    first = next(at for at, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 1)
    told: list[Block] = list(map(Paragraph, _lead(listing, wording)))
    notice = [Notice(wording.mark.format(reasons=wording.mark_join.join(marks)))] if marks else []
    listed: list[Block] = [Heading(2, wording.heading), _table(listing, members, wording)]
    return replace(draft, blocks=(*notice, *blocks[:first], *told, *blocks[first:], *listed))


def _lead(listing: Listing, wording: AggregateWording) -> Iterator[str]:
    apart = wording.lead_apart.format(count=len(listing.apart)) if listing.apart else ""
    yield wording.lead.format(count=listing.count) + apart


def _table(listing: Listing, members: Members, wording: AggregateWording) -> PlainTable:
    """Who is counted, part by part; who is not is named in full, however many they are."""
    short = listing.count > wording.listed
    rows = [
        (place, wording.many.format(count=len(units)) if short else "、".join(units))
        for place, units in listing.counted
    ]
    rows += [
        (label, "、".join(units))
        for label, units in (
            (wording.missing_row, tuple(members.missing)),
            (wording.apart_row, listing.apart),
        )
        if units
    ]
    return PlainTable("", wording.columns, tuple(rows), wording.widths)
