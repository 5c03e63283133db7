"""How jobs are given out: a few at a time, each with what became of it as it comes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from itertools import islice

from report_builder.pipeline.keys import Job
from report_builder.pipeline.place import Place
from report_builder.pipeline.unit import Made

_PATIENCE_S = 5

Coming = Generator[tuple[Job, Made], None, None]
"""Each job with what became of it, in whatever order they come; closed, it ends whoever is still at work."""


Hands = Callable[[Place, list[Job]], Coming]
"""Does the jobs of a list, which it takes out of it: of thousands of returns none is held longer than it must be."""


def spread(
    submit: Callable[[Job], Future[Made]],
    jobs: list[Job],
    window: int,
    idle: Callable[[], None] | None = None,
) -> Iterator[tuple[Job, Future[Made]]]:
    """Each job with its future once that is done; only ``window`` are out at a time, so few results wait in memory.

    ``idle`` is called every few seconds in which nothing came.
    """
    waiting = taken(jobs)
    out = {submit(job): job for job in islice(waiting, window)}
    while out:
        done, _ = wait(out, timeout=_PATIENCE_S if idle else None, return_when=FIRST_COMPLETED)
        if not done and idle:
            idle()
        for future in done:
            job = out.pop(future)
            out |= {submit(following): following for following in islice(waiting, 1)}
            yield job, future


def taken(jobs: list[Job]) -> Iterator[Job]:
    """The jobs, each taken out of the list."""
    jobs.reverse()
    while jobs:
        yield jobs.pop()
