"""Does a message ask for two things, and where does the second begin? Pure.

The weights were learned by `benchmarks/several.py` on the FAQ's own labelled questions. They speak
of chances, marks and lengths only, of nothing that stands in a FAQ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bot.matching.wording import Wording

FROM = 0.4
"""From this chance on a cut is believed."""
_MOST_CUTS = 3
_SHORTEST = 3
_BIAS = 0.182
_WEIGHTS = (
    *(0.779, 0.385, 1.236, 1.039, 1.849, 0.447, 1.676),
    *(-0.913, -0.519, -0.539, 0.174, 0.252, -0.744, 0.591),
)
Chances = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Cut:
    """A place where a second question may begin."""

    left: str
    right: str
    asked: tuple[bool, bool, bool]
    """Whether the clause before it asks, all of the left, all of the right."""
    connected: bool
    """Whether the right begins with a connector."""
    marked: bool
    """Whether a question mark stands before it."""
    clauses: int


def cuts(text: str, wording: Wording) -> list[Cut]:
    """Return the places where a second question may begin.

    After a clause that asks, or before a connector.
    """
    pieces = wording.pieces(text)

    found = []
    for place in range(1, len(pieces)):
        left, right = "".join(pieces[:place]), "".join(pieces[place:])
        connected = bool(wording.connector_pattern.match(pieces[place]))
        cut = Cut(
            left,
            right,
            (wording.asks(pieces[place - 1]), wording.asks(left), wording.asks(right)),
            connected,
            pieces[place - 1].endswith("?"),
            len(pieces),
        )
        plain = connected or cut.marked
        both = all(len(wording.core(side)) >= _SHORTEST for side in (left, right))
        if both and (plain or cut.asked[0]):
            found.append((plain + any(cut.asked), cut))
    found.sort(key=lambda item: -item[0])
    return [cut for _, cut in found[:_MOST_CUTS]]


def best(chances: Chances, entries: Callable[[str], bool]) -> tuple[str, float]:
    """Return the likeliest entry; nothing where something that is not ours is likelier."""
    ours = {name: chance for name, chance in chances.items() if entries(name)}
    name = max(ours, key=lambda n: ours[n], default="")
    other = max((c for n, c in chances.items() if n not in ours), default=0.0)
    return (name, ours[name]) if name and ours[name] > other else ("", 0.0)


def evidence(
    cut: Cut, whole: Chances, top: float, left: tuple[str, float], right: tuple[str, float]
) -> list[float]:
    """Return what speaks for the cut; `top` is the whole's best chance of an entry."""
    low, high = sorted((left[1], right[1]))
    return [
        _odds(low),
        _odds(high),
        *map(float, cut.asked),
        float(cut.connected),
        float(cut.marked),
        math.log(len(cut.left) + len(cut.right)),
        float(cut.clauses),
        _odds(top),
        _odds(whole.get(left[0], 0.0)),
        _odds(whole.get(right[0], 0.0)),
        math.log(len(cut.left)),
        math.log(len(cut.right)),
    ]


def chance(seen: Sequence[float]) -> float:
    """Return the chance that the message asks these two things."""
    return 1 / (1 + math.exp(-(_BIAS + sum(w * x for w, x in zip(_WEIGHTS, seen, strict=True)))))


def _odds(p: float) -> float:
    return math.log((p + 1e-3) / (1 - p + 1e-3))
