"""The review queue: what is still to be learned, grouped, and settled by staff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.editing.change import Settlement
from bot.faq.value import Faq
from bot.learning.groups import Group, grouped
from bot.learning.signals import Signal, signals
from bot.matching.understand import Understanding
from bot.storage.reviews import Reviews
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

    async def open_signals(self) -> list[Signal]:
        """Return everything that nobody has settled yet."""
        asked = await self._reviews.asked()
        settled = {each.place for each in asked if each.reviewed}
        faq = self._mind().faq
        found = signals(asked, _means(faq, "not_helped"), _means(faq, "none_of_these"))
        return [signal for signal in found if signal.place not in settled]

    async def groups(self) -> list[Group]:
        """Return the groups, the largest first; grouped anew only when something changed."""
        async with self._grouping:
            mind = self._mind()
            seen = (mind.faq.version, await self._reviews.state())
            if self._seen != seen:
                found = await self.open_signals()
                state = (mind.faq.version, tuple((s.place, s.kind, s.tapped) for s in found))
                if self._known[0] != state:
                    self._known = state, await asyncio.to_thread(grouped, found, mind)
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
