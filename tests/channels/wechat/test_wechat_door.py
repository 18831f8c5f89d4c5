"""GET and POST /wechat over HTTP: what is let in, and how everything else is sent away."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from wechat_desk import (
    AES_KEY,
    AGE,
    APP_ID,
    OLD_KEY,
    TOKEN,
    Running,
    document,
    key_of,
    message,
    query,
    running,
    said,
    sealed,
)

from bot.channels.wechat import wire
from bot.channels.wechat.door import MAX_BYTES, wechat_routes
from bot.channels.wechat.incoming import Incoming

SECRETS = wire.Secrets(TOKEN, APP_ID, (key_of(AES_KEY), key_of(OLD_KEY)))


async def post(desk: Running, params: dict[str, str], body: str | bytes) -> httpx.Response:
    return await desk.client.post(f"{desk.url}/wechat", params=params, content=body, timeout=30)


async def sealed_call(desk: Running, xml: str, key: str, *, plain: str = "") -> httpx.Response:
    closed = sealed(xml, key)
    params = query(closed, name="msg_signature") | {"encrypt_type": "aes"}
    return await post(desk, params, f"<xml>{plain}<Encrypt>{closed}</Encrypt></xml>")


def unsealed(response: httpx.Response, key: str) -> str:
    """Return what a sealed response says, its signature checked."""
    fields = {child.tag: child.text or "" for child in fromstring(response.content)}
    params = {
        "encrypt_type": "aes",
        "timestamp": fields["TimeStamp"],
        "nonce": fields["Nonce"],
        "msg_signature": fields["MsgSignature"],
    }
    only = wire.Secrets(TOKEN, APP_ID, (key_of(key),))
    return wire.open_request(params, response.content, only, time.time()).fields["Content"]


async def test_the_address_is_verified() -> None:
    async with running() as desk:
        url = f"{desk.url}/wechat"
        good = await desk.client.get(url, params=query() | {"echostr": "45<b>8"})
        assert (good.status_code, good.text) == (200, "45<b>8")
        assert good.headers["content-type"].startswith("text/plain")
        for params in (
            {"echostr": "1"},
            query() | {"signature": "0" * 40, "echostr": "1"},
            query(at=time.time() - 400) | {"echostr": "1"},
        ):
            refused = await desk.client.get(url, params=params)
            assert refused.status_code == 403
            assert refused.text != "1"


async def test_plain_compatible_and_safe_mode_with_both_keys() -> None:
    async with running() as desk:
        assert "满6周岁" in await desk.say("o1", AGE)
        for user, key in (("o2", AES_KEY), ("o3", OLD_KEY)):
            xml = document(**message(user, Content=AGE))
            assert "满6周岁" in unsealed(await sealed_call(desk, xml, key), key)
            # Compatible mode carries the words in the open as well; only the sealed ones count.
            xml = document(**message(user, Content="转人工"))
            other = document(**message(user, Content=AGE)).removeprefix("<xml>")
            response = await sealed_call(desk, xml, key, plain=other.removesuffix("</xml>"))
            assert "转给工作人员" in unsealed(response, key)


async def test_what_is_not_for_us_is_met_with_success() -> None:
    async with running() as desk:
        fields = message("o1", Content=AGE) | {"MsgType": "event", "Event": "LOCATION"}
        assert await desk.tell(fields) == ""
        assert await desk.rows("SELECT * FROM inbox") == []


async def test_nothing_forged_stale_or_malformed_gets_in_or_into_the_logs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    words = document(**message("o1", Content="我的秘密 oSecret"))
    closed = sealed(words)
    aes = {"encrypt_type": "aes"}
    calls: list[tuple[int, dict[str, str], str | bytes]] = [
        (403, {}, words),
        (403, query() | {"signature": "f" * 40}, words),
        (403, query(at=time.time() - 400), words),
        (403, query(at=time.time() + 400), words),
        (403, query(closed) | aes, f"<xml><Encrypt>{closed}</Encrypt></xml>"),
        (403, query("x", name="msg_signature") | aes, f"<xml><Encrypt>{closed}</Encrypt></xml>"),
        (400, query(), "我的秘密"),
        (400, query(), "<xml><FromUserName>我的秘密</FromUserName></xml>"),
        (400, query(), document(**message("o 1", Content="我的秘密"))),
        (400, query(), document(**message("o1", Content="我的秘密") | {"MsgId": "x"})),
        (400, query(), document(**message("o1", Content="我的秘密") | {"CreateTime": ""})),
        (400, query("", name="msg_signature") | aes, words),
        (413, query(), "我" * MAX_BYTES),
    ]
    other = sealed(words, AES_KEY, "wx0000000000000000")
    calls.append(
        (400, query(other, name="msg_signature") | aes, f"<xml><Encrypt>{other}</Encrypt></xml>")
    )
    async with running() as desk:
        for status, params, body in calls:
            response = await post(desk, params, body)
            assert response.status_code == status, (params, body[:80])
            assert "秘密" not in response.text
        assert await desk.rows("SELECT * FROM inbox") == []
        assert await desk.rows("SELECT * FROM passive_replies") == []
    ours = [record for record in caplog.records if record.name.startswith("bot.")]
    assert len([r for r in ours if "refused" in r.getMessage()]) == len(calls)
    for record in caplog.records:
        assert "秘密" not in record.getMessage()
        assert "oSecret" not in record.getMessage()


async def test_a_plain_signature_copied_from_a_log_brings_in_no_other_words() -> None:
    async with running() as desk:
        params = query()
        xml = document(**message("o1", Content=AGE))
        first = await post(desk, params, xml)
        desk.clock.ahead = timedelta(seconds=20)
        again = await post(desk, params, xml)
        assert said(first) == said(again) != ""
        copied = await post(desk, params, document(**message("o2", Content="转人工")))
        assert copied.status_code == 403
        assert await desk.rows("SELECT count(*) FROM inbox WHERE user_id = 'o2'") == [(0,)]


# ------------------------------------------------------------------------------ hostile bodies

_HEAD = ["ToUserName", "FromUserName", "CreateTime", "MsgType", "MsgId", "Content", "Event"]
_MORE = ["EventKey", "Encrypt", "Recognition", "bizmsgmenuid", "Label", "Title", "x"]
_NAMES = st.sampled_from([*_HEAD, *_MORE])
_VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["text", "event", "voice", "subscribe", "CLICK", "SCAN", "o1", "gh_1", "1"]),
    st.sampled_from(["<![CDATA[", "]]>", "&e;", "<", "\x00", "9" * 400, "-1", "１", "𝟙", "<xml>"]),
    st.integers().map(str),
)
_DOCUMENTS = st.lists(st.tuples(_NAMES, _VALUES), max_size=9).map(
    lambda each: f"<xml>{''.join(f'<{n}>{v}</{n}>' for n, v in each)}</xml>".encode(
        "utf-8", "surrogatepass"
    )
)
_BODIES = st.one_of(
    st.binary(max_size=300),
    _DOCUMENTS,
    _DOCUMENTS.flatmap(lambda body: st.integers(0, len(body)).map(lambda end: body[:end])),
    st.integers(1, 3000).map(lambda depth: b"<xml>" * depth),
)


class _Door:
    """The routes, without a desk behind them; called as a server calls an application."""

    def __init__(self) -> None:
        self.heard: list[Incoming] = []

        async def answer(incoming: Incoming, _: Callable[[], Awaitable[bool]]) -> str:
            self.heard.append(incoming)
            return "好"

        routes = wechat_routes(answer, SECRETS, lambda: datetime.now(UTC))
        self.transport = httpx.ASGITransport(app=Starlette(routes=routes))


@pytest.mark.parametrize("mode", ["unsigned", "plain", "envelope", "sealed"])
async def test_ten_thousand_hostile_bodies(mode: str) -> None:
    """In four ways: unsigned, signed in plain, as an envelope, and sealed with our own key."""
    door = _Door()
    statuses: set[int] = set()
    client = httpx.AsyncClient(transport=door.transport, base_url="http://desk")
    signed = mode != "unsigned"

    def call(body: bytes) -> tuple[dict[str, str], bytes]:
        if mode == "envelope":
            return query("x", name="msg_signature") | {"encrypt_type": "aes"}, body
        if mode == "sealed":
            closed = wire.encrypt(body, key_of(AES_KEY), APP_ID, secrets.token_bytes(16))
            params = query(closed, name="msg_signature") | {"encrypt_type": "aes"}
            return params, f"<xml><Encrypt>{closed}</Encrypt></xml>".encode()
        return query() if signed else {}, body

    bodies: list[bytes] = []

    @settings(
        max_examples=2500,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(_BODIES)
    def collect(body: bytes) -> None:
        bodies.append(body)

    collect()
    assert len(bodies) >= 2500
    async with client:
        for body in bodies:
            params, content = call(body)
            response = await client.post("/wechat", params=params, content=content)
            statuses.add(response.status_code)
    assert statuses <= {200, 400, 403}
    if not signed:
        assert statuses == {403}
        assert door.heard == []
