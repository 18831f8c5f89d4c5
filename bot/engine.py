"""The one place where dialogue meets I/O: lock, load, respond, save, deliver."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

from bot import acts, news, words
from bot import inquiry as statuses
from bot.clock import Passed, overtaken, pass_time
from bot.dialogue import Handler, respond
from bot.errors import StorageError
from bot.matching.understand import Understanding
from bot.model import (
    CHONGQING,
    Act,
    ActResult,
    Decision,
    Delivery,
    Inquiry,
    Message,
    Move,
    Note,
    Outcome,
    Reply,
    Session,
    Status,
    Turn,
)
from bot.privacy import mask
from bot.readers import Readers
from bot.storage.store import HistoryItem, QueueItem, Store, Transaction

log = logging.getLogger(__name__)

NUMBERS_PER_MESSAGE = 4
_FROM_THE_START = datetime(2000, 1, 1, tzinfo=CHONGQING)
"""Parents may look up any matter of theirs, however old."""


def wall_clock() -> datetime:
    """Return the time in Chongqing."""
    return datetime.now(CHONGQING)


class Desk:
    """The desk at work: parents write in, staff act, time passes."""

    def __init__(
        self,
        store: Store,
        mind: Understanding,
        handlers: Sequence[Handler],
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self.store = store
        self.mind = mind
        """Replaced as a whole when staff save the FAQ."""
        self._handlers = handlers
        self._clock = clock
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: defaultdict[str, int] = defaultdict(int)
        self._readers = Readers()

    # ------------------------------------------------------------------ parents

    async def handle(self, message: Message) -> Turn:
        """Return the reply to a message; written down first, handled once, in order.

        Only a store that cannot even write the message down raises (StorageError); any other
        failure is logged and answered with the apology.
        """
        message = replace(message, text=mask(message.text))
        async with self._in_order(message.session_key):
            known = await self.store.write_down(message)
            if known is not None:
                return known
            return await self._handle_new(message)

    async def recover(self) -> int:
        """Handle what was written down but never answered, and return how many there were."""
        left = await self.store.unhandled()
        for message in left:
            async with self._in_order(message.session_key):
                # Somebody may be handling it at this moment.
                if await self.store.write_down(message) is None:
                    await self._handle_new(message)
        return len(left)

    async def _handle_new(self, message: Message) -> Turn:
        try:
            turn = await self._respond(message)
        except StorageError:
            raise
        except Exception:
            # The one broad catch: whatever went wrong, the parent hears of it and of 12345.
            log.exception("message %s of a %s session failed", message.message_id, message.channel)
            turn = await self._apologise(message)
        self._readers.wake_inbox()
        return turn

    async def _respond(self, message: Message) -> Turn:
        now = message.received_at
        async with self.store.transaction() as work:
            session, silenced = self._catch_up(await self._load(work, message.session_key), now)
            numbers = await work.peek_numbers(NUMBERS_PER_MESSAGE)
            outcome = respond(
                session,
                message,
                self.mind,
                self._handlers,
                now,
                numbers,
                await work.casework.switches(),
            )
            outcome = await self._with_source(work, outcome)
            turn = _turn(message, outcome)
            if outcome.erase:
                # First, so that the reply that confirms it can still be sent and repeated.
                await work.erase(message.session_key, now)
            closed = (
                [] if outcome.erase else overtaken(self.mind.faq, silenced, outcome.session, now)
            )
            for delivery in closed:
                await work.queue_delivery(delivery)
            await work.finish(turn, outcome.session, (*silenced, *outcome.moves))
            for move in outcome.moves:
                if move.before is Status.RESOLVED:
                    await work.take_back_invitation(move.number)
            await work.add_news(news.of_waiting(outcome.session.inquiries, now))
            if outcome.rating is not None:
                await work.casework.rate(outcome.rating)
        if closed:
            self._readers.wake(message.session_key)
        return turn

    async def _with_source(self, work: Transaction, outcome: Outcome) -> Outcome:
        """Note on a new inquiry which link or poster the parent came by, once."""
        new = next((move.number for move in outcome.moves if move.before is None), None)
        source = await work.take_source(outcome.session.key) if new else None
        if source is None:
            return outcome
        inquiries = tuple(
            replace(each, slots={**each.slots, "source": source}) if each.number == new else each
            for each in outcome.session.inquiries
        )
        return replace(outcome, session=replace(outcome.session, inquiries=inquiries))

    def preview(self, message: Message) -> Turn:
        """Return what a stranger would be told; nothing is stored, no inquiry comes of it."""
        message = replace(message, text=mask(message.text))
        session = Session(message.session_key, greeted=True)
        numbers = [str(n) for n in range(1, NUMBERS_PER_MESSAGE + 1)]
        now = message.received_at
        return _turn(message, respond(session, message, self.mind, self._handlers, now, numbers))

    async def _apologise(self, message: Message) -> Turn:
        async with self.store.transaction() as work:
            session = await self._load(work, message.session_key)
            reply = Reply(self.mind.faq.say("apology"))
            outcome = Outcome(Decision.FALLBACK, replace(session, choices=()), (reply,))
            turn = _turn(message, outcome)
            await work.finish(turn, outcome.session, ())
        return turn

    async def _load(self, work: Transaction, key: str) -> Session:
        return await work.session(key, _FROM_THE_START)

    def _catch_up(self, session: Session, now: datetime) -> tuple[Session, list[Move]]:
        """Resolve what went silent before this message, in case the clock has not come round."""
        inquiries, moves = [], []
        for inquiry in session.inquiries:
            after, move = statuses.settle_silence(inquiry, now, self.mind.faq.hours)
            inquiries.append(after)
            moves += [move] if move else []
        return replace(session, inquiries=tuple(inquiries)), moves

    @asynccontextmanager
    async def _in_order(self, key: str) -> AsyncIterator[None]:
        """One parent's messages one after the other; different parents' side by side."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._waiting[key] += 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                # Nobody waits for it: forget it.
                del self._waiting[key], self._locks[key]

    # ------------------------------------------------------------------ staff

    async def act(
        self,
        who: str,
        number: str,
        act: Act,
        text: str = "",
        *,
        to_whom: str = "",
        now: datetime | None = None,
        once: str | None = None,
    ) -> ActResult:
        """Do what a member of staff asks, or say in Chinese why not; all in one transaction.

        `to_whom` a transfer goes is a name; whether such a person is there is for the caller.
        An act that was done under the same `once` before changes nothing and is no error.
        """
        now = now or self._clock()
        inquiry = await self.store.inquiry(number)
        if inquiry is None:
            return ActResult(None, error=f"没有{number}号咨询")
        async with self._in_order(inquiry.session_key), self.store.transaction() as work:
            session = await self._load(work, inquiry.session_key)
            current = await work.inquiry(number)
            if current is None:
                raise StorageError(f"{number}号咨询刚才还在，现在读不到了")
            done = acts.perform(
                current, act, who, text.strip(), self.mind.faq, now, to_whom=to_whom.strip()
            )
            if once is not None and await work.done_before(once):
                return ActResult(current)
            if done.error is not None:
                return ActResult(current, error=done.error)
            if once is not None:
                await work.remember(once, now)
            await work.save_inquiry(done.inquiry, done.moves)
            await work.add_news(news.of_waiting([done.inquiry], now))
            if done.transfer is not None:
                await work.casework.add_transfer(done.transfer)
            await work.audit(who, f"act.{act}", number, now, to_whom)
            stored = []
            for delivery in done.deliveries:
                if delivery.words:
                    await work.save_words(number, who, delivery.words, now)
                stored.append(
                    await work.queue_delivery(
                        Delivery(
                            0, session.key, number, delivery.text, now, choices=delivery.choices
                        )
                    )
                )
            if stored:
                await work.save_session(
                    replace(
                        session,
                        choices=stored[-1].choices,
                        current=number,
                        misses=0,
                        inquiries=tuple(
                            done.inquiry if i.number == number else i for i in session.inquiries
                        ),
                    )
                )
        self._readers.wake(inquiry.session_key)
        return ActResult(done.inquiry, tuple(stored))

    async def note(self, who: str, number: str, text: str) -> None:
        """Keep what staff note for each other; an unknown number or empty text changes nothing."""
        now, text = self._clock(), mask(text.strip())
        async with self.store.transaction() as work:
            if text and await work.inquiry(number):
                await work.casework.add_note(Note(number, who, text, now))
                await work.audit(who, "note", number, now)
        self._readers.wake_inbox()

    async def switch(self, who: str, name: str, value: str) -> None:
        """Set the notice before all answers (`notice`), or turn the bot off (`bot_off`)."""
        now = self._clock()
        async with self.store.transaction() as work:
            await work.casework.switch(name, value.strip(), who, now)
            await work.audit(who, f"switch.{name}", "", now, value.strip())
        self._readers.wake_everybody()

    # ------------------------------------------------------------------ time

    async def tick(self, now: datetime | None = None) -> Passed:
        """Do, and return, everything that is due by now in all sessions."""
        passed = await pass_time(self.store, self._in_order, self.mind.faq, now or self._clock())
        for delivery in passed.deliveries:
            self._readers.wake(delivery.session_key)
        if passed.changed or passed.news:
            self._readers.wake_inbox()
        return passed

    # ------------------------------------------------------------------ reading

    async def history(self, session_key: str) -> list[HistoryItem]:
        return await self.store.history(session_key)

    async def deliveries_after(self, session_key: str, after_id: int) -> list[Delivery]:
        return await self.store.deliveries_after(session_key, after_id)

    async def mark_sent(self, delivery_ids: list[int]) -> None:
        await self.store.mark_sent(delivery_ids, self._clock())

    async def queue(self) -> Sequence[QueueItem]:
        """Return all unresolved inquiries and those resolved lately."""
        since = self._clock() - timedelta(days=self.mind.faq.hours.come_back_days)
        return await self.store.queue(since)

    async def inquiry(self, number: str) -> Inquiry | None:
        return await self.store.inquiry(number)

    async def transcript(self, number: str) -> list[HistoryItem]:
        return await self.store.transcript(number)

    async def moves(self, number: str) -> list[Move]:
        return await self.store.moves(number)

    def welcome(self) -> Reply:
        """Return what a newcomer sees before the first word."""
        return words.welcome(self.mind.faq)

    async def notice(self) -> str:
        """Return what staff have put before all answers, for the first screen; empty when off."""
        return words.notice(self.mind.faq, await self.store.casework.switches())

    def page_words(self) -> dict[str, str]:
        """Return the words on the web page."""
        messages = self.mind.faq.messages.messages
        return {name: text for name, text in messages.items() if name.startswith("web_")}

    def entry_title(self, entry_id: str | None) -> str | None:
        entry = self.mind.faq.entries.get(entry_id or "")
        return entry.title if entry else None

    # ------------------------------------------------------------------ waking readers

    def subscribe(self, session_key: str) -> AbstractContextManager[asyncio.Event]:
        """Return an event that is set whenever something was pushed to that parent."""
        return self._readers.of_session(session_key)

    def subscribe_inbox(self) -> AbstractContextManager[asyncio.Event]:
        """Return an event that is set whenever any inquiry may have changed."""
        return self._readers.of_inbox()

    def inbox_changed(self) -> None:
        """Have whoever watches the inquiries look again."""
        self._readers.wake_inbox()


def _turn(message: Message, outcome: Outcome) -> Turn:
    by_number = {i.number: i for i in outcome.session.inquiries}
    inquiry = by_number.get(outcome.inquiry or "")
    if inquiry is None:
        unresolved = [i for i in by_number.values() if i.status is not Status.RESOLVED]
        inquiry = unresolved[-1] if unresolved else None
    return Turn(
        message,
        outcome.decision,
        outcome.replies,
        outcome.entries,
        outcome.confidence,
        outcome.candidates,
        inquiry,
    )
