"""The web chat's door on the real desk and store: what the page needs after a reload."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from bot.channels.web.events import delivery_json
from bot.channels.web.routes import web_routes
from bot.engine import Desk
from bot.model import Act
from tests.desk import open_talk

DANGER = "孩子站在楼顶要往下跳"


class Web:
    """One parent's browser at the door of a real desk."""

    def __init__(self, desk: Desk, client: httpx.AsyncClient) -> None:
        self.desk, self._client, self._sent = desk, client, 0

    async def say(self, text: str) -> dict[str, Any]:
        self._sent += 1
        body = {"id": f"m{self._sent}", "text": text}
        answer = (await self._client.post("/chat/api/messages", json=body)).json()
        assert isinstance(answer, dict)
        return answer

    async def history(self, **query: int) -> dict[str, Any]:
        held = (await self._client.get("/chat/api/history", params=query)).json()
        assert isinstance(held, dict)
        return held


@asynccontextmanager
async def open_web() -> AsyncIterator[Web]:
    async with open_talk() as talk:
        app = Starlette(routes=web_routes(talk.desk, secret_key="k"))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
            await client.get("/")
            yield Web(talk.desk, client)


async def test_the_history_says_what_was_done_with_each_message() -> None:
    async with open_web() as web:
        await web.say(DANGER)
        number = (await web.say("转人工"))["inquiry"]["number"]
        await web.desk.act("王老师", number, Act.TAKE)
        assert (await web.say("三年级二班"))["decision"] == "staff"
        items = (await web.history())["items"]
    assert [(item["kind"], item["decision"]) for item in items] == [
        ("message", "crisis"),
        ("reply", "crisis"),
        ("message", "handoff"),
        ("reply", "handoff"),
        ("delivery", None),
        ("message", "staff"),
    ]


async def test_staff_words_carry_their_name_pushed_or_fetched() -> None:
    async with open_web() as web:
        number = (await web.say("转人工"))["inquiry"]["number"]
        for act, text in ((Act.REPLY, "您好。"), (Act.ASK_PARENT, "几年级？"), (Act.RESOLVE, "")):
            assert (await web.desk.act("王老师", number, act, text)).error is None
        events = (await web.history(after=0))["events"]
        inquiry = await web.desk.inquiry(number)
        assert inquiry
        history = await web.desk.history(inquiry.session_key)
        pushed = [
            delivery_json(delivery, history)
            for delivery in await web.desk.deliveries_after(inquiry.session_key, 0)
        ]
        kept = [item for item in (await web.history())["items"] if item["kind"] == "delivery"]
    assert [event["who"] for event in events] == ["bot", "王老师", "王老师", "bot"]
    assert pushed == events
    shown = ("who", "text", "choices", "inquiry")
    assert [[i[key] for key in shown] for i in kept] == [[e[key] for key in shown] for e in events]
    # once: the page puts no name over a bubble that says it
    assert [len(re.findall("王老师", event["text"])) for event in events] == [1, 1, 1, 1]
