"""What time alone brings about: silence settles, targets come near, silent owners lose theirs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import inquiry as statuses
from bot import news, words
from bot.faq.value import Faq
from bot.model import OWNER_SILENT, Delivery, Inquiry, Status
from bot.storage.store import Store, Transaction
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
                    passed.deliveries.append(await _told_of_it(work, faq, settled, now))


async def _told_of_it(work: Transaction, faq: Faq, settled: Inquiry, now: datetime) -> Delivery:
    """Tell the parent that what staff asked them was closed, and let them rate it.

    Under an answer of the bot's they could rate all the time: nobody is asked twice.
    """
    number, session = settled.number, await work.session(settled.session_key, now)
    said = faq.say(
        "resolved_by_clock", owner=settled.owner, days=faq.hours.waiting_parent_days, number=number
    )
    choices = words.to_rate(faq)
    await work.save_session(replace(session, choices=choices, current=number, misses=0))
    return await work.queue_delivery(Delivery(0, session.key, number, said, now, choices=choices))


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
