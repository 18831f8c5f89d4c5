"""A small WeChat API server that refuses as the real one does, and goes wrong on demand.

Tokens end, and a stable one is shared by all who ask; a parent who was silent for 48 hours, or got
five messages since, cannot be written to; a text has 2048 bytes at most, in UTF-8 as it is.
Co-wechat-api and wechatpy, which others wrote, are its clients too (test_wechat_api_peers.py).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.serving import serving

APP_ID = "wx5823bf96d3bd56c7"
APP_SECRET = "app-Secret_0123456789abcdef012345"


class Refused(Exception):
    """An error of the platform."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


@dataclass
class WeChatApi:
    """The server; tests hold it, the desk and the peers reach it by HTTP."""

    url: str = ""
    token: str = ""
    fetched: list[str] = field(default_factory=list)
    """How tokens were asked for."""
    sent: list[tuple[str, str]] = field(default_factory=list)
    """(openid, text) of everything that reached a parent."""
    tried: int = 0
    menus: list[list[Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    """Parents whose window is over."""
    allowed: int = 5
    """Messages after each word of a parent."""
    used: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    faults: deque[int] = field(default_factory=deque)
    """What becomes of the next calls: an error code, or an HTTP status if positive and < 600."""
    delay_s: float = 0.0
    secret: str = APP_SECRET

    def to(self, openid: str) -> list[str]:
        """Return what that parent was sent."""
        return [text for user, text in self.sent if user == openid]

    def wrote(self, openid: str) -> None:
        """The parent wrote: their window opens anew."""
        self.closed.discard(openid)
        self.used[openid] = 0

    def expire(self) -> None:
        """End the token before its time."""
        self.token = ""

    # ------------------------------------------------------------------ the addresses

    def app(self) -> Starlette:
        def route(path: str, method: str, answer: Any) -> Route:
            async def reply(request: Request) -> Response:
                try:
                    return JSONResponse(await answer(request))
                except Refused as error:
                    return JSONResponse({"errcode": error.code, "errmsg": "refused"})

            return Route(f"/cgi-bin/{path}", reply, methods=[method])

        async def out_of_order(request: Request) -> Response:
            return Response(status_code=404)

        return Starlette(
            routes=[
                route("stable_token", "POST", self._stable_token),
                route("token", "GET", self._token),
                route("message/custom/send", "POST", self._send),
                route("menu/create", "POST", self._menu),
                Route("/{path:path}", out_of_order),
            ]
        )

    async def _stable_token(self, request: Request) -> dict[str, Any]:
        given = await _json(request)
        if given.get("grant_type") != "client_credential":
            raise Refused(40002)
        self._known(given.get("appid"), given.get("secret"))
        self.fetched.append("forced" if given.get("force_refresh") else "stable")
        if given.get("force_refresh") or not self.token:
            self.token = f"token-{secrets.token_hex(12)}"
        return {"access_token": self.token, "expires_in": 7200}

    async def _token(self, request: Request) -> dict[str, Any]:
        """The older way, which gives another one each time."""
        self._known(request.query_params.get("appid"), request.query_params.get("secret"))
        self.fetched.append("token")
        self.token = f"token-{secrets.token_hex(12)}"
        return {"access_token": self.token, "expires_in": 7200}

    async def _send(self, request: Request) -> dict[str, Any]:
        self.tried += 1
        await asyncio.sleep(self.delay_s)
        self._check(request)
        given = await _json(request)
        user, text = given.get("touser"), (given.get("text") or {}).get("content")
        if not isinstance(user, str) or not user:
            raise Refused(40003)
        if given.get("msgtype") != "text" or not isinstance(text, str) or not text:
            raise Refused(40008)
        if len(text.encode()) > 2048:
            raise Refused(45002)
        if user in self.closed:
            raise Refused(45015)
        if self.used[user] >= self.allowed:
            raise Refused(45047)
        self.used[user] += 1
        self.sent.append((user, text))
        return {"errcode": 0, "errmsg": "ok"}

    async def _menu(self, request: Request) -> dict[str, Any]:
        self._check(request)
        buttons = (await _json(request)).get("button")
        if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
            raise Refused(40016)
        for button in buttons:
            self._button(button, 16)
            below = button.get("sub_button", [])
            if len(below) > 5:
                raise Refused(40023)
            for each in below:
                self._button(each, 60)
        self.menus.append(buttons)
        return {"errcode": 0, "errmsg": "ok"}

    def _button(self, button: Any, longest: int) -> None:
        if not 0 < len(button["name"].encode()) <= longest:
            raise Refused(40018)
        if button.get("sub_button"):
            return
        if button.get("type") == "click":
            if not 0 < len(button["key"].encode()) <= 128:
                raise Refused(40019)
        elif button.get("type") == "view":
            if not 0 < len(button["url"].encode()) <= 1024:
                raise Refused(40020)
        else:
            raise Refused(40017)

    def _known(self, app_id: object, secret: object) -> None:
        if app_id != APP_ID:
            raise Refused(40013)
        if secret != self.secret:
            raise Refused(40125)

    def _check(self, request: Request) -> None:
        token = request.query_params.get("access_token")
        if self.faults:
            code = self.faults.popleft()
            if code:
                raise Refused(code)
        if not token:
            raise Refused(41001)
        if token != self.token:
            raise Refused(40001)


async def _json(request: Request) -> dict[str, Any]:
    body = await request.body()
    if b"\\u" in body:
        raise Refused(40033)  # Chinese must come as it is, or parents see the escapes
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused(47001) from None
    if not isinstance(given, dict):
        raise Refused(47001)
    return given


@asynccontextmanager
async def wechat_api() -> AsyncIterator[WeChatApi]:
    """Lend a running server."""
    api = WeChatApi()
    async with serving(api.app()) as url:
        api.url = url
        yield api
