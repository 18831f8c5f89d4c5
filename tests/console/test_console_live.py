"""The stream that keeps open pages fresh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from console_office import Office, open_office

from bot.console.live import inbox_events


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with open_office() as office:
        yield office


async def test_a_change_wakes_the_page_without_saying_what(office: Office) -> None:
    async def yes() -> bool:
        return True

    stream = inbox_events(office.desk, yes, stopping=asyncio.Event(), beat_s=0.02)
    assert await anext(stream) == "retry: 3000\n\n"
    assert await anext(stream) == ": beat\n\n"
    await office.parent_asks("要真人")
    await office.parent_asks("也要真人")
    assert await anext(stream) == "event: changed\ndata: 1\n\n"
    assert await anext(stream) == ": beat\n\n"
    await stream.aclose()
    assert not office.desk._readers._of_inbox


async def test_the_stream_ends_with_the_session(office: Office) -> None:
    answers = iter([True, False])

    async def once() -> bool:
        return next(answers)

    stream = inbox_events(office.desk, once, stopping=asyncio.Event(), beat_s=0.01)
    said = [event async for event in stream]
    assert said == ["retry: 3000\n\n", ": beat\n\n", "event: signed-out\ndata: 1\n\n"]
    assert not office.desk._readers._of_inbox


async def test_the_stream_ends_when_the_server_stops(office: Office) -> None:
    async def yes() -> bool:
        return True

    stopping = asyncio.Event()
    stream = inbox_events(office.desk, yes, stopping=stopping, beat_s=60)
    await anext(stream)
    asyncio.get_running_loop().call_later(0.01, stopping.set)
    async with asyncio.timeout(5):
        assert [event async for event in stream] == []


async def test_the_route_streams_and_lets_go(office: Office) -> None:
    await office.sign_in()
    office.stopping.set()
    answer = await office.browser.get("/staff/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert not office.desk._readers._of_inbox
