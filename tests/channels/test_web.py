"""The web chat at its HTTP door, on a fake desk."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.channels.web import routes
from bot.channels.web.events import stream
from bot.channels.web.payload import MAX_BYTES
from bot.channels.web.routes import web_routes
from bot.channels.web.session import COOKIE
from bot.faq.sentences import REQUIRED_MESSAGES
from tests.channels.fake_desk import ANSWER, WORDS, FakeDesk

POST = "/chat/api/messages"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Web:
    """One server with its desk, clock, and browsers."""

    def __init__(self) -> None:
        self.desk, self.clock, self.stopping = FakeDesk(), Clock(), asyncio.Event()
        self.app = Starlette(
            routes=web_routes(
                self.desk,
                secret_key="k",
                stopping=self.stopping,
                now=lambda: datetime(2026, 5, 20, 2, tzinfo=UTC),
                clock=self.clock,
            )
        )

    @asynccontextmanager
    async def browser(
        self, *, base: str = "http://desk.test", host: str = "10.0.0.1"
    ) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app, client=(host, 1234))
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            yield client

    async def events(self, client: httpx.AsyncClient, **how: Any) -> list[dict[str, Any]]:
        """Return what the stream gives within a moment, then let the server stop."""
        request = asyncio.create_task(client.get("/chat/api/events", **how))
        await asyncio.sleep(0.05)
        self.stopping.set()
        response = await asyncio.wait_for(request, 2)
        assert response.headers["content-type"].startswith("text/event-stream")
        found = re.findall(r"^id: (\d+)\ndata: (.*)$", response.text, re.M)
        events = [json.loads(data) for _, data in found]
        assert [int(number) for number, _ in found] == [event["id"] for event in events]
        return events


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with web.browser() as browser:
        await browser.get("/")
        yield browser


def key(web: Web) -> str:
    """The session key of the one parent who wrote."""
    (found,) = {turn.message.session_key for turn in web.desk.turns.values()}
    return found


# ---- page and assets


async def test_the_page_is_usable_at_once(web: Web) -> None:
    async with web.browser() as browser:
        page = await browser.get("/")
    data = json.loads(
        re.search(r'<script type="application/json" id="desk">(.*?)</script>', page.text)[1]  # type: ignore[index]
    )
    assert page.status_code == 200
    assert data["words"] == WORDS
    assert len(data["welcome"]["choices"]) == 5
    assert WORDS["web_noscript"] in page.text


async def test_every_word_the_page_uses_is_listed_and_given() -> None:
    here = Path(routes.__file__).parent
    sources = [*here.glob("*.py"), *here.glob("templates/*"), *here.glob("static/*")]
    used = set().union(*(re.findall(r"\bweb_[a-z_]+", path.read_text("utf-8")) for path in sources))
    required = {name for name in REQUIRED_MESSAGES if name.startswith("web_")}
    assert used - {"web_routes"} == required == set(WORDS)


async def test_no_sentence_stands_in_code() -> None:
    here = Path(routes.__file__).parent
    for path in [*here.glob("*.py"), *here.glob("templates/*"), *here.glob("static/*.js")]:
        text = re.sub(r"= /\^.*", "", path.read_text("utf-8"))  # regular expressions may
        assert re.findall(r"[一-鿿]{4,}", text) == [], path.name


async def test_security_headers_stand_on_everything(web: Web, client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    asset = re.search(r'href="(/static/chat\.css\?v=\w+)"', page.text)
    assert asset
    for response in (
        page,
        await client.get(asset[1]),
        await client.get("/static/nothing.js"),
        await client.get("/chat/api/history"),
        await client.post(POST, json={"id": "1", "text": "好"}),
        await client.post(POST, content=b"{"),
    ):
        csp = response.headers["content-security-policy"]
        assert "default-src 'none'" in csp
        assert "script-src 'self';" in csp
        assert "frame-ancestors 'self'" in csp
        assert "unsafe" not in csp
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "referrer-policy" in response.headers


async def test_the_page_loads_nothing_foreign_and_nothing_inline(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/")).text
    assert all(path.startswith("/") for path in re.findall(r'(?:src|href)="([^"]+)"', page))
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []


async def test_assets_are_cached_for_good_under_their_version_only(
    client: httpx.AsyncClient,
) -> None:
    page = (await client.get("/")).text
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        asset = await client.get(path)
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        old = await client.get(path.partition("?")[0], params={"v": "old"})
        assert old.headers["cache-control"] == "no-cache"
        again = await client.get(path, headers={"If-None-Match": asset.headers["etag"]})
        assert again.status_code == 304
    for path in ("/static/../routes.py", "/static/%2e%2e%2froutes.py", "/static/x.css"):
        assert (await client.get(path)).status_code == 404


async def test_the_template_escapes_what_staff_write(web: Web, client: httpx.AsyncClient) -> None:
    evil = "</script><script>alert(1)</script>"
    web.desk.page_words = lambda: {**WORDS, "web_title": evil}  # type: ignore[method-assign]
    assert evil not in (await client.get("/")).text


# ---- session


async def test_the_cookie_is_kept_signed_and_shy(web: Web) -> None:
    async with web.browser() as browser:
        given = (await browser.get("/")).headers["set-cookie"]
    assert given.startswith(f"{COOKIE}=")
    for part in ("HttpOnly", "SameSite=lax", "Max-Age=31536000", "Path=/"):
        assert part in given
    assert "Secure" not in given
    async with web.browser(base="https://desk.test") as browser:
        assert "Secure" in (await browser.get("/")).headers["set-cookie"]


async def test_one_browser_is_one_session_and_another_is_another(web: Web) -> None:
    async with web.browser() as one, web.browser() as other:
        for browser in (one, one, other):
            await browser.post(POST, json={"id": str(id(object())), "text": "你好"})
        assert len({turn.message.session_key for turn in web.desk.turns.values()}) == 2
        assert len((await other.get("/chat/api/history")).json()["items"]) == 2


@pytest.mark.parametrize("forged", ["someone", "a.b.c", "", "é", "x" * 5000])
async def test_a_forged_cookie_gets_a_fresh_session(web: Web, forged: str) -> None:
    async with web.browser() as browser:
        headers = {b"cookie": f"{COOKIE}={forged}".encode("latin-1")}
        response = await browser.post(POST, json={"id": "1", "text": "你好"}, headers=headers)
    assert response.status_code == 200
    assert COOKIE in response.headers["set-cookie"]
    assert forged not in key(web) or not forged


async def test_a_cookie_of_another_server_counts_for_nothing(client: httpx.AsyncClient) -> None:
    web = Web()
    routed = Starlette(routes=web_routes(web.desk, secret_key="other"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(routed), base_url="http://desk.test", cookies=client.cookies
    ) as browser:
        response = await browser.get("/chat/api/history")
    assert "set-cookie" in response.headers


# ---- messages


async def test_the_answer_has_the_keys_of_a_chat_line(client: httpx.AsyncClient) -> None:
    answer = (await client.post(POST, json={"id": "a", "text": "几岁上小学"})).json()
    assert answer["id"] == "a"
    assert answer["decision"] == "answer"
    assert answer["replies"] == [{"text": ANSWER, "options": []}]


async def test_the_same_id_again_gives_the_same_replies(
    web: Web, client: httpx.AsyncClient
) -> None:
    body = {"id": "a", "text": "补助"}
    first = await client.post(POST, json=body)
    again = await client.post(POST, json=body)
    assert first.json() == again.json()
    assert len(web.desk.turns) == 1


async def test_choices_are_picked_by_number(web: Web, client: httpx.AsyncClient) -> None:
    offered = (await client.post(POST, json={"id": "1", "text": "补助"})).json()
    picked = (await client.post(POST, json={"id": "2", "pick": 2})).json()
    assert offered["replies"][0]["options"][1] in picked["replies"][0]["text"]
    assert (await client.post(POST, json={"id": "3", "pick": 9})).json()["decision"] == "fallback"
    media = await client.post(POST, json={"id": "4", "media": "photo"})
    assert media.json()["decision"] == "fallback"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"text": "no id"}',
        b'{"id": "", "text": "x"}',
        b'{"id": true, "text": "x"}',
        b'{"id": {}, "text": "x"}',
        b'{"id": "1"}',
        b'{"id": "1", "text": 5}',
        b'{"id": "1", "text": null}',
        b'{"id": "1", "pick": "2"}',
        b'{"id": "1", "pick": true}',
        b'{"id": "1", "pick": 1.5}',
        b'{"id": "1", "media": "film"}',
        b'{"id": "1", "text": "x", "pick": 1}',
        b'{"id": "' + b"x" * 65 + b'", "text": "x"}',
    ],
)
async def test_what_cannot_be_read_is_400_in_chinese(
    web: Web, client: httpx.AsyncClient, body: bytes
) -> None:
    response = await client.post(POST, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.json() == {"error": WORDS["web_bad_request"]}
    assert web.desk.turns == {}


@pytest.mark.parametrize("text", ["", " \n", "😩" * 300, "字" * 4_001, "字" * 20_000, "a\r\nb"])
async def test_any_text_gets_in(web: Web, client: httpx.AsyncClient, text: str) -> None:
    body = json.dumps({"id": "1", "text": text}, ensure_ascii=False).encode()
    assert (
        await client.post(POST, content=body, headers={"content-type": "application/json"})
    ).status_code == 200
    (turn,) = web.desk.turns.values()
    assert turn.message.text == text.replace("\r\n", "\n")


async def test_halves_of_emoji_and_nul_do_no_harm(web: Web, client: httpx.AsyncClient) -> None:
    body = b'{"id": "1", "text": "\\ud83d\\u0000\\ud83d\\ude29 a\\nb"}'
    response = await client.post(POST, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 200
    (turn,) = web.desk.turns.values()
    assert turn.message.text == "\ufffd😩 a\nb"


async def test_a_body_over_the_limit_is_413(web: Web, client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * (MAX_BYTES // 4)

    for content in (b"x" * (MAX_BYTES + 1), chunks()):
        response = await client.post(
            POST, content=content, headers={"content-type": "application/json"}
        )
        assert response.status_code == 413
        assert response.json() == {"error": WORDS["web_too_large"]}
    assert web.desk.turns == {}


async def test_a_broken_store_asks_to_come_back(web: Web, client: httpx.AsyncClient) -> None:
    web.desk.broken = True
    response = await client.post(POST, json={"id": "1", "text": "好"})
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json() == {"error": WORDS["web_busy"]}


# ---- who may post


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "http://desk.test"}, 403),
        ({"origin": "http://desk.test"}, 200),
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "http://desk.test.evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json; charset=utf-8"}, 200),
    ],
)
async def test_other_sites_cannot_write_for_the_parent(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    response = await client.post(POST, json={"id": "1", "text": "好"}, headers=headers)
    assert response.status_code == status


async def test_two_messages_a_second_for_half_a_minute_pass(
    web: Web, client: httpx.AsyncClient
) -> None:
    for number in range(60):
        response = await client.post(POST, json={"id": str(number), "text": "好"})
        assert response.status_code == 200
        web.clock.now += 0.5


async def test_sixty_at_once_pass_and_a_flood_waits_its_seconds(
    web: Web, client: httpx.AsyncClient
) -> None:
    codes = [
        (await client.post(POST, json={"id": str(n), "text": "好"})).status_code for n in range(80)
    ]
    assert codes == [200] * 60 + [429] * 20
    refused = await client.post(POST, json={"id": "x", "text": "好"})
    assert refused.json() == {"error": WORDS["web_too_fast"]}
    web.clock.now += int(refused.headers["retry-after"])
    assert (await client.post(POST, json={"id": "x", "text": "好"})).status_code == 200


async def test_a_flood_without_cookies_is_refused_but_only_there(web: Web) -> None:
    async with web.browser(host="2001:db8::1") as flood, web.browser(host="2001:db9::1") as parent:
        codes = set()
        for number in range(300):
            flood.cookies.clear()
            response = await flood.post(POST, json={"id": str(number), "text": "好"})
            codes.add(response.status_code)
        assert codes == {200, 429}
        assert (await parent.post(POST, json={"id": "1", "text": "好"})).status_code == 200


async def test_fifty_parents_behind_one_address_are_let_in(web: Web) -> None:
    for _ in range(50):
        async with web.browser() as parent:
            for number in range(20):
                response = await parent.post(POST, json={"id": str(number), "text": "好"})
                assert response.status_code == 200
        web.clock.now += 1


# ---- history


async def test_history_holds_both_sides_and_its_last_event(
    web: Web, client: httpx.AsyncClient
) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    delivery = web.desk.staff_says(key(web), "王老师", "已联系学校。", ("有帮助", "没帮助"))
    body = (await client.get("/chat/api/history")).json()
    assert [item["who"] for item in body["items"]] == ["parent", "bot", "王老师"]
    assert body["items"][2]["choices"] == ["有帮助", "没帮助"]
    assert [item["kind"] for item in body["items"]] == ["message", "reply", "delivery"]
    assert [item["decision"] for item in body["items"]] == ["handoff", "handoff", None]
    assert body["last_event_id"] == delivery.id
    assert web.desk.stored[0].sent_at is not None
    later = (await client.get("/chat/api/history", params={"after": delivery.id})).json()
    assert later == {"items": [], "events": [], "last_event_id": delivery.id, "notice": ""}


async def test_without_events_the_history_brings_what_is_new(
    web: Web, client: httpx.AsyncClient
) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    web.desk.staff_says(key(web), "王老师", "一")
    web.desk.staff_says(key(web), "李老师", "一")
    web.desk.staff_says(key(web), "bot", "一")
    body = (await client.get("/chat/api/history", params={"after": 1})).json()
    assert [(e["id"], e["who"], e["text"]) for e in body["events"]] == [
        (2, "李老师", "一"),
        (3, "bot", "一"),
    ]


# ---- events


async def test_events_go_on_after_the_last_one_seen(web: Web, client: httpx.AsyncClient) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    for number in "一二三":
        web.desk.staff_says(key(web), "王老师", number)
    events = await web.events(client, headers={"Last-Event-ID": "1"}, params={"after": "0"})
    assert [(event["id"], event["text"]) for event in events] == [(2, "二"), (3, "三")]
    assert {event["who"] for event in events} == {"王老师"}
    assert [bool(d.sent_at) for d in web.desk.stored] == [False, True, True]


async def test_events_start_where_the_history_ended(web: Web, client: httpx.AsyncClient) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    web.desk.staff_says(key(web), "王老师", "一")
    last = (await client.get("/chat/api/history")).json()["last_event_id"]
    web.desk.staff_says(key(web), "王老师", "二")
    events = await web.events(client, params={"after": last}, headers={"Last-Event-ID": "junk"})
    assert [event["text"] for event in events] == ["二"]


async def test_without_an_id_come_those_never_sent(web: Web, client: httpx.AsyncClient) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    web.desk.staff_says(key(web), "王老师", "一")
    await client.get("/chat/api/history")
    web.desk.staff_says(key(web), "王老师", "二\n行")
    assert [event["text"] for event in await web.events(client)] == ["二\n行"]


async def test_an_event_comes_the_moment_it_is_stored(web: Web, client: httpx.AsyncClient) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    events = stream(web.desk, key(web), 0, stopping=web.stopping, heartbeat_s=0.05)
    assert await anext(events) == "retry: 3000\n\n"
    assert await anext(events) == 'event: notice\ndata: ""\n\n'
    assert await anext(events) == ": .\n\n"  # nobody wrote: a heartbeat
    push = asyncio.create_task(anext(events))
    await asyncio.sleep(0)
    web.desk.staff_says(key(web), "王老师", "一")
    assert await asyncio.wait_for(push, 1) == await _first_event(web)
    await events.aclose()
    assert web.desk.subscribers == 0


async def _first_event(web: Web) -> str:
    events = stream(web.desk, key(web), 0, stopping=web.stopping)
    for _ in range(2):
        await anext(events)
    event = await anext(events)
    await events.aclose()
    return event


async def test_the_notice_comes_first_and_goes_when_it_is_taken_down(
    web: Web, client: httpx.AsyncClient
) -> None:
    web.desk.announce("<今天>停课")
    assert "&lt;今天&gt;停课</div>" in (await client.get("/")).text
    for query in ({}, {"after": 0}):
        body = (await client.get("/chat/api/history", params=query)).json()
        assert body["notice"] == "<今天>停课"
    events = stream(web.desk, "web:anybody", 0, stopping=web.stopping)
    await anext(events)
    assert await anext(events) == 'event: notice\ndata: "<今天>停课"\n\n'
    change = asyncio.create_task(anext(events))
    await asyncio.sleep(0)
    web.desk.announce("")
    assert await asyncio.wait_for(change, 1) == 'event: notice\ndata: ""\n\n'
    await events.aclose()
    assert 'id="banner" role="status" hidden></div>' in (await client.get("/")).text


async def test_the_page_opens_though_the_notice_cannot_be_read(web: Web) -> None:
    web.desk.broken = True
    async with web.browser() as browser:
        assert (await browser.get("/")).status_code == 200


async def test_a_stranger_sees_nothing_of_it(web: Web, client: httpx.AsyncClient) -> None:
    await client.post(POST, json={"id": "1", "text": "我要人工"})
    web.desk.staff_says(key(web), "王老师", "一")
    async with web.browser() as stranger:
        assert (await stranger.get("/chat/api/events")).status_code == 204
        await stranger.get("/")
        assert (await stranger.get("/chat/api/history")).json()["items"] == []
        assert await web.events(stranger, headers={"Last-Event-ID": "0"}) == []


async def test_one_browser_holds_so_many_streams_and_frees_them(
    web: Web, client: httpx.AsyncClient
) -> None:
    await client.post(POST, json={"id": "1", "text": "好"})
    held = [asyncio.create_task(client.get("/chat/api/events")) for _ in range(routes.STREAMS)]
    await asyncio.sleep(0.05)
    assert web.desk.subscribers == routes.STREAMS
    assert (await client.get("/chat/api/events")).status_code == 204
    web.stopping.set()
    assert {(await task).status_code for task in held} == {200}
    assert web.desk.subscribers == 0
