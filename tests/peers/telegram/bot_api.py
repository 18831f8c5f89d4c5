"""A small Bot API server that goes wrong on demand, written from core.telegram.org/bots/api.

It keeps what real Telegram keeps: updates until an offset confirms them, one poller or one webhook,
texts of at most 4096 characters, HTML that parses, keys of at most 64 bytes.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from tests.serving import serving

TOKEN = "123456:peer-Secret_Token"
ME = {"id": 123456, "is_bot": True, "first_name": "Desk", "username": "desk_peer_bot"}
_TRUE = frozenset(
    {
        "setMyCommands",
        "setMyDescription",
        "setMyShortDescription",
        "setChatMenuButton",
        "sendChatAction",
        "answerCallbackQuery",
    }
)
_TAGS = frozenset({"b", "i", "u", "s", "a", "code", "pre"})


@dataclass(slots=True)
class Fault:
    """What happens to the next call of a method."""

    status: int = 0
    description: str = ""
    retry_after: int = 0
    wait_s: float = 0.0
    """How long the answer takes."""
    cut: str = ""
    """`before` or `after` the call takes effect, the connection breaks."""
    chat: int = 0
    """Only for calls to this chat."""


@dataclass(slots=True)
class Call:
    """One call as it came."""

    method: str
    given: dict[str, Any]


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class BotApi:
    """The server; tests hold it, the bot reaches it by HTTP."""

    url: str = ""
    token: str = TOKEN
    calls: list[Call] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    """Messages that reached a chat, as Telegram would show them."""
    blocked: set[int] = field(default_factory=set)
    webhook_url: str = ""
    webhook_secret: str = ""
    webhook_trouble: str = ""
    """What went wrong with the last delivery."""
    _faults: dict[str, deque[Fault]] = field(default_factory=lambda: defaultdict(deque))
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _polls: int = 0
    _message_id: int = 0
    _update_id: int = 500
    _stopped: bool = False
    _client: httpx.AsyncClient | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # ------------------------------------------------------------------ what tests do

    def fail(self, method: str, *, times: int = 1, **fault: Any) -> None:
        """Let the next calls of that method go wrong."""
        self._faults[method].extend(Fault(**fault) for _ in range(times))

    def faults_left(self) -> int:
        return sum(len(faults) for faults in self._faults.values())

    def give(self, update: dict[str, Any]) -> dict[str, Any]:
        """Have the update fetched, as it is: also twice, also in another order."""
        self._updates.append(update)
        self._changed.set()
        return update

    def update(self, **what: Any) -> dict[str, Any]:
        """Return an update with the next id."""
        self._update_id += 1
        return {"update_id": self._update_id, **what}

    def message(self, user: int, text: str = "", *, chat: int = 0, **more: Any) -> dict[str, Any]:
        """Return a message of that user, to us or in a group."""
        self._message_id += 1
        shown = {"id": chat, "type": "supergroup", "title": "G"} if chat else private(user)
        words = {"text": text} if text else {}
        return {
            "message_id": self._message_id,
            "date": 1_780_000_000,
            "chat": shown,
            "from": person(user),
            **words,
            **more,
        }

    def say(self, user: int, text: str = "", *, chat: int = 0, **more: Any) -> dict[str, Any]:
        """Have a user write."""
        return self.give(self.update(message=self.message(user, text, chat=chat, **more)))

    def tap(self, user: int, message: dict[str, Any], data: str) -> dict[str, Any]:
        """Have a user press a button under a message of ours."""
        return self.give(self.pressed(user, message, data))

    def pressed(self, user: int, message: dict[str, Any], data: str) -> dict[str, Any]:
        """Return the update of a pressed button."""
        update = self.update()
        update["callback_query"] = {
            "id": str(update["update_id"]),
            "from": person(user),
            "chat_instance": "1",
            "message": message,
            "data": data,
        }
        return update

    def to(self, chat: int) -> list[dict[str, Any]]:
        """Return the messages that reached a chat."""
        return [message for message in self.sent if message["chat"]["id"] == chat]

    def called(self, method: str) -> list[dict[str, Any]]:
        return [call.given for call in self.calls if call.method == method]

    def unconfirmed(self) -> list[int]:
        return [update["update_id"] for update in self._updates]

    def stop(self) -> None:
        """Let no poll wait any longer."""
        self._stopped = True
        self._changed.set()

    async def deliver(self, update: dict[str, Any]) -> int:
        """Deliver an update to the webhook, as Telegram does; return the answer's status."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=60)
        answer = await self._client.post(
            self.webhook_url,
            json=update,
            headers={"X-Telegram-Bot-Api-Secret-Token": self.webhook_secret},
        )
        return answer.status_code

    # ------------------------------------------------------------------ the server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", scope["path"])
        body = await _body(receive)
        if found is None or found[1] != self.token:
            refusal = {"ok": False, "error_code": 401, "description": "Unauthorized"}
            await _answer(send, 401, refusal)
            return
        method, given = found[2], _given(scope, body)
        self.calls.append(Call(method, given))
        fault = self._fault(method, given)
        if fault.wait_s:
            await asyncio.sleep(fault.wait_s)
        if fault.cut == "before":
            await _cut(send)
            return
        try:
            if fault.status:
                more = {"retry_after": fault.retry_after} if fault.retry_after else {}
                raise Refused(fault.status, fault.description or "fault", **more)
            result = await self._do(method, given)
        except Refused as refused:
            answer: dict[str, Any] = {
                "ok": False,
                "error_code": refused.status,
                "description": refused.description,
            }
            if refused.parameters:
                answer["parameters"] = refused.parameters
            await _answer(send, refused.status, answer)
            return
        if fault.cut == "after":
            await _cut(send)
            return
        await _answer(send, 200, {"ok": True, "result": result})

    def _fault(self, method: str, given: dict[str, Any]) -> Fault:
        for fault in self._faults[method]:
            if not fault.chat or str(fault.chat) == str(given.get("chat_id")):
                self._faults[method].remove(fault)
                return fault
        return Fault()

    async def _do(self, method: str, given: dict[str, Any]) -> Any:
        match method:
            case "getMe":
                return ME
            case "getUpdates":
                return await self._poll(given)
            case "setWebhook":
                self.webhook_url = given["url"]
                self.webhook_secret = given.get("secret_token", "")
                return True
            case "deleteWebhook":
                self.webhook_url = ""
                return True
            case "getWebhookInfo":
                trouble = {
                    "last_error_date": int(time.time()),
                    "last_error_message": self.webhook_trouble,
                }
                return {
                    "url": self.webhook_url,
                    "has_custom_certificate": False,
                    "pending_update_count": len(self._updates),
                    **(trouble if self.webhook_trouble else {}),
                }
            case "sendMessage":
                return self._send(given)
            case "editMessageText":
                return self._edit(given)
        if method in _TRUE:
            return True
        raise Refused(404, "Not Found: method not found")

    async def _poll(self, given: dict[str, Any]) -> list[dict[str, Any]]:
        if self.webhook_url:
            raise Refused(
                409,
                "Conflict: can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first",
            )
        self._polls += 1
        poll = self._polls
        self._changed.set()
        offset = int(given.get("offset") or 0)
        self._updates = [u for u in self._updates if u["update_id"] >= offset]
        end = asyncio.get_running_loop().time() + float(given.get("timeout") or 0)
        while not self._updates and not self._stopped:
            self._changed.clear()
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                break
            if self._polls != poll:
                raise Refused(
                    409,
                    "Conflict: terminated by other getUpdates request;"
                    " make sure that only one bot instance is running",
                )
        return self._updates[: int(given.get("limit") or 100)]

    def _send(self, given: dict[str, Any]) -> dict[str, Any]:
        chat = int(given["chat_id"])
        if chat in self.blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        text = _shown_text(given)
        self._message_id += 1
        message = {
            "message_id": self._message_id,
            "date": 1_780_000_000,
            "from": ME,
            "chat": private(chat) if chat > 0 else {"id": chat, "type": "supergroup", "title": "G"},
            "text": text,
        }
        if markup := _markup(given):
            message["reply_markup"] = markup
        self.sent.append(message | _answered(given))
        return message

    def _edit(self, given: dict[str, Any]) -> dict[str, Any]:
        for message in self.sent:
            if message["message_id"] == int(given["message_id"]):
                message["text"] = _shown_text(given)
                message.pop("reply_markup", None)
                if markup := _markup(given):
                    message["reply_markup"] = markup
                return message
        raise Refused(400, "Bad Request: message to edit not found")


def person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": "家长"}


def private(user: int) -> dict[str, Any]:
    return {"id": user, "type": "private", "first_name": "家长"}


def keys(message: dict[str, Any]) -> list[str]:
    """Return the keys of the buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button.get("callback_data", "") for row in rows for button in row]


def labels(message: dict[str, Any]) -> list[str]:
    """Return what stands on the buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


class _Entities(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self._open = "", list[str]()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in _TAGS:
            raise Refused(400, f'Bad Request: can\'t parse entities: unsupported tag "{tag}"')
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            raise Refused(400, "Bad Request: can't parse entities: unexpected end tag")

    def handle_data(self, data: str) -> None:
        self.text += data

    def close(self) -> None:
        super().close()
        if self._open:
            raise Refused(400, "Bad Request: can't parse entities: can't find end tag")


def _shown_text(given: dict[str, Any]) -> str:
    text = str(given.get("text") or "")
    if given.get("parse_mode") == "HTML":
        if re.search(r"<(?!/?[a-z][^<>]*>)|&(?!(lt|gt|amp|quot|#\d+);)", text):
            raise Refused(400, "Bad Request: can't parse entities: unescaped character")
        parser = _Entities()
        parser.feed(text)
        parser.close()
        text = parser.text
    if not text.strip():
        raise Refused(400, "Bad Request: message text is empty")
    if len(text.encode("utf-16-le")) // 2 > 4096:
        raise Refused(400, "Bad Request: message is too long")
    return text


def _markup(given: dict[str, Any]) -> dict[str, Any]:
    markup = given.get("reply_markup") or {}
    if isinstance(markup, str):
        markup = json.loads(markup)
    for row in markup.get("inline_keyboard", []):
        if not 1 <= len(row) <= 8:
            raise Refused(400, "Bad Request: BUTTON_ROW_INVALID")
        for button in row:
            data = button.get("callback_data", "x").encode()
            if not 1 <= len(data) <= 64:
                raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
            if not button["text"].strip():
                raise Refused(400, "Bad Request: BUTTON_TEXT_EMPTY")
    return dict(markup)


def _answered(given: dict[str, Any]) -> dict[str, Any]:
    """Return what our list of sent messages adds to Telegram's: which message it answers."""
    replying = given.get("reply_parameters") or {}
    if isinstance(replying, str):
        replying = json.loads(replying)
    return {"reply_to": replying["message_id"]} if replying else {}


def _given(scope: Scope, body: bytes) -> dict[str, Any]:
    """Return the parameters: from the query, a form, or JSON."""
    given = dict(httpx.QueryParams(scope["query_string"].decode()))
    kind = dict(scope["headers"]).get(b"content-type", b"").decode()
    if kind.startswith("application/json"):
        return given | json.loads(body or b"{}")
    if kind.startswith("multipart/form-data"):
        boundary = kind.partition("boundary=")[2].strip('"').encode()
        for part in body.split(b"--" + boundary)[1:-1]:
            head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]+)"', head)
            if name:
                given[name[1].decode()] = value.decode()
        return given
    return given | dict(httpx.QueryParams(body.decode()))


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send: Send, status: int, answer: dict[str, Any]) -> None:
    body = json.dumps(answer, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Send) -> None:
    """Break off in the middle of an answer."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"ok": tr', "more_body": True})


@asynccontextmanager
async def bot_api(token: str = TOKEN) -> AsyncIterator[BotApi]:
    """Lend a running server."""
    api = BotApi(token=token)
    async with serving(api, api.stop) as url:
        api.url = url
        try:
            yield api
        finally:
            if api._client is not None:
                await api._client.aclose()
