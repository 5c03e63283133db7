"""A return put away small: a run over a province holds ten thousand of them, most of whose cells look alike."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from report_builder.model import Figure, Return, Typed

T = TypeVar("T", bound=Hashable)


class Stowed(Mapping[str, Figure]):
    """The cells of a return, column by column; a Figure is made of them when it is asked for.

    What thousands of returns have in common (their keys, their addresses, the words in their cells) is held once
    for all of a :class:`Stowage`. To another process it travels as a plain mapping.
    """

    __slots__ = ("_addresses", "_at", "_file_of", "_files", "_numbers", "_texts", "_typed")

    def __init__(self, cells: Mapping[str, Figure], stowage: Stowage) -> None:
        """Puts ``cells`` away; ``stowage`` holds what they share with others."""
        held = cells.values()
        places = [one.source.partition("·") for one in held]
        self._at = stowage.order(cells)
        self._numbers = tuple(one.number for one in held)
        self._typed: tuple[Typed, ...] = stowage.once(tuple(one.typed for one in held))
        self._texts = tuple(stowage.once(one.text) for one in held)
        self._files = tuple(dict.fromkeys(file for file, _, _ in places))
        self._file_of: tuple[int, ...] = stowage.once(tuple(self._files.index(file) for file, _, _ in places))
        addresses = tuple(stowage.once(f"{sign}{address}") for _, sign, address in places)
        self._addresses: tuple[str, ...] = stowage.once(addresses)

    def __reduce__(self) -> tuple[type[dict[str, Figure]], tuple[dict[str, Figure]]]:
        """What is packed of it is a plain mapping when it arrives."""
        return dict, (dict(self),)

    def __repr__(self) -> str:
        """As the plain mapping: digests are taken of it."""
        return repr(dict(self))

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __contains__(self, key: object) -> bool:
        return key in self._at

    def __getitem__(self, key: str) -> Figure:
        at = self._at[key]
        source = self._files[self._file_of[at]] + self._addresses[at]
        return Figure(self._numbers[at], self._typed[at], self._texts[at], source)


class Stowage:
    """What the returns of one run have in common, each thing held once."""

    def __init__(self) -> None:
        self._held: dict[Hashable, Hashable] = {}
        self._orders: dict[tuple[str, ...], Mapping[str, int]] = {}

    def once(self, one: T) -> T:
        """The first that was equal to it."""
        return self._held.setdefault(one, one)  # type: ignore[return-value]

    def order(self, keys: Iterable[str]) -> Mapping[str, int]:
        """The place of each key among them."""
        told = tuple(keys)
        if told not in self._orders:
            self._orders[told] = {key: at for at, key in enumerate(told)}
        return self._orders[told]

    def away(self, ret: Return) -> Return:
        """The return with its cells put away."""
        return replace(ret, cells=Stowed(ret.cells, self))
