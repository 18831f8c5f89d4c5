"""What time alone brings about: silence settles, targets come near, silent owners lose theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import inquiry as statuses
from bot import news, words
from bot.faq.value import Faq
from bot.model import OWNER_SILENT, Choice, Delivery, Inquiry, Move, Session, Status
from bot.storage.store import Store
from bot.targets import Target, owed

InOrder = Callable[[str], AbstractAsyncContextManager[None]]
"""Holds a session's lock."""


@dataclass(slots=True)
class Passed:
    """What became of it."""

    changed: list[Inquiry] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    news: bool = False


async def pass_time(store: Store, in_order: InOrder, faq: Faq, now: datetime) -> Passed:
    """Do everything that is due by now, in all sessions."""
    passed = Passed()
    await _settle(store, in_order, faq, now, passed)
    found: list[news.News | None] = []
    for progress in await store.progress():
        inquiry = progress.inquiry
        found += [*news.of_waiting([inquiry], now), news.of_parent(progress, now)]
        for due in owed(progress, faq.hours):
            if due.target is Target.OWNER and due.late(now):
                await _take_from_owner(store, in_order, faq, inquiry, now, passed)
            else:
                found.append(news.of_due(inquiry, due, now))
    told = [each for each in found if each is not None]
    if told:
        async with store.transaction() as work:
            passed.news |= await work.add_news(told)
    return passed


async def _settle(store: Store, in_order: InOrder, faq: Faq, now: datetime, passed: Passed) -> None:
    """Resolve what has been silent for as many days as faq/hours.yaml says."""
    due = await store.due(
        answered_before=now - timedelta(days=faq.hours.answered_days),
        waiting_parent_before=now - timedelta(days=faq.hours.waiting_parent_days),
    )
    for old in due:
        async with in_order(old.session_key), store.transaction() as work:
            inquiry = await work.inquiry(old.number)
            if inquiry is None:
                continue
            settled, move = statuses.settle_silence(inquiry, now, faq.hours)
            if move:
                await work.save_inquiry(settled, [move])
                passed.changed.append(settled)
                if move.before is Status.WAITING_PARENT:
                    session = await work.session(settled.session_key, now)
                    told = _closed(faq, settled, now, words.to_rate(faq))
                    await work.save_session(
                        replace(session, choices=told.choices, current=settled.number, misses=0)
                    )
                    passed.deliveries.append(await work.queue_delivery(told))


def _closed(
    faq: Faq, settled: Inquiry, now: datetime, choices: tuple[Choice, ...] = ()
) -> Delivery:
    """Return what tells the parent that what staff asked them was closed, to be rated or not.

    Under an answer of the bot's they could rate all the time: nobody is asked twice.
    """
    number, days = settled.number, faq.hours.waiting_parent_days
    said = faq.say("resolved_by_clock", owner=settled.owner, days=days, number=number)
    return Delivery(0, settled.session_key, number, said, now, choices=choices)


def overtaken(
    faq: Faq, silenced: Iterable[Move], session: Session, now: datetime
) -> list[Delivery]:
    """Return word of what staff had asked and a message found closed, before the clock came by.

    `session` is as the message left it: what it brought back needs no word.
    """
    asked = {move.number for move in silenced if move.before is Status.WAITING_PARENT}
    return [
        _closed(faq, inquiry, now)
        for inquiry in session.inquiries
        if inquiry.number in asked and inquiry.status is Status.RESOLVED
    ]


async def _take_from_owner(
    store: Store, in_order: InOrder, faq: Faq, old: Inquiry, now: datetime, passed: Passed
) -> None:
    """Put the inquiry back in the queue, unless its owner has acted just now."""
    async with in_order(old.session_key), store.transaction() as work:
        progress = await work.progress(old.number)
        if progress is None or not any(
            due.target is Target.OWNER and due.late(now) for due in owed(progress, faq.hours)
        ):
            return
        inquiry, owner = progress.inquiry, progress.inquiry.owner
        inquiry, move = statuses.move(
            inquiry, Status.WAITING_STAFF, now, who="clock", why=OWNER_SILENT
        )
        await work.save_inquiry(inquiry, [move])
        said = faq.say("owner_silent", owner=owner, number=inquiry.number)
        delivery = Delivery(0, inquiry.session_key, inquiry.number, said, now)
        passed.deliveries.append(await work.queue_delivery(delivery))
        passed.news |= await work.add_news([news.of_lost(inquiry, now)])
        passed.changed.append(inquiry)
