"""The API client against a server that ends tokens, is slow, and says no in many ways."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from wechat_desk import APP_ID, APP_SECRET, wechat_api

from bot.channels.wechat.api import Api, Refused, delivery_error
from bot.errors import ChannelError
from bot.storage.outbox import BLOCKED, QUOTA, WINDOW


async def test_one_token_for_many_at_once_and_for_two_processes() -> None:
    async with wechat_api() as api:
        api.allowed = 100
        first, second = (Api(APP_ID, APP_SECRET, api.url) for _ in range(2))
        await asyncio.gather(*(first.send("o1", str(n)) for n in range(20)))
        await second.send("o1", "x")
        assert api.fetched == ["stable", "stable"]
        assert len(api.sent) == 21
        await first.close()
        await second.close()


async def test_a_token_is_fetched_anew_before_it_ends() -> None:
    now = 0.0
    async with wechat_api() as api:
        client = Api(APP_ID, APP_SECRET, api.url, lambda: now)
        await client.send("o1", "1")
        now = 6_800.0
        await client.send("o1", "2")
        assert len(api.fetched) == 1
        now = 6_901.0
        await client.send("o1", "3")
        assert len(api.fetched) == 2
        await client.close()


@pytest.mark.parametrize("code", [40001, 42001, 40014])
async def test_a_token_that_ended_early_is_fetched_anew_once(code: int) -> None:
    async with wechat_api() as api:
        client = Api(APP_ID, APP_SECRET, api.url)
        await client.send("o1", "1")
        api.expire()
        api.faults.append(code)
        await asyncio.gather(*(client.send("o1", str(n)) for n in range(2, 5)))
        assert api.fetched == ["stable", "stable"]
        assert len(api.to("o1")) == 4
        await client.close()


async def test_a_refused_token_that_stays_the_stable_one_is_forced() -> None:
    async with wechat_api() as api:
        client = Api(APP_ID, APP_SECRET, api.url)
        api.faults.append(40001)
        await client.send("o1", "1")
        assert api.fetched == ["stable", "stable", "forced"]
        api.faults.extend([40001, 40001])
        with pytest.raises(Refused):
            await client.send("o1", "2")
        assert api.to("o1") == ["1"]
        await client.close()


@pytest.mark.parametrize(
    ("code", "reason", "retryable"),
    [
        (45015, WINDOW, False),
        (45047, WINDOW, False),
        (43004, WINDOW, False),
        (48001, WINDOW, False),
        (45009, QUOTA, False),
        (48002, BLOCKED, False),
        (40003, "refused", False),
        (45002, "refused", False),
        (-1, "refused", True),
        (45011, "refused", True),
        (40164, "refused", True),
        (40013, "refused", True),
    ],
)
async def test_what_a_refusal_means(code: int, reason: str, retryable: bool) -> None:
    async with wechat_api() as api:
        client = Api(APP_ID, APP_SECRET, api.url)
        api.faults.append(code)
        with pytest.raises(Refused) as refused:
            await client.send("o1", "好")
        error = delivery_error(refused.value)
        assert (error.reason, error.retryable) == (reason, retryable)
        assert api.sent == []
        await client.close()


async def test_a_server_that_is_gone_is_tried_again() -> None:
    client = Api(APP_ID, APP_SECRET, "http://127.0.0.1:9")
    with pytest.raises(ChannelError) as gone:
        await client.send("o1", "好")
    assert delivery_error(gone.value).retryable
    await client.close()


async def test_no_secret_in_errors_logs_or_reprs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with wechat_api() as api:
        client = Api(APP_ID, APP_SECRET, api.url)
        await client.send("o1", "好")
        token = api.token
        for code in (45015, 40164, -1):
            api.faults.append(code)
            with pytest.raises(ChannelError) as refused:
                await client.send("o1", "好")
            assert token not in repr(refused.value)
        broken = Api(APP_ID, APP_SECRET, f"{api.url}/nowhere")
        with pytest.raises(ChannelError) as lost:
            await broken.connect()
        assert "HTTP 405" in str(lost.value)
        for shown in (repr(client), repr(client._token), repr(lost.value)):
            assert token not in shown
            assert APP_SECRET not in shown
        await client.close()
        await broken.close()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert token not in logged
    assert APP_SECRET not in logged


async def test_a_wrong_secret_says_what_to_do() -> None:
    async with wechat_api() as api:
        client = Api(APP_ID, "wrong", api.url)
        with pytest.raises(Refused) as refused:
            await client.connect()
        assert "BOT_WECHAT_APP_SECRET" in refused.value.remedy
        await client.close()


async def test_the_server_refuses_escaped_chinese() -> None:
    """Our client never sends it; the real platform would show the escapes to parents."""
    async with wechat_api() as api, httpx.AsyncClient(base_url=api.url) as client:
        body = {"grant_type": "client_credential", "appid": APP_ID, "secret": APP_SECRET}
        answer = await client.post("/cgi-bin/stable_token", json=body)
        params = {"access_token": answer.json()["access_token"]}
        escaped = b'{"touser":"o1","msgtype":"text","text":{"content":"\\u4f60"}}'
        answer = await client.post("/cgi-bin/message/custom/send", params=params, content=escaped)
        assert answer.json()["errcode"] == 40033
