"""The review queue: what is still to be learned, grouped, and settled by staff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.editing.change import Settlement
from bot.faq.value import Faq
from bot.learning.accepting import NEW, PHRASES
from bot.learning.groups import Group, Verdict, grouped
from bot.learning.signals import Signal, signals
from bot.matching.understand import Understanding
from bot.storage.reviews import Review, Reviews
from bot.text import squeeze


class LearningQueue:
    """Reads what parents asked anew each time; removed words are never in it."""

    def __init__(self, reviews: Reviews, mind: Callable[[], Understanding]) -> None:
        self._reviews = reviews
        self._mind = mind
        self._known: tuple[object, list[Group]] = (None, [])
        self._seen: object = None
        """How far the store had come when that was grouped."""
        self._grouping = asyncio.Lock()

    async def _read(self) -> tuple[list[Signal], list[Verdict]]:
        """Return what is to be settled, and what was decided about all else."""
        asked = await self._reviews.asked()
        reviews = {each.place: each.review for each in asked if each.review}
        faq = self._mind().faq
        found = signals(asked, _means(faq, "not_helped"), _means(faq, "none_of_these"))
        verdicts = [
            Verdict(signal.text, _belongs(review), review.rejected)
            for signal in found
            if (review := reviews.get(signal.place))
        ]
        return [signal for signal in found if signal.place not in reviews], verdicts

    async def state(self) -> object:
        """Return a mark that changes with the groups."""
        return self._mind().faq.version, await self._reviews.state()

    async def groups(self) -> list[Group]:
        """Return the groups, the largest first; grouped anew only when something changed."""
        async with self._grouping:
            mind = self._mind()
            seen = await self.state()
            if self._seen != seen:
                found, verdicts = await self._read()
                places = tuple((s.place, s.kind, s.tapped) for s in found)
                state = (mind.faq.version, places, tuple(verdicts))
                if self._known[0] != state:
                    groups = await asyncio.to_thread(grouped, found, mind, verdicts)
                    self._known = state, groups
                self._seen = seen
            return self._known[1]

    async def group(self, group_id: str) -> Group | None:
        """Return the group of that name."""
        return next((group for group in await self.groups() if group.id == group_id), None)

    async def settle(self, settled: Settlement, who: str, now: datetime) -> None:
        """Take the messages from the queue, with what was decided about them."""
        await self._reviews.settle(
            settled.places,
            settled.outcome,
            who,
            now,
            target=settled.target,
            rejected=settled.rejected,
        )


def _means(faq: Faq, command: str) -> Callable[[str], bool]:
    wordings = {squeeze(w) for w in (faq.say(command), *faq.lexicon.commands.get(command, ()))}
    return lambda said: squeeze(said) in wordings


def _belongs(review: Review) -> str:
    """Return the entry that staff said it is about."""
    return review.target if review.outcome in (PHRASES, NEW) else ""
