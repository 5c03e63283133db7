"""The plan's days as an iCalendar file (RFC 5545) and as a list of duties with the days that are left."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from report_builder.figures import days_left
from report_builder.model import Due, Plan, PlannedTask

_PRODUCT = "-//report_builder//任务日历//ZH"
_OCTETS = 75
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """Something of a task that is due on a day; ``days_left`` is negative once the day is past, None without a day to reckon from."""

    task: PlannedTask
    due: Due
    on: dt.date
    days_left: int | None

    @property
    def what(self) -> str:
        """The task, and what of it is to be done by then where the plan says that apart: “上线运行” alone tells nobody what."""
        title, what = self.task.title, self.due.what
        return f"{title}：{what}" if title and what and what != title else what or title

    @property
    def left_told(self) -> str:
        """The days left or past in words; empty without a day to reckon from."""
        return "" if self.days_left is None else days_left(self.days_left)


def duties(plan: Plan, as_of: dt.date | None = None) -> tuple[Duty, ...]:
    """Everything in the plan that has a date, by date."""
    found = [
        Duty(task, due, due.on, (due.on - as_of).days if as_of else None)
        for task in plan.tasks
        for due in task.due
        if due.on is not None
    ]
    return tuple(sorted(found, key=lambda one: one.on))


def calendar(plan: Plan, report_year: int) -> bytes:
    """任务日历.ics: an all-day event for every duty, with a reminder a week before.

    Its stamp is the year's first day and its identifiers come from the plan, so that the same plan gives the same
    bytes and a second import finds its events again.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_PRODUCT}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(plan.title)}",
    ]
    for duty in duties(plan):
        lines += _event(duty, plan, report_year)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _event(duty: Duty, plan: Plan, report_year: int) -> Iterator[str]:
    told = "\n".join(
        filter(None, (duty.due.verbatim, duty.task.responsibility, f"{plan.title}{plan.document}"))
    )
    summary = _escaped(f"{duty.task.code} {duty.what}")
    yield "BEGIN:VEVENT"
    yield f"UID:{_identifier(duty, plan, report_year)}"
    yield f"DTSTAMP:{report_year}0101T000000Z"
    yield f"DTSTART;VALUE=DATE:{duty.on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{duty.on + _DAY:%Y%m%d}"
    yield f"SUMMARY:{summary}"
    yield f"DESCRIPTION:{_escaped(told)}"
    yield "TRANSP:TRANSPARENT"
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{summary}", "TRIGGER:-P7D", "END:VALARM")
    yield "END:VEVENT"


def _identifier(duty: Duty, plan: Plan, report_year: int) -> str:
    named = duty.due.what or duty.task.title
    said = (plan.document, str(report_year), duty.task.code, duty.on.isoformat(), named)
    return f"{hashlib.sha256(chr(10).join(said).encode()).hexdigest()[:24]}@report-builder"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "\\n".join(" ".join(line.split()) for line in text.splitlines())


def _folded(line: str) -> str:
    """The line in pieces of at most 75 octets, no character cut; a further piece begins with a space."""
    pieces, room = [""], _OCTETS
    for sign in line:
        size = len(sign.encode())
        if size > room:
            pieces.append(" ")
            room = _OCTETS - 1
        pieces[-1] += sign
        room -= size
    return "\r\n".join(pieces)
