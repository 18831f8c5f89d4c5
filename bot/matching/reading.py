"""What one utterance was understood to ask. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.model import Candidate

CANDIDATES_SHOWN = 5
MOST_OFFERED = 3


class Kind(StrEnum):
    """What a reading asks for."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ELSEWHERE = "elsewhere"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood, and why."""

    kind: Kind
    entries: tuple[str, ...] = ()
    """Entries to answer, or to offer, in that order."""
    matter: str | None = None
    """Another office's matter."""
    candidates: tuple[Candidate, ...] = ()
    """The ranking, best first."""
    confidence: float = 0.0
    self_contained: bool = True
    """False when only the last answer made sense of it."""
    rule: str = ""
    unclear: tuple[str, ...] = ()
    """Questions in the message that are neither answered nor offered."""


def candidates(chances: Mapping[str, float], entries: Container[str]) -> tuple[Candidate, ...]:
    """Return the likeliest entries, best first."""
    ours = sorted(((n, p) for n, p in chances.items() if n in entries), key=lambda item: -item[1])
    return tuple(Candidate(n, round(min(p, 1.0), 4)) for n, p in ours[:CANDIDATES_SHOWN])
