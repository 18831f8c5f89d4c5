"""Choices as buttons: short keys that the store can look up. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Choice, ChoiceKind

MOST = 100
_NARROW = 8
"""Two labels of so many characters fit side by side on a phone."""
_KEY = re.compile(r"c(\d{1,15})\.(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Button:
    """One button: it sends `data` back to us (1–64 bytes), or opens `url`."""

    label: str
    data: str = ""
    url: str = ""


Rows = tuple[tuple[Button, ...], ...]


def key(place: int, pick: int) -> str:
    """Return the key of a choice: where it was offered, and its 1-based number there.

    >>> key(17, 2), read_key("c17.2"), read_key("c17.x")
    ('c17.2', (17, 2), None)
    """
    return f"c{place}.{pick}"


def read_key(data: str) -> tuple[int, int] | None:
    """Return (place, pick) of a key."""
    found = _KEY.fullmatch(data)
    return (int(found[1]), int(found[2])) if found else None


def rows(choices: Sequence[Choice], place: int, first: int = 1) -> Rows:
    """Return the choices as buttons, short ones two in a row.

    What is chosen from a list is numbered, for a typed number picks it as well; `first` is the
    number of the first one.
    """
    listed = any(c.kind is not ChoiceKind.COMMAND for c in choices)
    buttons = [
        Button(f"{n}. {choice.label}" if listed else choice.label, key(place, n))
        for n, choice in enumerate(choices[:MOST], start=first)
    ]
    found: list[tuple[Button, ...]] = []
    for button in buttons:
        narrow = len(button.label) <= _NARROW
        if narrow and found and len(found[-1]) == 1 and len(found[-1][0].label) <= _NARROW:
            found[-1] = (*found[-1], button)
        else:
            found.append((button,))
    return tuple(found)
