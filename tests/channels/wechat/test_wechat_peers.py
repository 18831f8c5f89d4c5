"""Against what others wrote: wechat-crypto, wechat-encrypt, @wecom/crypto, co-wechat-api (npm) and
wechatpy; and a platform in Node that waits five seconds and asks three times.

`tests/peers/install.sh wechat` fetches them; without them these tests are skipped.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from wechat_desk import (
    AES_KEY,
    AGE,
    APP_ID,
    APP_SECRET,
    OLD_KEY,
    PEERS,
    TOKEN,
    Running,
    document,
    key_of,
    message,
    running,
    until,
    wechat_api,
)

from bot.channels.wechat import wire
from bot.channels.wechat.menu import menu_buttons

WECHATPY = PEERS / ".venv" / "bin" / "python"
HOW = "run tests/peers/install.sh wechat"
needs_npm = pytest.mark.skipif(
    not (PEERS / "node_modules" / "wechat-crypto").is_dir() or not shutil.which("node"),
    reason=f"npm wechat-crypto is not installed: {HOW}",
)
needs_wechatpy = pytest.mark.skipif(
    not WECHATPY.exists(), reason=f"wechatpy is not installed: {HOW}"
)
ENCRYPTIONS = ["wechat-crypto", "wechat-encrypt", "@wecom/crypto"]
ANSWER = "满6周岁"
SECRETS = wire.Secrets(TOKEN, APP_ID, (key_of(AES_KEY), key_of(OLD_KEY)))
SHARED = {"token": TOKEN, "key": AES_KEY, "app": APP_ID}


class Peer:
    """A peer's process: a line of JSON in, a line out."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, what: str, **given: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **given}).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        return dict(json.loads(line))


@asynccontextmanager
async def peer(*command: str | Path) -> AsyncIterator[Peer]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=PEERS, stdin=pipe, stdout=pipe)
    try:
        yield Peer(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


def node() -> Any:
    return peer("node", "--no-deprecation", PEERS / "peer.cjs")


def wechatpy() -> Any:
    return peer(WECHATPY, PEERS / "wechatpy_peer.py")


def texts() -> list[str]:
    """Return texts of every length modulo a block, with what XML and encodings stumble over."""
    return [f"好😀{'a' * n}" for n in range(32)] + ["", "\u3000　”“", "一" * 700, "𠮷野家", "a\nb"]


# ------------------------------------------------------------------------------ encryption


@needs_npm
@pytest.mark.parametrize("name", ENCRYPTIONS)
async def test_what_npm_seals_we_open_and_the_other_way_round(name: str) -> None:
    async with node() as other:
        for n, text in enumerate(texts()):
            key = (AES_KEY, OLD_KEY)[n % 2]
            shared = SHARED | {"key": key, "with": name}
            xml, stamp, nonce = document(Content=text), str(int(time.time())), str(n)
            closed = await other.do("seal", **shared, xml=xml, stamp=stamp, nonce=nonce)
            query = {
                "encrypt_type": "aes",
                "timestamp": stamp,
                "nonce": nonce,
                "msg_signature": closed["signature"],
            }
            body = f"<xml><Encrypt><![CDATA[{closed['encrypt']}]]></Encrypt></xml>".encode()
            opened = wire.open_request(query, body, SECRETS, time.time())
            assert opened.fields["Content"] == text
            assert opened.key == key_of(key)

            reply = wire.text_reply("o1", "gh_1", text, int(stamp))
            ours = wire.sealed_reply(
                reply, SECRETS, key_of(key), int(stamp), secrets.token_bytes(24)
            )
            fields = {child.tag: child.text or "" for child in fromstring(ours)}
            theirs = await other.do(
                "open",
                **shared,
                encrypt=fields["Encrypt"],
                stamp=fields["TimeStamp"],
                nonce=fields["Nonce"],
            )
            assert theirs == {"xml": reply, "app": APP_ID, "signature": fields["MsgSignature"]}


@needs_wechatpy
async def test_what_wechatpy_seals_we_open_and_the_other_way_round() -> None:
    async with wechatpy() as other:
        for n, text in enumerate(texts()):
            stamp, nonce = str(int(time.time())), str(n)
            xml = document(Content=text)
            closed = await other.do("seal", **SHARED, xml=xml, stamp=stamp, nonce=nonce)
            outer = {child.tag: child.text or "" for child in fromstring(closed["body"])}
            query = {
                "encrypt_type": "aes",
                "timestamp": stamp,
                "nonce": nonce,
                "msg_signature": outer["MsgSignature"],
            }
            opened = wire.open_request(query, closed["body"].encode(), SECRETS, time.time())
            assert opened.fields["Content"] == text

            reply = wire.text_reply("o1", "gh_1", text, int(stamp))
            ours = wire.sealed_reply(
                reply, SECRETS, key_of(AES_KEY), int(stamp), secrets.token_bytes(24)
            )
            fields = {child.tag: child.text or "" for child in fromstring(ours)}
            theirs = await other.do(
                "open",
                **SHARED,
                body=ours,
                signature=fields["MsgSignature"],
                stamp=fields["TimeStamp"],
                nonce=fields["Nonce"],
            )
            assert theirs["xml"] == reply


@needs_wechatpy
async def test_wechatpy_reads_our_replies_as_they_were_meant() -> None:
    async with wechatpy() as other:
        for text in ("好]]>吗", "<a href='x'>&amp;</a>", "\x00\x0b控制", "😀" * 100):
            reply = wire.text_reply("o1", "gh_1", text, 1) if text else ""
            reply = reply.replace("</xml>", "<MsgId>1</MsgId></xml>")
            found = await other.do("parse", xml=reply)
            assert found == {"content": wire.sayable(text), "to": "o1", "by": "gh_1"}


# ------------------------------------------------------------------------------ the platform


async def deliver(other: Peer, desk: Running, fields: dict[str, object], **more: Any) -> Any:
    url = f"{desk.url}/wechat"
    return await other.do("deliver", **SHARED, url=url, xml=document(**fields), **more)


@needs_npm
@pytest.mark.parametrize("is_sealed", [False, True])
async def test_a_platform_in_node_is_answered(is_sealed: bool) -> None:
    async with node() as other, running() as desk:
        found = await deliver(other, desk, message("o1", Content=AGE), sealed=is_sealed)
        assert ANSWER in found["text"]
        assert (found["to"], found["by"]) == ("o1", "gh_0123456789ab")
        assert len(found["tries"]) == 1


@needs_npm
async def test_a_slow_answer_reaches_the_platforms_second_try() -> None:
    async with node() as other, running(slow=6.5) as desk:
        found = await deliver(other, desk, message("o1", Content=AGE), sealed=True)
        assert ANSWER in found["text"]
        assert len(found["tries"]) == 2
        assert max(found["tries"]) < 5500
        assert len(desk.desk.handled) == 1  # type: ignore[attr-defined]


@needs_npm
async def test_a_very_slow_answer_is_said_once_with_customer_service_and_without() -> None:
    async with (
        wechat_api() as api,
        node() as other,
        node() as another,
        running(api.url, slow=17) as desk,
        running(slow=17) as passive,
    ):
        fields = message("o1", Content=AGE)
        found, asked = await asyncio.gather(
            deliver(other, desk, fields, sealed=True), deliver(another, passive, fields)
        )
        assert found["text"] == ""
        assert asked["text"] == passive.desk.mind.faq.say("wx_slow")
        assert (len(found["tries"]), len(asked["tries"])) == (1, 3)
        assert found["tries"][-1] < 5000
        assert asked["tries"][-1] < 5000
        await until(lambda: api.sent)
        assert ANSWER in api.to("o1")[0]
        passive.desk.delay_s = 0  # type: ignore[attr-defined]
        rest = await deliver(another, passive, message("o1", Content="继续"))
        assert ANSWER in rest["text"]
        await asyncio.sleep(1)
        assert len(api.sent) == 1


# ------------------------------------------------------------------------------ their API clients


@needs_npm
async def test_co_wechat_api_is_a_client_of_our_server_too() -> None:
    async with node() as other, wechat_api() as api:
        shared = {"url": api.url, "app": APP_ID, "secret": APP_SECRET, "openid": "o1"}
        assert (await other.do("send", **shared, text="你好😀"))["errcode"] == 0
        assert api.to("o1") == ["你好😀"]
        assert (await other.do("send", **shared, text="好" * 700))["code"] == 45002
        api.closed.add("o1")
        assert (await other.do("send", **shared, text="好"))["code"] == 45015
        wrong = shared | {"secret": "x", "text": "好"}
        assert (await other.do("send", **wrong))["code"] == 40125


@needs_npm
async def test_our_menu_is_one_that_co_wechat_api_creates() -> None:
    async with node() as other, wechat_api() as api, running() as desk:
        buttons = menu_buttons(desk.desk.mind.faq)
        shared = {"url": api.url, "app": APP_ID, "secret": APP_SECRET}
        assert (await other.do("menu", **shared, buttons=buttons))["errcode"] == 0
        assert api.menus == [buttons]


@needs_wechatpy
async def test_wechatpy_is_a_client_of_our_server_too() -> None:
    async with wechatpy() as other, wechat_api() as api:
        shared = {"url": api.url, "app": APP_ID, "secret": APP_SECRET, "openid": "o1"}
        assert (await other.do("send", **shared, text="你好😀"))["errcode"] == 0
        assert api.to("o1") == ["你好😀"]
        api.used["o1"] = 5
        assert (await other.do("send", **shared, text="好"))["code"] == 45047
