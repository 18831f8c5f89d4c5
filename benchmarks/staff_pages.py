"""Time the staff's pages over a store of 10,000 inquiries: the inbox, a search, the figures.

    python benchmarks/staff_pages.py [--inquiries 10000] [--weeks 52] [--times 20]

The store is a file in a temporary folder, filled by the store's own methods with that many weeks
of inquiries; the pages are asked for as a browser does, signed in, and every answer is a whole
page. Before each request a parent writes something, so nothing can be shown from memory alone.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
from starlette.applications import Starlette  # noqa: E402

from bot.console.faq.pages import FaqPages  # noqa: E402
from bot.console.routes import console_routes  # noqa: E402
from bot.editing.folder import FaqFolder  # noqa: E402
from bot.editing.history import History  # noqa: E402
from bot.editing.rehearsal import Rehearsal  # noqa: E402
from bot.editing.shelf import Shelf  # noqa: E402
from bot.editing.workshop import Workshop  # noqa: E402
from bot.engine import Desk  # noqa: E402
from bot.inquiry import move, open_inquiry  # noqa: E402
from bot.learning.queue import LearningQueue  # noqa: E402
from bot.model import (  # noqa: E402
    CHONGQING,
    Candidate,
    Decision,
    Inquiry,
    Message,
    Move,
    Rating,
    Reply,
    Status,
    Turn,
)
from bot.previews import previews  # noqa: E402
from bot.storage.accounts import Accounts, Role  # noqa: E402
from bot.storage.questions import past_questions  # noqa: E402
from bot.storage.reviews import Reviews  # noqa: E402
from bot.storage.store import Store, Transaction  # noqa: E402
from handlers import HANDLERS  # noqa: E402
from tests.desk import cache_folder, understanding  # noqa: E402

NOW = datetime(2026, 5, 20, 10, tzinfo=CHONGQING)
STAFF = ("王老师", "李老师", "张老师")
_UNRESOLVED = 300
_BETWEEN_S = 0.5
_MATTERS = 40
"""Entries that parents ask about."""

PAGES = {
    "queue: waiting": "/staff/",
    "queue: everything": "/staff/?show=all",
    "queue: narrowed": "/staff/?show=all&topic=aid&late=on",
    "one inquiry": "/staff/inquiries/{number}",
    "search in the FAQ": "/staff/faq/?q=户口",
    "figures: 12 weeks": "/staff/figures/?weeks=12",
    "figures: a year": "/staff/figures/?weeks=52",
}


def main() -> None:
    """Print how long each page takes."""
    parser = argparse.ArgumentParser(description="ms for each of the staff's pages")
    parser.add_argument("--inquiries", type=int, default=10_000)
    parser.add_argument("--weeks", type=int, default=52, help="over how many they are spread")
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for")
    options = parser.parse_args()
    asyncio.run(_measure(options.inquiries, options.weeks, options.times))


async def _measure(count: int, weeks: int, times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "desk.sqlite3")
        try:
            began = time.perf_counter()
            await _fill(store, count, weeks)
            print(f"{count} inquiries written down in {time.perf_counter() - began:.0f} s")
            async with _signed_in(store, Path(folder)) as browser:
                for name, address in PAGES.items():
                    await _time(store, browser, name, address.format(number=1000 + count), times)
        finally:
            await store.close()


async def _time(
    store: Store, browser: httpx.AsyncClient, name: str, address: str, times: int
) -> None:
    took = []
    for turn in range(times + 1):
        # A desk at work: somebody has written since the page was last looked at.
        await store.write_down(Message("web", "late", f"{name} {turn}", "还要什么材料", NOW))
        await asyncio.sleep(_BETWEEN_S)
        began = time.perf_counter()
        page = await browser.get(address)
        took.append((time.perf_counter() - began) * 1000)
        page.raise_for_status()
    first, ordered = took[0], sorted(took[1:])
    print(
        f"{name:20} p50 {statistics.median(ordered):7.1f} ms   slowest {ordered[-1]:7.1f} ms"
        f"   first {first:7.1f} ms   {len(page.content) / 1024:6.0f} KiB"
    )


@asynccontextmanager
async def _signed_in(store: Store, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    desk = Desk(store, understanding(), HANDLERS, lambda: NOW)
    faq = ROOT / "faq"
    workshop = Workshop(
        FaqFolder(faq),
        History(faq, folder / "journal"),
        Rehearsal(faq, cache_folder(), (sys.executable, "-c", "raise SystemExit(1)")),
        Shelf(folder / "proposals"),
        cache_folder(),
        lambda: past_questions(store.database),
        lambda: NOW,
    )
    pages = FaqPages(workshop, previews, LearningQueue(Reviews(store.database), lambda: desk.mind))
    accounts = Accounts(store, lambda: NOW)
    routes = console_routes(desk, accounts, now=lambda: NOW, faq=pages)
    await accounts.add(STAFF[0], Role.ADMIN)
    token = await accounts.create_link(STAFF[0], NOW, timedelta(days=1))
    base = "http://desk.test"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=Starlette(routes=routes)),
        base_url=base,
        headers={"Origin": base},
        timeout=60,
    ) as browser:
        await browser.post("/staff/sign-in", data={"token": token})
        yield browser


# ------------------------------------------------------------------------------ what happened


async def _fill(store: Store, count: int, weeks: int) -> None:
    """Write down so many inquiries, the last ones unresolved, as the desk leaves them."""
    dice = random.Random(7)  # noqa: S311
    entries = list(understanding().faq.entries.values())[:: max(1, 116 // _MATTERS)]
    for n in range(count):
        opened = NOW - timedelta(weeks=weeks) * (1 - n / count) + timedelta(minutes=n % 7)
        entry = dice.choice(entries)
        messages = [
            Message("web", f"p{n}", f"m{m}", text, opened + timedelta(minutes=m))
            for m, text in enumerate((dice.choice(entry.phrases), "还要什么材料", "转人工"))
        ]
        for message in messages:
            await store.write_down(message)
        async with store.transaction() as work:
            await _inquiry(work, messages, entry.id, dice, resolved=n < count - _UNRESOLVED)


async def _inquiry(
    work: Transaction, messages: list[Message], entry: str, dice: random.Random, *, resolved: bool
) -> None:
    session = await work.session(messages[0].session_key, NOW)
    [number] = await work.peek_numbers(1)
    at, owner = messages[0].received_at, dice.choice(STAFF)
    inquiry, opening = open_inquiry(number, session.key, at, why="answer")
    inquiry = replace(inquiry, topic=entry.partition(".")[0], entry=entry)
    moves = [opening]
    handed = not resolved or dice.random() < 0.4
    steps = [Status.ANSWERED, *([Status.WAITING_STAFF, Status.WITH_STAFF] if handed else [])]
    if not resolved and dice.random() < 0.5:
        steps.pop()
    for step in (*steps, *([Status.RESOLVED] if resolved else [])):
        at += timedelta(minutes=dice.randrange(1, 400))
        inquiry, made = _moved(inquiry, step, min(at, NOW), owner)
        moves.append(made)
    for message in messages:
        decision = dice.choices((Decision.ANSWER, Decision.SUGGEST, Decision.FALLBACK), (8, 1, 1))
        turn = Turn(
            message,
            decision[0],
            (Reply("答复" * 60),),
            (entry,) if decision[0] is Decision.ANSWER else (),
            0.9,
            (Candidate(entry, 0.9), Candidate("general.uniform", 0.3)),
            inquiry,
        )
        await work.finish(turn, replace(session, current=number, inquiries=(inquiry,)), moves)
        moves = []
    if handed:
        await work.save_words(number, owner, "请把户口本带来。", inquiry.changed_at)
    if resolved and dice.random() < 0.5:
        await work.casework.rate(Rating(number, inquiry.changed_at, dice.random() < 0.8, at))


def _moved(inquiry: Inquiry, to: Status, at: datetime, owner: str) -> tuple[Inquiry, Move]:
    named = owner if to is Status.WITH_STAFF else None
    return move(inquiry, to, at, who=named or "bot", why="answer", owner=named)


if __name__ == "__main__":
    main()
