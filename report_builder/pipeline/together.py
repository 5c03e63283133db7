"""An aggregate on its way to a report: what it is put together from, and what its report and its facts tell of that."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from report_builder import facts
from report_builder.aggregate import face
from report_builder.model import Block, Draft, Finding, Heading, Return
from report_builder.rule_kinds import Members
from report_builder.spec import Spec

SUMMARY, AGGREGATE = "汇总", "（汇总）"
TABLES, OVERVIEW = "汇总表", "总览"
_FACTS = "facts.json"


def of_summary(name: str) -> bool:
    """Whether an entry on record is of `summary`'s making."""
    return name in {TABLES, OVERVIEW} or name.endswith(AGGREGATE)


def place_of(name: str) -> str:
    """The government whose aggregate an entry is; empty for the other entries of `summary`."""
    return name.removesuffix(AGGREGATE) if name.endswith(AGGREGATE) else ""


@dataclass(frozen=True)
class Together:
    """What an aggregate is put together from; ``tasks`` tell how far its members have come with the year's tasks.

    ``traced`` is its return with every sum traced to what was added up, None until a worker is to be told.
    """

    members: Members
    listing: face.Listing
    tasks: tuple[Block, ...] = ()
    traced: Return | None = None


def told(draft: Draft, together: Together, findings: Sequence[Finding], spec: Spec) -> Draft:
    """The draft with its members told and listed; over it what keeps it from being published, if anything does."""
    wording = spec.wording.aggregate
    kinds = {code: rule.kind for code, rule in spec.rules.items()}
    marks = face.reasons(together.members, findings, kinds, wording)
    if together.tasks:
        heading = spec.wording.task_heading.format(year=draft.report_year, unit=draft.unit)
        draft = replace(draft, blocks=(*draft.blocks, Heading(2, heading), *together.tasks))
    return face.with_members(draft, together.listing, together.members, marks, wording)


def with_members(files: dict[str, bytes], together: Together) -> dict[str, bytes]:
    """The report's files, its facts with the members in them."""
    if _FACTS not in files:
        return files
    members = together.members
    said = {
        "members": list(members.units),
        "missing": dict(members.missing),
        "doubtful": dict(members.doubtful),
        "blank": {unit: list(cells) for unit, cells in members.blank.items()},
        "not_counted": list(together.listing.apart),
    }
    document = json.loads(files[_FACTS]) | {"aggregate": said}
    return files | {_FACTS: facts.dumped(document).encode()}
