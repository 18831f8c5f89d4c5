"""The line protocols of `ask --jsonl` and `chat --jsonl`: one JSON object in, one out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TextIO

from bot.engine import Desk
from bot.model import CHONGQING, Act, Media, Message
from bot.wire import deliveries_json, inquiry_json, turn_json, understood_json

CHANNEL = "memory"
DEFAULT_TIME = datetime(2026, 5, 20, 10, tzinfo=CHONGQING)
"""A working day: when a line runs that no other time is known for."""
_EMPTY: dict[str, Any] = {
    "decision": None,
    "entry": None,
    "entries": [],
    "confidence": 0.0,
    "candidates": [],
    "replies": [],
    "inquiry": None,
    "deliveries": [],
    "error": None,
}


class BadLine(ValueError):
    """A line that is not understood; the message is Chinese and says what is wrong."""


async def ask_lines(
    desk: Desk,
    lines: TextIO,
    out: TextIO,
    timer: Callable[[], float],
    now: datetime = DEFAULT_TIME,
) -> None:
    """Answer each line on its own, in order, writing it out before the next is read."""
    for place, line in enumerate(lines):
        if not line.strip():
            continue
        began = timer()
        given: dict[str, Any] = {}
        try:
            given = _object(line)
            message = Message(CHANNEL, f"ask-{place}", "1", _text(given), _time(given) or now)
            turn = await desk.handle(message)
            result = {
                **understood_json(turn),
                "reply": "\n\n".join(reply.text for reply in turn.replies),
            }
        except BadLine as error:
            result = {**_EMPTY, "reply": "", "error": str(error)}
        took_ms = round((timer() - began) * 1000, 1)
        write(out, {**given, **result, "took_ms": took_ms})


class Chat:
    """Many conversations at once, played line by line."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._times: dict[str, datetime] = {}
        self._ticked: datetime | None = None
        self._run = uuid.uuid4().hex
        """Message ids of one run never meet those of another on the same store."""
        self._count = 0

    async def line(self, line: str) -> dict[str, Any]:
        """Return the output line; a bad line comes back with `error` and changes nothing."""
        given: dict[str, Any] = {}
        try:
            given = _object(line)
            if "tick" in given:
                return {**given, **_EMPTY, "session": None, **await self._tick(given)}
            if "staff" in given:
                return {**given, **_EMPTY, **await self._staff(given)}
            return {**given, **_EMPTY, **await self._parent(given)}
        except BadLine as error:
            session = given.get("session")
            return {**given, **_EMPTY, "session": session, "error": str(error)}

    async def _tick(self, given: dict[str, Any]) -> dict[str, Any]:
        now = _time(given, "tick")
        if now is None:
            raise BadLine("tick 要写时间，如 2026-05-23T09:00:00+08:00")
        self._ticked = now
        passed = await self._desk.tick(now)
        ours = [d for d in passed.deliveries if d.session_key.startswith(f"{CHANNEL}:")]
        await self._desk.mark_sent([d.id for d in ours])
        pushed = [deliveries_json(d.session_key.partition(":")[2], (d,)) for d in ours]
        return {"deliveries": [each for [each] in pushed]}

    async def _parent(self, given: dict[str, Any]) -> dict[str, Any]:
        session = given.get("session")
        if not isinstance(session, str) or not session:
            raise BadLine("缺少 session")
        at = _time(given)
        self._count += 1
        message_id = given.get("message_id")
        message = Message(
            CHANNEL,
            session,
            f"line-{self._run}-{self._count}" if message_id is None else f"id-{message_id}",
            _text(given, needed=not {"pick", "media"} & given.keys()),
            self._now(session, at),
            _pick(given),
            _media(given),
        )
        turn = await self._desk.handle(message)
        if at is not None:
            self._times[session] = at
        return {"session": session, **turn_json(turn)}

    async def _staff(self, given: dict[str, Any]) -> dict[str, Any]:
        who, target, do = given.get("staff"), given.get("inquiry"), given.get("do")
        if not isinstance(who, str) or not isinstance(target, str):
            raise BadLine("staff 和 inquiry 都要写")
        try:
            act = Act(str(do))
        except ValueError:
            raise BadLine(f"do 只能是 {'、'.join(Act)}") from None
        inquiry = await self._desk.store.latest_inquiry(f"{CHANNEL}:{target}")
        if inquiry is None:
            inquiry = await self._desk.inquiry(target)
        if inquiry is None:
            return {"session": None, "error": f"没有找到咨询 {target}"}
        session = inquiry.session_key.partition(":")[2]
        now = self._now(session, _time(given))
        if given.get("at") is not None:
            self._times[session] = now
        result = await self._desk.act(
            who,
            inquiry.number,
            act,
            _text(given, needed=False),
            to_whom=str(given.get("to", "")),
            now=now,
        )
        # The memory channel delivers at once.
        await self._desk.mark_sent([d.id for d in result.deliveries])
        return {
            "session": session,
            "inquiry": inquiry_json(result.inquiry),
            "deliveries": deliveries_json(session, result.deliveries),
            "error": result.error,
        }

    def _now(self, session: str, at: datetime | None) -> datetime:
        """Return the line's own time, else the latest known one, else the default."""
        if at is not None:
            return at
        known = [t for t in (self._times.get(session), self._ticked) if t is not None]
        return max(known, default=DEFAULT_TIME)


async def chat_lines(desk: Desk, lines: TextIO, out: TextIO) -> None:
    """Play the lines, writing each result out before the next line is read."""
    chat = Chat(desk)
    for line in lines:
        if line.strip():
            write(out, await chat.line(line))


def write(out: TextIO, value: dict[str, Any]) -> None:
    out.write(json.dumps(value, ensure_ascii=False) + "\n")
    out.flush()


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise BadLine("这一行不是 JSON") from None
    if not isinstance(value, dict):
        raise BadLine("这一行不是 JSON 对象")
    return value


def _text(given: dict[str, Any], *, needed: bool = True) -> str:
    text = given.get("text")
    if text is None and not needed:
        return ""
    if not isinstance(text, str):
        raise BadLine("text 要是文字")
    # Half of a surrogate pair cannot be stored or sent.
    return text.encode("utf-8", "replace").decode("utf-8")


def _pick(given: dict[str, Any]) -> int | None:
    pick = given.get("pick")
    if pick is not None and (not isinstance(pick, int) or isinstance(pick, bool)):
        raise BadLine("pick 要是整数")
    return pick


def _media(given: dict[str, Any]) -> Media | None:
    media = given.get("media")
    if media is None:
        return None
    try:
        return Media(str(media))
    except ValueError:
        raise BadLine(f"media 只能是 {'、'.join(Media)}") from None


def _time(given: dict[str, Any], key: str = "at") -> datetime | None:
    value = given.get(key)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadLine(f"{key} 不是时间，写法如 2026-05-20T09:00:00+08:00") from None
    return found if found.tzinfo else found.replace(tzinfo=CHONGQING)
