"""WeChat's wire format: signatures, encryption, XML in and out. Pure.

https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.errors import BadPayload, BadSignature, ConfigError

WINDOW_S = 300
"""How old, or how far ahead, a request's timestamp may be."""
_BLOCK = 32
_RANDOM = 16
_KEY = re.compile(r"[A-Za-z0-9]{43}")
_STAMP = re.compile(r"\d{1,12}", re.ASCII)
_UNWANTED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What we share with the platform; never shown."""

    token: str = field(repr=False)
    app_id: str = ""
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    """The current key and, while it is being changed, the one before."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that the platform signed, in plain text."""

    fields: Mapping[str, str]
    """The XML's elements by name."""
    key: bytes | None = field(default=None, repr=False)
    """The key that opened it; None when it came in plain text."""


def aes_key(encoded: str, name: str) -> bytes:
    """Return the 32 bytes of an EncodingAESKey; raises ConfigError naming the variable."""
    if not _KEY.fullmatch(encoded):
        raise ConfigError(f"{name} 不是微信后台给的 EncodingAESKey：应是43个字母和数字")
    return base64.b64decode(encoded + "=")


def signature(*parts: str) -> str:
    """Return WeChat's signature of these parts.

    >>> signature("tok123", "1700000000", "42")
    'c3660fc3ba91a926b6234ced22dc3e9735f053ed'
    """
    return hashlib.sha1("".join(sorted(parts)).encode("utf-8", "replace")).hexdigest()  # noqa: S324


def check(given: str, query: Mapping[str, str], token: str, now: float, *parts: str) -> None:
    """Raise BadSignature unless the query's parts are signed with our token, just now."""
    stamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    wanted = signature(token, stamp, nonce, *parts)
    if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
        raise BadSignature("the signature is not the platform's")
    if not _STAMP.fullmatch(stamp) or abs(now - int(stamp)) > WINDOW_S:
        raise BadSignature("signed too long ago")


def open_request(query: Mapping[str, str], body: bytes, secrets: Secrets, now: float) -> Opened:
    """Return what a POST says, in plain, compatible or safe mode.

    Raises BadSignature or BadPayload; nothing in their words comes from the request.
    """
    if query.get("encrypt_type", "raw") != "aes" and "msg_signature" not in query:
        check(query.get("signature", ""), query, secrets.token, now)
        return Opened(_fields(_parsed(body)))
    sealed = _fields(_parsed(body)).get("Encrypt", "")
    check(query.get("msg_signature", ""), query, secrets.token, now, sealed)
    for key in secrets.keys:
        text = _decrypted(sealed, key, secrets.app_id)
        if text is not None:
            return Opened(_fields(_parsed(text)), key)
    raise BadPayload("no key of ours opens it")


def encrypt(text: bytes, key: bytes, app_id: str, random: bytes) -> str:
    """Return the text sealed; `random` is 16 bytes nobody can guess."""
    plain = random + struct.pack(">I", len(text)) + text + app_id.encode()
    fill = _BLOCK - len(plain) % _BLOCK
    sealing = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = sealing.update(plain + bytes([fill]) * fill) + sealing.finalize()
    return base64.b64encode(sealed).decode()


def _decrypted(sealed: str, key: bytes, app_id: str) -> bytes | None:
    """Return what is inside, None when this key or this account is not the right one."""
    try:
        data = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data or len(data) % 16:
        return None
    opening = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = opening.update(data) + opening.finalize()
    fill = plain[-1]
    if not 1 <= fill <= _BLOCK or plain[-fill:] != bytes([fill]) * fill:
        return None
    content = plain[_RANDOM:-fill]
    if len(content) < 4:
        return None
    length = struct.unpack(">I", content[:4])[0]
    text, owner = content[4 : 4 + length], content[4 + length :]
    if len(text) < length or not hmac.compare_digest(owner, app_id.encode()):
        return None
    return text


def _parsed(body: bytes) -> Element:
    """Return the document; entities, DTDs and anything but UTF-8 are refused."""
    try:
        text = body.decode("utf-8")
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError, LookupError):
        raise BadPayload("not the XML that WeChat sends") from None
    if not isinstance(root, Element) or root.tag != "xml":
        raise BadPayload("not the XML that WeChat sends")
    return root


def _fields(root: Element) -> dict[str, str]:
    """Return the elements that hold text, the first of each name."""
    found: dict[str, str] = {}
    for child in root:
        found.setdefault(child.tag, child.text or "")
    return found


# ------------------------------------------------------------------------------ our replies


def text_reply(to: str, by: str, text: str, now: int) -> str:
    """Return a passive text reply.

    https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
    """
    return _document(
        ("ToUserName", _cdata(to)),
        ("FromUserName", _cdata(by)),
        ("CreateTime", str(now)),
        ("MsgType", _cdata("text")),
        ("Content", _cdata(text)),
    )


def sealed_reply(xml: str, secrets: Secrets, key: bytes, stamp: int, random: bytes) -> str:
    """Return a reply encrypted with the key that opened the message it answers.

    `random` is 24 bytes nobody can guess: sixteen for the seal, the rest for the nonce.
    """
    sealed = encrypt(xml.encode(), key, secrets.app_id, random[:_RANDOM])
    nonce = str(int.from_bytes(random[_RANDOM:], "big"))
    return _document(
        ("Encrypt", _cdata(sealed)),
        ("MsgSignature", _cdata(signature(secrets.token, str(stamp), nonce, sealed))),
        ("TimeStamp", str(stamp)),
        ("Nonce", _cdata(nonce)),
    )


def sayable(text: str) -> str:
    """Return the text without characters that no XML document and no database can hold.

    >>> sayable("好\\x00\\ud800的\\x0b")
    '好的'
    """
    return _UNWANTED.sub("", text)


def _cdata(text: str) -> str:
    """Return the text so that nothing in it ends the section.

    >>> _cdata("a]]>b")
    '<![CDATA[a]]]]><![CDATA[>b]]>'
    """
    return f"<![CDATA[{sayable(text).replace(']]>', ']]]]><![CDATA[>')}]]>"


def _document(*elements: Sequence[str]) -> str:
    return f"<xml>{''.join(f'<{name}>{content}</{name}>' for name, content in elements)}</xml>"
