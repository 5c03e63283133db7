"""Whoever sets the PDF: this process, when it is wanted; or one started beforehand, while this one goes on.

To load WeasyPrint and to set one PDF take as long as all else that a single report needs, so two processes have it
done in little more than half the time.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from report_builder import processes
from report_builder.model import Draft
from report_builder.render import Pdf

if TYPE_CHECKING:
    from report_builder.fonts import FontSet

Setting = Callable[[], Pdf]
"""A PDF that has been asked for; called, it waits for it. Raises PdfUnavailable where Pango is not installed."""
Setter = Callable[[str, Draft, "FontSet"], Setting]
"""Asks for the PDF of a page (``render.html.printed``) and its draft, set in these faces."""

_LAUNCH = """
from report_builder.render.typesetter import serve
serve()
"""


def here(html: str, draft: Draft, fonts: FontSet) -> Setting:
    """This process sets the PDF, when that is called for."""
    from report_builder.render import pdf  # noqa: PLC0415 - WeasyPrint takes half a second to import

    return partial(pdf.write, html, draft, fonts)


@contextlib.contextmanager
def beside() -> Iterator[Setter]:
    """A process for one PDF, started at once. It is there for speed alone: what it does not manage is done here."""
    try:
        process = processes.launched(_LAUNCH)
    except OSError:
        yield here
        return
    asked = False

    def setter(html: str, draft: Draft, fonts: FontSet) -> Setting:
        nonlocal asked
        first, asked = not asked, True
        return _asked(process, html, draft, fonts) if first else here(html, draft, fonts)

    try:
        yield setter
    finally:
        processes.ended(process)


def _asked(process: processes.Process, html: str, draft: Draft, fonts: FontSet) -> Setting:
    taken = processes.told(process, (html, draft, fonts))

    def finished() -> Pdf:
        answer = processes.heard(process) if taken else None
        return answer if isinstance(answer, Pdf) else here(html, draft, fonts)()

    return finished


def serve() -> None:
    """The process's own end. Where no PDF comes of it, it goes without an answer, and the other end sets the page itself."""
    gc.disable()  # one page's garbage fits into memory
    asked = processes.Asked()
    try:
        from report_builder import fonts  # noqa: PLC0415 - whoever starts the process needs neither
        from report_builder.render import pdf  # noqa: PLC0415

        pdf.prepare(fonts.find())
        asked.answer(pdf.write(*asked.next()))
    finally:
        asked.leave()
