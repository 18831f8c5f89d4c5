"""From stored turns to what there is to learn from: misses, near misses, taps, 没帮助. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.model import Decision
from bot.storage.reviews import Asked
from bot.text import squeeze


class Kind(StrEnum):
    """What became of a question that there is something to learn from."""

    MISS = "miss"
    """Not understood, or none of the choices was meant."""
    NEAR = "near"
    """Offered choices; the parent took none."""
    TAPPED = "tapped"
    """Offered choices; the parent took one."""
    NOT_HELPED = "not_helped"
    """Answered, and the parent said that it did not help."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One question to learn from."""

    place: int
    """The message's, by which its review is kept."""
    at: datetime
    text: str
    kind: Kind
    near: tuple[str, ...]
    """Entries that it was taken for: offered, answered or closest."""
    tapped: str | None = None
    """The entry that the parent took."""


_QUESTIONS = (Decision.ANSWER, Decision.SUGGEST, Decision.FALLBACK, Decision.ELSEWHERE)


def signals(
    asked: Iterable[Asked],
    not_helped: Callable[[str], bool],
    none_of_these: Callable[[str], bool],
) -> list[Signal]:
    """Return what there is to learn from, in the order of the messages.

    `asked` holds each session's messages in order; the two predicates say whether a whole
    message means 没帮助 or 都不是.
    """
    found: dict[int, Signal] = {}
    last: dict[str, Asked] = {}
    for each in asked:
        before = last.get(each.session)
        said = each.text or each.picked
        for signal in _of(each, before, said, not_helped, none_of_these):
            found[signal.place] = signal
        is_question = each.pick is None and each.text and each.decision in _QUESTIONS
        if is_question and not none_of_these(said) and not _takes(each, before):
            last[each.session] = each
    return [found[place] for place in sorted(found)]


def _of(
    each: Asked,
    before: Asked | None,
    said: str,
    not_helped: Callable[[str], bool],
    none_of_these: Callable[[str], bool],
) -> Iterator[Signal]:
    offered = before is not None and before.decision is Decision.SUGGEST
    if before is not None and not_helped(said):
        if before.decision is Decision.ANSWER:
            yield replace(_signal(before, Kind.NOT_HELPED), near=before.entries)
    elif before is not None and offered and none_of_these(said):
        yield _signal(before, Kind.MISS)
    elif before is not None and _takes(each, before):
        yield replace(_signal(before, Kind.TAPPED), tapped=each.entries[0])
    elif each.pick is None and each.text and not none_of_these(said):
        if each.decision is Decision.FALLBACK:
            yield _signal(each, Kind.MISS)
        elif each.decision is Decision.SUGGEST:
            yield _signal(each, Kind.NEAR)


def _takes(each: Asked, before: Asked | None) -> bool:
    """Return whether the message takes one of the choices offered before."""
    if before is None or before.decision is not Decision.SUGGEST:
        return False
    if each.decision is not Decision.ANSWER or each.entries[:1] not in [
        (entry,) for entry in before.candidates
    ]:
        return False
    return each.pick is not None or len(squeeze(each.text)) <= 2


def _signal(asked: Asked, kind: Kind) -> Signal:
    return Signal(asked.place, asked.at, asked.text, kind, asked.candidates)
