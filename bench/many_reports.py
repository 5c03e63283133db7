"""Made-up reports by the ten thousand, with copies planted among them: what `shared` is measured on.

``many_reports.py COUNT`` measures it in a process of its own and prints seconds, peak memory, recall and precision.

Clauses are put together from words of the trade, so that reports have chance clauses in common, and every report
takes part of its clauses from a small stock, a few of them far more often than the rest.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from report_builder.model import Section
from report_builder.similarity import Match, Text, shared
from report_builder.spec import load_spec

_WORDS = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
_DOES, _HOW, _WHAT, _WHICH, _AND, _GOAL = (
    _WORDS[name].split() for name in ("does", "how", "what", "which", "and", "goal")
)
_CLAUSES = (90, 190)
"""The clauses of a report: about 2,000 characters, as a bureau's sections one, five and six have."""


@dataclass(frozen=True)
class Corpus:
    """The reports, and the planted family of each (-1 where it copied nothing and was not copied)."""

    texts: tuple[Text, ...]
    families: tuple[int, ...]


def clause(chance: random.Random) -> str:
    """One clause of ten to twenty characters; a third of them hold a number."""
    pick = chance.choice
    shape = chance.random()
    if shape < 0.33:
        return f"{pick(_HOW)}{pick(_DOES)}{pick(_WHICH)}{pick(_WHAT)}{chance.randint(2, 900)}件"
    if shape < 0.66:
        return f"{pick(_HOW)}{pick(_DOES)}{pick(_WHICH)}{pick(_WHAT)}和{pick(_WHAT)}"
    if shape < 0.85:
        return f"对{pick(_WHICH)}{pick(_WHAT)}{pick(_HOW)}{pick(_DOES)}{pick(_DOES)}"
    return f"{pick(_AND)}{pick(_WHICH)}{pick(_WHAT)}{pick(_GOAL)}"


def written(clauses: Sequence[str], chance: random.Random) -> tuple[Section, ...]:
    """Clauses as sentences of two to four, sentences as paragraphs, paragraphs as sections one and five."""
    sentences = []
    rest = list(clauses)
    while rest:
        take = chance.randint(2, 4)
        sentences.append("，".join(rest[:take]) + "。")
        del rest[:take]
    edge = max(1, len(sentences) * 3 // 4)
    return (
        Section(1, "一、总体情况", tuple(_paragraphs(sentences[:edge]))),
        Section(5, "五、存在的主要问题及改进情况", tuple(_paragraphs(sentences[edge:]))),
    )


def _paragraphs(sentences: Sequence[str]) -> Iterator[str]:
    for begin in range(0, len(sentences), 6):
        yield "".join(sentences[begin : begin + 6])


def renumbered(clauses: Sequence[str], chance: random.Random) -> list[str]:
    """The clauses with every digit another."""
    return ["".join(str(chance.randint(1, 9)) if sign.isdigit() else sign for sign in one) for one in clauses]


def corpus(count: int, *, copied: float = 0.3, copiers: float = 0.1, seed: int = 7) -> Corpus:
    """``count`` reports of one year, of which one in ten copied.

    A copy takes ``copied`` of its text from another, a third each as it stands, shuffled, and with other numbers.
    One copy in five is of the same few reports, which hundreds took over.
    """
    chance = random.Random(seed)
    stock = [clause(chance) for _ in range(400)]
    weights = [1 / (rank + 1) for rank in range(len(stock))]
    reports: list[list[str]] = []
    families: list[int] = []
    for at in range(count):
        size = chance.randint(*_CLAUSES)
        common = chance.choices(stock, weights, k=size // 5)
        reports.append([clause(chance) for _ in range(size - len(common))] + common)
        chance.shuffle(reports[-1])
        families.append(-1)
        if at > 100 and chance.random() < copiers:
            _plant(reports, families, copied, chance)
    texts = tuple(
        Text(f"示例单位{at:05d}", 2024, written(clauses, chance), (f"示例单位{at:05d}", "示例省"))
        for at, clauses in enumerate(reports)
    )
    return Corpus(texts, tuple(families))


def _plant(reports: list[list[str]], families: list[int], copied: float, chance: random.Random) -> None:
    """The last report takes over a stretch of an earlier one that copied nothing; every fifth time of the same few."""
    few = 5 if chance.random() < 0.2 else len(reports) - 1
    source = chance.randrange(few)
    if families[source] not in {-1, source}:
        return
    mine, theirs = reports[-1], reports[source]
    take = min(len(theirs), round(len(mine) * copied))
    begin = chance.randrange(len(theirs) - take + 1)
    taken = theirs[begin : begin + take]
    how = chance.randrange(3)
    if how == 1:
        chance.shuffle(taken)
    elif how == 2:
        taken = renumbered(taken, chance)
    place = chance.randrange(len(mine) - take + 1)
    mine[place : place + take] = taken
    families[source] = families[-1] = source


def pair(clauses: int, copied: float, seed: int = 3) -> tuple[Text, Text]:
    """A report of so many clauses and one that took over a part of it, shuffled."""
    chance = random.Random(seed)
    theirs = [clause(chance) for _ in range(clauses)]
    taken = chance.sample(theirs, round(clauses * copied))
    mine = taken + [clause(chance) for _ in range(clauses - len(taken))]
    return (
        Text("示例甲局", 2024, written(mine, chance), ("示例甲局", "示例省")),
        Text("示例乙局", 2023, written(theirs, chance), ("示例乙局", "示例省")),
    )


def judged(made: Corpus, found: Sequence[Match]) -> tuple[float, float]:
    """Recall of the planted pairs (each copy and its source), and the part of the pairs found that are of one family."""
    family = {text.unit: of for text, of in zip(made.texts, made.families, strict=True)}
    sources = {
        text.unit: made.texts[of].unit for text, of in zip(made.texts, made.families, strict=True) if of >= 0
    }
    planted = {frozenset(both) for both in sources.items() if len(set(both)) > 1}
    named = [frozenset((match.later.unit, match.earlier.unit)) for match in found]
    right = [both for both in named if len({family[unit] for unit in both}) == 1 and family[min(both)] >= 0]
    return len(planted & set(named)) / max(1, len(planted)), len(right) / max(1, len(named))


def main(arguments: Sequence[str]) -> None:
    """Makes the reports, compares them, and prints what came of it as JSON."""
    wording = load_spec().statutory
    made = corpus(int(arguments[0]))
    start, worked = time.perf_counter(), time.process_time()
    found = shared(made.texts, wording, made.texts[0].report_year)
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    recall, precision = judged(made, found.matches)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {"seconds": seconds, "worked": worked, "peak": peak, "recall": recall, "precision": precision}
    characters = sum(text.size for text in made.texts) // len(made.texts)
    print(json.dumps(figures | {"characters": characters}))


if __name__ == "__main__":
    main(sys.argv[1:])
