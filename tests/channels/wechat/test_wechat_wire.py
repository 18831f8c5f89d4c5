"""The wire format against values that others computed, and against what is not quite right."""

from __future__ import annotations

import base64
import struct
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from wechat_desk import AES_KEY, APP_ID, OLD_KEY, TOKEN, key_of

from bot.channels.wechat import wire
from bot.errors import BadPayload, BadSignature, ConfigError

SECRETS = wire.Secrets(TOKEN, APP_ID, (key_of(AES_KEY), key_of(OLD_KEY)))
RANDOM = b"0123456789abcdef"

# A callback that WeChat sent, published with its secrets by the npm package wechat-encrypt.
CAPTURED = wire.Secrets(
    "test token", "wx013591feaf25uoip", (key_of("abcdefgabcdefgabcdefgabcdefgabcdefgabcdefg0"),)
)
CAPTURED_QUERY = {
    "encrypt_type": "aes",
    "timestamp": "1565268520",
    "nonce": "331748743",
    "msg_signature": "f0d525f5e849b1cd8f628eff2121b4d16765b7f2",
}
CAPTURED_ENCRYPT = (
    "elJAUQEY0yKnbLbmXYdacAoDEmJlzdMeB3ryWEtNOQnJ2n1h9Y0ocSYYsW8YsrVrWhJrZe4gKKrzMs1JBCHFNHlFYCMB"
    "igDMU41WGxjwulsLjglXd+Cr7Mq/RV7TUwkkqX9+y0KmIIqAl+qYJUnuYvaug5bBMcikP9kDj3OzQ41Oppt0hzNGq7tw"
    "6RFplSW75ItMVY6Vi0d+NJTLuvIWwQqDIytcVJnNQFHOTRmm9sUVVm0kNiQp7sQljoif+j/JjMkB1fQXtrwUkLup0ql4"
    "vGZ8/126qWFR8p8tmzbDm4U/tdgLYLnEv7XFMT6cmYprmEz3cyN2yWuRfKcCBOgKyUfEt+NYwnE+1l5QK2nbOkMqorqm"
    "vc66zo0VYVj4o8nV+laMy3Celz3rDUAJMKXk/FN8ZjOsyn7sDJlo8iAhHtg="
)


def sealed_call(sealed: str, **more: str) -> tuple[dict[str, str], bytes]:
    now = str(int(time.time()))
    query = {
        "encrypt_type": "aes",
        "timestamp": now,
        "nonce": "42",
        "msg_signature": wire.signature(TOKEN, now, "42", sealed),
        **more,
    }
    return query, f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{sealed}</Encrypt></xml>".encode()


def opened(sealed: str, secrets: wire.Secrets = SECRETS, **more: str) -> wire.Opened:
    query, body = sealed_call(sealed, **more)
    return wire.open_request(query, body, secrets, time.time())


def raw(plain: bytes, key: str = AES_KEY) -> str:
    """Seal bytes that may be malformed; they must fill whole blocks."""
    value = key_of(key)
    sealing = Cipher(algorithms.AES(value), modes.CBC(value[:16])).encryptor()
    return base64.b64encode(sealing.update(plain) + sealing.finalize()).decode()


def filled(content: bytes) -> bytes:
    fill = 32 - len(content) % 32
    return content + bytes([fill]) * fill


def test_known_answers() -> None:
    sealed = wire.encrypt("<xml>你好</xml>".encode(), key_of(AES_KEY), APP_ID, RANDOM)
    assert sealed == (
        "Q3stYC6hdFzMh9T8HCvyDORchGzARlxqyFUOtgi0n8GE6mb7DVFB+lRZW6kqbC1TMmFWmAV84XNPWEzrHVUvaw=="
    )
    signed = wire.signature(TOKEN, "1700000000", "42", sealed)
    assert signed == "ab89629c873cccc18296dcb03793f72fc86b44ec"
    assert wire.signature(TOKEN, "1700000000", "42") == "c3660fc3ba91a926b6234ced22dc3e9735f053ed"


def test_a_call_that_wechat_sent() -> None:
    body = f"<xml><Encrypt>{CAPTURED_ENCRYPT}</Encrypt></xml>".encode()
    found = wire.open_request(CAPTURED_QUERY, body, CAPTURED, 1565268520)
    assert found.fields["Content"] == "Hello world"
    assert found.fields["MsgId"] == "22409229427342621"
    with pytest.raises(BadSignature):
        wire.open_request(CAPTURED_QUERY, body, CAPTURED, 1565268520 + wire.WINDOW_S + 1)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=200))
def test_every_length_and_letter_comes_back(words: str) -> None:
    words = wire.sayable(words).replace("<", "").replace("&", "").replace("\r", "")
    xml = f"<xml><Content>{words}</Content></xml>".encode()
    for key in (AES_KEY, OLD_KEY):
        found = opened(wire.encrypt(xml, key_of(key), APP_ID, RANDOM))
        assert found.fields["Content"] == words
        assert found.key == key_of(key)


def test_the_answer_is_sealed_with_the_key_that_opened_the_question() -> None:
    for key in (AES_KEY, OLD_KEY):
        xml = wire.text_reply("o1", "gh_1", "您好 ]]> <b>&amp;\x00", 1)
        reply = wire.sealed_reply(xml, SECRETS, key_of(key), int(time.time()), bytes(24))
        fields = wire._fields(wire._parsed(reply.encode()))
        query = {
            "encrypt_type": "aes",
            "timestamp": fields["TimeStamp"],
            "nonce": fields["Nonce"],
            "msg_signature": fields["MsgSignature"],
        }
        only = wire.Secrets(TOKEN, APP_ID, (key_of(key),))
        found = wire.open_request(query, reply.encode(), only, time.time())
        assert found.fields["Content"] == "您好 ]]> <b>&amp;"


GOOD = struct.pack(">I", 12) + b"<xml>a</xml>" + APP_ID.encode()


@pytest.mark.parametrize(
    "plain",
    [
        filled(RANDOM + struct.pack(">I", 12) + b"<xml>a</xml>" + b"wx0000000000000000"),
        filled(RANDOM + struct.pack(">I", 12) + b"<xml>a</xml>"),
        filled(RANDOM + struct.pack(">I", 2**31) + b"<xml>a</xml>" + APP_ID.encode()),
        filled(RANDOM + struct.pack(">I", 11) + b"<xml>a</xml>" + APP_ID.encode()),
        filled(b"short"),
        (RANDOM + GOOD + bytes(64))[:64],  # filled with zeros
        (RANDOM + GOOD + bytes([33]) * 64)[:64],  # beyond a block
        (RANDOM + GOOD).ljust(63, b"\1") + b"\5",  # the last byte lies
        bytes(16),
    ],
    ids=["other app", "no app", "too long", "off by one", "short", "zeros", "33", "lies", "none"],
)
def test_what_is_sealed_wrongly_is_refused(plain: bytes) -> None:
    with pytest.raises(BadPayload):
        opened(raw(plain))


@pytest.mark.parametrize(
    "sealed", ["", "x", "====", "AAAA", "中文", base64.b64encode(bytes(17)).decode()]
)
def test_what_is_no_seal_is_refused(sealed: str) -> None:
    with pytest.raises(BadPayload):
        opened(sealed)


def test_a_key_we_no_longer_have_is_refused() -> None:
    sealed = wire.encrypt(b"<xml></xml>", key_of("z" * 43), APP_ID, RANDOM)
    with pytest.raises(BadPayload):
        opened(sealed)


@pytest.mark.parametrize(
    "changed",
    [
        {"msg_signature": ""},
        {"msg_signature": "0" * 40},
        {"msg_signature": "签名"},
        {"nonce": "43"},
        {"timestamp": "1"},
        {"timestamp": ""},
        {"timestamp": "١٢٣"},
    ],
)
def test_forged_queries_are_refused(changed: dict[str, str]) -> None:
    sealed = wire.encrypt(b"<xml></xml>", key_of(AES_KEY), APP_ID, RANDOM)
    with pytest.raises(BadSignature):
        opened(sealed, **changed)


@pytest.mark.parametrize("off_s", [-(10**9), -301, 400])
def test_stale_and_early_calls_are_refused_though_signed(off_s: int) -> None:
    stamp = str(int(time.time()) + off_s)
    query = {"timestamp": stamp, "nonce": "n", "signature": wire.signature(TOKEN, stamp, "n")}
    with pytest.raises(BadSignature):
        wire.open_request(query, b"<xml></xml>", SECRETS, time.time())


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<xml>",
        b"<html></html>",
        b"\xff\xfe<\x00x\x00",
        "<xml><Content>你好</Content></xml>".encode("gbk"),
        f'<!DOCTYPE xml [<!ENTITY e0 "a">{BOMB}]><xml><Content>&e8;</Content></xml>'.encode(),
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><xml><Content>&f;</Content></xml>',
        b"<!DOCTYPE xml><xml></xml>",
        b"<xml>&nbsp;</xml>",
    ],
)
def test_what_is_not_wechats_xml_is_refused(body: bytes) -> None:
    now = str(int(time.time()))
    query = {"timestamp": now, "nonce": "n", "signature": wire.signature(TOKEN, now, "n")}
    with pytest.raises(BadPayload):
        wire.open_request(query, body, SECRETS, time.time())


@pytest.mark.parametrize("encoded", ["", "abc", "a" * 44, "a" * 42 + "-", "密" * 43])
def test_a_wrong_key_setting_names_the_variable(encoded: str) -> None:
    with pytest.raises(ConfigError, match="BOT_WECHAT_AES_KEY"):
        wire.aes_key(encoded, "BOT_WECHAT_AES_KEY")


def test_nothing_shows_a_secret() -> None:
    shown: list[Any] = [SECRETS, wire.Opened({}, key_of(AES_KEY))]
    for each in shown:
        assert TOKEN not in repr(each)
        assert "\\x" not in repr(each)
