"""What staff hear of without asking: who waits, what parents wrote, what did not arrive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from bot.channels.telegram import staff_words as words
from bot.channels.telegram.note import Note
from bot.channels.telegram.staff import Staff
from bot.engine import Desk
from bot.errors import StorageError
from bot.news import FOR_EVERYBODY
from bot.outbox import Outbox
from bot.storage.audit import Look
from bot.storage.encoding import stamp
from bot.storage.staff_chats import FORWARDED, Person, StaffChats
from bot.storage.updates import Updates

log = logging.getLogger(__name__)

_NOT_OFTENER_S = 0.2
_AGAIN_S = 5.0
_MOST_REMEMBERED = 10_000


class News:
    """Puts each piece of news in the outbox once, whatever happens in between."""

    def __init__(
        self,
        desk: Desk,
        memory: Updates,
        chats: StaffChats,
        outbox: Outbox,
        staff: Staff,
        clock: Callable[[], datetime],
    ) -> None:
        self._desk, self._memory, self._chats = desk, memory, chats
        self._outbox, self._staff, self._clock = outbox, staff, clock
        self._queued: set[str] = set()
        """Keys known to be in the outbox: most of what waits was announced long ago."""

    async def run(self) -> None:
        """Look whenever an inquiry may have changed, until cancelled."""
        with self._desk.subscribe_inbox() as changed:
            while True:
                changed.clear()
                try:
                    await self.look()
                except StorageError as error:
                    log.error("news for staff wait for the store: %s", error)
                    await asyncio.sleep(_AGAIN_S)
                    continue
                await asyncio.sleep(_NOT_OFTENER_S)
                await changed.wait()

    async def look(self) -> None:
        """Tell what is new since the last time."""
        people = await self._chats.people()
        groups = await self._chats.groups()
        if not people and not groups:
            return
        await self._notices(people, groups or sorted({person.home for person in people}))
        await self._passed_on(people)
        await self._parents_words(people)
        await self._kept(people, groups)

    async def _notices(self, people: list[Person], everybody: list[str]) -> None:
        titles = self._staff.titles()
        for told in await self._desk.store.standing_news():
            news, inquiry = told.news, told.inquiry
            chat_keys = {person.home for person in people if person.name == news.owner}
            if news.kind in FOR_EVERYBODY or not chat_keys:
                chat_keys |= set(everybody)
            for chat_key in sorted(chat_keys):
                key = f"{news.name}@{chat_key}"
                if key not in self._queued:
                    note = words.notice(news, inquiry, titles)
                    await self._queue(chat_key, note, key, inquiry.number)

    async def _passed_on(self, people: list[Person]) -> None:
        """Show an inquiry to whom a colleague gave it, in Telegram or on the pages."""
        for given in await self._chats.passed_on():
            number = given.inquiry.number
            for person in _at_home(people, given.inquiry.owner):
                key = f"passed.{number}.{stamp(given.at)}@{person.home}"
                if key not in self._queued:
                    said = await self._desk.transcript(number)
                    lead = words.PASSED_ON.format(who=given.who)
                    note = words.transcript(given.inquiry, said, self._staff.titles(), lead)
                    look = person.look(number, self._clock())
                    await self._queue(person.home, note, key, number, look)

    async def _parents_words(self, people: list[Person]) -> None:
        seen = int(await self._memory.mark(FORWARDED) or 0)
        newest = await self._chats.last_place()
        if newest <= seen:
            return
        for news in await self._chats.news(seen):
            note = words.wrote(news.number, news.words, news.media)
            for person in _at_home(people, news.owner):
                key = f"wrote.{news.place}@{person.home}"
                look = person.look(news.number, self._clock())
                await self._queue(person.home, note, key, news.number, look)
        await self._memory.set_mark(FORWARDED, str(newest))

    async def _kept(self, people: list[Person], groups: list[str]) -> None:
        for kept in await self._chats.kept():
            text = words.KEPT.get(kept.reason, words.KEPT["refused"]).format(number=kept.number)
            homes = sorted({p.home for p in people if p.name == kept.owner}) or groups
            for home in homes:
                key = f"kept.{kept.place}.{kept.reason}@{home}"
                await self._queue(home, Note(text), key, kept.number)

    async def _queue(
        self, chat_key: str, note: Note, key: str, number: str, look: Look | None = None
    ) -> None:
        await self._memory.queue_note(chat_key, note.dump(), key=key, number=number, look=look)
        if len(self._queued) >= _MOST_REMEMBERED:
            self._queued.clear()  # they are looked up once more
        self._queued.add(key)
        self._outbox.wake()


def _at_home(people: Iterable[Person], name: str | None) -> list[Person]:
    """Return that member of staff once for each chat where they read transcripts."""
    homes = {person.home: person for person in people if person.name == name}
    return [homes[home] for home in sorted(homes)]
