"""GET and POST /wechat: only what the platform signed just now gets further than a 403."""

from __future__ import annotations

import hashlib
import logging
import secrets as randomness
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.wechat.incoming import Incoming, read
from bot.channels.wechat.wire import (
    WINDOW_S,
    Opened,
    Secrets,
    check,
    open_request,
    sealed_reply,
    text_reply,
)
from bot.doors import body_within
from bot.errors import BadPayload, BadSignature

log = logging.getLogger(__name__)

PATH = "/wechat"
MAX_BYTES = 64 * 1024
SILENCE = "success"
_MOST_SEEN = 20_000
_FRESH_S = 15
"""Longer than the platform's three tries take."""

Answer = Callable[[Incoming, Callable[[], Awaitable[bool]]], Awaitable[str]]
"""(what came, whether nobody waits any more) → what to say, empty for silence."""


class _Seen:
    """Plain calls of the last minutes: their signature does not cover what they say.

    One that brings other words under a signature of a while ago was copied from somewhere, such
    as a proxy's log; the platform repeats what it said.
    """

    def __init__(self) -> None:
        self._bodies: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def check(self, query: dict[str, str], body: bytes, now: float) -> None:
        """Raise BadSignature if an old signature comes with another body than before."""
        name, digest = query.get("signature", ""), hashlib.sha256(body).digest()
        while self._bodies:
            oldest, (since, _) = next(iter(self._bodies.items()))
            if len(self._bodies) < _MOST_SEEN and now - since < 2 * WINDOW_S:
                break
            del self._bodies[oldest]
        since, known = self._bodies.setdefault(name, (now, digest))
        if known != digest and now - since > _FRESH_S:
            raise BadSignature("the signature was used for something else")


def wechat_routes(
    answer: Answer, secrets: Secrets, clock: Callable[[], datetime]
) -> list[BaseRoute]:
    """Return the routes; nothing of a refused call is logged but an id of our own."""
    seen = _Seen()

    async def verify(request: Request) -> Response:
        """Show the platform that the address is ours."""
        query = dict(request.query_params)
        try:
            check(query.get("signature", ""), query, secrets.token, clock().timestamp())
        except BadSignature as error:
            return _refused(403, error)
        return PlainTextResponse(query.get("echostr", ""))

    async def deliver(request: Request) -> Response:
        query, now = dict(request.query_params), clock().timestamp()
        try:
            body = await body_within(request, MAX_BYTES)
            if body is None:
                return _refused(413, BadPayload("too long"))
            opened = open_request(query, body, secrets, now)
            if opened.key is None:
                seen.check(query, body, now)
            incoming = read(opened.fields)
        except BadSignature as error:
            return _refused(403, error)
        except BadPayload as error:
            return _refused(400, error)
        except ClientDisconnect:
            return Response(status_code=400)
        said = await answer(incoming, request.is_disconnected) if incoming else ""
        if not incoming or not said:
            return PlainTextResponse(SILENCE)
        return _said(incoming, said, opened, int(clock().timestamp()))

    def _said(incoming: Incoming, said: str, opened: Opened, now: int) -> Response:
        xml = text_reply(incoming.user, incoming.account, said, now)
        if opened.key is not None:
            xml = sealed_reply(xml, secrets, opened.key, now, randomness.token_bytes(24))
        return Response(xml, media_type="application/xml")

    return [
        Route(PATH, verify, methods=["GET"]),
        Route(PATH, deliver, methods=["POST"]),
    ]


def _refused(status: int, error: Exception) -> Response:
    call = randomness.token_hex(4)
    log.warning("call %s to %s refused: %s", call, PATH, error)
    return PlainTextResponse(call, status_code=status)
