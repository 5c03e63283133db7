"""What a plan's document says of itself: its title, its number, its year."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from report_builder.plan.passages import Passage
from report_builder.plan.patterns import HAN
from report_builder.plan.vocabulary import Vocabulary
from report_builder.prose.numerals import chinese

_DOCUMENT = re.compile(
    r"[\u4e00-\u9fff]{1,12}\s*[〔\[【（(]\s*(?:19|20)\d\d\s*[〕\]】）)]\s*第?\s*\d{1,4}\s*号"
)
_YEAR = re.compile(rf"((?:19|20)\d\d)\s*(?:年|—|-)|([{HAN}]{{4}})\s*年")
_STOPS = "。；！？"
_LONGEST_TITLE = 80
_LONGEST_BEGINNING = 40
_ENDS = "日。；！？：:"
_LONGEST_HEADING = 200


@dataclass(frozen=True, slots=True)
class Heading:
    """Title, document number and year, each empty or None where it is not said; ``at`` is the title's place."""

    title: str
    document: str
    year: int | None
    at: int


def heading_of(before: Sequence[Passage], known: Vocabulary, title: str) -> Heading:
    """What stands in ``before``, the lines up to the first task; ``title`` is what the file calls its own."""
    lines = [title, *(passage.text for passage in before)]
    at = _title_at(lines, known)
    said = _title(lines, at) if at is not None else _taken_out(lines, known)
    return Heading(said or _first(lines), _document(lines), _year(said, lines), -1 if at is None else at - 1)


def is_title(line: str, known: Vocabulary) -> bool:
    """Whether a line is the title of a plan by itself."""
    words = known.words
    bare = re.sub(r"\s*[（(][^（()）]*[)）]$", "", line.strip())
    return (
        len(bare) <= _LONGEST_TITLE
        and bare.endswith(words.title_ends)
        and not any(word in bare for word in words.title_not)
        and not known.mark(bare)
        and not any(stop in bare for stop in _STOPS)
    )


def _title_at(lines: Sequence[str], known: Vocabulary) -> int | None:
    """The last line that is a title: what stands before it is the letter that sends the plan round."""
    return next((at for at in reversed(range(len(lines))) if is_title(lines[at], known)), None)


def _title(lines: Sequence[str], at: int) -> str:
    """The title; where it has no year, the line before it that has is its beginning."""
    line, above = lines[at].strip(), lines[at - 1].strip() if at else ""
    begins = (
        len(above) <= _LONGEST_BEGINNING and _YEAR.match(above) and not any(stop in above for stop in _ENDS)
    )
    return f"{above}{line}" if begins and not _YEAR.search(line) else line


def _taken_out(lines: Sequence[str], known: Vocabulary) -> str:
    """A title out of the letter's own: 关于印发…的通知."""
    for head, *tail in known.words.title_around:
        for line in lines:
            start = line.find(head)
            end = line.rfind(tail[0]) if tail else len(line)
            if 0 <= start < end and len(line) <= _LONGEST_HEADING:
                return line[start + len(head) : end].strip(" 《》\t")
    return ""


def _first(lines: Sequence[str]) -> str:
    return next((line.strip() for line in lines if line.strip() and len(line) <= _LONGEST_TITLE), "")


def _document(lines: Sequence[str]) -> str:
    """The document's number out of a line of its own, never out of a sentence that names another document."""
    for line in lines:
        found = _DOCUMENT.search(line) if len(line) <= _LONGEST_HEADING else None
        if found and not any(stop in line for stop in _STOPS) and "《" not in line:
            return "".join(found[0].split())
    return ""


def _year(title: str, lines: Sequence[str]) -> int | None:
    """The year in the title; else the first one in the lines around it."""
    for line in (title, *(line for line in lines if len(line) <= _LONGEST_HEADING)):
        found = _YEAR.search(unicodedata.normalize("NFKC", line))
        if found:
            return int(found[1]) if found[1] else _spelt(found[2])
    return None


def _spelt(digits: str) -> int | None:
    """二〇二四."""
    amount = chinese(digits)
    return int(amount.value) if amount else None
