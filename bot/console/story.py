"""What became of an inquiry, step by step: moves, transfers, ratings in one list. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot import names
from bot.console import words
from bot.model import Move, Rating, Transfer


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list, in words."""

    at: datetime
    what: str
    who: str
    why: str = ""


def story(
    moves: Iterable[Move], transfers: Iterable[Transfer], ratings: Iterable[Rating]
) -> list[Step]:
    """Return everything that became of the inquiry, oldest first."""
    steps = [
        Step(
            move.at,
            " → ".join(names.STATUS[status] for status in (move.before, move.after) if status),
            words.who(move.who),
            words.why(move.why),
        )
        for move in moves
    ]
    steps += [Step(each.at, f"转给 {each.to}", each.who) for each in transfers]
    steps += [
        Step(each.at, "评价：有帮助" if each.helped else "评价：没帮助", words.who("parent"))
        for each in ratings
    ]
    return sorted(steps, key=lambda step: step.at)
